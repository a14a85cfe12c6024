/* SPDX-License-Identifier: MIT
 *
 * The executable: a Lua state that finds its Lua half beside itself, and its command line.
 */
#include <errno.h>
#include <lauxlib.h>
#include <limits.h>
#include <lua.h>
#include <lualib.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "host/modules.h"

#define LUA_DIRECTORY "/lua/" LUA_VERSION_MAJOR "." LUA_VERSION_MINOR

struct command_line {
    int count;
    char **words;
};


/* Root, or somebody who got rights from the file: the environment is not theirs to be trusted. */
static bool is_privileged(void) {
    return geteuid() == 0 || getauxval(AT_SECURE);
}


/* [-0, +1, v] The folder above the one the executable lies in: the prefix it is installed in, or
 * the build tree, which looks the same. */
static const char *push_prefix(lua_State *L) {
    char path[PATH_MAX] = {0};
    if (readlink("/proc/self/exe", path, sizeof path - 1) < 0) {
        luaL_error(L, "/proc/self/exe: %s", strerror(errno));
    }
    for (int level = 0; level < 2; level++) {
        char *slash = strrchr(path, '/');
        if (slash) {
            *slash = 0;
        }
    }
    return lua_pushstring(L, path);
}


/* [-0, +0, v] Adds to `buffer` the entries of a search path that do not depend on the working
 * directory: nobody's script is to run because of where it was started. */
static void add_absolute_entries(luaL_Buffer *buffer, const char *path) {
    while (*path) {
        size_t size = strcspn(path, ";");
        if (path[0] == '/') {
            luaL_addchar(buffer, ';');
            luaL_addlstring(buffer, path, size);
        }
        path += size + (path[size] == ';');
    }
}


/* [-0, +0, v] Puts `own` before what package's search path `field` has. */
static void set_search_path(lua_State *L, const char *field, const char *own) {
    luaL_Buffer buffer;
    lua_getglobal(L, LUA_LOADLIBNAME);
    lua_getfield(L, -1, field);
    luaL_buffinit(L, &buffer);
    luaL_addstring(&buffer, own);
    add_absolute_entries(&buffer, lua_tostring(L, -2));
    luaL_pushresult(&buffer);
    lua_setfield(L, -3, field);
    lua_pop(L, 2);
}


static void set_search_paths(lua_State *L, const char *prefix) {
    const char *scripts = lua_pushfstring(
        L, "%s/share" LUA_DIRECTORY "/?.lua;%s/share" LUA_DIRECTORY "/?/init.lua", prefix, prefix);
    set_search_path(L, "path", scripts);
    const char *modules = lua_pushfstring(L, "%s/lib" LUA_DIRECTORY "/?.so", prefix);
    set_search_path(L, "cpath", modules);
    lua_pop(L, 2);
}


/* [-0, +1, m] The words after the program's name, as a list. */
static void push_words(lua_State *L, const struct command_line *line) {
    lua_createtable(L, line->count, 0);
    for (int i = 1; i < line->count; i++) {
        lua_pushstring(L, line->words[i]);
        lua_rawseti(L, -2, i);
    }
}


/* [-0, +1, m] What the Lua half cannot find out by itself. */
static void push_setting(lua_State *L, const char *prefix) {
    lua_createtable(L, 0, 2);
    lua_pushstring(L, prefix);
    lua_setfield(L, -2, "prefix");
    lua_pushboolean(L, is_privileged());
    lua_setfield(L, -2, "privileged");
}


/* Takes a command line; returns the exit status. Runs protected. */
static int run(lua_State *L) {
    const struct command_line *line = lua_touserdata(L, 1);
    if (is_privileged()) {
        lua_pushboolean(L, true);
        lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
    }
    luaL_openlibs(L);
    pw_preload_modules(L);
    const char *prefix = push_prefix(L);
    set_search_paths(L, prefix);
    lua_getglobal(L, "require");
    lua_pushliteral(L, "pagewarden.cli");
    lua_call(L, 1, 1);
    lua_getfield(L, -1, "main");
    push_words(L, line);
    push_setting(L, prefix);
    lua_call(L, 2, 1);
    return 1;
}


/* Only the first line: what follows is for who debugs the installation, and Lua's list of places
 * it looked in is long. */
static int complain(lua_State *L) {
    const char *message = lua_tostring(L, -1);
    message = message ? message : "an error that is not a string";
    fprintf(stderr, "pagewarden: %.*s\n", (int)strcspn(message, "\n"), message);
    return EXIT_FAILURE;
}


/* True when standard output is a pipe or socket that nobody reads any more. */
static bool is_reader_gone(void) {
    struct pollfd output = {.fd = STDOUT_FILENO};
    return poll(&output, 1, 0) == 1 && output.revents & (POLLERR | POLLHUP);
}


/* Output that could not be written is a failure, except that a reader which has seen enough
 * (`pagewarden report | head -1`) is none. */
static int finish_output(int status) {
    bool written = fflush(stdout) == 0 && !ferror(stdout);
    if (written || is_reader_gone()) {
        return status;
    }
    fputs("pagewarden: standard output cannot be written\n", stderr);
    return status ? status : EXIT_FAILURE;
}


int main(int argc, char **argv) {
    struct command_line line = {argc, argv};
    /* A closed pipe is an error of one write, not the end of a policy that has things to undo. */
    signal(SIGPIPE, SIG_IGN);
    lua_State *L = luaL_newstate();
    if (!L) {
        fputs("pagewarden: not enough memory\n", stderr);
        return EXIT_FAILURE;
    }
    lua_pushcfunction(L, run);
    lua_pushlightuserdata(L, &line);
    int status = lua_pcall(L, 1, 1, 0) ? complain(L) : (int)lua_tointeger(L, -1);
    lua_close(L);
    return finish_output(status);
}
