/* SPDX-License-Identifier: MIT
 *
 * The fields of a report of an OOM kill as Lua has them, in events and in pagewarden.kmsg alike.
 */
#ifndef PAGEWARDEN_BIND_OOM_FIELDS_H
#define PAGEWARDEN_BIND_OOM_FIELDS_H

#include "bind/bind.h"
#include "read/oom_report.h"

enum { PW_OOM_NUMBERS = 8, PW_OOM_TEXTS = 4 };

struct pw_oom_field {
    const char *name;
    size_t offset; /* in struct pw_oom_report */
};

extern const struct pw_oom_field pw_oom_numbers[PW_OOM_NUMBERS]; /* each an int64_t */
extern const struct pw_oom_field pw_oom_texts[PW_OOM_TEXTS];     /* each a struct pw_slice */

/* The number or text that a field is. */
int64_t *pw_oom_number(struct pw_oom_report *report, int i);
struct pw_slice *pw_oom_text(struct pw_oom_report *report, int i);

/* [-0, +0, m] Sets a field of the table on top of the stack, if there is such a number or text. */
void pw_set_known(lua_State *L, const char *name, int64_t number);
void pw_set_text(lua_State *L, const char *name, struct pw_slice text);

/* [-0, +0, m] Sets what the report says in the table on top of the stack. */
void pw_set_oom_report(lua_State *L, struct pw_oom_report report);

#endif
