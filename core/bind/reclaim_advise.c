/* SPDX-License-Identifier: MIT */
/*** @module pagewarden.reclaim */
#include <errno.h>
#include <unistd.h>

#include "act/advise.h"
#include "act/kernel.h"
#include "bind/process.h"
#include "bind/reclaim.h"

/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000

static const char *const resident[] = {"RssAnon", "VmRSS", "VmSwap", NULL};

/* What the deed is checked with. */
struct call {
    struct pw_reclaim_check check;
    struct pw_advise_request request;
};


/* [-0, +1, m] What the process has; nothing when it has ended. */
static void push_memory(lua_State *L, struct pw_reader *reader, const struct pw_identity *process) {
    lua_createtable(L, 0, 3);
    if (pw_process_read(&reader->source, process, "status", &reader->buffer) == 0) {
        pw_add_fields(L, pw_buffer_text(&reader->buffer), pw_next_colon_field, resident);
    }
}


/* [-0, +0, m] */
static void set_figures(lua_State *L, const struct pw_job_news *news) {
    pw_set_integer(L, "advised", news->figures[PW_ADVISED_BYTES]);
    pw_set_integer(L, "refused", news->figures[PW_ADVISE_REFUSED_BYTES]);
}


/* The process at 4 is the one that was meant. */
static int finish(lua_State *L, const struct pw_job_news *news, double seconds, bool done) {
    struct pw_reader *reader;
    struct pw_identity process = pw_check_process_or_pid(L, 4, &reader);
    (void)done;
    push_memory(L, reader, &process);
    pw_push_outcome(L, seconds);
    set_figures(L, news);
    return 1;
}


/* Whether there is any swap left that anonymous memory could go to. */
static bool has_swap(struct pw_reader *reader) {
    struct pw_flaws flaws = {0};
    struct pw_field field;
    if (pw_source_read(&reader->source, "proc/meminfo", &reader->buffer)) {
        return true;
    }
    struct pw_slice rest = pw_buffer_text(&reader->buffer);
    while (pw_next_colon_field(&rest, &field, &flaws)) {
        if (pw_slice_is(field.key, "SwapFree")) {
            return field.number.value > 0;
        }
    }
    return true;
}


static bool check(void *context, struct pw_act_outcome *outcome) {
    struct call *call = context;
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    struct pw_reader *reader = call->check.reader;
    int fd =
        pw_process_open(&reader->source, &call->request.process, &reader->buffer, &stat, &flaws);
    if (fd < 0) {
        pw_refuse(outcome, -fd, "the process has ended");
        return false;
    }
    close(fd);
    if (stat.flags & PF_KTHREAD) {
        pw_refuse(outcome, EINVAL, "a kernel thread has no memory of its own");
    } else if (!call->request.cold && !has_swap(reader)) {
        pw_refuse(outcome, ENOSPC, "there is no swap left to page out to");
    } else {
        return pw_reclaim_check(&call->check, outcome);
    }
    return false;
}


/* [-0, +1, v] Finds out who is meant, as a process of its reader: 0, or the results of a failure.
 */
static int push_target(lua_State *L, struct call *call, const char *way) {
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    call->check.reader = pw_check_view(L, 1, PW_RECLAIM);
    struct pw_identity *process = &call->request.process;
    *process = pw_check_process_or_pid(L, 2, &call->check.reader);
    struct pw_reader *reader = call->check.reader;
    int fd = pw_process_open(&reader->source, process, &reader->buffer, &stat, &flaws);
    if (fd < 0) {
        const char *what = lua_pushfstring(L, "reclaim %s %I", way, (LUAI_UACINT)process->pid);
        return fd == -ESRCH ? pw_fail_because(L, what, "the process has ended", ESRCH, PW_GONE)
                            : pw_fail(L, what, -fd);
    }
    close(fd);
    process->start_ticks = stat.starttime_ticks;
    if (pw_test_process(L, 2)) {
        lua_getiuservalue(L, 2, 1);
    } else {
        pw_push_view_reader(L, 1, PW_RECLAIM);
    }
    pw_push_process(L, -1, process);
    lua_remove(L, -2);
    return 0;
}


/* Advises, so: `way` is the word of the key. */
static int advise(lua_State *L, const char *way, bool cold) {
    static const char *const names[] = {"force", "cooldown", NULL};
    struct call call = {.request.cold = cold};
    pw_check_reclaim_terms(L, 3, names, &call.check.terms);
    pw_check_surplus(L, 3);
    lua_settop(L, 3);
    int failed = push_target(L, &call, way);
    if (failed) {
        return failed;
    }
    lua_settop(L, PW_BEFORE - 1);
    const struct pw_identity *process = &call.request.process;
    push_memory(L, call.check.reader, process);
    struct pw_long_deed deed = {
        .deed = {.key = lua_pushfstring(L, "reclaim %s %I:%I", way, (LUAI_UACINT)process->pid,
                                        (LUAI_UACINT)process->start_ticks),
                 .value = cold ? "its memory is the first to go" : "page its memory out",
                 .cooldown_ns = call.check.terms.cooldown_ns,
                 .check = check,
                 .context = &call},
        .work = pw_advise_work,
        .arguments = &call.request,
        .finish = finish,
    };
    return pw_do_long_deed(L, call.check.reader, &deed);
}


/***
Pages out the anonymous memory of a process, to swap: process_madvise(2) with MADV_PAGEOUT. The
process goes on, and what it touches comes back. It goes to the very process that was meant, or to
none. Needs Linux 5.10, CAP_SYS_NICE and the rights of a debugger.
@function pageout
@tparam process|integer process a pid alone means whoever has it now
@tparam[opt] table options `{ force = true }` in a container, and `cooldown`
@treturn[1] table `{ advised = (the size of what was advised, resident or not), refused = (of what
the kernel would not have, such as locked memory), before = { RssAnon =, VmRSS =, VmSwap = },
after = { … }, seconds = }`, in bytes
@return[2] nil, "reclaim pageout PID:START: reason", errno, kind: ENOSPC when no swap is left
*/
int pw_reclaim_pageout(lua_State *L) {
    return advise(L, "pageout", false);
}


/***
Makes the anonymous memory of a process the first to go when memory runs short: process_madvise(2)
with MADV_COLD. Nothing is written yet.
@function cold
@tparam process|integer process
@tparam[opt] table options as for `pageout`
@treturn[1] table as of `pageout`
@return[2] nil, "reclaim cold PID:START: reason", errno, kind
*/
int pw_reclaim_cold(lua_State *L) {
    return advise(L, "cold", true);
}
