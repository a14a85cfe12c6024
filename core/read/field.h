/* SPDX-License-Identifier: MIT
 *
 * The fields of a process that a snapshot can hold: their names, and the file of /proc/PID each
 * comes from. Everything that depends on what a field is asks here. Pure.
 */
#ifndef PAGEWARDEN_READ_FIELD_H
#define PAGEWARDEN_READ_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "read/text.h"

/* Numbers first, then text: PW_COMM is the first that is text. */
enum pw_field_id {
    PW_PID,
    PW_PPID,
    PW_PGRP,
    PW_STATE, /* the letter's code */
    PW_THREADS,
    PW_START_TIME, /* clock ticks after boot */
    PW_VSIZE,      /* this and all memory below: bytes */
    PW_RSS,
    PW_MINFLT,
    PW_MAJFLT,
    PW_UID,
    PW_RSS_ANON,
    PW_RSS_FILE,
    PW_RSS_SHMEM,
    PW_SWAP,
    PW_OOM_SCORE,
    PW_OOM_SCORE_ADJ,
    PW_PSS,
    PW_USS,
    PW_COMM,
    PW_CGROUP,
    PW_UNIT, /* of systemd */
    PW_CMDLINE,
    PW_FIELDS
};

#define PW_NUMBERS ((int)PW_COMM)
#define PW_TEXTS ((int)PW_FIELDS - PW_NUMBERS)

/* Sets of fields and of files, one bit each. */
typedef uint32_t pw_field_set;
typedef uint32_t pw_file_set;

#define PW_BIT(id) (UINT32_C(1) << (id))

/* Files of /proc/PID, the cheapest first: stat takes 9 µs, smaps_rollup 8.5 ms per GiB mapped. */
enum pw_file_id {
    PW_FILE_STAT,
    PW_FILE_STATUS,
    PW_FILE_OOM_SCORE,
    PW_FILE_OOM_SCORE_ADJ,
    PW_FILE_CGROUP,
    PW_FILE_CMDLINE,
    PW_FILE_ROLLUP,
    PW_FILES
};

/* The name of a field, as ps(1) and proc(5) say it. */
const char *pw_field_name(enum pw_field_id id);

/* The NULL-terminated list of all names, in the order of the enumeration. */
const char *const *pw_field_names(void);

/* The field of this name, or PW_FIELDS. */
enum pw_field_id pw_field_of(struct pw_slice name);

/* True for comm, cgroup, unit and cmdline. */
bool pw_field_is_text(enum pw_field_id id);

/* True where a difference between two readings means something: memory, faults, threads. */
bool pw_field_is_gauge_or_counter(enum pw_field_id id);

/* The name of a file below /proc/PID. */
const char *pw_file_name(enum pw_file_id id);

/* The files that hold these fields. */
pw_file_set pw_files_of(pw_field_set fields);

/* Fields that come from smaps_rollup, too dear for every process: pss and uss. */
#define PW_EXPENSIVE_FIELDS (PW_BIT(PW_PSS) | PW_BIT(PW_USS))

#endif
