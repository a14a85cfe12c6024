/* SPDX-License-Identifier: MIT
 *
 * Magic SysRq: letters that make the kernel do something at once, through /proc/sysrq-trigger.
 * Kernel: drivers/tty/sysrq.c, Documentation/admin-guide/sysrq.rst.
 */
#ifndef PAGEWARDEN_ACT_SYSRQ_H
#define PAGEWARDEN_ACT_SYSRQ_H

#include "read/source.h"

#define PW_SYSRQ_TRIGGER "proc/sysrq-trigger"
#define PW_SYSRQ_MASK "proc/sys/kernel/sysrq"

/* What a bit of kernel.sysrq lets the keyboard do. The trigger file does not ask it. */
struct pw_sysrq_group {
    const char *name;
    int64_t bit;
};

/* By rising bits; ends with {NULL}. */
extern const struct pw_sysrq_group pw_sysrq_groups[];

struct pw_sysrq_letter {
    char letter;
    const char *name;  /* the kernel's word for it, in the line that 'h' prints */
    const char *does;  /* what, as the log of a gate says it */
    int64_t group_bit; /* 0: no bit alone lets the keyboard do it */
    const char *never; /* why it is not triggered here; NULL: it may be */
};

/* A letter of the machine-independent ones; NULL for any other. Case counts: R is not r. */
const struct pw_sysrq_letter *pw_sysrq_letter(char letter);

/* The letters that may be triggered, as one string. */
const char *pw_sysrq_offered(void);

/* Whether kernel.sysrq lets the keyboard do something: 1 is everything, 0 nothing, else bits. */
bool pw_sysrq_keyboard_may(int64_t mask, int64_t group_bit);

/* Whether the trigger can be written: 0, -EOPNOTSUPP for a kernel without CONFIG_MAGIC_SYSRQ,
 * -EACCES for who is not root, -EROFS where it is write-protected, as in containers. Under a root
 * that is not live any file will do. */
int pw_sysrq_available(const struct pw_source *source);

/* Why not, as a person can act on it. */
const char *pw_sysrq_reason(int error);

/* Triggers a letter that may be: one byte, for of what follows Linux 6.8 takes all after a '_'.
 * Returns when the kernel's handler has, which for 's' and 'f' only begins. 0 or -errno. */
int pw_sysrq_press(const struct pw_source *source, char letter);

#endif
