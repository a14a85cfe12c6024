/* SPDX-License-Identifier: MIT */
#include "read/pid_file.h"

/* PID_MAX_LIMIT of 64-bit kernels, include/linux/threads.h */
#define GREATEST_PID (4 << 20)


int64_t pw_parse_pid_file(struct pw_slice text) {
    struct pw_slice line;
    struct pw_number pid;
    bool has_pid = pw_take_line(&text, &line) && pw_parse_number(pw_slice_trim(line), &pid) &&
                   pid.value > 0 && pid.value <= GREATEST_PID;
    return has_pid ? pid.value : 0;
}
