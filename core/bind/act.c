/* SPDX-License-Identifier: MIT */
#include "bind/act.h"

#include <errno.h>
#include <math.h>
#include <string.h>


/* How long it is for when nobody says: a lease wants somebody who ends it. */
static void set_default_lifetime(lua_State *L, struct pw_act *act) {
    act->lifetime = pw_act_context_of(L) ? PW_LEASE : PW_KEEP;
    act->by_default = true;
}


void pw_check_lifetime(lua_State *L, int index, struct pw_act *act) {
    static const char *const names[] = {"lease", "keep", NULL};
    const struct pw_act_context *context = pw_act_context_of(L);
    set_default_lifetime(L, act);
    if (lua_getfield(L, index, "lifetime") == LUA_TNIL) {
        lua_pop(L, 1);
        return;
    }
    const char *name = lua_tostring(L, -1);
    int lifetime = 0;
    while (names[lifetime] && !(name && strcmp(name, names[lifetime]) == 0)) {
        lifetime++;
    }
    luaL_argcheck(L, names[lifetime], index, "lifetime: 'lease' or 'keep' expected");
    luaL_argcheck(L, context || lifetime == PW_KEEP, index,
                  "lifetime: only pagewarden's host undoes a lease");
    lua_pop(L, 1);
    act->lifetime = (enum pw_lifetime)lifetime;
    act->by_default = false;
}


int64_t pw_check_cooldown(lua_State *L, int index) {
    if (lua_getfield(L, index, "cooldown") == LUA_TNIL) {
        lua_pop(L, 1);
        return 0;
    }
    lua_Number seconds = lua_tonumber(L, -1);
    luaL_argcheck(L, lua_type(L, -1) == LUA_TNUMBER && seconds >= 0 && seconds < 1e9, index,
                  "cooldown: a number of seconds expected");
    luaL_argcheck(L, pw_act_context_of(L), index, "cooldown: only pagewarden's host keeps count");
    lua_pop(L, 1);
    return (int64_t)(seconds * 1e9);
}


void pw_check_act_options(lua_State *L, int index, struct pw_act *act, const char *option,
                          bool *flag) {
    const char *const names[] = {"lifetime", "cooldown", option, NULL};
    if (lua_isnoneornil(L, index)) {
        set_default_lifetime(L, act);
        return;
    }
    luaL_checktype(L, index, LUA_TTABLE);
    pw_check_names(L, index, names, "option");
    pw_check_lifetime(L, index, act);
    act->cooldown_ns = pw_check_cooldown(L, index);
    if (option) {
        lua_getfield(L, index, option);
        *flag = lua_toboolean(L, -1);
        lua_pop(L, 1);
    }
}


/* [-0, +1, v] A list of integers with blanks between them. */
static const char *push_list(lua_State *L, int index) {
    luaL_Buffer buffer;
    lua_Integer count = luaL_len(L, index);
    luaL_argcheck(L, count > 0, index, "an empty list");
    luaL_buffinit(L, &buffer);
    for (lua_Integer i = 1; i <= count; i++) {
        if (i > 1) {
            luaL_addchar(&buffer, ' ');
        }
        lua_geti(L, index, i);
        luaL_argcheck(L, lua_isinteger(L, -1), index, "a list of integers expected");
        luaL_addvalue(&buffer);
    }
    luaL_pushresult(&buffer);
    return lua_tostring(L, -1);
}


const char *pw_push_act_value(lua_State *L, int index) {
    if (lua_type(L, index) == LUA_TTABLE) {
        return push_list(L, index);
    }
    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_Number number = lua_tonumber(L, index);
        if (number == (lua_Number)HUGE_VAL) {
            return lua_pushliteral(L, "max");
        }
        int is_integer;
        lua_Integer integer = lua_tointegerx(L, index, &is_integer);
        luaL_argcheck(L, is_integer, index, "number has no integer representation");
        return lua_pushfstring(L, "%I", (LUAI_UACINT)integer);
    }
    size_t size;
    luaL_checktype(L, index, LUA_TSTRING);
    const char *text = lua_tolstring(L, index, &size);
    luaL_argcheck(L, strlen(text) == size, index, "value holds a NUL");
    lua_pushvalue(L, index);
    return text;
}


static enum pw_failure kind_of(const struct pw_setting *setting, int error) {
    switch (error) {
    case ENOENT:
        return setting->kind == PW_SETTING_CGROUP ? PW_GONE : PW_UNSUPPORTED;
    case EAGAIN:
    case EBUSY:
    case EROFS:
        return PW_DENIED;
    default:
        return pw_failure_of(error);
    }
}


int pw_fail_setting(lua_State *L, const struct pw_setting *setting, int error) {
    char room[PW_REASON_BYTES];
    return pw_fail_because(L, setting->key, pw_setting_reason(setting, error, room), error,
                           kind_of(setting, error));
}


/* Why the state may not change anything below the reader's root; NULL when it may. */
static const char *find_obstacle(lua_State *L, const struct pw_reader *reader, int *error) {
    const struct pw_act_context *context = pw_act_context_of(L);
    if (!pw_act_may_write(L, &reader->source)) {
        *error = EXDEV;
        return "it is of another root than the host's";
    }
    *error = EPERM;
    return context && !context->gate ? "nothing was granted" : NULL;
}


int pw_do_act(lua_State *L, struct pw_reader *reader, const struct pw_act *act,
              char kept[PW_VALUE_BYTES]) {
    const struct pw_act_context *context = pw_act_context_of(L);
    const struct pw_setting *setting = act->setting;
    int error;
    const char *obstacle = find_obstacle(L, reader, &error);
    if (obstacle) {
        return pw_fail_because(L, setting->key, obstacle, error, PW_DENIED);
    }
    struct pw_act_outcome outcome = context ? pw_gate_pass(context->gate, &context->actor, act)
                                            : pw_act_alone(&reader->source, &reader->buffer, act);
    if (outcome.verdict == PW_ACT_REFUSED) {
        return pw_fail_because(L, setting->key, outcome.reason, outcome.error,
                               kind_of(setting, outcome.error));
    }
    memcpy(kept, outcome.kept, sizeof outcome.kept);
    return 0;
}


int pw_do_deed(lua_State *L, struct pw_reader *reader, const struct pw_deed *deed,
               struct pw_act_outcome *outcome) {
    const struct pw_act_context *context = pw_act_context_of(L);
    int error;
    const char *obstacle = find_obstacle(L, reader, &error);
    if (obstacle) {
        return pw_fail_because(L, deed->key, obstacle, error, PW_DENIED);
    }
    *outcome = context ? pw_gate_do(context->gate, &context->actor, deed)
                       : pw_deed_alone(&reader->source, deed);
    if (outcome->verdict == PW_ACT_REFUSED) {
        enum pw_failure kind = outcome->error == EAGAIN || outcome->error == EXDEV
                                   ? PW_DENIED
                                   : pw_failure_of(outcome->error);
        return pw_fail_because(L, deed->key, outcome->reason, outcome->error, kind);
    }
    return 0;
}


/* Whether all words of a text are numbers; how many. */
static int count_numbers(struct pw_slice text) {
    struct pw_slice word;
    struct pw_number number;
    int count = 0;
    while (pw_take_word(&text, &word)) {
        if (!pw_parse_number(word, &number)) {
            return 0;
        }
        count++;
    }
    return count;
}


void pw_push_setting(lua_State *L, struct pw_slice text) {
    struct pw_slice word;
    struct pw_number number = {0};
    while (text.size > 0 && strchr(" \t\r\n", text.data[text.size - 1])) {
        text.size--;
    }
    int count = count_numbers(text);
    if (count == 0) {
        pw_push_slice(L, text);
        return;
    }
    if (count > 1) {
        lua_createtable(L, count, 0);
    }
    while (pw_take_word(&text, &word)) {
        pw_parse_number(word, &number);
        pw_push_number(L, &number);
        if (count > 1) {
            pw_append(L);
        }
    }
}
