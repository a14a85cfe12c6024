/* SPDX-License-Identifier: MIT
 *
 * What a policy in dry run would have set, kept where its own readers look first, so that what it
 * reads later agrees with what it did. Nothing of it is ever written.
 */
#ifndef PAGEWARDEN_ACT_OVERLAY_H
#define PAGEWARDEN_ACT_OVERLAY_H

#include "act/setting.h"

struct pw_overlaid {
    char *path; /* from the root */
    char text[PW_VALUE_BYTES + 1];
};

/* {0} holds nothing. */
struct pw_overlay {
    struct pw_overlaid *entries;
    int count;
};

/* Sets one file of a setting, and makes 0 of its partner as the kernel would. 0 or -ENOMEM. What a
 * path is to swapping is kept under the setting's key. */
int pw_overlay_set(struct pw_overlay *overlay, const struct pw_setting *setting, int file,
                   const char *text);

/* Makes a reader's source look into the overlay first. The overlay must outlive it. */
void pw_overlay_attach(const struct pw_overlay *overlay, struct pw_source *source);

/* Makes a copy to go back to. 0 or -ENOMEM, and then the copy is empty. */
int pw_overlay_copy(const struct pw_overlay *overlay, struct pw_overlay *copy);

/* Forgets everything. */
void pw_overlay_free(struct pw_overlay *overlay);

#endif
