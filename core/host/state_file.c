/* SPDX-License-Identifier: MIT */
#include "host/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "act/checksum.h"
#include "act/file.h"
#include "act/thread.h"

#define FILE_MODE 0600
#define MAGIC "pagewarden-state "


int pw_state_file_init(struct pw_state_file *file, const struct pw_source *source,
                       const char *name) {
    *file = (struct pw_state_file){.source = source};
    if (!*name || *name == '.' || strchr(name, '/')) {
        return -EINVAL;
    }
    if (strlen(name) >= sizeof file->name) {
        return -ENAMETOOLONG;
    }
    strcpy(file->name, name);
    return 0;
}


/* What is taken for true as root, root alone may have written. */
static int check_owner(int fd) {
    struct stat status;
    if (fstat(fd, &status)) {
        return -errno;
    }
    bool ours = status.st_uid == 0 && !(status.st_mode & (S_IWGRP | S_IWOTH));
    return geteuid() == 0 && !ours ? -EPERM : 0;
}


/* Whether the header is one, fits what follows it, and is of our version. */
static int check_header(struct pw_slice header, struct pw_slice contents) {
    struct pw_slice word;
    struct pw_number version, size;
    uint64_t checksum;
    if (!pw_slice_starts(header, MAGIC)) {
        return -EBADMSG;
    }
    header = pw_slice_skip(header, strlen(MAGIC));
    if (!pw_take_word(&header, &word) || !pw_parse_number(word, &version)) {
        return -EBADMSG;
    }
    if (version.value != PW_STATE_VERSION) {
        return -EPROTONOSUPPORT;
    }
    bool fits = pw_take_word(&header, &word) && pw_parse_number(word, &size) &&
                size.value == (int64_t)contents.size && pw_take_word(&header, &word) &&
                pw_parse_hexadecimal(word, &checksum) && checksum == pw_checksum(contents);
    return fits ? 0 : -EBADMSG;
}


int pw_state_file_read(const struct pw_state_file *file, struct pw_buffer *buffer,
                       struct pw_slice *contents) {
    char path[sizeof PW_STATE_FOLDER + PW_STATE_NAME_BYTES];
    snprintf(path, sizeof path, PW_STATE_FOLDER "/%s", file->name);
    int fd = pw_file_open(file->source, file->source->root_fd, path, O_RDONLY);
    if (fd < 0) {
        return fd;
    }
    int error = check_owner(fd);
    if (!error) {
        error = pw_source_reread(fd, buffer);
    }
    close(fd);
    if (error) {
        return error;
    }
    struct pw_slice header;
    *contents = pw_buffer_text(buffer);
    return pw_take_line(contents, &header) ? check_header(header, *contents) : -EBADMSG;
}


int pw_state_file_set_aside(const struct pw_state_file *file) {
    char aside[PW_STATE_NAME_BYTES + sizeof ".corrupt"];
    snprintf(aside, sizeof aside, "%s.corrupt", file->name);
    int folder_fd = pw_file_make_folder(file->source, PW_STATE_FOLDER);
    if (folder_fd < 0) {
        return folder_fd;
    }
    int error = renameat(folder_fd, file->name, folder_fd, aside) ? -errno : 0;
    close(folder_fd);
    return error;
}


static int write_whole(int fd, struct pw_slice bytes) {
    while (bytes.size > 0) {
        ssize_t written = write(fd, bytes.data, bytes.size);
        if (written < 0 && errno != EINTR) {
            return -errno;
        }
        bytes = pw_slice_skip(bytes, written > 0 ? (size_t)written : 0);
    }
    return 0;
}


/* Two processes may run one policy: whoever has the file that is still named so may go on. */
static int lock_new(int folder_fd, const char *name, int fd) {
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    }
    if (!pw_file_is_named(folder_fd, name, fd)) {
        return -EBUSY;
    }
    return ftruncate(fd, 0) ? -errno : 0;
}


/* Fills the locked new file and puts it in the place of the old one. */
static int put_in_place(int folder_fd, int fd, const char *from, const struct pw_state_file *file) {
    int error = write_whole(fd, pw_buffer_text(&file->writing));
    if (!error && (fsync(fd) || renameat(folder_fd, from, folder_fd, file->name))) {
        error = -errno;
    }
    if (error) {
        unlinkat(folder_fd, from, 0);
        return error;
    }
    return fsync(folder_fd) ? -errno : 0;
}


static int replace(const struct pw_state_file *file) {
    char name[PW_STATE_NAME_BYTES + sizeof ".new"];
    snprintf(name, sizeof name, "%s.new", file->name);
    int folder_fd = pw_file_make_folder(file->source, PW_STATE_FOLDER);
    if (folder_fd < 0) {
        return folder_fd;
    }
    int flags = O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
    int fd = openat(folder_fd, name, flags, FILE_MODE);
    int error = fd < 0 ? -errno : lock_new(folder_fd, name, fd);
    if (!error) {
        error = put_in_place(folder_fd, fd, name, file);
    }
    if (fd >= 0) {
        close(fd);
    }
    close(folder_fd);
    return error;
}


static void *run(void *argument) {
    struct pw_state_file *file = argument;
    file->error = replace(file);
    atomic_store(&file->done, true);
    return NULL;
}


int pw_state_file_write(struct pw_state_file *file, struct pw_slice contents) {
    char header[96];
    if (file->started) {
        return -EBUSY;
    }
    int size = snprintf(header, sizeof header, MAGIC "%d %zu %08" PRIx32 "\n", PW_STATE_VERSION,
                        contents.size, pw_checksum(contents));
    file->writing.size_bytes = 0;
    int error = pw_buffer_append(&file->writing, (struct pw_slice){header, (size_t)size});
    if (!error) {
        error = pw_buffer_append(&file->writing, contents);
    }
    if (!error) {
        atomic_store(&file->done, false);
        error = pw_thread_start(&file->thread, run, file);
        file->started = !error;
    }
    return error;
}


int pw_state_file_finish(struct pw_state_file *file, bool wait) {
    if (!file->started) {
        return 0;
    }
    if (!wait && !atomic_load(&file->done)) {
        return -EINPROGRESS;
    }
    pthread_join(file->thread, NULL);
    file->started = false;
    pw_buffer_free(&file->writing);
    return file->error;
}


void pw_state_file_close(struct pw_state_file *file) {
    pw_state_file_finish(file, true);
    pw_buffer_free(&file->writing);
}
