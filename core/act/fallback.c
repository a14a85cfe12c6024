/* SPDX-License-Identifier: MIT */
#include "act/fallback.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "act/kill.h"
#include "read/keyed.h"

/* More than meminfo and a stat have: 1.5 KiB on Linux 6.18. */
#define BUFFER_BYTES ((size_t)16384)


int pw_fallback_leave(struct pw_fallback *fallback, const struct pw_fallback_word *word) {
    if (!fallback->buffer.data) {
        fallback->buffer.data = malloc(BUFFER_BYTES);
        if (!fallback->buffer.data) {
            return -ENOMEM;
        }
        fallback->buffer.capacity_bytes = BUFFER_BYTES;
    }
    int next = atomic_load(&fallback->current) == 1;
    fallback->words[next] = *word;
    fallback->abandoned = false;
    atomic_store(&fallback->current, next + 1);
    return 0;
}


/* The word that counts; NULL when there is none. */
static const struct pw_fallback_word *current_word(const struct pw_fallback *fallback) {
    int current = atomic_load(&fallback->current);
    return current ? &fallback->words[current - 1] : NULL;
}


bool pw_fallback_is_of(const struct pw_fallback *fallback, const char *policy) {
    const struct pw_fallback_word *word = current_word(fallback);
    return word && (!policy || strcmp(word->policy, policy) == 0);
}


void pw_fallback_forget(struct pw_fallback *fallback) {
    atomic_store(&fallback->current, 0);
}


/* Whether less is left of both; what meminfo does not say counts as enough. */
static bool is_short(struct pw_fallback *fallback, const struct pw_source *source,
                     const struct pw_fallback_word *word) {
    struct pw_field field;
    struct pw_flaws flaws = {0};
    int64_t available_bytes = INT64_MAX, swap_bytes = INT64_MAX;
    if (pw_source_read(source, "proc/meminfo", &fallback->buffer)) {
        return false;
    }
    struct pw_slice rest = pw_buffer_text(&fallback->buffer);
    while (pw_next_colon_field(&rest, &field, &flaws)) {
        if (pw_slice_is(field.key, "MemAvailable")) {
            available_bytes = field.number.value;
        } else if (pw_slice_is(field.key, "SwapFree")) {
            swap_bytes = field.number.value;
        }
    }
    return available_bytes < word->available_bytes && swap_bytes <= word->swap_bytes;
}


/* Holds on to the process, and kills it. */
static bool end(const struct pw_killer *killer, const struct pw_identity *process, bool pretend) {
    struct pw_victim victim;
    struct pw_act_outcome outcome = {.verdict = PW_ACT_DONE};
    if (!pw_victim_take(killer, process, &victim, &outcome)) {
        return false;
    }
    bool done = pretend || pw_victim_signal(killer, &victim, SIGKILL, &outcome);
    pw_victim_release(&victim);
    return done;
}


enum pw_fallback_verdict pw_fallback_act(struct pw_fallback *fallback,
                                         const struct pw_source *source, bool imagined,
                                         struct pw_identity *process) {
    const struct pw_fallback_word *word = current_word(fallback);
    if (!word || (!source->live && !imagined)) {
        return PW_FALLBACK_NO_WORD; /* pids of another root are not this machine's */
    }
    if (!is_short(fallback, source, word)) {
        return PW_FALLBACK_NOT_SHORT;
    }
    struct pw_killer killer = {source, &fallback->buffer, false, false};
    for (int i = 0; i < word->count; i++) {
        if (end(&killer, &word->processes[i], imagined || word->dry_run)) {
            *process = word->processes[i];
            return word->dry_run ? PW_FALLBACK_WOULD : PW_FALLBACK_KILLED;
        }
    }
    return PW_FALLBACK_NOBODY;
}


void pw_fallback_free(struct pw_fallback *fallback) {
    pw_fallback_forget(fallback);
    pw_buffer_free(&fallback->buffer);
}
