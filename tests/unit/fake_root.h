/* SPDX-License-Identifier: MIT
 *
 * A small root for tests that write: settings as files in a fresh folder.
 */
#ifndef PAGEWARDEN_TESTS_FAKE_ROOT_H
#define PAGEWARDEN_TESTS_FAKE_ROOT_H

#include <stddef.h>

#include "act/gate.h"

struct fake_root {
    char path[64];
};

/* Makes a folder with nothing in it. */
void fake_root_make(struct fake_root *root);

/* Writes a file of the root, and makes its folders. */
void fake_root_write(const struct fake_root *root, const char *path, const char *text);

/* A file's text without the newline at its end; "(none)" when there is no such file. Valid until
 * the next call. */
const char *fake_root_read(const struct fake_root *root, const char *path);

/* Removes everything. */
void fake_root_remove(const struct fake_root *root);

/* Events as they are told, one a line: "act policy=p key=sysctl vm.swappiness …". */
struct told {
    char text[16384];
};

/* The hook that notes them; its context is a struct told. */
void tell_told(void *told, const char *event, const struct pw_event_field fields[], int count);

#endif
