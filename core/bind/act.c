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


static bool is_list_of_integers(lua_State *L, int index) {
    lua_Integer count = (lua_Integer)lua_rawlen(L, index);
    bool are_integers = count > 0;
    for (lua_Integer i = 1; i <= count && are_integers; i++) {
        lua_rawgeti(L, index, i);
        are_integers = lua_isinteger(L, -1);
        lua_pop(L, 1);
    }
    return are_integers;
}


/* [-0, +1, m] A list of integers with blanks between them. */
static const char *push_list(lua_State *L, int index, const char **problem) {
    luaL_Buffer buffer;
    if (!is_list_of_integers(L, index)) {
        *problem = "a list of integers expected";
        return NULL;
    }
    lua_Integer count = (lua_Integer)lua_rawlen(L, index);
    luaL_buffinit(L, &buffer);
    for (lua_Integer i = 1; i <= count; i++) {
        if (i > 1) {
            luaL_addchar(&buffer, ' ');
        }
        lua_rawgeti(L, index, i);
        luaL_addvalue(&buffer);
    }
    luaL_pushresult(&buffer);
    return lua_tostring(L, -1);
}


static const char *push_number(lua_State *L, int index, const char **problem) {
    int is_integer;
    lua_Integer integer = lua_tointegerx(L, index, &is_integer);
    if (lua_tonumber(L, index) == (lua_Number)HUGE_VAL) {
        return lua_pushliteral(L, "max");
    }
    if (!is_integer) {
        *problem = "number has no integer representation";
        return NULL;
    }
    return lua_pushfstring(L, "%I", (LUAI_UACINT)integer);
}


static const char *push_text(lua_State *L, int index, const char **problem) {
    size_t size;
    const char *text = lua_tolstring(L, index, &size);
    if (strlen(text) != size) {
        *problem = "value holds a NUL";
        return NULL;
    }
    lua_pushvalue(L, index);
    return text;
}


const char *pw_push_act_text(lua_State *L, int index, const char **problem) {
    switch (lua_type(L, index)) {
    case LUA_TTABLE:
        return push_list(L, index, problem);
    case LUA_TNUMBER:
        return push_number(L, index, problem);
    case LUA_TSTRING:
        return push_text(L, index, problem);
    default:
        *problem = "a number, a text or a list of integers expected";
        return NULL;
    }
}


const char *pw_push_act_value(lua_State *L, int index) {
    const char *problem;
    const char *text = pw_push_act_text(L, index, &problem);
    if (!text) {
        luaL_argerror(L, index, problem);
    }
    return text;
}


static enum pw_failure kind_of(const struct pw_setting *setting, int error) {
    switch (error) {
    case ENOENT:
        return setting->kind == PW_SETTING_CGROUP ? PW_GONE : PW_UNSUPPORTED;
    case ENODEV:
        return setting->kind == PW_SETTING_CGROUP ? PW_GONE : PW_BROKEN;
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


const char *pw_find_obstacle(lua_State *L, const struct pw_reader *reader, int *error) {
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
    const char *obstacle = pw_find_obstacle(L, reader, &error);
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


int pw_do_transaction(lua_State *L, struct pw_reader *reader, struct pw_transaction *transaction) {
    const struct pw_act_context *context = pw_act_context_of(L);
    int error;
    const char *obstacle = pw_find_obstacle(L, reader, &error);
    if (obstacle && transaction->count > 0) {
        return pw_fail_because(L, transaction->changes[0].key, obstacle, error, PW_DENIED);
    }
    transaction->gate = context ? context->gate : NULL;
    transaction->actor = context ? &context->actor : NULL;
    transaction->source = &reader->source;
    transaction->buffer = &reader->buffer;
    struct pw_act_outcome outcome = {0};
    int refused = pw_transaction_run(transaction, &outcome);
    if (refused < 0) {
        return 0;
    }
    struct pw_setting setting;
    const char *key = transaction->changes[refused].key;
    setting.kind = PW_SETTING_SYSCTL; /* should there be no memory to look it up */
    pw_setting_of_key(&reader->source, &reader->buffer, key, &setting);
    return pw_fail_because(L, key, outcome.reason, outcome.error, kind_of(&setting, outcome.error));
}


int pw_do_deed(lua_State *L, struct pw_reader *reader, const struct pw_deed *deed,
               struct pw_act_outcome *outcome) {
    const struct pw_act_context *context = pw_act_context_of(L);
    int error;
    const char *obstacle = pw_find_obstacle(L, reader, &error);
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
