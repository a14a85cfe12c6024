/* SPDX-License-Identifier: MIT
 *
 * Which known name somebody meant by an unknown one. Pure.
 */
#ifndef PAGEWARDEN_READ_NEAREST_H
#define PAGEWARDEN_READ_NEAREST_H

#include "read/text.h"

/* A search for the candidate that differs from `name` least. */
struct pw_nearest_search {
    struct pw_slice name;
    int least_edits;
};

/* Starts a search. Half of the name's letters may differ before a candidate is no help. */
struct pw_nearest_search pw_nearest_start(struct pw_slice name);

/* True when the candidate is near enough, and nearer than every one offered before. */
bool pw_nearest_offer(struct pw_nearest_search *search, struct pw_slice candidate);

#endif
