/* SPDX-License-Identifier: MIT */
#include "read/filter.h"

#include <string.h>


pw_field_set pw_filter_fields(const struct pw_filter *filter) {
    pw_field_set fields = 0;
    for (size_t i = 0; i < filter->count; i++) {
        fields |= PW_BIT(filter->conditions[i].id);
    }
    return fields;
}


static bool equal(struct pw_slice a, struct pw_slice b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}


static bool accepts_text(const struct pw_condition *condition, struct pw_slice text) {
    for (size_t i = 0; text.data && i < condition->any_count; i++) {
        if (equal(text, condition->any[i])) {
            return true;
        }
    }
    return false;
}


static bool accepts_number(const struct pw_condition *condition, int64_t number) {
    return number != PW_ABSENT && number >= condition->min && number <= condition->max;
}


bool pw_filter_accepts(const struct pw_filter *filter, const struct pw_row *row) {
    for (size_t i = 0; i < filter->count; i++) {
        const struct pw_condition *condition = &filter->conditions[i];
        bool accepted = pw_field_is_text(condition->id)
                            ? accepts_text(condition, row->texts[(int)condition->id - PW_NUMBERS])
                            : accepts_number(condition, row->numbers[condition->id]);
        if (!accepted) {
            return false;
        }
    }
    return true;
}
