/* SPDX-License-Identifier: MIT */
#include "act/advise.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "read/maps.h"

/* Not more than the kernel takes in one call: UIO_MAXIOV is 1024. */
#define RANGES 512

/* Ranges that are advised together. */
struct batch {
    struct iovec ranges[RANGES];
    size_t first, count; /* of them, those that are left */
};


/* Advises as much as the kernel takes: bytes or -errno. It stops at the first range that it will
 * not have, and says how far it came; only when that is the very first, why. */
static ssize_t advise_some(const struct pw_advice *advice, const struct batch *batch) {
    ssize_t bytes;
    do {
        bytes =
            advice->call(advice->pidfd, batch->ranges + batch->first, batch->count, advice->advice);
    } while (bytes < 0 && errno == EINTR);
    return bytes < 0 ? -errno : bytes;
}


/* Takes so many bytes off the front. */
static void advance(struct batch *batch, size_t bytes) {
    while (batch->count > 0 && bytes >= batch->ranges[batch->first].iov_len) {
        bytes -= batch->ranges[batch->first].iov_len;
        batch->first++;
        batch->count--;
    }
    if (batch->count > 0) {
        struct iovec *range = &batch->ranges[batch->first];
        range->iov_base = (char *)range->iov_base + bytes;
        range->iov_len -= bytes;
    }
}


/* Whether it is the range that the kernel will not have, rather than all of it: mm/madvise.c gives
 * EINVAL for locked and huge pages, ENOMEM for what was unmapped meanwhile. */
static bool is_about_range(ssize_t result) {
    return result == 0 || result == -EINVAL || result == -ENOMEM || result == -EBUSY ||
           result == -EAGAIN;
}


static int advise_batch(const struct pw_advice *advice, struct batch *batch,
                        struct pw_job_news *news) {
    while (batch->count > 0) {
        ssize_t result = advise_some(advice, batch);
        if (result > 0) {
            news->figures[PW_ADVISED_BYTES] += result;
            advance(batch, (size_t)result);
        } else if (is_about_range(result)) {
            news->figures[PW_ADVISE_REFUSED_BYTES] += (int64_t)batch->ranges[batch->first].iov_len;
            advance(batch, batch->ranges[batch->first].iov_len);
        } else {
            return (int)result;
        }
    }
    batch->first = 0;
    return 0;
}


/* Private memory without a file, where there can be any. [vdso] and the like are the kernel's. */
static bool is_anonymous(const struct pw_mapping *mapping) {
    static const char *const names[] = {"[heap]", "[stack]"};
    struct pw_slice permissions = mapping->permissions;
    if (permissions.size < 4 || permissions.data[3] != 'p' || mapping->inode != 0 ||
        pw_slice_is(permissions, "---p")) {
        return false;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (pw_slice_is(mapping->path, names[i])) {
            return true;
        }
    }
    return mapping->path.size == 0 || pw_slice_starts(mapping->path, "[anon:");
}


int pw_advise_mappings(const struct pw_advice *advice, struct pw_slice maps,
                       struct pw_job_news *news) {
    struct batch batch = {.count = 0};
    struct pw_smaps_line line;
    struct pw_flaws flaws = {0};
    int error = 0;
    while (!error && pw_next_smaps_line(&maps, &line, &flaws)) {
        if (line.kind != PW_SMAPS_MAPPING || !is_anonymous(&line.mapping)) {
            continue;
        }
        batch.ranges[batch.count++] = (struct iovec){
            (void *)(uintptr_t)line.mapping.start, (size_t)(line.mapping.end - line.mapping.start)};
        if (batch.count == RANGES) {
            error = advise_batch(advice, &batch, news);
        }
    }
    return error ? error : advise_batch(advice, &batch, news);
}


/* glibc has a wrapper since 2.36. */
static ssize_t call_kernel(int pidfd, const struct iovec *ranges, size_t count, int advice) {
    return (ssize_t)syscall(SYS_process_madvise, pidfd, ranges, count, advice, 0);
}


static const char *reason_of(int error) {
    switch (error) {
    case ENOSYS:
        return "it needs Linux 5.10, built with CONFIG_ADVISE_SYSCALLS";
    case EPERM:
    case EACCES:
        return "permission denied; needs CAP_SYS_NICE and the rights of a debugger";
    case ESRCH:
        return "the process has ended";
    default:
        return strerror(error);
    }
}


/* The start time is looked at when the pidfd is open: from then on the pid cannot be another's. */
static int advise_process(int pidfd, const struct pw_advise_request *request,
                          struct pw_job_news *news) {
    struct pw_source source;
    struct pw_buffer buffer = {0};
    struct pw_advice advice = {call_kernel, pidfd, request->cold ? MADV_COLD : MADV_PAGEOUT};
    int error = pw_source_open(&source, "/");
    if (!error) {
        error = pw_process_read(&source, &request->process, "maps", &buffer);
    }
    if (!error) {
        error = pw_advise_mappings(&advice, pw_buffer_text(&buffer), news);
    }
    pw_buffer_free(&buffer);
    pw_source_close(&source);
    return error;
}


void pw_advise_work(int speaker_fd, const void *arguments, struct pw_job_news *news) {
    const struct pw_advise_request *request = arguments;
    (void)speaker_fd;
    int pidfd = (int)syscall(SYS_pidfd_open, (pid_t)request->process.pid, 0);
    int error = pidfd < 0 ? -errno : advise_process(pidfd, request, news);
    if (pidfd >= 0) {
        close(pidfd);
    }
    if (error) {
        pw_job_fail(news, -error, reason_of(-error));
    } else if (news->figures[PW_ADVISED_BYTES] == 0 && news->figures[PW_ADVISE_REFUSED_BYTES] > 0) {
        pw_job_fail(news, EINVAL, "the kernel took none of its memory, which may be locked");
    }
}
