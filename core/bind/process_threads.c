/* SPDX-License-Identifier: MIT */
/*** @classmod process */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "bind/process.h"
#include "read/directory.h"
#include "read/stat.h"

/* "proc/", the digits of two int64_t, "/task/" and "/stat". */
#define PATH_BYTES 80


/* Reads the names of the process's threads into the reader's buffer, if it is still the same. */
static int read_names(const struct pw_identity *process, struct pw_reader *reader) {
    char path[PATH_BYTES];
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    strcpy(pw_append_number(stpcpy(path, "proc/"), process->pid), "/task");
    int fd = pw_process_open(&reader->source, process, &reader->buffer, &stat, &flaws);
    if (fd < 0) {
        return fd;
    }
    close(fd);
    int error = pw_directory_read(&reader->source, path, &reader->buffer);
    return error == -ENOENT ? -ESRCH : error;
}


/* Whether the thread is there, and in one of the states: none stand for all. */
static bool is_in_state(const struct pw_identity *process, struct pw_reader *reader, int64_t tid,
                        const char *states) {
    char path[PATH_BYTES];
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    char *end = pw_append_number(stpcpy(path, "proc/"), process->pid);
    strcpy(pw_append_number(stpcpy(end, "/task/"), tid), "/stat");
    return !*states || (pw_source_read_record(&reader->source, reader->source.root_fd, path,
                                              &reader->buffer) == 0 &&
                        pw_parse_stat(pw_buffer_text(&reader->buffer), 0, &stat, &flaws) &&
                        strchr(states, stat.state));
}


/***
The threads of the process, the first of which has its pid. Each is known to `proc.process` by its
number, as if it were a process, for `stat`, `wchan` and `stack`.
@function process:threads
@tparam[opt] string states only those in one of these states: `"D"`
@treturn[1] table a list of numbers, in no order
@return[2] nil, message, errno, kind
*/
static int threads(lua_State *L) {
    const struct pw_identity *process = pw_check_process(L, 1);
    struct pw_reader *reader = pw_reader_of_process(L);
    const char *states = luaL_optstring(L, 2, "");
    pw_check_surplus(L, 2);
    int error = read_names(process, reader);
    if (error) {
        return pw_fail_process(L, "task", -error);
    }
    struct pw_slice names = pw_buffer_text(&reader->buffer), name;
    struct pw_number tid;
    pw_push_slice(L, names); /* the buffer is needed for others */
    names.data = lua_tostring(L, -1);
    lua_newtable(L);
    while (pw_take_name(&names, &name)) {
        if (pw_parse_number(name, &tid) && is_in_state(process, reader, tid.value, states)) {
            lua_pushinteger(L, tid.value);
            pw_append(L);
        }
    }
    return 1;
}


const luaL_Reg pw_threads_methods[] = {{"threads", threads}, {NULL, NULL}};
