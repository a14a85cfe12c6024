/* SPDX-License-Identifier: MIT
 *
 * sweep floor|scan ROUNDS: the best of so many passes over /proc, as "SECONDS PROCESSES". `floor`
 * opens, reads and closes each process's stat and does nothing with it; `scan` is pagewarden's own.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "read/sweep.h"


static double now_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}


/* One file of /proc/PID, the cheapest way there is without keeping it open. */
static int open_read_close(int proc_fd, const char *pid) {
    char path[64], text[4096];
    size_t size = strlen(pid);
    memcpy(path, pid, size);
    memcpy(path + size, "/stat", sizeof "/stat");
    int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    ssize_t count = read(fd, text, sizeof text);
    close(fd);
    return count > 0;
}


static int floor_pass(int proc_fd) {
    static _Alignas(8) char entries[8192];
    int processes = 0;
    ssize_t size;
    lseek(proc_fd, 0, SEEK_SET);
    while ((size = getdents64(proc_fd, entries, sizeof entries)) > 0) {
        for (ssize_t at = 0; at < size;) {
            const struct dirent64 *entry = (const void *)(entries + at);
            at += entry->d_reclen;
            if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') {
                processes += open_read_close(proc_fd, entry->d_name);
            }
        }
    }
    return processes;
}


static int scan_pass(struct pw_scan *scan, struct pw_columns *columns) {
    struct pw_row row;
    pw_columns_clear(columns);
    pw_sweep_begin(&scan->sweep);
    while (pw_sweep_next(&scan->sweep, &row) > 0 && pw_columns_has_room(columns)) {
        pw_columns_append(columns, &row);
    }
    return (int)columns->rows;
}


static void prepare(struct pw_scan *scan, struct pw_columns *columns) {
    static struct pw_source source;
    static struct pw_buffer buffer;
    const pw_field_set fields =
        PW_BIT(PW_PID) | PW_BIT(PW_PPID) | PW_BIT(PW_COMM) | PW_BIT(PW_RSS) | PW_BIT(PW_VSIZE);
    const uint32_t rows = 1 << 16, text_bytes = 1 << 22;
    pw_source_open(&source, "/");
    pw_scan_open(scan, &source, &buffer);
    scan->sweep.files = pw_files_of(fields);
    pw_columns_move(columns, fields, rows, malloc(pw_columns_size(fields, rows)));
    pw_columns_move_text(columns, text_bytes, malloc(text_bytes));
}


int main(int argc, char **argv) {
    if (argc != 3 || (strcmp(argv[1], "floor") != 0 && strcmp(argv[1], "scan") != 0)) {
        fputs("usage: sweep floor|scan ROUNDS\n", stderr);
        return 2;
    }
    int is_floor = strcmp(argv[1], "floor") == 0, processes = 0;
    int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY);
    static struct pw_scan scan;
    static struct pw_columns columns;
    prepare(&scan, &columns);
    double best = 1e9;
    for (int round = 0; round < atoi(argv[2]); round++) {
        double start = now_seconds();
        processes = is_floor ? floor_pass(proc_fd) : scan_pass(&scan, &columns);
        double seconds = now_seconds() - start;
        best = seconds < best ? seconds : best;
    }
    printf("%.9f %d\n", best, processes);
    return 0;
}
