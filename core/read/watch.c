/* SPDX-License-Identifier: MIT */
#include "read/watch.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>


uint32_t pw_watch_default_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 0;
    }
    return limit.rlim_cur / 2 > UINT32_MAX ? UINT32_MAX : (uint32_t)(limit.rlim_cur / 2);
}


static void release(struct pw_watch *watch, struct pw_watched *process) {
    for (int file = 0; file < PW_FILE_ROLLUP; file++) {
        if (process->fds[file] >= 0) {
            close(process->fds[file]);
            process->fds[file] = -1;
            watch->held--;
        }
    }
}


static void remove_at(struct pw_watch *watch, uint32_t at) {
    release(watch, &watch->processes[at]);
    watch->count--;
    memmove(&watch->processes[at], &watch->processes[at + 1],
            (watch->count - at) * sizeof *watch->processes);
}


/* The position of a pid, or count. */
static uint32_t position(const struct pw_watch *watch, int64_t pid) {
    uint32_t at = 0;
    while (at < watch->count && watch->processes[at].pid != pid) {
        at++;
    }
    return at;
}


/* Opens what a pass reads of a process, all or nothing, as far as the limit allows. */
static void hold(struct pw_watch *watch, struct pw_watched *process) {
    struct pw_sweep *sweep = &watch->sweep;
    pw_file_set files = sweep->files | PW_BIT(PW_FILE_STAT);
    for (enum pw_file_id file = 0; file < PW_FILE_ROLLUP; file++) {
        if (!(files & PW_BIT(file))) {
            continue;
        }
        int fd = watch->held == watch->held_limit
                     ? -EMFILE
                     : pw_open_process_file(&sweep->reader, sweep->proc_fd, process->pid, file);
        if (fd < 0) {
            release(watch, process);
            return;
        }
        process->fds[file] = fd;
        watch->held++;
    }
}


static int watch_begin(struct pw_sweep *sweep) {
    ((struct pw_watch *)sweep)->at = 0;
    return 0;
}


/* Reads a process, held or not; -ESRCH when its pid is somebody else's by now. What hangs on its
 * memory is never held, and opened when the rest is known. */
static int read_watched(struct pw_watch *watch, const struct pw_watched *process, pw_file_set files,
                        struct pw_row *row) {
    struct pw_sweep *sweep = &watch->sweep;
    bool held = process->fds[PW_FILE_STAT] >= 0;
    int error = held ? pw_reread_row(&sweep->reader, process->fds, row)
                     : pw_read_row(&sweep->reader, sweep->proc_fd, process->pid, files, row);
    if (!error && process->start_time != PW_ABSENT &&
        process->start_time != row->numbers[PW_START_TIME]) {
        error = -ESRCH;
    }
    if (!error && held && (files & PW_BIT(PW_FILE_ROLLUP))) {
        error = pw_read_more(&sweep->reader, sweep->proc_fd, PW_BIT(PW_FILE_ROLLUP), row);
    }
    return error;
}


static int watch_next(struct pw_sweep *sweep, struct pw_row *row) {
    struct pw_watch *watch = (struct pw_watch *)sweep;
    while (watch->at < watch->count) {
        int error = read_watched(watch, &watch->processes[watch->at], sweep->files, row);
        if (!error) {
            watch->at++;
            return 1;
        }
        pw_row_failed(&sweep->reader, error);
        if (pw_failure_of(-error) == PW_GONE) {
            remove_at(watch, watch->at);
        } else {
            watch->at++;
        }
    }
    return 0;
}


static void watch_close(struct pw_sweep *sweep) {
    struct pw_watch *watch = (struct pw_watch *)sweep;
    for (uint32_t at = 0; at < watch->count; at++) {
        release(watch, &watch->processes[at]);
    }
    watch->count = 0;
}


static const struct pw_sweep_backend watch_backend = {watch_begin, watch_next, watch_close};


bool pw_is_watch(const struct pw_sweep *sweep) {
    return sweep->backend == &watch_backend;
}


int pw_watch_open(struct pw_watch *watch, struct pw_source *source, struct pw_buffer *buffer,
                  uint32_t limit) {
    watch->held_limit = limit;
    return pw_sweep_open(&watch->sweep, &watch_backend, source, buffer);
}


void pw_watch_move(struct pw_watch *watch, struct pw_watched *memory, uint32_t capacity) {
    if (watch->count > 0) {
        memcpy(memory, watch->processes, watch->count * sizeof *memory);
    }
    watch->processes = memory;
    watch->capacity = capacity;
}


int pw_watch_add(struct pw_watch *watch, int64_t pid, int64_t start_time) {
    struct pw_watched process = {.pid = pid, .start_time = start_time};
    memset(process.fds, -1, sizeof process.fds);
    hold(watch, &process);
    struct pw_row row;
    int error = read_watched(watch, &process, PW_BIT(PW_FILE_STAT), &row);
    process.start_time = row.numbers[PW_START_TIME];
    uint32_t at = position(watch, pid);
    bool followed = at < watch->count && watch->processes[at].start_time == process.start_time;
    if (error || followed) {
        release(watch, &process);
        return error;
    }
    if (at < watch->count) {
        remove_at(watch, at);
    }
    watch->processes[watch->count++] = process;
    return 0;
}


bool pw_watch_remove(struct pw_watch *watch, int64_t pid) {
    uint32_t at = position(watch, pid);
    if (at == watch->count) {
        return false;
    }
    remove_at(watch, at);
    return true;
}
