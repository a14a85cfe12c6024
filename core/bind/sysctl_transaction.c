/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.sysctl
 */
#include <errno.h>
#include <string.h>

#include "act/sysctl.h"
#include "act/sysctl_changes.h"
#include "bind/sysctl.h"


/* [-0, +0, v] A mistake in the table at 2: what is wrong with which key. */
static int fail_argument(lua_State *L, const char *name, const char *problem) {
    return luaL_argerror(L, 2, lua_pushfstring(L, "%s: %s", name, problem));
}


/* [-0, +0, v] The name at `index`, which is a key of the table at 2 or one of its elements. */
static void check_name(lua_State *L, int index, struct pw_setting *setting) {
    struct pw_slice name = {0};
    luaL_argcheck(L, lua_type(L, index) == LUA_TSTRING, 2, "names of keys expected");
    name.data = lua_tolstring(L, index, &name.size);
    if (pw_setting_of_sysctl(name, setting)) {
        fail_argument(L, name.data, "not the name of a key below /proc/sys");
    }
    if (setting->action) {
        fail_argument(L, name.data, "it has no value that could be put back");
    }
}


/* [-0, +1, v] A table { ["sysctl vm.swappiness"] = "60", … } of the table at 2. */
static int push_texts(lua_State *L) {
    struct pw_setting setting;
    int count = 0;
    lua_newtable(L);
    int texts = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, 2); lua_settop(L, texts + 1)) {
        const char *problem;
        check_name(L, texts + 1, &setting);
        if (!pw_push_act_text(L, texts + 2, &problem)) {
            fail_argument(L, lua_tostring(L, texts + 1), problem);
        }
        if (lua_getfield(L, texts, setting.key) != LUA_TNIL) {
            fail_argument(L, lua_tostring(L, texts + 1), "it is there twice");
        }
        lua_pop(L, 1);
        lua_setfield(L, texts, setting.key);
        count++;
    }
    return count;
}


/* [-0, +1, v] The changes that the table on top of the stack asks for, in their order. The texts
 * are the table's. */
static void push_changes(lua_State *L, struct pw_transaction *transaction, int count) {
    int texts = lua_gettop(L);
    const char *conflict;
    struct pw_change *changes = lua_newuserdatauv(L, sizeof *changes * (size_t)(count + 1), 0);
    int index = 0;
    for (lua_pushnil(L); lua_next(L, texts); lua_pop(L, 1)) {
        changes[index++] =
            (struct pw_change){.key = lua_tostring(L, -2), .value = lua_tostring(L, -1)};
    }
    transaction->changes = changes;
    transaction->count = pw_sysctl_arrange(changes, count, &conflict);
    if (transaction->count < 0) {
        fail_argument(L, conflict, "of it and its partner one has to be 0");
    }
}


/* [-0, +1, m] What the kernel has now of each key that was written. */
static int push_kept(lua_State *L, const struct pw_transaction *transaction) {
    lua_createtable(L, 0, transaction->count);
    for (int i = 0; i < transaction->count; i++) {
        pw_push_setting(L, pw_slice_of(transaction->changes[i].kept));
        lua_setfield(L, -2, transaction->changes[i].key + strlen("sysctl "));
    }
    return 1;
}


static int run(lua_State *L, struct pw_transaction *transaction) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_SYSCTL);
    push_changes(L, transaction, push_texts(L));
    int failed = pw_do_transaction(L, reader, transaction);
    return failed ? failed : push_kept(L, transaction);
}


int pw_sysctl_set_all(lua_State *L) {
    struct pw_transaction transaction = {0};
    pw_check_act_options(L, 3, &transaction.terms, "dangerous", &transaction.terms.dangerous);
    pw_check_surplus(L, 3);
    return run(L, &transaction);
}


/* [-0, +0, m] Sets the key in the table on top of the stack. A number too large for Lua stays a
 * text, so that nothing is lost. */
static void set_saved(lua_State *L, const char *path, const char *text) {
    struct pw_number number;
    char name[NAME_MAX];
    pw_sysctl_name(pw_slice_of(path + strlen(PW_SYSCTL_FOLDER)), name, sizeof name);
    if (pw_parse_number(pw_slice_of(text), &number) && number.clamped) {
        lua_pushstring(L, text);
    } else {
        pw_push_setting(L, pw_slice_of(text));
    }
    lua_setfield(L, -2, name);
}


/* [-0, +4 or 0, v] Saves a setting, both members of a pair, in the table on top of the stack. */
static int save(lua_State *L, struct pw_reader *reader, const struct pw_setting *setting) {
    struct pw_values values;
    int error = pw_setting_read(&reader->source, &reader->buffer, setting, &values);
    if (error) {
        return pw_fail_setting(L, setting, -error);
    }
    for (int file = 0; file < setting->files; file++) {
        if (file == 0 || values.text[file][0]) {
            set_saved(L, setting->paths[file], values.text[file]);
        }
    }
    return 0;
}


/***
What settings are now, as plain values that `pw.state` or a JSON file may keep for `restore`. Of a
pair both are there.
@function save
@tparam {string,...} keys
@treturn[1] table `{ ["vm.dirty_bytes"] = 0, ["vm.dirty_ratio"] = 20, … }`
@return[2] nil, "sysctl KEY: reason", errno, kind
@usage local saved = assert(sysctl.save { "vm.dirty_ratio", "vm.swappiness" })
*/
int pw_sysctl_save(lua_State *L) {
    struct pw_reader *reader = pw_check_view(L, 1, PW_SYSCTL);
    struct pw_setting setting;
    luaL_checktype(L, 2, LUA_TTABLE);
    pw_check_surplus(L, 2);
    lua_newtable(L);
    for (lua_Integer i = 1; lua_rawgeti(L, 2, i) != LUA_TNIL; i++) {
        check_name(L, -1, &setting);
        lua_pop(L, 1);
        int failed = save(L, reader, &setting);
        if (failed) {
            return failed;
        }
    }
    lua_pop(L, 1);
    return 1;
}


/***
Puts back what `save` gave: all of it, or nothing. What is so already is not written. Of a pair the
member that is not 0 is written, since the kernel takes no other. What was once in force is not
refused for being dangerous.
@function restore
@tparam table saved
@tparam[opt] table options `{ lifetime =, cooldown = }` as for `set`
@treturn[1] table what the kernel has now
@return[2] nil, "sysctl KEY: reason", errno, kind
*/
int pw_sysctl_restore(lua_State *L) {
    struct pw_transaction transaction = {.only_differences = true};
    luaL_checktype(L, 2, LUA_TTABLE);
    pw_check_act_options(L, 3, &transaction.terms, NULL, NULL);
    pw_check_surplus(L, 3);
    transaction.terms.dangerous = true;
    return run(L, &transaction);
}
