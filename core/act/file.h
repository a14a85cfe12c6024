/* SPDX-License-Identifier: MIT
 *
 * Files beneath a root that are written: the kernel's settings, and what pagewarden keeps in /run.
 * Under a root that is not the machine's own, no symbolic link leads out of it.
 */
#ifndef PAGEWARDEN_ACT_FILE_H
#define PAGEWARDEN_ACT_FILE_H

#include "read/source.h"

/* Opens a path relative to `dir_fd`, which is the source's root_fd or below it. Made files may be
 * read by everybody and written by their owner. Returns the descriptor or -errno. */
int pw_file_open(const struct pw_source *source, int dir_fd, const char *path, int flags);

/* Opens a folder, and makes it and those above it that are missing. Root is refused a folder of
 * somebody else's, or one that others may write: -EPERM. Returns the descriptor or -errno. */
int pw_file_make_folder(const struct pw_source *source, const char *path);

/* Writes a setting and a newline in one call, as the kernel wants it. A file that is only a file
 * ends there. 0 or -errno. */
int pw_file_write(const struct pw_source *source, int dir_fd, const char *path, const char *text);

/* Whether `name` in the folder still is the file behind the descriptor. */
bool pw_file_is_named(int folder_fd, const char *name, int fd);

#endif
