/* SPDX-License-Identifier: MIT
 *
 * The names of sysctl keys, and what writing some of them does besides (tunable.h). Pure.
 * Kernel: mm/page-writeback.c, mm/util.c for the pairs.
 */
#ifndef PAGEWARDEN_ACT_SYSCTL_H
#define PAGEWARDEN_ACT_SYSCTL_H

#include "read/text.h"

/* Where the keys are, from a root. */
#define PW_SYSCTL_FOLDER "proc/sys/"

/* Writes a key's name with dots into `out`, of `room` bytes, as sysctl(8) reads it: of "." and "/"
 * the one that comes first delimits, and the other stands for itself (net/ipv4/conf/eth0.1/mtu is
 * net.ipv4.conf.eth0/1.mtu). False for what names no file below /proc/sys or is too long. */
bool pw_sysctl_name(struct pw_slice name, char *out, size_t room);

/* Writes the path of a dotted name, from the root, into `out`; false when it is too long. */
bool pw_sysctl_path(const char *name, char *out, size_t room);

/* The key of which the kernel makes 0 when this one is written, and that is made by it: of a pair
 * only one is in force. NULL for a key that stands alone. */
const char *pw_sysctl_partner(const char *name);

/* True when the key has no value: writing it does something at once, and there is nothing to put
 * back. */
bool pw_sysctl_is_action(const char *name);

#endif
