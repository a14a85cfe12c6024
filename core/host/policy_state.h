/* SPDX-License-Identifier: MIT
 *
 * The Lua state of one policy: its own memory with a limit, a deadline for each call into it, and
 * libraries that keep both. The mistakes of a policy are contained: an error, a loop or a heap
 * without end, whatever pcall, handler, coroutine or closing value it happens in, ends the one call
 * with an outcome, and neither the host nor another policy notices. Code that means harm is not
 * promised to be contained.
 *
 * How long an outcome can take: a count hook looks at the deadline every PW_HOOK_INSTRUCTIONS, and
 * the library functions that a count or a pattern could keep busy are bounded (guarded.h). What is
 * left is one C call at a time, in proportion to the memory limit: milliseconds. A C function that
 * blocks in the kernel, and text made to be slow for the compiler, are the watchdog's.
 *
 * There are no globals: a process may have any number of states, in any number of threads, each
 * used by one thread at a time.
 */
#ifndef PAGEWARDEN_HOST_POLICY_STATE_H
#define PAGEWARDEN_HOST_POLICY_STATE_H

#include <lua.h>

#include "host/allocator.h"
#include "host/deadline.h"

/* What a policy gets when nobody says otherwise. */
#define PW_POLICY_MEMORY_BYTES ((size_t)4 << 20)
#define PW_POLICY_CALL_NS (INT64_C(250) * 1000 * 1000)

/* Garbage is collected once a state has grown to this share of what was in use: there are many
 * states, and each is small, so that it takes a tenth of a millisecond. */
#define PW_GC_PAUSE_PERCENT 110

/* Instructions between two looks at the deadline. */
#define PW_HOOK_INSTRUCTIONS 1000

/* Zero in any field stands for its default. */
struct pw_policy_limits {
    size_t memory_bytes;
    int64_t call_ns;             /* for each call */
    int64_t (*now)(void *clock); /* nanoseconds; pw_thread_cpu_ns unless a test says otherwise */
    void *clock;
};

enum pw_outcome {
    PW_RETURNED,
    PW_RAISED,
    PW_EXPIRED,
    PW_OUT_OF_MEMORY,
};

/* The caller's to embed. It must not move while it is open. */
struct pw_policy_state {
    lua_State *L;
    struct pw_allocator allocator;
    struct pw_deadline deadline;
    bool busy;          /* a call is under way */
    bool explaining;    /* an error is being turned into text */
    int closing;        /* coroutines that are being closed, one inside the other */
    char message[2048]; /* why the last call did not return, with a traceback */
};

/* What runs inside a state: pushes what it needs, calls, and returns how many results are on top of
 * the stack. It may raise: everything it does is inside the protected call. */
typedef int pw_policy_entry(lua_State *L, void *context);

/* Opens a state with the guarded libraries and `require` of the built-in modules and of Lua modules
 * on `path` (package.path; NULL for none), for code of the host: what a policy may see of it is for
 * an environment of its own to say. Returns 0, or -ENOMEM with nothing to close. */
int pw_policy_state_open(struct pw_policy_state *state, const struct pw_policy_limits *limits,
                         const char *path);

/* Runs `entry`. Its results are then at 1 and up of the state's stack, until the next call. Unless
 * it returned, `state->message` says why. A state that is busy refuses, as an error. */
enum pw_outcome pw_policy_state_call(struct pw_policy_state *state, pw_policy_entry *entry,
                                     void *context);

/* "returned", "raised", "expired" or "out of memory". */
const char *pw_outcome_name(enum pw_outcome outcome);

/* Gives everything back; no code of the policy runs. Safe to call twice. */
void pw_policy_state_close(struct pw_policy_state *state);

/* The state that a lua_State, or a coroutine in it, belongs to. Only for those opened here. */
struct pw_policy_state *pw_policy_state_of(lua_State *L);

/* [-0, +0, v] Looks at the deadline of the call under way, and raises when it has passed. */
void pw_check_deadline(lua_State *L);

/* [-0, +0, v] Raises, again, when that deadline was seen to have passed. What might have
 * caught the first error calls this. */
void pw_rethrow_expiry(lua_State *L);

#endif
