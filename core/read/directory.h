/* SPDX-License-Identifier: MIT
 *
 * The names in a directory of a root, for trees whose entries are not known beforehand
 * (/sys/kernel/mm, /sys/block).
 */
#ifndef PAGEWARDEN_READ_DIRECTORY_H
#define PAGEWARDEN_READ_DIRECTORY_H

#include "read/source.h"

/* Reads the names in a directory into the buffer, without those that begin with a dot and in no
 * order; pw_take_name() gives them. Returns 0 or -errno, ENOTDIR for a file. */
int pw_directory_read(const struct pw_source *source, const char *path, struct pw_buffer *buffer);

/* Takes the next name off the front of a listing; false at the end. The byte after the name is a
 * NUL. */
bool pw_take_name(struct pw_slice *rest, struct pw_slice *name);

#endif
