/* SPDX-License-Identifier: MIT
 *
 * What is done in the place of a policy that failed when it was needed: the policy left word of
 * whom it would have killed, and of how short memory has to be for that. Nobody else is killed, so
 * what the policy spares is spared; in dry run nobody is.
 *
 * The watchdog's thread may act while the thread that leaves word is stuck: word is left twice, in
 * turn, and acting allocates nothing.
 */
#ifndef PAGEWARDEN_ACT_FALLBACK_H
#define PAGEWARDEN_ACT_FALLBACK_H

#include <stdatomic.h>

#include "read/process.h"

#define PW_FALLBACK_MOST 16
#define PW_FALLBACK_NAME_BYTES 200

/* The word of a policy. */
struct pw_fallback_word {
    char policy[PW_FALLBACK_NAME_BYTES];
    int64_t available_bytes, swap_bytes; /* memory is short when less is left of both */
    bool dry_run;
    int count;
    struct pw_identity processes[PW_FALLBACK_MOST]; /* who goes first first */
};

enum pw_fallback_verdict {
    PW_FALLBACK_NO_WORD,
    PW_FALLBACK_NOT_SHORT,
    PW_FALLBACK_NOBODY, /* all who were named have ended, or may not be killed */
    PW_FALLBACK_WOULD,
    PW_FALLBACK_KILLED
};

/* {0} has no word. */
struct pw_fallback {
    struct pw_fallback_word words[2];
    atomic_int current; /* 1 + the index of the word that counts; 0 for none */
    bool abandoned;     /* its policy has failed, and leaves no more */
    struct pw_buffer buffer;
};

/* Takes the word of a policy in the place of what was there. 0 or -ENOMEM. */
int pw_fallback_leave(struct pw_fallback *fallback, const struct pw_fallback_word *word);

/* Whether the word is that of a policy; of any when it is NULL. */
bool pw_fallback_is_of(const struct pw_fallback *fallback, const char *policy);

/* Forgets the word. */
void pw_fallback_forget(struct pw_fallback *fallback);

/* Kills the first who was named and is there, if memory is as short as was said. Who that is comes
 * in `process`. `imagined`: a test's world does it. */
enum pw_fallback_verdict pw_fallback_act(struct pw_fallback *fallback,
                                         const struct pw_source *source, bool imagined,
                                         struct pw_identity *process);

/* Frees the buffer. */
void pw_fallback_free(struct pw_fallback *fallback);

#endif
