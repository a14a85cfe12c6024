/* SPDX-License-Identifier: MIT
 *
 * Where in the kernel a task is: /proc/PID/wchan and /proc/PID/stack. Pure. Formats:
 * fs/proc/base.c, proc_pid_wchan() and proc_pid_stack().
 */
#ifndef PAGEWARDEN_READ_KERNEL_STACK_H
#define PAGEWARDEN_READ_KERNEL_STACK_H

#include "read/text.h"

/* The function of wchan, empty for "0": the task runs, or one may not know. */
struct pw_slice pw_parse_wchan(struct pw_slice text);

/* Takes the next function of a stack, the innermost first: "[<0>] do_sys_poll+0x46/0x70". Lines
 * without a function are skipped and counted, but for the end that older kernels mark by an address
 * of ones. False at the end. */
bool pw_next_stack_function(struct pw_slice *rest, struct pw_slice *function,
                            struct pw_flaws *flaws);

#endif
