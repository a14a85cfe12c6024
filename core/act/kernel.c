/* SPDX-License-Identifier: MIT */
#include "act/kernel.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "act/mm.h"
#include "act/sysctl_check.h"


void pw_refuse(struct pw_act_outcome *outcome, int error, const char *format, ...) {
    va_list arguments;
    outcome->verdict = PW_ACT_REFUSED;
    outcome->error = error;
    va_start(arguments, format);
    vsnprintf(outcome->reason, sizeof outcome->reason, format, arguments);
    va_end(arguments);
}


void pw_refuse_setting(struct pw_act_outcome *outcome, const struct pw_setting *setting,
                       int error) {
    char room[PW_REASON_BYTES];
    pw_refuse(outcome, error, "%s", pw_setting_reason(setting, error, room));
}


static bool check_kind(const struct pw_source *source, struct pw_buffer *buffer,
                       const struct pw_act *act, struct pw_act_outcome *outcome) {
    switch (act->setting->kind) {
    case PW_SETTING_SYSCTL:
        return pw_sysctl_check(source, buffer, act, outcome);
    case PW_SETTING_MM:
        return pw_mm_check(source, buffer, act, outcome);
    default:
        return true;
    }
}


bool pw_kernel_check(const struct pw_source *source, struct pw_buffer *buffer,
                     const struct pw_act *act, struct pw_act_outcome *outcome) {
    const char *taboo = pw_setting_taboo(source, buffer, act->setting, act->self);
    if (taboo) {
        pw_refuse(outcome, EPERM, "%s", taboo);
    } else if (strlen(act->value) >= PW_VALUE_BYTES) {
        pw_refuse(outcome, E2BIG, "longer than the value of a setting may be");
    } else if (!act->value[0] || strchr(act->value, '\n')) {
        pw_refuse(outcome, EINVAL, "a value is one line, and not empty");
    } else {
        return check_kind(source, buffer, act, outcome);
    }
    return false;
}


/* Judges what the kernel made of the value. */
static void judge(const struct pw_setting *setting, int file, const char *value,
                  const struct pw_values *before, const struct pw_values *after,
                  struct pw_act_outcome *outcome) {
    const char *kept = after->text[file];
    bool ignored = !pw_value_same(kept, value) && pw_value_same(kept, before->text[file]);
    if (ignored && (setting->kind == PW_SETTING_SYSCTL || setting->kind == PW_SETTING_MM)) {
        pw_refuse(outcome, EINVAL, "the kernel ignored %s and kept %s", value, kept);
        return;
    }
    outcome->verdict = PW_ACT_DONE;
    memcpy(outcome->kept, kept, sizeof outcome->kept);
}


void pw_kernel_write(const struct pw_source *source, struct pw_buffer *buffer,
                     const struct pw_setting *setting, int file, const char *value,
                     const struct pw_values *before, struct pw_values *after,
                     struct pw_act_outcome *outcome) {
    struct pw_values now = {0};
    int error = pw_setting_write(source, buffer, setting, file, value);
    if (error == -ENOENT && setting->kind == PW_SETTING_MM) {
        error = -EINVAL; /* the file is there: zswap says so of a compressor that is not */
    }
    if (!error && !setting->action) {
        error = pw_setting_read(source, buffer, setting, &now);
    }
    if (error) {
        pw_refuse_setting(outcome, setting, -error);
        return;
    }
    if (setting->action) {
        outcome->verdict = PW_ACT_DONE;
        snprintf(outcome->kept, sizeof outcome->kept, "%s", value);
        return;
    }
    judge(setting, file, value, before, &now, outcome);
    if (after && outcome->verdict == PW_ACT_DONE) {
        *after = now;
    }
}


/* The member that is not 0 comes first, and then whatever still is not as it was, in a tree that is
 * only files. */
int pw_kernel_put_back(const struct pw_source *source, struct pw_buffer *buffer,
                       const struct pw_hooks *hooks, const struct pw_setting *setting,
                       const struct pw_values *wanted, struct pw_values *now) {
    int error = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (int file = 0; file < setting->files; file++) {
            const char *text = wanted->text[file];
            bool later = setting->files == 2 && pw_value_same(text, "0");
            if (later != (pass == 1) || pw_setting_value_same(setting, now->text[file], text)) {
                continue;
            }
            error = pw_setting_write(source, buffer, setting, file, text);
            pw_step(hooks);
            if (error || (error = pw_setting_read(source, buffer, setting, now))) {
                return error;
            }
        }
    }
    return pw_setting_has(setting, now, wanted) ? 0 : -EIO;
}


struct pw_act_outcome pw_act_alone(const struct pw_source *source, struct pw_buffer *buffer,
                                   const struct pw_act *act) {
    struct pw_act_outcome outcome = {0};
    struct pw_values before = {0};
    if (!pw_kernel_check(source, buffer, act, &outcome)) {
        return outcome;
    }
    int error = act->setting->action ? 0 : pw_setting_read(source, buffer, act->setting, &before);
    if (error && error != -EACCES) {
        pw_refuse_setting(&outcome, act->setting, -error);
        return outcome;
    }
    pw_kernel_write(source, buffer, act->setting, 0, act->value, &before, NULL, &outcome);
    return outcome;
}
