/* SPDX-License-Identifier: MIT */
#include "act/victims.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "act/file.h"
#include "act/kernel.h"

/* Searches for what was forked while the signal went round. What outruns as many is left to the
 * next signal, and of a cgroup nothing does. */
#define ROUNDS 8


void pw_victims_of_process(struct pw_victims *victims, const struct pw_killer *killer,
                           const struct pw_identity *process) {
    *victims =
        (struct pw_victims){.killer = *killer, .one = {.process = *process, .fd = -1}, .count = 1};
}


/* A refusal of one process, as one of all of them. */
static void blame(struct pw_act_outcome *outcome, const struct pw_identity *process) {
    char reason[sizeof outcome->reason];
    memcpy(reason, outcome->reason, sizeof reason);
    pw_refuse(outcome, outcome->error, "process %lld of it: %.200s", (long long)process->pid,
              reason);
}


static bool refuse_search(const struct pw_victims *victims, int error,
                          struct pw_act_outcome *outcome) {
    switch (error) {
    case ECANCELED: /* a visit has said why */
        break;
    case E2BIG:
        pw_refuse(outcome, E2BIG, "more than %d processes; kill their cgroup instead", PW_MEMBERS);
        break;
    case EXDEV:
        pw_refuse(outcome, EPERM, "processes in it cannot be seen from this pid namespace");
        break;
    case ENOENT:
        pw_refuse(outcome, ESRCH, "the cgroup %s is gone", victims->members->cgroup);
        break;
    default:
        pw_refuse(outcome, error, "its processes cannot be listed: %s", strerror(error));
    }
    return false;
}


/* What is done to one member; one that has ended is none. */
struct visit {
    struct pw_victims *victims;
    struct pw_act_outcome *outcome;
    bool send;
    struct pw_act_outcome failure; /* the first of those that could not be signalled */
};


static bool visit(void *context, const struct pw_identity *process) {
    struct visit *visit = context;
    struct pw_victims *victims = visit->victims;
    struct pw_act_outcome refusal = {0};
    struct pw_victim victim;
    bool fine =
        pw_victim_take(&victims->killer, process, &victim, &refusal) &&
        (!visit->send || pw_victim_signal(&victims->killer, &victim, victims->signal, &refusal));
    if (fine) {
        victims->count++;
    }
    pw_victim_release(&victim);
    if (fine || refusal.error == ESRCH) {
        return true;
    }
    blame(&refusal, process);
    if (visit->send && visit->failure.error == 0) {
        visit->failure = refusal; /* the others are signalled all the same */
    } else if (!visit->send) {
        *visit->outcome = refusal;
    }
    return visit->send;
}


static bool visit_known(struct visit *each, int from) {
    const struct pw_members *members = each->victims->members;
    for (int i = from; i < members->count; i++) {
        if (!visit(each, &members->list[i])) {
            return false;
        }
    }
    return true;
}


static int find(struct visit *each) {
    struct pw_victims *victims = each->victims;
    return pw_members_find(victims->members, victims->killer.source, victims->killer.buffer, visit,
                           each);
}


static bool check_whole(struct pw_victims *victims, struct pw_act_outcome *outcome) {
    struct visit each = {.victims = victims, .outcome = outcome};
    victims->count = 0;
    pw_members_forget(victims->members, victims->killer.source, victims->killer.buffer);
    if (!visit_known(&each, 0)) {
        return false;
    }
    int found = find(&each);
    if (found < 0) {
        return refuse_search(victims, -found, outcome);
    }
    if (victims->count == 0) {
        pw_refuse(outcome, ESRCH, "there is no process in it any more");
    }
    return victims->count > 0;
}


bool pw_victims_check(void *context, struct pw_act_outcome *outcome) {
    struct pw_victims *victims = context;
    if (victims->members) {
        return check_whole(victims, outcome);
    }
    if (victims->one.fd >= 0) {
        return true; /* it is held, and cannot have become another */
    }
    struct pw_identity process = victims->one.process;
    return pw_victim_take(&victims->killer, &process, &victims->one, outcome);
}


/* The kernel kills a cgroup whole, with those below it and what is forked meanwhile (Linux 5.14;
 * version 2). False where there is no such file, or it is a threaded cgroup, which has none. */
static bool kill_cgroup(const struct pw_victims *victims) {
    char path[PW_KEY_BYTES + sizeof "/cgroup.kill"];
    const struct pw_source *source = victims->killer.source;
    if (victims->members->whole != PW_WHOLE_CGROUP || victims->signal != SIGKILL) {
        return false;
    }
    snprintf(path, sizeof path, "%s/cgroup.kill", victims->members->folder);
    return pw_file_write(source, source->root_fd, path, "1") == 0;
}


static bool signal_whole(struct pw_victims *victims, struct pw_act_outcome *outcome) {
    struct visit each = {.victims = victims, .outcome = outcome, .send = true};
    if (kill_cgroup(victims)) {
        return true;
    }
    victims->count = 0;
    visit_known(&each, 0);
    int found = 1;
    for (int round = 0; round < ROUNDS && found > 0; round++) {
        found = find(&each);
    }
    if (victims->count > 0) {
        return true;
    }
    if (each.failure.error) {
        *outcome = each.failure;
    } else {
        pw_refuse(outcome, ESRCH, "there is no process in it any more");
    }
    return false;
}


bool pw_victims_perform(void *context, struct pw_act_outcome *outcome) {
    struct pw_victims *victims = context;
    if (victims->members) {
        return signal_whole(victims, outcome);
    }
    return pw_victim_signal(&victims->killer, &victims->one, victims->signal, outcome);
}


/* A visit that only wants to know that there is one. */
static bool stop_at_first(void *context, const struct pw_identity *process) {
    (void)context;
    (void)process;
    return false;
}


/* A search costs time, so those that are known are looked at first. */
static bool has_whole_ended(struct pw_victims *victims) {
    struct pw_members *members = victims->members;
    const struct pw_killer *killer = &victims->killer;
    pw_members_forget(members, killer->source, killer->buffer);
    return members->count == 0 && pw_members_find(members, killer->source, killer->buffer,
                                                  stop_at_first, NULL) != -ECANCELED;
}


bool pw_victims_have_ended(struct pw_victims *victims) {
    return victims->members ? has_whole_ended(victims)
                            : pw_victim_has_ended(&victims->killer, &victims->one);
}


void pw_victims_release(struct pw_victims *victims) {
    pw_victim_release(&victims->one);
    if (victims->members) {
        pw_members_free(victims->members);
    }
}
