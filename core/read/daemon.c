/* SPDX-License-Identifier: MIT */
#include "read/daemon.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/cgroup.h"
#include "read/cgroupfs.h"
#include "read/descriptors.h"
#include "read/keyed.h"
#include "read/pid_file.h"
#include "read/process.h"
#include "read/status.h"
#include "read/tcp.h"

/* TASK_COMM_LEN without its NUL. */
#define NAME_BYTES 15

/* More listening sockets of one port are passed over. */
#define SOCKETS 64

/* A pid file is smaller. */
#define GREATEST_FILE_BYTES 65536

/* Clocks of the file system and of process starts agree to that. */
#define SLACK_SECONDS 2

/* A search, and how it stands. */
struct search {
    const struct pw_daemon *daemon;
    const struct pw_source *source;
    struct pw_buffer *buffer;
    const struct pw_columns *columns;
    bool *marked;
    struct pw_daemon_miss *miss;
};


pw_field_set pw_daemon_fields(const struct pw_daemon *daemon) {
    pw_field_set fields = PW_BIT(PW_PID) | PW_BIT(PW_PPID) | PW_BIT(PW_START_TIME) |
                          PW_BIT(PW_COMM) | PW_BIT(PW_STATE) | PW_BIT(PW_THREADS) |
                          PW_BIT(PW_VSIZE);
    return fields | (daemon->by == PW_BY_UNIT     ? PW_BIT(PW_UNIT)
                     : daemon->by == PW_BY_CGROUP ? PW_BIT(PW_CGROUP)
                                                  : 0);
}


/* Says why nothing was found. */
static bool give_up(const struct search *search, int error, const char *reason) {
    search->miss->error = error;
    *stpncpy(search->miss->reason, reason, sizeof search->miss->reason - 1) = '\0';
    return false;
}


/* Neither init nor a kernel thread is a daemon; a zombie, whose size is 0 too, may have threads. */
static bool may_be_daemon(const struct pw_columns *columns, uint32_t row) {
    return columns->numbers[PW_PID][row] != 1 &&
           (columns->numbers[PW_VSIZE][row] > 0 || columns->numbers[PW_STATE][row] == 'Z');
}


/* Marks the rows whose text the function accepts. */
static bool mark_texts(const struct search *search, enum pw_field_id field,
                       bool (*accepts)(struct pw_slice text, const char *wanted)) {
    bool any = false;
    for (uint32_t row = 0; row < search->columns->rows; row++) {
        struct pw_slice text = pw_columns_text(search->columns, field, row);
        search->marked[row] =
            text.data && may_be_daemon(search->columns, row) && accepts(text, search->daemon->text);
        any = any || search->marked[row];
    }
    return any;
}


static bool is_name(struct pw_slice comm, const char *wanted) {
    struct pw_slice name = pw_slice_of(wanted);
    name.size = name.size > NAME_BYTES ? NAME_BYTES : name.size;
    return comm.size == name.size && memcmp(comm.data, name.data, name.size) == 0;
}


static bool is_unit(struct pw_slice unit, const char *wanted) {
    struct pw_slice suffix = pw_slice_skip(unit, strlen(wanted));
    return pw_slice_starts(unit, wanted) &&
           (suffix.size == 0 || (!strchr(wanted, '.') && pw_slice_is(suffix, ".service")));
}


static bool is_in_cgroup(struct pw_slice path, const char *wanted) {
    return pw_cgroup_is_within(path, pw_slice_of(wanted));
}


/* Whether a cgroup holds processes that have no pid here: their lines are 0. */
static bool has_foreign(const struct search *search, struct pw_slice path) {
    struct pw_cgroups cgroups = pw_cgroups_find(search->source, search->buffer);
    struct pw_slice text, line;
    if (!cgroups.version ||
        pw_cgroup_read_named(search->source, &cgroups, path, "cgroup.procs", search->buffer)) {
        return false;
    }
    text = pw_buffer_text(search->buffer);
    while (pw_take_line(&text, &line)) {
        if (pw_slice_is(line, "0")) {
            return true;
        }
    }
    return false;
}


static bool miss_group(const struct search *search, const char *path, const char *reason) {
    return has_foreign(search, pw_slice_of(path))
               ? give_up(search, ESRCH, "its processes are in another pid namespace")
               : give_up(search, ESRCH, reason);
}


static bool mark_unit(const struct search *search) {
    char path[PATH_MAX];
    if (mark_texts(search, PW_UNIT, is_unit)) {
        return true;
    }
    const char *suffix = strchr(search->daemon->text, '.') ? "" : ".service";
    if (strlen(search->daemon->text) > NAME_MAX) {
        return give_up(search, ESRCH, "no process is in this unit");
    }
    strcpy(stpcpy(stpcpy(path, "/system.slice/"), search->daemon->text), suffix);
    return miss_group(search, path, "no process is in this unit");
}


/* Marks one process; false when it is not there. */
static bool mark_pid(const struct search *search, int64_t pid) {
    uint32_t row = pw_columns_find(search->columns, pid, 0);
    bool found = row < search->columns->rows && may_be_daemon(search->columns, row);
    if (found) {
        search->marked[row] = true;
    }
    return found;
}


/* When the machine was started, in seconds of the wall clock; INT64_MIN when it does not say. */
static int64_t boot_time(const struct search *search) {
    struct pw_field field;
    struct pw_flaws flaws = {0};
    if (pw_source_read(search->source, "proc/stat", search->buffer) == 0) {
        struct pw_slice text = pw_buffer_text(search->buffer);
        while (pw_next_blank_field(&text, &field, &flaws)) {
            if (pw_slice_is(field.key, "btime")) {
                return field.number.value;
            }
        }
    }
    return INT64_MIN;
}


static int64_t effective_uid(const struct search *search, const struct pw_identity *process) {
    struct pw_status_memory status = {.uid = PW_ABSENT};
    struct pw_flaws flaws = {0};
    if (pw_process_read(search->source, process, "status", search->buffer) == 0) {
        pw_parse_status_memory(pw_buffer_text(search->buffer), &status, &flaws);
    }
    return status.uid;
}


/* The file's own dates and owner mean something on this machine only. */
static bool believe(const struct search *search, const struct stat *file, int64_t pid) {
    uint32_t row = pw_columns_find(search->columns, pid, 0);
    int64_t start_ticks = search->columns->numbers[PW_START_TIME][row];
    int64_t started =
        pw_add_saturating(boot_time(search), start_ticks / search->source->clock_ticks_per_second);
    if (file->st_mtime + SLACK_SECONDS < started) {
        return give_up(search, ESRCH, "it is older than the process that has its pid now");
    }
    struct pw_identity process = {pid, start_ticks};
    if (file->st_uid != 0 && (int64_t)file->st_uid != effective_uid(search, &process)) {
        return give_up(search, EPERM, "it belongs to somebody else than the process it names");
    }
    return true;
}


/* Whether the path is of something that opening would wait for, such as a pipe. */
static bool is_special(const struct search *search, const char *path) {
    struct stat file;
    return search->source->live && fstatat(search->source->root_fd, path, &file, 0) == 0 &&
           !S_ISREG(file.st_mode);
}


/* Reads the file, and what is known of it: 0 or -errno. */
static int read_pid_file(const struct search *search, const char *path, struct stat *file) {
    int fd = is_special(search, path)
                 ? -EINVAL
                 : pw_source_open_at(search->source, search->source->root_fd, path);
    if (fd < 0) {
        return fd;
    }
    int error = fstat(fd, file)                       ? -errno
                : file->st_size > GREATEST_FILE_BYTES ? -EFBIG
                                                      : pw_source_reread(fd, search->buffer);
    close(fd);
    return error;
}


static bool mark_pid_file(const struct search *search) {
    struct stat file;
    char reason[48];
    const char *path = search->daemon->text + strspn(search->daemon->text, "/");
    int error = read_pid_file(search, path, &file);
    if (error) {
        return give_up(search, -error, strerror(-error));
    }
    int64_t pid = pw_parse_pid_file(pw_buffer_text(search->buffer));
    if (!pid) {
        return give_up(search, EBADMSG, "its first line is no pid");
    }
    if (!mark_pid(search, pid)) {
        strcpy(pw_append_number(stpcpy(reason, "process "), pid), " has ended");
        return give_up(search, ESRCH, reason);
    }
    return !search->source->live || believe(search, &file, pid);
}


/* Adds the sockets that listen on the port; returns how many there are then. */
static int add_sockets(const struct search *search, const char *path, int64_t inodes[SOCKETS],
                       int count) {
    struct pw_tcp_socket socket;
    struct pw_flaws flaws = {0};
    if (pw_source_read(search->source, path, search->buffer)) {
        return count;
    }
    struct pw_slice text = pw_buffer_text(search->buffer);
    while (count < SOCKETS && pw_next_tcp_socket(&text, &socket, &flaws)) {
        if (socket.listens && socket.inode > 0 && socket.port == search->daemon->port) {
            inodes[count++] = socket.inode;
        }
    }
    return count;
}


/* Systemd, which holds the sockets that it started daemons for, is init. */
static bool mark_port(const struct search *search) {
    int64_t inodes[SOCKETS];
    bool any = false, denied = false;
    int count = add_sockets(search, "proc/net/tcp", inodes, 0);
    count = add_sockets(search, "proc/net/tcp6", inodes, count);
    for (uint32_t row = 0; row < search->columns->rows && count > 0; row++) {
        if (!may_be_daemon(search->columns, row)) {
            continue;
        }
        int found = pw_process_has_socket(search->source, search->columns->numbers[PW_PID][row],
                                          inodes, count, search->buffer);
        search->marked[row] = found > 0;
        any = any || found > 0;
        denied = denied || found == -EACCES;
    }
    if (!any && count == 0) {
        return give_up(search, ESRCH, "nobody here listens on it");
    }
    return any || (denied ? give_up(search, EACCES, "whose it is only root may see")
                          : give_up(search, ESRCH, "no process here has its socket"));
}


bool pw_daemon_mark(const struct pw_daemon *daemon, const struct pw_source *source,
                    struct pw_buffer *buffer, const struct pw_columns *columns, bool marked[],
                    struct pw_daemon_miss *miss) {
    const struct search search = {daemon, source, buffer, columns, marked, miss};
    memset(marked, 0, columns->rows * sizeof *marked);
    switch (daemon->by) {
    case PW_BY_UNIT:
        return mark_unit(&search);
    case PW_BY_CGROUP:
        return mark_texts(&search, PW_CGROUP, is_in_cgroup) ||
               miss_group(&search, daemon->text, "no process is in this cgroup");
    case PW_BY_PID_FILE:
        return mark_pid_file(&search);
    case PW_BY_PORT:
        return mark_port(&search);
    default:
        return mark_texts(&search, PW_COMM, is_name) ||
               give_up(&search, ESRCH, "no process has this name");
    }
}
