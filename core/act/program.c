/* SPDX-License-Identifier: MIT */
#include "act/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A program that is running. */
struct program {
    pid_t pid;
    int output_fd;
    int64_t until_ns;
};


static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}


/* What was inherited is not for it: neither our standard input nor our environment. */
_Noreturn static void become(const char *const *arguments, int output_fd, int failure_fd,
                             int speaker_fd) {
    static const char *const environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", NULL};
    int null_fd = open("/dev/null", O_RDONLY);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setpgid(0, 0);
    close(speaker_fd);
    dup2(null_fd, 0);
    dup2(output_fd, 1);
    dup2(output_fd, 2);
    signal(SIGPIPE, SIG_DFL);
    pw_job_volunteer(); /* who knows what memory it takes */
    execve(arguments[0], (char *const *)arguments, (char *const *)environment);
    int error = errno;
    (void)!write(failure_fd, &error, sizeof error);
    _exit(127);
}


/* Starts it: 0, or a positive errno. */
static int start(struct program *program, const struct pw_program_request *request,
                 int speaker_fd) {
    int output[2], failure[2], error = 0;
    if (pipe2(output, O_CLOEXEC) || pipe2(failure, O_CLOEXEC)) {
        return errno;
    }
    program->until_ns = now_ns() + request->timeout_ns;
    program->pid = fork();
    if (program->pid == 0) {
        become(request->arguments, output[1], failure[1], speaker_fd);
    }
    int fork_error = program->pid == -1 ? errno : 0;
    close(output[1]);
    close(failure[1]);
    bool failed = read(failure[0], &error, sizeof error) == (ssize_t)sizeof error;
    close(failure[0]);
    program->output_fd = output[0];
    if (failed) {
        waitpid(program->pid, NULL, 0);
    }
    return fork_error ? fork_error : failed ? error : 0;
}


/* Milliseconds that are left of its time, rounded up. */
static int time_left_ms(const struct program *program) {
    int64_t left_ns = program->until_ns - now_ns();
    return left_ns > 0 ? (int)((left_ns + 999999) / 1000000) : 0;
}


/* Keeps the last line that is not empty, as far as it has room. */
static void note(struct pw_job_news *news, size_t *size, const char *text, size_t text_size) {
    static const char *const newlines = "\r\n";
    for (size_t i = 0; i < text_size; i++) {
        if (strchr(newlines, text[i])) {
            *size = 0;
        } else if (*size < sizeof news->reason - 1) {
            news->reason[(*size)++] = text[i];
            news->reason[*size] = '\0';
        }
    }
}


/* Reads what it prints until it and all it started have ended. False: its time is over. */
static bool listen_to(const struct program *program, struct pw_job_news *news) {
    char text[4096];
    size_t size = 0;
    for (;;) {
        struct pollfd output = {.fd = program->output_fd, .events = POLLIN};
        int ready = poll(&output, 1, time_left_ms(program));
        if (ready == 0) {
            return false;
        }
        ssize_t got = ready > 0 ? read(program->output_fd, text, sizeof text) : -1;
        if (got == 0) {
            return true;
        }
        if (got > 0) {
            note(news, &size, text, (size_t)got);
        }
    }
}


void pw_program_work(int speaker_fd, const void *arguments, struct pw_job_news *news) {
    const struct pw_program_request *request = arguments;
    struct program program;
    int status = 0;
    news->error = start(&program, request, speaker_fd);
    if (news->error) {
        snprintf(news->reason, sizeof news->reason, "%s", strerror(news->error));
        return;
    }
    if (!listen_to(&program, news)) {
        kill(-program.pid, SIGKILL);
        news->error = ETIMEDOUT;
        snprintf(news->reason, sizeof news->reason, "it was killed, for it took longer than %g s",
                 (double)request->timeout_ns / 1e9);
    }
    waitpid(program.pid, &status, 0);
    news->figures[PW_PROGRAM_STATUS] = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    news->figures[PW_PROGRAM_SIGNAL] = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}


static bool is_of_others(const struct stat *status) {
    return status->st_uid != 0 || status->st_mode & (S_IWGRP | S_IWOTH);
}


static bool is_in_folder_of_others(const char *path) {
    char folder[PATH_MAX];
    struct stat status;
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path + 1), path);
    return stat(folder, &status) || is_of_others(&status);
}


const char *pw_program_obstacle(const char *path, int *error) {
    struct stat status;
    if (stat(path, &status)) {
        *error = errno;
        return strerror(errno);
    }
    *error = EACCES;
    if (!S_ISREG(status.st_mode) || access(path, X_OK)) {
        return "it is no program that may be run";
    }
    bool is_unsafe = is_of_others(&status) || is_in_folder_of_others(path);
    return geteuid() == 0 && is_unsafe ? "root runs no program that others may write" : NULL;
}
