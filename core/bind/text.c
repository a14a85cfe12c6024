/* SPDX-License-Identifier: MIT */
/***
Text for people: names made safe to print, their width on a terminal, and what a misspelt name was
meant to be. Pure.

@module pagewarden.text
*/
#include "bind/bind.h"
#include "read/escape.h"
#include "read/nearest.h"


static struct pw_slice check_slice(lua_State *L, int index) {
    struct pw_slice slice;
    slice.data = luaL_checklstring(L, index, &slice.size);
    return slice;
}


/***
The name that was probably meant, for messages such as "unknown option 'windw' (did you mean
'window'?)".
@function nearest
@tparam string name
@tparam {string,...} list the names there are
@treturn ?string one of the list, or nil when none is near
*/
static int nearest(lua_State *L) {
    struct pw_nearest_search search = pw_nearest_start(check_slice(L, 1));
    luaL_checktype(L, 2, LUA_TTABLE);
    pw_check_surplus(L, 2);
    lua_pushnil(L);
    lua_Integer count = luaL_len(L, 2);
    for (lua_Integer i = 1; i <= count; i++) {
        lua_geti(L, 2, i);
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 2, "a list of strings expected");
        if (pw_nearest_offer(&search, check_slice(L, -1))) {
            lua_replace(L, 3);
        } else {
            lua_pop(L, 1);
        }
    }
    return 1;
}


/***
A name from the system as it may be printed: printable UTF-8 as it is, newline and tab as `\n` and
`\t`, every other control, invisible or direction-changing character and every byte that is not
UTF-8 as `\xNN`. The result is valid UTF-8. A backslash stays one backslash.
@function escape
@tparam string bytes
@treturn string
@usage text.escape("\27[2Jcat") --> "\\x1B[2Jcat"
*/
static int escape(lua_State *L) {
    struct pw_slice rest = check_slice(L, 1);
    pw_check_surplus(L, 1);
    luaL_Buffer buffer;
    luaL_buffinit(L, &buffer);
    size_t size;
    do {
        size = pw_take_escaped(&rest, luaL_prepbuffsize(&buffer, PW_ESCAPED_LIMIT));
        luaL_addsize(&buffer, size);
    } while (size > 0);
    luaL_pushresult(&buffer);
    return 1;
}


/***
The columns that a terminal gives a text: combining marks none, wide characters (Han, Kana, Hangul,
pictographs) two, others one.
@function width
@tparam string shown
@treturn integer columns
*/
static int width(lua_State *L) {
    struct pw_slice text = check_slice(L, 1);
    pw_check_surplus(L, 1);
    lua_pushinteger(L, (lua_Integer)pw_width(text));
    return 1;
}


PW_EXPORT int luaopen_pagewarden_text(lua_State *L);

int luaopen_pagewarden_text(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"nearest", nearest}, {"escape", escape}, {"width", width}, {NULL, NULL}};
    luaL_newlib(L, functions);
    return 1;
}
