/* SPDX-License-Identifier: MIT */
#include "act/swap_imagined.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "act/file.h"
#include "read/swaps.h"

#define SWAPS "proc/swaps"

static const char heading[] = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n";


/* The text of the file, or its heading alone. */
static int read_swaps(const struct pw_source *source, struct pw_buffer *text) {
    int error = pw_source_read(source, SWAPS, text);
    if (error == -ENOENT || (!error && text->size_bytes == 0)) {
        text->size_bytes = 0;
        error = pw_buffer_append(text, pw_slice_of(heading));
    }
    return error;
}


static int write_swaps(const struct pw_source *source, const struct pw_buffer *text) {
    int fd = pw_file_open(source, source->root_fd, SWAPS, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd < 0) {
        return fd;
    }
    ssize_t written = write(fd, text->data, text->size_bytes);
    close(fd);
    return written == (ssize_t)text->size_bytes ? 0 : -ENOSPC;
}


/* One below the lowest that the kernel gave; it begins with -2 (mm/swapfile.c, least_priority). */
static int64_t next_priority(struct pw_slice text) {
    struct pw_swap_area area;
    struct pw_flaws flaws = {0};
    int64_t lowest = -1;
    while (pw_next_swap_area(&text, &area, &flaws)) {
        lowest = area.priority < lowest ? area.priority : lowest;
    }
    return lowest - 1;
}


int pw_swap_imagine_on(const struct pw_source *source, const char *path, int64_t size_bytes,
                       int priority) {
    char name[PATH_MAX * 4], line[sizeof name + 64];
    struct pw_buffer text = {0};
    int error = read_swaps(source, &text);
    if (!error) {
        size_t size = pw_escape_octal(pw_slice_of(path), " \t\n\\", name, sizeof name);
        long long shown = priority < 0 ? next_priority(pw_buffer_text(&text)) : priority;
        snprintf(line, sizeof line, "%.*s %s\t%lld\t0\t%lld\n", (int)size, name,
                 strncmp(path, "/dev/", 5) == 0 ? "partition" : "file",
                 (long long)(size_bytes - source->page_size_bytes) / 1024, shown);
        error = pw_buffer_append(&text, pw_slice_of(line));
    }
    if (!error) {
        error = write_swaps(source, &text);
    }
    pw_buffer_free(&text);
    return error;
}


static bool is_line_of(struct pw_slice line, const char *path) {
    struct pw_swap_area area;
    struct pw_flaws flaws = {0};
    char name[PATH_MAX];
    if (!pw_next_swap_area(&line, &area, &flaws) || area.deleted) {
        return false;
    }
    size_t size = pw_swap_filename(&area, name, sizeof name);
    return pw_slice_is((struct pw_slice){name, size}, path);
}


int pw_swap_imagine_off(const struct pw_source *source, const char *path) {
    struct pw_buffer text = {0}, left = {0};
    struct pw_slice line;
    bool found = false;
    int error = read_swaps(source, &text);
    struct pw_slice rest = pw_buffer_text(&text);
    while (!error && pw_take_line(&rest, &line)) {
        if (is_line_of(line, path)) {
            found = true;
        } else if (!(error = pw_buffer_append(&left, line))) {
            error = pw_buffer_append(&left, pw_slice_of("\n"));
        }
    }
    if (!error) {
        error = found ? write_swaps(source, &left) : -EINVAL;
    }
    pw_buffer_free(&text);
    pw_buffer_free(&left);
    return error;
}
