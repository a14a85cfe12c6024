/* SPDX-License-Identifier: MIT
 *
 * A path's state of swapping as a setting (setting.h): its value is the text of swap_state.h.
 */
#ifndef PAGEWARDEN_ACT_SWAP_SETTING_H
#define PAGEWARDEN_ACT_SWAP_SETTING_H

#include "act/setting.h"

/* Reads the path's state as text: 0 or -errno. */
int pw_swap_setting_read(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                         char text[PW_VALUE_BYTES]);

/* Brings the path to a state, and waits until it is: 0 or -errno. May take minutes. */
int pw_swap_setting_write(const struct pw_source *source, const char *path, const char *text);

/* Whether two texts say the same. */
bool pw_swap_setting_same(const char *text, const char *other);

/* Whether a path that is `now` what it is shows the work of who found it absent and made of it
 * `last`: the same area, though it may be on or off by now. */
bool pw_swap_setting_is_made(const char *original, const char *last, const char *now);

/* Whether from one state to the other a file is made or removed: such changes outlast a boot. */
bool pw_swap_setting_is_on_disk(const char *from, const char *to);

/* Why a change failed. */
const char *pw_swap_setting_reason(int error);

#endif
