/* SPDX-License-Identifier: MIT
 *
 * What the files of the Lua module pagewarden.kill share: whom a call is about, and on what terms.
 */
#ifndef PAGEWARDEN_BIND_KILL_H
#define PAGEWARDEN_BIND_KILL_H

#include "act/reaper.h"
#include "act/termination.h"
#include "act/victims.h"
#include "bind/act.h"

#define PW_KILL "pagewarden.kill"

/* What the options say. */
struct pw_kill_options {
    enum pw_whole whole;
    bool protected_too, racy, reap;
    int signal;
    int64_t grace_ns;
    int64_t interval_ns; /* between this kill and the next one */
    int64_t cooldown_ns;
};

/* A call of one of the functions: a userdata that lets go of everything when it is closed. */
struct pw_kill_call {
    struct pw_victims victims;
    struct pw_kill_options options;
    struct pw_termination termination;
    struct pw_reaper reaper;
    struct pw_reader *reader; /* kept on the stack, as the key is */
    const char *key;
    int processes;             /* that the last signal went to */
    struct pw_gate *gate;      /* whose kill is under way; NULL: none is */
    int64_t next_kill_ns;      /* of the gate, as this kill left it */
    struct pw_members members; /* only where a whole is meant */
};

/* [-0, +0, v] Reads the options table at `index`, if there is one, with the names that are known.
 */
void pw_check_kill_options(lua_State *L, int index, const char *const known[],
                           struct pw_kill_options *options);

/* [-0, +0, v] The signal whose name is at the top of the stack; `index` is the argument that it is
 * of. */
int pw_check_signal(lua_State *L, int index);

/* [-0, +n, v] Pushes a call about the process, pid or cgroup at 2, closed when its function ends,
 * and returns its index; or 0, and `failed` is the number of results that say why there is none, to
 * be returned by the caller. */
int pw_push_kill_call(lua_State *L, const struct pw_kill_options *options, int *failed);

/* [-0, +4 or 0, v] Sends the victims a signal through the gate; `kill_ns` is as in struct pw_deed.
 * Returns 0, or the number of results that say why not, to be returned by the caller. */
int pw_send_signal(lua_State *L, struct pw_kill_call *call, int64_t kill_ns,
                   struct pw_act_outcome *outcome);

int pw_kill_terminate(lua_State *L);

/* The function `fallback`: what is done in the place of a policy that failed. */
int pw_kill_fallback(lua_State *L);

#endif
