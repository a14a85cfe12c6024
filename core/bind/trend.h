/* SPDX-License-Identifier: MIT
 *
 * What the classes of pagewarden.trend share.
 */
#ifndef PAGEWARDEN_BIND_TREND_H
#define PAGEWARDEN_BIND_TREND_H

#include "bind/bind.h"
#include "trend/growth.h"

/* [-0, +1, v] trend.envelope{…} and trend.history{…}. */
int pw_new_envelope(lua_State *L);
int pw_new_history(lua_State *L);

/* [-0, +0, v] The number in field `name` of the table at `index`, `missing` if there is none. */
lua_Number pw_number_field(lua_State *L, int index, const char *name, lua_Number missing);

/* [-0, +0, m] Sets a field of the table on top of the stack. */
void pw_set_number(lua_State *L, const char *name, double number);

/* [-0, +1, m] A list of numbers. */
void pw_push_numbers(lua_State *L, const double *numbers, size_t count);

/* [-0, +0, v] The shape that the named arguments bucket, capacity and window give. */
struct pw_envelope_shape pw_check_envelope_shape(lua_State *L, int index);

/* [-0, +1, m] The figures of an envelope as a table, or nil when it is too short to say. */
int pw_push_growth(lua_State *L, const struct pw_envelope *envelope);

#endif
