/* SPDX-License-Identifier: MIT */
#include "act/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "act/program.h"
#include "read/search.h"

/* What systemd may take to answer; it answers in milliseconds. */
#define TIMEOUT_NS (5 * INT64_C(1000000000))


bool pw_systemd_unit(struct pw_slice cgroup, char unit[PW_UNIT_BYTES]) {
    static const char *const kinds[] = {".service", ".scope", ".slice",
                                        ".socket",  ".mount", ".swap"};
    struct pw_slice name = cgroup, part;
    while (pw_take_until(&name, '/', &part)) {
    }
    /* What could be taken for a file of a cgroup has a "_" before it (systemd's cg_escape()). */
    pw_take_prefix(&name, "_");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        bool is_kind = pw_without_suffix(name, kinds[i]).size < name.size;
        if (is_kind && name.size > strlen(kinds[i]) && name.size < PW_UNIT_BYTES) {
            memcpy(unit, name.data, name.size);
            unit[name.size] = '\0';
            return true;
        }
    }
    return false;
}


bool pw_systemd_assignment(const char *file, const char *value,
                           char assignment[PW_ASSIGNMENT_BYTES]) {
    static const struct {
        const char *file, *property;
    } properties[] = {
        {"memory.min", "MemoryMin"},          {"memory.low", "MemoryLow"},
        {"memory.high", "MemoryHigh"},        {"memory.max", "MemoryMax"},
        {"memory.swap.max", "MemorySwapMax"}, {"memory.zswap.max", "MemoryZSwapMax"},
        {"cpu.weight", "CPUWeight"},          {"pids.max", "TasksMax"},
    };
    for (size_t i = 0; i < sizeof properties / sizeof *properties; i++) {
        if (strcmp(file, properties[i].file) == 0) {
            int size = snprintf(assignment, PW_ASSIGNMENT_BYTES, "%s=%s", properties[i].property,
                                strcmp(value, "max") == 0 ? "infinity" : value);
            return size < PW_ASSIGNMENT_BYTES;
        }
    }
    return false;
}


/* Whether systemd marked a folder as somebody else's: for root with the first of the attributes,
 * for other users, and since 251 for all, with the second. */
static bool is_delegated(const struct pw_source *source, const char *folder) {
    int fd = openat(source->root_fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    char mark = '0';
    if (fd >= 0) {
        bool marked = fgetxattr(fd, "trusted.delegate", &mark, 1) == 1 ||
                      fgetxattr(fd, "user.delegate", &mark, 1) == 1;
        close(fd);
        return marked && mark == '1';
    }
    return false;
}


bool pw_systemd_manages(const struct pw_source *source, const char *mount, const char *folder) {
    char above[PATH_MAX];
    if (!source->live || faccessat(source->root_fd, "run/systemd/system", F_OK, 0) != 0 ||
        strlen(folder) >= sizeof above) {
        return false;
    }
    strcpy(above, folder);
    for (char *end = strrchr(above, '/'); end && (size_t)(end - above) > strlen(mount);
         end = strrchr(above, '/')) {
        *end = '\0';
        if (is_delegated(source, above)) {
            return false;
        }
    }
    return true;
}


/* Runs it to its end: its exit status, or -errno. */
static int run(const char *const *arguments) {
    struct pw_program_request request = {arguments, TIMEOUT_NS};
    struct pw_job_news news = {0};
    struct pw_job job;
    int error = pw_job_start(&job, pw_program_work, &request);
    if (error) {
        return error;
    }
    while (!news.ended) {
        struct pollfd waited = {.fd = job.fd, .events = POLLIN};
        poll(&waited, 1, -1);
        pw_job_take(&job, &news);
    }
    pw_job_close(&job);
    bool killed = news.figures[PW_PROGRAM_SIGNAL] != 0;
    return news.error ? -news.error : killed ? -EINTR : (int)news.figures[PW_PROGRAM_STATUS];
}


int pw_systemd_set(const char *unit, const char *assignment) {
    static const char *const places[] = {"/usr/bin/systemctl", "/bin/systemctl"};
    int status = -ENOENT;
    for (size_t i = 0; i < sizeof places / sizeof *places && status == -ENOENT; i++) {
        const char *const arguments[] = {
            places[i], "--no-ask-password", "set-property", "--runtime", "--", unit, assignment,
            NULL};
        status = run(arguments);
    }
    return status > 0 ? -EREMOTEIO : status;
}
