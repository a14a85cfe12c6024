/* SPDX-License-Identifier: MIT
 *
 * Conditions on the fields of a process: a range for a number, a list of alternatives for text.
 * Pure.
 */
#ifndef PAGEWARDEN_READ_FILTER_H
#define PAGEWARDEN_READ_FILTER_H

#include <stddef.h>

#include "read/columns.h"

/* One field's condition. A process without the field does not meet it. */
struct pw_condition {
    enum pw_field_id id;
    int64_t min, max;           /* of numbers, both included */
    const struct pw_slice *any; /* of texts: equal to one of these */
    size_t any_count;
};

/* One condition a field is enough. */
struct pw_filter {
    struct pw_condition conditions[PW_FIELDS];
    size_t count;
};

/* The fields that the filter looks at. */
pw_field_set pw_filter_fields(const struct pw_filter *filter);

/* Whether a process meets every condition. */
bool pw_filter_accepts(const struct pw_filter *filter, const struct pw_row *row);

#endif
