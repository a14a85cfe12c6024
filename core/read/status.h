/* SPDX-License-Identifier: MIT
 *
 * /proc/PID/status: "Key:<tab>value" lines of several kinds. Pure.
 * Format: fs/proc/array.c, proc_pid_status(); fs/proc/task_mmu.c, task_mem().
 */
#ifndef PAGEWARDEN_READ_STATUS_H
#define PAGEWARDEN_READ_STATUS_H

#include "read/text.h"

/* How a value is written, which its key decides. */
enum pw_status_kind {
    PW_STATUS_TEXT,   /* Name, State, Umask, SigQ, masks in hexadecimal, lists of CPUs */
    PW_STATUS_NUMBER, /* everything counted; bytes where the kernel wrote kB */
    PW_STATUS_LIST    /* Uid, Gid (real, effective, saved, file system), Groups, NSpid, … */
};

/* One line. */
struct pw_status_field {
    enum pw_status_kind kind;
    struct pw_slice key;
    struct pw_slice text;    /* the value as it stands, without the blanks around it */
    struct pw_number number; /* when the kind is PW_STATUS_NUMBER */
};

/* The next line. The key ends at the first colon; the value may hold more. Lines without a key, or
 * with something else where a number belongs, are skipped and counted; false at the end. A key
 * that is not known here is a number when it looks like one. */
bool pw_next_status_field(struct pw_slice *rest, struct pw_status_field *field,
                          struct pw_flaws *flaws);

/* Takes the next number of a list's text; false at the end. */
bool pw_next_status_item(struct pw_slice *list, struct pw_number *number, struct pw_flaws *flaws);

/* Undoes what Name: alone has escaped, newline as \n and backslash doubled. Writes at most `room`
 * bytes and returns how many. The name in stat needs none of this. */
size_t pw_unescape_status_name(struct pw_slice text, char *out, size_t room);

/* The lines that a sweep wants. A kernel thread has no memory lines, Linux before 4.5 no Rss ones.
 */
struct pw_status_memory {
    int64_t uid; /* effective */
    int64_t rss_anon_bytes;
    int64_t rss_file_bytes;
    int64_t rss_shmem_bytes;
    int64_t swap_bytes; /* without swapped shared memory */
};

/* Reads them in one pass, each PW_ABSENT when it has no line or no number. */
void pw_parse_status_memory(struct pw_slice text, struct pw_status_memory *memory,
                            struct pw_flaws *flaws);

#endif
