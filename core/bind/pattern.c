/* SPDX-License-Identifier: MIT */
/***
Names matched against POSIX extended regular expressions, as `grep -E` has them: the patterns an
administrator writes in options. Bytes are compared, whatever the locale. Pure.

@module pagewarden.pattern
@pragma nostrip
@usage
local daemons = assert(pattern.compile "^(postgres|mysqld)$")
if daemons:match(p.comm) then … end
*/
#include <regex.h>
#include <stdbool.h>
#include <string.h>

#include "bind/bind.h"

#define PATTERN "pagewarden.pattern"

/* The user value that holds the pattern's text. */
#define SOURCE 1

struct pattern {
    regex_t expression;
    bool compiled;
};


/***
Whether a text has a match in it. A text ends at its first NUL, which no name has.
@function pattern:match
@tparam string text
@treturn boolean
*/
static int match(lua_State *L) {
    struct pattern *pattern = luaL_checkudata(L, 1, PATTERN);
    const char *text = luaL_checkstring(L, 2);
    pw_check_surplus(L, 2);
    lua_pushboolean(L, regexec(&pattern->expression, text, 0, NULL, 0) == 0);
    return 1;
}


static int to_string(lua_State *L) {
    luaL_checkudata(L, 1, PATTERN);
    lua_getiuservalue(L, 1, SOURCE);
    return 1;
}


static int collect(lua_State *L) {
    struct pattern *pattern = luaL_checkudata(L, 1, PATTERN);
    if (pattern->compiled) {
        regfree(&pattern->expression);
    }
    pattern->compiled = false;
    return 0;
}


/***
Compiles a pattern.
@function compile
@tparam string source
@treturn[1] pattern whose `tostring` is the source
@return[2] nil
@treturn[2] string what is wrong with it, such as "Unmatched ( or \\("
*/
static int compile(lua_State *L) {
    size_t size;
    const char *source = luaL_checklstring(L, 1, &size);
    pw_check_surplus(L, 1);
    luaL_argcheck(L, strlen(source) == size, 1, "a pattern has no NUL");
    struct pattern *pattern = lua_newuserdatauv(L, sizeof *pattern, 1);
    pattern->compiled = false;
    luaL_setmetatable(L, PATTERN);
    lua_pushvalue(L, 1);
    lua_setiuservalue(L, -2, SOURCE);
    int error = regcomp(&pattern->expression, source, REG_EXTENDED | REG_NOSUB);
    if (error) {
        char message[128];
        regerror(error, &pattern->expression, message, sizeof message);
        luaL_pushfail(L);
        lua_pushstring(L, message);
        return 2;
    }
    pattern->compiled = true;
    return 1;
}


PW_EXPORT int luaopen_pagewarden_pattern(lua_State *L);

int luaopen_pagewarden_pattern(lua_State *L) {
    static const luaL_Reg methods[] = {
        {"match", match}, {"__tostring", to_string}, {"__gc", collect}, {NULL, NULL}};
    static const luaL_Reg functions[] = {{"compile", compile}, {NULL, NULL}};
    luaL_newmetatable(L, PATTERN);
    luaL_setfuncs(L, methods, 0);
    lua_pushvalue(L, -1);
    lua_setfield(L, -2, "__index");
    luaL_newlib(L, functions);
    return 1;
}
