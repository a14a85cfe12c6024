/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.proc */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "bind/proc.h"
#include "bind/reader.h"
#include "read/keyed.h"
#include "read/pressure.h"
#include "read/single.h"

int pw_read_machine_file(lua_State *L, const char *path) {
    struct pw_reader *reader = pw_check_reader(L, 1);
    int error = pw_source_read(&reader->source, path, &reader->buffer);
    return error ? pw_fail_file(L, path, -error) : 0;
}


struct pw_slice pw_text_read(lua_State *L) {
    struct pw_reader *reader = lua_touserdata(L, 1);
    return pw_buffer_text(&reader->buffer);
}


/***
Where the machine's memory is, from /proc/meminfo.
@function meminfo
@tparam[opt] table into a table of an earlier call to fill again
@treturn[1] table `{ MemTotal = 16777216, ["Active(anon)"] = … }`, bytes; HugePages_* are counts
@treturn[1] table flaws `{ skipped = 0, clamped = 0 }`
@return[2] nil
@treturn[2] string "proc/meminfo: reason"
@treturn[2] integer errno
@treturn[2] string "gone", "denied", "unsupported" or "broken"
@usage local available = proc.meminfo().MemAvailable
*/
static int meminfo(lua_State *L) {
    pw_check_surplus(L, 2);
    lua_settop(L, 2);
    int failed = pw_read_machine_file(L, "proc/meminfo");
    return failed ? failed : pw_push_fields(L, pw_text_read(L), pw_next_colon_field, 2);
}


/* The fields of one file of the memory node at 2, in the table at 3 if there is one. */
static int push_node_fields(lua_State *L, const char *name, pw_next_field *next) {
    lua_Integer node = luaL_checkinteger(L, 2);
    luaL_argcheck(L, node >= 0, 2, "not a node");
    pw_check_surplus(L, 3);
    lua_settop(L, 3);
    int failed = pw_read_machine_file(
        L, lua_pushfstring(L, "sys/devices/system/node/node%I/%s", (LUAI_UACINT)node, name));
    return failed ? failed : pw_push_fields(L, pw_text_read(L), next, 3);
}


/***
The same for one memory node, from /sys/devices/system/node.
@function node_meminfo
@tparam integer node
@tparam[opt] table into a table of an earlier call to fill again
@treturn[1] table `{ MemTotal = …, MemFree = … }`, bytes; HugePages_* are counts
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int node_meminfo(lua_State *L) {
    return push_node_fields(L, "meminfo", pw_next_node_field);
}


/***
Counters of one memory node, a part of those in `vmstat`.
@function node_vmstat
@tparam integer node
@tparam[opt] table into a table of an earlier call to fill again
@treturn[1] table `{ nr_free_pages = …, … }`
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int node_vmstat(lua_State *L) {
    return push_node_fields(L, "vmstat", pw_next_blank_field);
}


/***
How often a memory node could give pages where they were wanted; counts since boot.
@function node_numastat
@tparam integer node
@tparam[opt] table into a table of an earlier call to fill again
@treturn[1] table `{ numa_hit =, numa_miss =, numa_foreign =, interleave_hit =, local_node =,
other_node = }`
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int node_numastat(lua_State *L) {
    return push_node_fields(L, "numastat", pw_next_blank_field);
}


/***
The machine's counters, from /proc/vmstat. `nr_*` are pages as they are now; the others count up
from boot, in pages or events, but `pgpgin` and `pgpgout` in KiB. `pswpin` and `pswpout` are without
what zswap kept.
@function vmstat
@tparam[opt] table into a table of an earlier call to fill again
@treturn[1] table `{ nr_free_pages = …, pgmajfault = … }`
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int vmstat(lua_State *L) {
    pw_check_surplus(L, 2);
    lua_settop(L, 2);
    int failed = pw_read_machine_file(L, "proc/vmstat");
    return failed ? failed : pw_push_fields(L, pw_text_read(L), pw_next_blank_field, 2);
}


/* The path of a resource's file; raises for what is none. */
static const char *check_resource(lua_State *L, int index) {
    static const char *const names[] = {"cpu", "memory", "io", "irq", NULL};
    const char *resource = luaL_checkstring(L, index);
    for (int i = 0; names[i]; i++) {
        if (strcmp(names[i], resource) == 0) {
            return lua_pushfstring(L, "proc/pressure/%s", resource);
        }
    }
    const char *nearest = pw_nearest(pw_slice_of(resource), names);
    const char *hint = nearest ? lua_pushfstring(L, " (did you mean '%s'?)", nearest) : "";
    luaL_argerror(L, index, lua_pushfstring(L, "unknown resource '%s'%s", resource, hint));
    return NULL;
}


/***
How much time is lost waiting for a resource, from /proc/pressure (Linux 4.20).
@function pressure
@tparam string resource "cpu", "memory", "io" or "irq"
@treturn[1] table `{ some = { avg10 =, avg60 =, avg300 =, total = }, full = { … } }`: percent, and
microseconds since boot; `full` is nil for cpu before Linux 5.13, `some` for irq
@treturn[1] table flaws
@return[2] nil, message, errno, kind: "unsupported" when the kernel was told not to measure
*/
static int pressure(lua_State *L) {
    pw_check_surplus(L, 2);
    int failed = pw_read_machine_file(L, check_resource(L, 2));
    if (failed) {
        return failed;
    }
    struct pw_pressure stalls;
    struct pw_flaws flaws = {0};
    pw_parse_pressure(pw_text_read(L), &stalls, &flaws);
    pw_push_pressure(L, &stalls);
    pw_push_flaws(L, &flaws);
    return 2;
}


/***
Seconds since boot, from /proc/uptime.
@function uptime
@treturn[1] number
@return[2] nil, message, errno, kind
*/
static int uptime(lua_State *L) {
    pw_check_surplus(L, 1);
    double seconds;
    int failed = pw_read_machine_file(L, "proc/uptime");
    if (failed) {
        return failed;
    }
    if (!pw_parse_single_decimal(pw_text_read(L), &seconds)) {
        return pw_fail(L, "proc/uptime", EBADMSG);
    }
    lua_pushnumber(L, seconds);
    return 1;
}


static bool climbs(const char *path) {
    for (const char *at = path; (at = strstr(at, "..")); at += 2) {
        if ((at == path || at[-1] == '/') && (at[2] == '\0' || at[2] == '/')) {
            return true;
        }
    }
    return false;
}


/* Reading these changes something: it makes a zram device, and takes messages from the log. */
static bool acts_when_read(const char *path) {
    const char *name = strrchr(path, '/') + 1;
    return strcmp(name, "hot_add") == 0 || strcmp(name, "kmsg") == 0;
}


static const char *check_path(lua_State *L, int index) {
    size_t size;
    const char *path = luaL_checklstring(L, index, &size);
    luaL_argcheck(L, strlen(path) == size, index, "path holds a NUL");
    path += path[0] == '/';
    bool below = strncmp(path, "proc/", 5) == 0 || strncmp(path, "sys/", 4) == 0;
    luaL_argcheck(L, below, index, "path is not under proc/ or sys/");
    luaL_argcheck(L, !climbs(path), index, "path holds '..'");
    luaL_argcheck(L, !acts_when_read(path), index, "reading that file changes the system");
    return path;
}


/***
The bytes of any file under proc/ or sys/ of the root.
@function read
@tparam string path such as "proc/sys/vm/swappiness"
@treturn[1] string
@return[2] nil, message, errno, kind
*/
static int read_path(lua_State *L) {
    struct pw_reader *reader = pw_check_reader(L, 1);
    const char *path = check_path(L, 2);
    pw_check_surplus(L, 2);
    int error = pw_source_read(&reader->source, path, &reader->buffer);
    if (error) {
        bool of_process = strncmp(path, "proc/", 5) == 0 && isdigit((unsigned char)path[5]);
        return (of_process ? pw_fail : pw_fail_file)(L, path, -error);
    }
    pw_push_slice(L, pw_buffer_text(&reader->buffer));
    return 1;
}


/***
The directory that is read from.
@function root
@treturn string "/", or what `open` was given
*/
static int root(lua_State *L) {
    pw_check_reader(L, 1);
    lua_getiuservalue(L, 1, PW_READER_ROOT);
    return 1;
}


/***
The page size in bytes: this machine's, or what `open` was told.
@function page_size
@treturn integer
*/
static int page_size(lua_State *L) {
    lua_pushinteger(L, pw_check_reader(L, 1)->source.page_size_bytes);
    return 1;
}


/***
Clock ticks per second, in which `stat` counts time: this machine's, or what `open` was told.
@function clock_ticks
@treturn integer
*/
static int clock_ticks(lua_State *L) {
    lua_pushinteger(L, pw_check_reader(L, 1)->source.clock_ticks_per_second);
    return 1;
}


const luaL_Reg pw_machine_methods[] = {{"meminfo", meminfo},
                                       {"node_meminfo", node_meminfo},
                                       {"node_vmstat", node_vmstat},
                                       {"node_numastat", node_numastat},
                                       {"vmstat", vmstat},
                                       {"pressure", pressure},
                                       {"uptime", uptime},
                                       {"read", read_path},
                                       {"root", root},
                                       {"page_size", page_size},
                                       {"clock_ticks", clock_ticks},
                                       {NULL, NULL}};
