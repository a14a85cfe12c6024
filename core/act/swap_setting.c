/* SPDX-License-Identifier: MIT */
#include "act/swap_setting.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "act/swap_area.h"
#include "act/swap_job.h"

_Static_assert(PW_SWAP_STATE_BYTES <= PW_VALUE_BYTES, "every state is a value");


int pw_swap_setting_read(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                         char text[PW_VALUE_BYTES]) {
    struct pw_swap_state state;
    int error = pw_swap_area_read(source, buffer, path, &state);
    if (!error) {
        pw_swap_state_format(&state, text);
    }
    return error;
}


int pw_swap_setting_write(const struct pw_source *source, const char *path, const char *text) {
    /* a journal of another root is of a world behind it */
    struct pw_swap_change change = {.reserve_bytes = -1, .imagined = true};
    char reason[PW_SWAP_REASON_BYTES];
    bool known = pw_swap_state_parse(pw_slice_of(text), &change.to);
    return known ? pw_swap_job_run(source, path, &change, reason) : -EINVAL;
}


/* Whether both texts are states; they are then in `a` and `b`. */
static bool parse(const char *text, const char *other, struct pw_swap_state *a,
                  struct pw_swap_state *b) {
    return pw_swap_state_parse(pw_slice_of(text), a) && pw_swap_state_parse(pw_slice_of(other), b);
}


bool pw_swap_setting_same(const char *text, const char *other) {
    struct pw_swap_state a, b;
    return parse(text, other, &a, &b) && pw_swap_state_same(&a, &b);
}


bool pw_swap_setting_is_made(const char *original, const char *last, const char *now) {
    struct pw_swap_state absent, made, found;
    return parse(original, last, &absent, &made) && absent.place == PW_SWAP_ABSENT &&
           pw_swap_state_parse(pw_slice_of(now), &found) && pw_swap_state_is_of(&made, &found);
}


bool pw_swap_setting_is_on_disk(const char *from, const char *to) {
    struct pw_swap_state a, b;
    return parse(from, to, &a, &b) && (a.place == PW_SWAP_ABSENT || b.place == PW_SWAP_ABSENT);
}


const char *pw_swap_setting_reason(int error) {
    switch (error) {
    case EACCES:
    case EPERM:
        return geteuid() == 0 ? "permission denied" : "permission denied; needs root";
    case ENOMEM:
        return "memory has no room for what is in it";
    case ENOENT:
        return "there is no such file, disk or folder";
    case EBUSY:
        return "it is on already, or in use as something else";
    case EEXIST:
        return "something else is there";
    case EINVAL:
        return "the kernel cannot swap to it";
    default:
        return strerror(error);
    }
}
