/* SPDX-License-Identifier: MIT */
#include "act/swap_plan.h"


int64_t pw_swap_plan_total(const struct pw_swap_plan *plan) {
    int64_t total_bytes = 0;
    for (int i = 0; i < PW_SWAP_MOST_FILES; i++) {
        total_bytes += plan->files[i].on ? plan->files[i].size_bytes : 0;
    }
    return total_bytes;
}


/* The largest file that is on, or off, and has at most so many bytes, of those that were skipped
 * too or not; -1 when there is none. */
static int largest(const struct pw_swap_plan *plan, bool on, bool skipped, int64_t most_bytes) {
    int best = -1;
    for (int i = 0; i < PW_SWAP_MOST_FILES; i++) {
        const struct pw_swap_plan_file *file = &plan->files[i];
        bool meant = file->size_bytes > 0 && file->on == on && (skipped || !file->skipped);
        bool fits = meant && file->size_bytes <= most_bytes;
        if (fits && (best < 0 || file->size_bytes > plan->files[best].size_bytes)) {
            best = i;
        }
    }
    return best;
}


static struct pw_swap_plan_step step_of(const struct pw_swap_plan *plan, enum pw_swap_plan_act act,
                                        int number) {
    return (struct pw_swap_plan_step){act, number, plan->files[number].size_bytes};
}


static struct pw_swap_plan_step make(const struct pw_swap_plan *plan, int64_t size_bytes) {
    int number = 0;
    while (number < PW_SWAP_MOST_FILES &&
           (plan->files[number].size_bytes > 0 || plan->files[number].skipped)) {
        number++;
    }
    bool full = number == PW_SWAP_MOST_FILES;
    return (struct pw_swap_plan_step){full ? PW_SWAP_PLAN_FULL : PW_SWAP_PLAN_MAKE, number,
                                      size_bytes};
}


static struct pw_swap_plan_step grow(const struct pw_swap_plan *plan, int64_t lacking_bytes) {
    int ready = largest(plan, false, false, lacking_bytes);
    if (ready >= 0) {
        return step_of(plan, PW_SWAP_PLAN_ON, ready);
    }
    return make(plan, lacking_bytes < plan->file_bytes ? lacking_bytes : plan->file_bytes);
}


static struct pw_swap_plan_step shrink(const struct pw_swap_plan *plan, int64_t excess_bytes) {
    int spare = largest(plan, false, true, INT64_MAX);
    int last = spare >= 0 ? spare : largest(plan, true, true, excess_bytes);
    return last >= 0 ? step_of(plan, PW_SWAP_PLAN_REMOVE, last)
                     : (struct pw_swap_plan_step){PW_SWAP_PLAN_DONE, 0, 0};
}


struct pw_swap_plan_step pw_swap_plan_next(const struct pw_swap_plan *plan) {
    int64_t lacking_bytes = plan->total_bytes - pw_swap_plan_total(plan);
    return lacking_bytes >= plan->least_bytes ? grow(plan, lacking_bytes)
                                              : shrink(plan, -lacking_bytes);
}


void pw_swap_plan_note(struct pw_swap_plan *plan, const struct pw_swap_plan_step *step) {
    struct pw_swap_plan_file *file = &plan->files[step->number];
    switch (step->act) {
    case PW_SWAP_PLAN_MAKE:
        *file = (struct pw_swap_plan_file){.size_bytes = step->size_bytes, .made = true};
        break;
    case PW_SWAP_PLAN_ON:
        file->on = true;
        break;
    case PW_SWAP_PLAN_REMOVE:
        *file = (struct pw_swap_plan_file){.size_bytes = 0};
        break;
    default:
        break;
    }
}


bool pw_swap_plan_skip(struct pw_swap_plan *plan, const struct pw_swap_plan_step *step) {
    struct pw_swap_plan_file *file = &plan->files[step->number];
    if (step->act == PW_SWAP_PLAN_REMOVE) {
        file->size_bytes = file->skipped ? 0 : file->size_bytes;
        return file->skipped;
    }
    file->skipped = !file->made;
    return file->skipped;
}
