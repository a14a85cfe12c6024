/* SPDX-License-Identifier: MIT */
#include "read/process_row.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "read/cgroup.h"
#include "read/process.h"
#include "read/rollup.h"
#include "read/single.h"
#include "read/stat.h"
#include "read/status.h"

/* Room for "/proc"-relative paths: ten digits of pid, the slash and the longest file name. */
#define PATH_ROOM 48


void pw_row_reader_free(struct pw_row_reader *reader) {
    pw_buffer_free(&reader->cgroup);
    pw_buffer_free(&reader->cmdline);
}


static void clear_row(struct pw_row *row) {
    for (int id = 0; id < PW_NUMBERS; id++) {
        row->numbers[id] = PW_ABSENT;
    }
    memset(row->texts, 0, sizeof row->texts);
}


void pw_row_failed(struct pw_row_reader *reader, int error) {
    reader->failures[pw_failure_of(-error)]++;
}


/* Writes "PID" or "PID/file". */
static void format_path(char path[PATH_ROOM], int64_t pid, const char *file) {
    char *end = pw_append_number(path, pid);
    if (file) {
        *end++ = '/';
        strcpy(end, file);
    }
}


/* A captured or hostile file may say anything; only the kernel keeps pages below 2^63 bytes. */
static int64_t bytes_of_pages(struct pw_row_reader *reader, int64_t pages) {
    struct pw_number number = {.value = pages};
    pw_scale_number(&number, reader->source->page_size_bytes);
    pw_note_number(&reader->flaws, &number);
    return number.value;
}


static bool take_stat(struct pw_row_reader *reader, struct pw_slice text, struct pw_row *row) {
    struct pw_stat stat;
    if (!pw_parse_stat(text, PW_STAT_UP_TO_RSS, &stat, &reader->flaws)) {
        return false;
    }
    size_t size = stat.comm.size < PW_COMM_ROOM ? stat.comm.size : PW_COMM_ROOM;
    memcpy(row->comm, stat.comm.data, size);
    row->texts[PW_COMM - PW_NUMBERS] = (struct pw_slice){row->comm, size};
    row->numbers[PW_PID] = stat.pid;
    row->numbers[PW_PPID] = stat.ppid;
    row->numbers[PW_PGRP] = stat.pgrp;
    row->numbers[PW_STATE] = stat.state;
    row->numbers[PW_THREADS] = stat.num_threads;
    row->numbers[PW_START_TIME] = stat.starttime_ticks;
    row->numbers[PW_VSIZE] = stat.vsize_bytes;
    row->numbers[PW_RSS] = bytes_of_pages(reader, stat.rss_pages);
    row->numbers[PW_MINFLT] = stat.minflt;
    row->numbers[PW_MAJFLT] = stat.majflt;
    return true;
}


static bool take_status(struct pw_row_reader *reader, struct pw_slice text, struct pw_row *row) {
    struct pw_status_memory memory;
    pw_parse_status_memory(text, &memory, &reader->flaws);
    row->numbers[PW_UID] = memory.uid;
    row->numbers[PW_RSS_ANON] = memory.rss_anon_bytes;
    row->numbers[PW_RSS_FILE] = memory.rss_file_bytes;
    row->numbers[PW_RSS_SHMEM] = memory.rss_shmem_bytes;
    row->numbers[PW_SWAP] = memory.swap_bytes;
    return true;
}


static bool take_number(struct pw_row_reader *reader, struct pw_slice text, int64_t *value) {
    struct pw_number number;
    if (!pw_parse_single(text, &number, &reader->flaws)) {
        return false;
    }
    *value = number.value;
    return true;
}


static bool has_controller(struct pw_slice controllers, const char *name) {
    struct pw_slice controller;
    while (pw_next_controller(&controllers, &controller)) {
        if (pw_slice_is(controller, name)) {
            return true;
        }
    }
    return false;
}


/* The group that accounts for the process's memory, that of version 1's memory controller where it
 * is mounted, else the one of version 2, which has no controllers in its line; and the unit, from
 * systemd's own hierarchy or that of version 2. */
static bool take_cgroup(struct pw_row_reader *reader, struct pw_slice text, struct pw_row *row) {
    struct pw_membership membership;
    struct pw_slice memory = {0}, systemd = {0}, unified = {0};
    while (pw_next_membership(&text, &membership, &reader->flaws)) {
        if (membership.controllers.size == 0) {
            unified = membership.path;
        } else if (has_controller(membership.controllers, "memory")) {
            memory = membership.path;
        } else if (has_controller(membership.controllers, "name=systemd")) {
            systemd = membership.path;
        }
    }
    struct pw_slice unit = pw_unit_of_path(systemd.data ? systemd : unified);
    row->texts[PW_CGROUP - PW_NUMBERS] = memory.data ? memory : unified;
    row->texts[PW_UNIT - PW_NUMBERS] = unit.size ? unit : (struct pw_slice){0};
    return true;
}


/* The arguments with blanks between them, as ps(1) shows them. */
static bool take_cmdline(struct pw_row_reader *reader, struct pw_slice text, struct pw_row *row) {
    char *bytes = reader->cmdline.data;
    while (text.size > 0 && text.data[text.size - 1] == '\0') {
        text.size--;
    }
    for (size_t i = 0; i < text.size; i++) {
        if (bytes[i] == '\0') {
            bytes[i] = ' ';
        }
    }
    row->texts[PW_CMDLINE - PW_NUMBERS] = text;
    return true;
}


static bool take_text(struct pw_row_reader *reader, enum pw_file_id file, struct pw_slice text,
                      struct pw_row *row) {
    switch (file) {
    case PW_FILE_STAT:
        return take_stat(reader, text, row);
    case PW_FILE_STATUS:
        return take_status(reader, text, row);
    case PW_FILE_OOM_SCORE:
        return take_number(reader, text, &row->numbers[PW_OOM_SCORE]);
    case PW_FILE_OOM_SCORE_ADJ:
        return take_number(reader, text, &row->numbers[PW_OOM_SCORE_ADJ]);
    case PW_FILE_CGROUP:
        return take_cgroup(reader, text, row);
    case PW_FILE_CMDLINE:
        return take_cmdline(reader, text, row);
    default:
        return false;
    }
}


static struct pw_buffer *buffer_of(struct pw_row_reader *reader, enum pw_file_id file) {
    switch (file) {
    case PW_FILE_CGROUP:
        return &reader->cgroup;
    case PW_FILE_CMDLINE:
        return &reader->cmdline;
    default:
        return reader->buffer;
    }
}


/* stat and its like are one record; a command line may be longer than what one read gives. */
static int read_file(struct pw_row_reader *reader, int dir_fd, const char *path,
                     enum pw_file_id file, struct pw_row *row) {
    struct pw_buffer *buffer = buffer_of(reader, file);
    int error = file == PW_FILE_CMDLINE
                    ? pw_source_read_at(reader->source, dir_fd, path, buffer)
                    : pw_source_read_record(reader->source, dir_fd, path, buffer);
    if (error) {
        return error;
    }
    return take_text(reader, file, pw_buffer_text(buffer), row) ? 0 : -EIO;
}


static int reread_file(struct pw_row_reader *reader, int fd, enum pw_file_id file,
                       struct pw_row *row) {
    struct pw_buffer *buffer = buffer_of(reader, file);
    int error = file == PW_FILE_CMDLINE ? pw_source_reread(fd, buffer)
                                        : pw_source_reread_record(fd, buffer);
    if (error) {
        return error;
    }
    return take_text(reader, file, pw_buffer_text(buffer), row) ? 0 : -EIO;
}


/* Neither kernel threads nor zombies have memory to walk: their virtual size is 0. */
static int read_rollup(struct pw_row_reader *reader, int pid_fd, struct pw_row *row) {
    if (row->numbers[PW_VSIZE] == 0) {
        return 0;
    }
    int error = pw_source_read_rollup(reader->source, pid_fd, reader->buffer);
    if (error) {
        return error;
    }
    struct pw_rollup rollup;
    pw_parse_rollup(pw_buffer_text(reader->buffer), &rollup, &reader->flaws);
    pw_rollup_value(&rollup, "Pss", &row->numbers[PW_PSS]);
    pw_rollup_uss(&rollup, &row->numbers[PW_USS]);
    return 0;
}


/* Every file but stat; each stands alone. */
static void read_others(struct pw_row_reader *reader, int pid_fd, pw_file_set files,
                        struct pw_row *row) {
    for (enum pw_file_id file = PW_FILE_STAT + 1; file < PW_FILES; file++) {
        if (!(files & PW_BIT(file))) {
            continue;
        }
        int error = file == PW_FILE_ROLLUP
                        ? read_rollup(reader, pid_fd, row)
                        : read_file(reader, pid_fd, pw_file_name(file), file, row);
        if (error) {
            pw_row_failed(reader, error);
        }
    }
}


/* A row's one number that may be set: what a dry run would have written takes its place. */
static void lay_over(struct pw_row_reader *reader, struct pw_row *row) {
    struct pw_identity process = {row->numbers[PW_PID], row->numbers[PW_START_TIME]};
    struct pw_slice text;
    if (row->numbers[PW_OOM_SCORE_ADJ] != PW_ABSENT &&
        pw_process_overlaid(reader->source, &process, "oom_score_adj", &text)) {
        take_number(reader, text, &row->numbers[PW_OOM_SCORE_ADJ]);
    }
}


static int open_process(int proc_fd, int64_t pid) {
    char path[PATH_ROOM];
    format_path(path, pid, NULL);
    int fd = openat(proc_fd, path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}


static int read_through_directory(struct pw_row_reader *reader, int proc_fd, int64_t pid,
                                  pw_file_set files, struct pw_row *row) {
    int pid_fd = open_process(proc_fd, pid);
    if (pid_fd < 0) {
        return pid_fd;
    }
    int error = read_file(reader, pid_fd, "stat", PW_FILE_STAT, row);
    if (!error) {
        read_others(reader, pid_fd, files, row);
        lay_over(reader, row);
    }
    close(pid_fd);
    return error;
}


int pw_read_row(struct pw_row_reader *reader, int proc_fd, int64_t pid, pw_file_set files,
                struct pw_row *row) {
    clear_row(row);
    if (files & ~PW_BIT(PW_FILE_STAT)) {
        return read_through_directory(reader, proc_fd, pid, files, row);
    }
    char path[PATH_ROOM];
    format_path(path, pid, "stat");
    return read_file(reader, proc_fd, path, PW_FILE_STAT, row);
}


int pw_open_process_file(const struct pw_row_reader *reader, int proc_fd, int64_t pid,
                         enum pw_file_id file) {
    char path[PATH_ROOM];
    format_path(path, pid, pw_file_name(file));
    return pw_source_open_at(reader->source, proc_fd, path);
}


int pw_reread_row(struct pw_row_reader *reader, const int fds[PW_FILE_ROLLUP], struct pw_row *row) {
    clear_row(row);
    int error = reread_file(reader, fds[PW_FILE_STAT], PW_FILE_STAT, row);
    for (enum pw_file_id file = PW_FILE_STAT + 1; !error && file < PW_FILE_ROLLUP; file++) {
        int failed = fds[file] < 0 ? 0 : reread_file(reader, fds[file], file, row);
        if (failed) {
            pw_row_failed(reader, failed);
        }
    }
    lay_over(reader, row);
    return error;
}


int pw_read_more(struct pw_row_reader *reader, int proc_fd, pw_file_set files, struct pw_row *row) {
    int64_t pid = row->numbers[PW_PID], start_time = row->numbers[PW_START_TIME];
    clear_row(row);
    int pid_fd = open_process(proc_fd, pid);
    if (pid_fd < 0) {
        return pid_fd;
    }
    int error = read_file(reader, pid_fd, "stat", PW_FILE_STAT, row);
    if (!error && row->numbers[PW_START_TIME] != start_time) {
        error = -ESRCH;
    }
    if (!error) {
        read_others(reader, pid_fd, files, row);
        lay_over(reader, row);
    }
    close(pid_fd);
    return error;
}
