/* SPDX-License-Identifier: MIT
 *
 * Files of one key and one value a line, in the kernel's own spelling: the key ends at a colon
 * (meminfo, io, the fields of smaps) or at a blank (vmstat, memory.stat, memory.events).
 * Pure; each call takes one field off the front of the text.
 */
#ifndef PAGEWARDEN_READ_KEYED_H
#define PAGEWARDEN_READ_KEYED_H

#include "read/text.h"

/* One line. Keys are slices of the text that was read. */
struct pw_field {
    struct pw_slice key;
    struct pw_number number; /* bytes where the kernel wrote kB, else the kernel's own unit */
};

/* What the following three are: takes the next field off the front of `rest`; false at the end. */
typedef bool pw_next_field(struct pw_slice *rest, struct pw_field *field, struct pw_flaws *flaws);

/* The next "Key: 123 kB" or "Key: 123" line. Lines of any other shape are skipped and counted;
 * false at the end. The blank after the colon may be missing (psutil #2809), and what 2.4 kernels
 * print before MemTotal is passed over. Format: fs/proc/meminfo.c, show_val_kb(). */
bool pw_next_colon_field(struct pw_slice *rest, struct pw_field *field, struct pw_flaws *flaws);

/* The next "Node 0 Key: 123 kB" line of /sys/devices/system/node/nodeN/meminfo, whose key comes
 * without the node (drivers/base/node.c). Also known padded with NULs to a page. */
bool pw_next_node_field(struct pw_slice *rest, struct pw_field *field, struct pw_flaws *flaws);

/* The next "key 123" line, "max" being a number too. Otherwise like pw_next_colon_field(). */
bool pw_next_blank_field(struct pw_slice *rest, struct pw_field *field, struct pw_flaws *flaws);

/* Reads "123", "123 kB" or "max" as a whole value. */
bool pw_parse_value(struct pw_slice text, struct pw_number *number);

#endif
