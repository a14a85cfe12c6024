/* SPDX-License-Identifier: MIT
 *
 * pw_history_judge(): a cheap look at all series, the tests for those that look like leaks, and the
 * findings beside each other.
 */
#include "trend/discovery.h"
#include "trend/history.h"

/* Most leaks that are found at a time; what is more is growing until the next time. */
#define MOST_FOUND 256

struct judge {
    const struct pw_terms *terms;
    struct pw_scale *leaking[MOST_FOUND];
    double p[MOST_FOUND];
    size_t found;
};


static void note(struct judge *judge, struct pw_scale *scale, double p) {
    if (judge->found == MOST_FOUND) {
        scale->verdict = PW_GROWING;
        return;
    }
    judge->leaking[judge->found] = scale;
    judge->p[judge->found++] = p;
}


static void judge_scale(struct judge *judge, struct pw_series *series, size_t scale,
                        const struct pw_terms *terms) {
    struct pw_points points;
    struct pw_finding finding;
    struct pw_scale *judged = &series->scales[scale];
    pw_look(series, scale, terms, &points, &finding);
    if (finding.verdict == PW_LEAK) {
        pw_test(&points, &finding);
    }
    pw_scale_suspect(judged, finding.verdict != PW_CALM);
    judged->verdict = finding.verdict;
    judged->fresh = false;
    if (finding.verdict == PW_LEAK) {
        note(judge, judged, finding.p);
    }
}


static void judge_series(struct judge *judge, struct pw_series *series,
                         const struct pw_terms *terms) {
    for (size_t scale = 0; scale < PW_SCALES; scale++) {
        if (series->scales[scale].fresh) {
            judge_scale(judge, series, scale, terms);
        }
    }
}


static void judge_followed(struct judge *judge, struct pw_history *history, uint32_t place) {
    const struct pw_followed *followed = pw_history_at(history, place);
    if (followed->pid == 0 || followed->series == PW_NO_SERIES) {
        return;
    }
    for (uint32_t i = 0; i < history->shape.columns; i++) {
        judge_series(judge, pw_history_series(history, followed, i), &judge->terms[i]);
    }
}


void pw_history_judge(struct pw_history *history, const struct pw_terms *terms) {
    struct judge judge = {.terms = terms};
    for (uint32_t place = 0; place < history->room.processes; place++) {
        judge_followed(&judge, history, place);
    }
    size_t tests = (size_t)history->count * history->shape.columns;
    double limit = pw_discovery_limit(judge.p, judge.found, tests, terms->false_finding);
    for (size_t i = 0; i < judge.found; i++) {
        if (judge.p[i] > limit) {
            judge.leaking[i]->verdict = PW_GROWING;
        }
    }
}


enum pw_verdict pw_series_verdict(const struct pw_series *series, size_t *scale) {
    enum pw_verdict worst = PW_CALM;
    for (size_t i = 0; i < PW_SCALES; i++) {
        enum pw_verdict verdict = (enum pw_verdict)series->scales[i].verdict;
        if (verdict >= worst) {
            worst = verdict;
            *scale = i;
        }
    }
    return worst;
}
