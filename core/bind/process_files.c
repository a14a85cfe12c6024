/* SPDX-License-Identifier: MIT */
/*** @classmod process */
#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "bind/process.h"
#include "read/cgroup.h"
#include "read/kernel_stack.h"
#include "read/single.h"
#include "read/status.h"


/* What pw_read_process_file() read. */
static struct pw_slice text_read(lua_State *L) {
    return pw_buffer_text(&pw_reader_of_process(L)->buffer);
}


/* Opens the process at 1 and reads its stat: the directory's descriptor, or -errno. */
static int open_process(lua_State *L, struct pw_stat *stat, struct pw_flaws *flaws) {
    const struct pw_identity *process = pw_check_process(L, 1);
    struct pw_reader *reader = pw_reader_of_process(L);
    return pw_process_open(&reader->source, process, &reader->buffer, stat, flaws);
}


static void set_stat(lua_State *L, const struct pw_stat *stat) {
    pw_set_integer(L, "pid", stat->pid);
    pw_set_slice(L, "comm", stat->comm);
    pw_set_slice(L, "state", (struct pw_slice){&stat->state, 1});
    pw_set_row(L, pw_stat_names, stat->numbers, PW_STAT_ALL, stat->present);
}


/***
What /proc/PID/stat says: the cheapest file.
@function process:stat
@tparam[opt] table into a table of an earlier call to fill again
@treturn[1] table the names of proc(5): `{ pid =, comm =, state = "S", ppid =, pgrp =, session =,
tty_nr =, tpgid =, flags =, minflt =, cminflt =, majflt =, cmajflt =, utime =, stime =, cutime =,
cstime =, priority =, nice =, num_threads =, itrealvalue =, starttime =, vsize = (bytes),
rss = (pages), rsslim =, … exit_code = }`; times in clock ticks; what an older kernel lacks is nil
@treturn[1] table flaws; no limit on rss (2^64-1) counts as clamped
@return[2] nil, message, errno, kind
*/
static int stat_of(lua_State *L) {
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    pw_check_surplus(L, 2);
    lua_settop(L, 2);
    int fd = open_process(L, &stat, &flaws);
    if (fd < 0) {
        return pw_fail_process(L, "stat", -fd);
    }
    close(fd);
    pw_push_into(L, 2, PW_STAT_ALL + 3);
    set_stat(L, &stat);
    pw_push_flaws(L, &flaws);
    return 2;
}


/***
What /proc/PID/statm says, in pages. A kernel thread has zeros.
@function process:statm
@tparam[opt] table into a table of an earlier call to fill again
@treturn[1] table `{ size =, resident =, shared =, text =, lib =, data =, dt = }`
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int statm(lua_State *L) {
    static const char *const names[] = {"size", "resident", "shared", "text", "lib", "data", "dt"};
    pw_check_surplus(L, 2);
    lua_settop(L, 2);
    int failed = pw_read_process_file(L, "statm");
    if (failed) {
        return failed;
    }
    struct pw_statm pages;
    struct pw_flaws flaws = {0};
    if (!pw_parse_statm(text_read(L), &pages, &flaws)) {
        return pw_fail_process(L, "statm", EBADMSG);
    }
    pw_push_into(L, 2, 7);
    pw_set_row(L, names, pages.numbers, 7, pages.present);
    pw_push_flaws(L, &flaws);
    return 2;
}


static void push_list(lua_State *L, struct pw_slice text, struct pw_flaws *flaws) {
    struct pw_number number;
    lua_newtable(L);
    while (pw_next_status_item(&text, &number, flaws)) {
        pw_push_number(L, &number);
        pw_append(L);
    }
}


/* Unescaping never makes a name longer. */
static void push_name(lua_State *L, struct pw_slice text) {
    luaL_Buffer name;
    char *room = luaL_buffinitsize(L, &name, text.size);
    luaL_pushresultsize(&name, pw_unescape_status_name(text, room, text.size));
}


static void push_status_value(lua_State *L, const struct pw_status_field *field,
                              struct pw_flaws *flaws) {
    if (field->kind == PW_STATUS_NUMBER) {
        pw_push_number(L, &field->number);
    } else if (field->kind == PW_STATUS_LIST) {
        push_list(L, field->text, flaws);
    } else if (pw_slice_is(field->key, "Name")) {
        push_name(L, field->text);
    } else {
        pw_push_slice(L, field->text);
    }
}


/***
What /proc/PID/status says, under the kernel's own keys: sizes in bytes, other numbers as they are,
`Uid Gid Groups NStgid NSpid NSpgid NSsid` as lists, the rest (`State`, `Umask`, masks, lists of
CPUs) as text. A kernel thread and a zombie have no `Vm*` keys.
@function process:status
@tparam[opt] table into a table of an earlier call to fill again
@treturn[1] table `{ Name = "bash", VmRSS = 4096000, Uid = { 0, 0, 0, 0 }, … }`
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int status(lua_State *L) {
    pw_check_surplus(L, 2);
    lua_settop(L, 2);
    int failed = pw_read_process_file(L, "status");
    if (failed) {
        return failed;
    }
    struct pw_slice text = text_read(L);
    struct pw_status_field field;
    struct pw_flaws flaws = {0};
    pw_push_into(L, 2, 64);
    while (pw_next_status_field(&text, &field, &flaws)) {
        pw_push_slice(L, field.key);
        push_status_value(L, &field, &flaws);
        lua_rawset(L, -3);
    }
    pw_push_flaws(L, &flaws);
    return 2;
}


/***
What the process read and wrote, from /proc/PID/io. For one's own processes, or root.
@function process:io
@tparam[opt] table into a table of an earlier call to fill again
@treturn[1] table `{ rchar =, wchar =, syscr =, syscw =, read_bytes =, write_bytes =,
cancelled_write_bytes = }`
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int io(lua_State *L) {
    pw_check_surplus(L, 2);
    lua_settop(L, 2);
    int failed = pw_read_process_file(L, "io");
    if (failed) {
        return failed;
    }
    return pw_push_fields(L, text_read(L), pw_next_colon_field, 2);
}


/* Reads one of the numbers of oom(): absent when this kernel has no such file. 0 or -errno. */
static int read_single(struct pw_reader *reader, const struct pw_identity *process, int dir_fd,
                       const char *name, int64_t *value, struct pw_flaws *flaws) {
    struct pw_number number = {.value = PW_ABSENT};
    int error = pw_process_read_at(&reader->source, process, dir_fd, name, &reader->buffer);
    if (!error) {
        pw_parse_single(pw_buffer_text(&reader->buffer), &number, flaws);
    }
    *value = number.value;
    return error == -ENOENT ? 0 : error;
}


static const char *const oom_names[] = {"oom_score", "oom_score_adj", "oom_adj"};


static int read_oom(lua_State *L, int64_t values[3], struct pw_flaws *flaws) {
    struct pw_stat stat;
    struct pw_flaws of_stat = {0};
    int fd = open_process(L, &stat, &of_stat);
    if (fd < 0) {
        return fd;
    }
    int error = 0;
    struct pw_reader *reader = pw_reader_of_process(L);
    struct pw_identity process = {stat.pid, stat.starttime_ticks};
    for (int i = 0; i < 3 && !error; i++) {
        error = read_single(reader, &process, fd, oom_names[i], &values[i], flaws);
    }
    close(fd);
    return error;
}


/***
How likely the kernel is to kill the process when memory runs out.
@function process:oom
@tparam[opt] table into a table of an earlier call to fill again
@treturn[1] table `{ oom_score = (0 and up), oom_score_adj = (-1000 to 1000, Linux 2.6.36),
oom_adj = (-17 to 15, the old scale) }`; nil for what this kernel lacks
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int oom(lua_State *L) {
    int64_t values[3];
    struct pw_flaws flaws = {0};
    pw_check_surplus(L, 2);
    lua_settop(L, 2);
    int error = read_oom(L, values, &flaws);
    if (error) {
        return pw_fail_process(L, "oom_score", -error);
    }
    pw_push_into(L, 2, 3);
    for (int i = 0; i < 3; i++) {
        if (values[i] != PW_ABSENT) {
            pw_set_integer(L, oom_names[i], values[i]);
        }
    }
    pw_push_flaws(L, &flaws);
    return 2;
}


static void append_membership(lua_State *L, struct pw_membership *membership) {
    struct pw_slice controller;
    lua_createtable(L, 0, 3);
    pw_set_integer(L, "id", membership->id);
    pw_set_slice(L, "path", membership->path);
    lua_newtable(L);
    while (pw_next_controller(&membership->controllers, &controller)) {
        pw_push_slice(L, controller);
        pw_append(L);
    }
    lua_setfield(L, -2, "controllers");
    pw_append(L);
}


/***
The cgroups that the process is in, one in each hierarchy.
@function process:cgroup
@treturn[1] table a list of `{ id = 0, controllers = {}, path = "/system.slice/cron.service" }`; the
second version has id 0 and no controllers
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int cgroup(lua_State *L) {
    pw_check_surplus(L, 1);
    int failed = pw_read_process_file(L, "cgroup");
    if (failed) {
        return failed;
    }
    struct pw_slice text = text_read(L);
    struct pw_membership membership;
    struct pw_flaws flaws = {0};
    lua_newtable(L);
    while (pw_next_membership(&text, &membership, &flaws)) {
        append_membership(L, &membership);
    }
    pw_push_flaws(L, &flaws);
    return 2;
}


/***
The program's arguments, which it may have changed.
@function process:cmdline
@treturn[1] table a list of strings; empty for a kernel thread and a zombie
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int cmdline(lua_State *L) {
    pw_check_surplus(L, 1);
    int failed = pw_read_process_file(L, "cmdline");
    if (failed) {
        return failed;
    }
    struct pw_slice text = text_read(L), argument;
    lua_newtable(L);
    while (pw_next_argument(&text, &argument)) {
        pw_push_slice(L, argument);
        pw_append(L);
    }
    pw_push_flaws(L, &(struct pw_flaws){0});
    return 2;
}


/* Reads a link in the process's directory: its bytes, or -errno. */
static ssize_t read_link(lua_State *L, const char *name, char *target, size_t room) {
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    int fd = open_process(L, &stat, &flaws);
    if (fd < 0) {
        return fd;
    }
    ssize_t size = readlinkat(fd, name, target, room);
    int error = errno;
    close(fd);
    return size < 0 ? -error : size;
}


/***
The program's file. Needs the rights of a debugger.
@function process:exe
@treturn[1] string its path, which ends in " (deleted)" when there is another file by now, or none
@return[2] nil, message, errno, kind; "unsupported" for a kernel thread, which has none
*/
static int exe(lua_State *L) {
    char target[PATH_MAX];
    pw_check_surplus(L, 1);
    ssize_t size = read_link(L, "exe", target, sizeof target);
    if (size < 0) {
        return pw_fail_process(L, "exe", (int)-size);
    }
    lua_pushlstring(L, target, (size_t)size);
    return 1;
}


/***
The function of the kernel in which the process waits.
@function process:wchan
@treturn[1] string such as "folio_wait_bit_common"; empty when it runs, or when one may not know,
which takes the rights of a debugger
@return[2] nil, message, errno, kind
*/
static int wchan(lua_State *L) {
    pw_check_surplus(L, 1);
    int failed = pw_read_process_file(L, "wchan");
    if (failed) {
        return failed;
    }
    pw_push_slice(L, pw_parse_wchan(text_read(L)));
    return 1;
}


/***
The functions of the kernel in which the process is, the innermost first. For root, and only where
the kernel was built with it.
@function process:stack
@treturn[1] table a list such as `{ "folio_wait_bit_common", "filemap_fault", … }`; empty for a
process that runs
@treturn[1] table flaws
@return[2] nil, message, errno, kind
*/
static int stack(lua_State *L) {
    pw_check_surplus(L, 1);
    int failed = pw_read_process_file(L, "stack");
    if (failed) {
        return failed;
    }
    struct pw_slice text = text_read(L), function;
    struct pw_flaws flaws = {0};
    lua_newtable(L);
    while (pw_next_stack_function(&text, &function, &flaws)) {
        pw_push_slice(L, function);
        pw_append(L);
    }
    pw_push_flaws(L, &flaws);
    return 2;
}


/***
Whether the process is still running. A zombie, which only waits for its parent, is not.
@function process:alive
@treturn[1] boolean
@return[2] nil, message, errno, kind, when that cannot be told
*/
static int alive(lua_State *L) {
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    pw_check_surplus(L, 1);
    int fd = open_process(L, &stat, &flaws);
    if (fd >= 0) {
        close(fd);
    } else if (fd != -ESRCH) {
        return pw_fail_process(L, "stat", -fd);
    }
    lua_pushboolean(L, fd >= 0 && stat.state != 'Z' && stat.state != 'X');
    return 1;
}


const luaL_Reg pw_process_file_methods[] = {
    {"stat", stat_of}, {"statm", statm},   {"status", status},   {"io", io},
    {"oom", oom},      {"cgroup", cgroup}, {"cmdline", cmdline}, {"exe", exe},
    {"wchan", wchan},  {"stack", stack},   {"alive", alive},     {NULL, NULL}};
