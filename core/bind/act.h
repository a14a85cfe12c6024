/* SPDX-License-Identifier: MIT
 *
 * What the functions that change something share: their options, and the way through the gate.
 */
#ifndef PAGEWARDEN_BIND_ACT_H
#define PAGEWARDEN_BIND_ACT_H

#include "act/deed.h"
#include "act/transaction.h"
#include "bind/act_context.h"
#include "bind/reader.h"

/* [-0, +0, v] Reads the options table at `index`, if there is one: lifetime and cooldown, and
 * the flag that `option` names, unless it is NULL, into `flag`. */
void pw_check_act_options(lua_State *L, int index, struct pw_act *act, const char *option,
                          bool *flag);

/* [-0, +0, v] Reads of the options table at `index` how long the change is for. */
void pw_check_lifetime(lua_State *L, int index, struct pw_act *act);

/* [-0, +1, m] The value at `index` as the kernel reads it. NULL, and nothing pushed, for what is no
 * value, and `problem` says why. */
const char *pw_push_act_text(lua_State *L, int index, const char **problem);

/* [-0, +1, v] The same of an argument: the value at `index` as the kernel reads it: an integer, a
 * string, a list of integers, or math.huge for "max". */
const char *pw_push_act_value(lua_State *L, int index);

/* Why the state may not change anything below the reader's root, and a positive errno; NULL when it
 * may. */
const char *pw_find_obstacle(lua_State *L, const struct pw_reader *reader, int *error);

/* [-0, +4 or 0, v] Makes the change. Returns 0 when it was made, or would have been in dry run, and
 * `kept` is what the kernel has now; else the number of results that say why not, "KEY: reason", to
 * be returned by the caller. */
int pw_do_act(lua_State *L, struct pw_reader *reader, const struct pw_act *act,
              char kept[PW_VALUE_BYTES]);

/* [-0, +4 or 0, v] Does a deed. Returns 0 when it was done, or would have been in dry run; else the
 * number of results that say why not, "KEY: reason", to be returned by the caller. */
int pw_do_deed(lua_State *L, struct pw_reader *reader, const struct pw_deed *deed,
               struct pw_act_outcome *outcome);

/* [-0, +0, v] The seconds in the field `cooldown` of the options table at `index`, of which only a
 * host keeps count, as nanoseconds; 0 without it. */
int64_t pw_check_cooldown(lua_State *L, int index);

/* [-0, +4 or 0, m] The same for a transaction, of which the changes and their terms are there. */
int pw_do_transaction(lua_State *L, struct pw_reader *reader, struct pw_transaction *transaction);

/* [-0, +4, m] nil, "KEY: reason", errno, kind for a setting that could not be read or written. */
int pw_fail_setting(lua_State *L, const struct pw_setting *setting, int error);

/* [-0, +1, m] A setting's text as Lua has it: an integer, math.huge for "max", a list of integers,
 * or the text. */
void pw_push_setting(lua_State *L, struct pw_slice text);

#endif
