/* SPDX-License-Identifier: MIT
 *
 * In this order only (Documentation/admin-guide/blockdev/zram.rst): an algorithm and a limit while
 * the device is reset, then its size, which sets it up; later it is busy until it is reset.
 */
#include "act/swap_zram.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "act/file.h"
#include "act/mm.h"
#include "act/swap_probe.h"

#define DEVICE "/dev/zram"

/* Room for "sys/block/zram0/comp_algorithm". */
#define FILE_BYTES 96

/* Whoever was told of the device may look at it for a moment (udev does), and then it is busy. */
#define RESET_TRIES 40
#define RESET_WAIT_NS 50000000L


bool pw_zram_is(const char *path) {
    size_t prefix = strlen(DEVICE), digits;
    if (strncmp(path, DEVICE, prefix) != 0) {
        return false;
    }
    digits = strspn(path + prefix, "0123456789");
    return digits > 0 && digits < 8 && path[prefix + digits] == '\0';
}


static const char *file_of(const char *path, const char *name, char out[FILE_BYTES]) {
    snprintf(out, FILE_BYTES, "sys/block/%s/%s", path + strlen("/dev/"), name);
    return out;
}


static int read_file(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                     const char *name) {
    char file[FILE_BYTES];
    return pw_source_read(source, file_of(path, name, file), buffer);
}


static int write_file(const struct pw_source *source, const char *path, const char *name,
                      const char *text) {
    char file[FILE_BYTES];
    return pw_file_write(source, source->root_fd, file_of(path, name, file), text);
}


static int write_size(const struct pw_source *source, const char *path, const char *name,
                      int64_t bytes) {
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long)bytes);
    return write_file(source, path, name, text);
}


bool pw_zram_is_set_up(const struct pw_source *source, struct pw_buffer *buffer, const char *path) {
    int error = read_file(source, buffer, path, "initstate");
    return !error && pw_slice_starts(pw_buffer_text(buffer), "1");
}


static int fail(char reason[PW_SWAP_REASON_BYTES], int error, const char *text) {
    snprintf(reason, PW_SWAP_REASON_BYTES, "%s", text);
    return error;
}


/* "lzo [lz4] zstd" with the brackets around what is asked for. */
static int choose(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                  const char *algorithm, char shown[PW_VALUE_BYTES], char *reason) {
    int error = read_file(source, buffer, path, "comp_algorithm");
    struct pw_slice choice = pw_slice_trim(pw_buffer_text(buffer));
    if (!error) {
        error = pw_mm_show(pw_buffer_text(buffer), algorithm, shown);
    }
    if (error == -EINVAL) {
        int size = choice.size < 80 ? (int)choice.size : 80;
        snprintf(reason, PW_SWAP_REASON_BYTES, "'%.24s' is none of the algorithms there are: %.*s",
                 algorithm, size, choice.data);
    }
    return error;
}


int pw_zram_check(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                  const struct pw_swap_making *making, char reason[PW_SWAP_REASON_BYTES]) {
    char shown[PW_VALUE_BYTES], file[FILE_BYTES];
    if (!source->live && !making->imagined) {
        return fail(reason, -EXDEV, "it is done to this machine only, not to another root");
    }
    if (!pw_source_has(source, file_of(path, "disksize", file))) {
        return fail(reason, -ENODEV, "there is no such device; 'modprobe zram' makes the first");
    }
    if (pw_zram_is_set_up(source, buffer, path)) {
        return fail(reason, -EBUSY, "the device is set up already");
    }
    return making->algorithm[0] ? choose(source, buffer, path, making->algorithm, shown, reason)
                                : 0;
}


static int set_algorithm(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                         const char *algorithm, char *reason) {
    char shown[PW_VALUE_BYTES];
    int error = choose(source, buffer, path, algorithm, shown, reason);
    return error ? error
                 : write_file(source, path, "comp_algorithm", source->live ? algorithm : shown);
}


/* What the kernel would do: there is a disk of this size now, or none. */
static int imagine(const struct pw_source *source, const char *path, int64_t size_bytes) {
    int fd = pw_file_open(source, source->root_fd, path, O_WRONLY | O_CREAT | O_TRUNC);
    int error = fd < 0 ? fd : ftruncate(fd, size_bytes) ? -errno : 0;
    if (fd >= 0) {
        close(fd);
    }
    return error ? error : write_size(source, path, "initstate", size_bytes > 0);
}


static int set_size(const struct pw_source *source, const char *path, int64_t size_bytes) {
    int error = write_size(source, path, "disksize", size_bytes);
    return error || source->live ? error : imagine(source, path, size_bytes);
}


static int write_header(const struct pw_source *source, const char *path,
                        const struct pw_swap_making *making) {
    size_t page = (size_t)source->page_size_bytes;
    struct pw_swap_header header = {.page_size_bytes = source->page_size_bytes,
                                    .uuid = making->uuid};
    header.last_page = (uint32_t)(pw_swap_pages(making->size_bytes, (long)page) - 1);
    memcpy(header.label, making->label, sizeof header.label);
    char *start = malloc(page);
    int fd = start ? pw_file_open(source, source->root_fd, path, O_WRONLY) : -ENOMEM;
    int error = fd < 0 ? fd : 0;
    if (!error) {
        pw_swap_header_write(&header, start);
        ssize_t written = pwrite(fd, start, page, 0);
        error = written < 0 ? -errno : written != (ssize_t)page ? -EIO : fsync(fd) ? -errno : 0;
        close(fd);
    }
    free(start);
    return error;
}


static int reset(const struct pw_source *source, const char *path) {
    int error = write_file(source, path, "reset", "1");
    for (int tries = 1; error == -EBUSY && tries < RESET_TRIES; tries++) {
        nanosleep(&(struct timespec){.tv_nsec = RESET_WAIT_NS}, NULL);
        error = write_file(source, path, "reset", "1");
    }
    return error || source->live ? error : set_size(source, path, 0);
}


/* The limit is of the memory that compressed pages may take (Linux 4.2). */
static int set_up(const struct pw_source *source, const char *path,
                  const struct pw_swap_making *making) {
    int error = 0;
    if (making->limit_bytes > 0) {
        error = write_size(source, path, "mem_limit", making->limit_bytes);
    }
    if (!error) {
        error = set_size(source, path, making->size_bytes);
    }
    if (!error && (error = write_header(source, path, making))) {
        reset(source, path);
    }
    return error;
}


int pw_zram_make(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                 const struct pw_swap_making *making, char reason[PW_SWAP_REASON_BYTES]) {
    int error = pw_zram_check(source, buffer, path, making, reason);
    if (!error && making->algorithm[0]) {
        error = set_algorithm(source, buffer, path, making->algorithm, reason);
    }
    return error ? error : set_up(source, path, making);
}


int pw_zram_remove(const struct pw_source *source, const char *path, const struct pw_uuid *uuid,
                   char reason[PW_SWAP_REASON_BYTES]) {
    struct pw_swap_probe probe;
    int error = pw_swap_probe(source, path, &probe);
    if (!error && memcmp(&probe.header.uuid, uuid, sizeof *uuid) != 0) {
        return fail(reason, -EEXIST, "it does not have the area that was made there");
    }
    if (!error) {
        error = reset(source, path);
    }
    return error == -EBUSY ? fail(reason, error, "the device is in use") : error;
}
