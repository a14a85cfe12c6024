/* SPDX-License-Identifier: MIT */
#include "act/swap_change.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "act/swap_zram.h"

/* So many areas every kernel has room for; the most of any is 29 (kernel-dependent: linux/swap.h,
 * MAX_SWAPFILES). */
#define SURE_AREAS 23

/* From absent to on is two steps. */
#define MOST_STEPS 2

/* A change that is under way, or thought of. */
struct course {
    const struct pw_source *source;
    struct pw_buffer *buffer;
    const char *path;
    const struct pw_swap_change *change;
    struct pw_swap_state now;
    bool made; /* the file is of this change's making */
    char *reason;
};

enum step { STAY, MAKE, REMOVE, PUT_ON, TAKE_OFF, IMPOSSIBLE };


__attribute__((format(printf, 3, 4))) static int refuse(const struct course *course, int error,
                                                        const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(course->reason, PW_SWAP_REASON_BYTES, format, arguments);
    va_end(arguments);
    return error;
}


/* Whether it is another area than the one that is meant. */
static bool is_another(const struct pw_swap_state *now, const struct pw_swap_state *to) {
    return now->place >= PW_SWAP_OFF && to->place >= PW_SWAP_OFF && !pw_uuid_is_nil(&to->uuid) &&
           !pw_swap_state_is_of(to, now);
}


/* The next step from what is to what shall be. */
static enum step step_between(const struct pw_swap_state *now, const struct pw_swap_state *to) {
    if (pw_swap_state_same(now, to)) {
        return STAY;
    }
    if (is_another(now, to)) {
        return IMPOSSIBLE;
    }
    switch (now->place) {
    case PW_SWAP_ABSENT:
        return to->place >= PW_SWAP_OFF && to->size_bytes > 0 ? MAKE : IMPOSSIBLE;
    case PW_SWAP_OFF:
        return to->place == PW_SWAP_ABSENT ? REMOVE : PUT_ON;
    case PW_SWAP_ON:
        return to->place == PW_SWAP_ON ? IMPOSSIBLE : TAKE_OFF;
    default:
        return IMPOSSIBLE;
    }
}


/* Why there is no way, as a person can act on it. */
static int explain_impossible(const struct course *course) {
    const struct pw_swap_state *now = &course->now, *to = &course->change->to;
    bool made = to->place == PW_SWAP_OFF && to->size_bytes > 0; /* a file was to be made */
    if (now->place == PW_SWAP_ABSENT) {
        return refuse(course, -ENOENT,
                      pw_zram_is(course->path) ? "the device is not set up"
                                               : "there is no such file or disk");
    }
    if (now->place == PW_SWAP_OTHER && pw_zram_is(course->path)) {
        return refuse(course, made ? -EEXIST : -EINVAL, "it is set up already, and not as swap");
    }
    if (now->place == PW_SWAP_OTHER) {
        return made ? refuse(course, -EEXIST, "there is already a file, which is no swap")
                    : refuse(course, -EINVAL, "it is no swap area");
    }
    if (is_another(now, to)) {
        return refuse(course, -EEXIST, "it is already swap%s",
                      now->place == PW_SWAP_ON ? ", and on" : "");
    }
    return now->priority == PW_SWAP_ANY_PRIORITY
               ? refuse(course, -EBUSY,
                        "it is on already, with a priority of the kernel's; take it off first")
               : refuse(course, -EBUSY, "it is on already, with priority %d; take it off first",
                        now->priority);
}


static struct pw_swap_making making_of(const struct course *course) {
    const struct pw_swap_change *change = course->change;
    struct pw_swap_making making = {.size_bytes = change->to.size_bytes,
                                    .uuid = change->to.uuid,
                                    .reserve_bytes = change->reserve_bytes,
                                    .written = change->written,
                                    .limit_bytes = change->limit_bytes,
                                    .imagined = change->imagined && !course->source->live,
                                    .progress = change->progress,
                                    .context = change->context};
    memcpy(making.label, change->to.label, sizeof making.label);
    memcpy(making.algorithm, change->algorithm, sizeof making.algorithm);
    return making;
}


/* The kernel says no more than EINVAL; the file says why. */
static int check_area(const struct course *course) {
    struct pw_swap_probe probe;
    int error = pw_swap_probe(course->source, course->path, &probe);
    if (!error && probe.problem) {
        return refuse(course, -EINVAL, "%s", probe.problem);
    }
    return error;
}


/* What is in the area comes to be in memory, which needs some for itself besides. */
static int check_absorption(const struct course *course) {
    struct pw_swap_use use;
    int error = pw_swap_use_read(course->source, course->buffer, course->path, &use);
    if (error || course->change->force || use.used_bytes == 0) {
        return error;
    }
    if (use.available_bytes == PW_ABSENT) {
        return refuse(course, -ENOMEM,
                      "%lld MiB are in it, and this kernel does not say how much "
                      "memory is available",
                      (long long)use.used_bytes >> 20);
    }
    if (use.available_bytes <= use.used_bytes / 5 * 6) {
        return refuse(course, -ENOMEM,
                      "memory has no room for the %lld MiB in it: %lld MiB are available",
                      (long long)use.used_bytes >> 20, (long long)use.available_bytes >> 20);
    }
    return 0;
}


/* Only files are made and removed under another root. */
static bool has_kernel(const struct course *course) {
    return course->source->live || course->change->imagined;
}


static int check_making(const struct course *course) {
    struct pw_swap_making making = making_of(course);
    return pw_zram_is(course->path)
               ? pw_zram_check(course->source, course->buffer, course->path, &making,
                               course->reason)
               : pw_swap_file_check(course->source, course->path, &making, course->reason);
}


static int check_step(const struct course *course, enum step step) {
    if ((step == PUT_ON || step == TAKE_OFF) && !has_kernel(course)) {
        return refuse(course, -EXDEV, "it is done to this machine only, not to another root");
    }
    switch (step) {
    case MAKE:
        return check_making(course);
    case PUT_ON:
        return check_area(course);
    case TAKE_OFF:
        return check_absorption(course);
    case IMPOSSIBLE:
        return explain_impossible(course);
    default:
        return 0;
    }
}


/* Of EPERM swapon(2) makes two things: no privilege, and no room for another area. */
static int explain_on(const struct course *course, int error) {
    struct pw_swap_use use = {0};
    pw_swap_use_read(course->source, course->buffer, course->path, &use);
    switch (error) {
    case -EPERM:
        return use.areas >= SURE_AREAS
                   ? refuse(course, error, "%d areas are on, and the kernel has no room for more",
                            use.areas)
                   : refuse(course, error, "permission denied; needs CAP_SYS_ADMIN");
    case -EBUSY:
        return refuse(course, error, "it is in use already, as swap or as something else");
    case -EINVAL:
        return refuse(course, error, "the kernel cannot swap to it; the kernel log says why");
    case -ENODEV:
    case -ENXIO:
        return refuse(course, error, "there is no device behind it");
    default:
        return error;
    }
}


static int explain_off(const struct course *course, int error) {
    switch (error) {
    case -ENOMEM:
        return refuse(course, error, "memory had no room for what is in it; it is still on");
    case -EPERM:
        return refuse(course, error, "permission denied; needs CAP_SYS_ADMIN");
    case -EINTR:
        return refuse(course, -ECANCELED, "given up; it is still on");
    case -EINVAL:
        return refuse(course, error, "it is not on");
    default:
        return error;
    }
}


static int take_off(const struct course *course) {
    const struct pw_swap_change *change = course->change;
    return change->progress && course->source->live
               ? pw_swap_off_watched(course->source, course->path, change->progress,
                                     change->context)
               : pw_swap_area_off(course->source, course->path);
}


static int make(struct course *course) {
    struct pw_swap_making making = making_of(course);
    int error =
        pw_zram_is(course->path)
            ? pw_zram_make(course->source, course->buffer, course->path, &making, course->reason)
            : pw_swap_file_make(course->source, course->path, &making, course->reason);
    course->made = !error;
    return error;
}


static int remove_area(const struct course *course, const struct pw_uuid *uuid, char *reason) {
    return pw_zram_is(course->path)
               ? pw_zram_remove(course->source, course->path, uuid, reason)
               : pw_swap_file_remove(course->source, course->path, uuid, reason);
}


static int take_step(struct course *course, enum step step) {
    int error = 0;
    switch (step) {
    case MAKE:
        return make(course);
    case REMOVE:
        return remove_area(course, &course->now.uuid, course->reason);
    case PUT_ON:
        error = pw_swap_area_on(course->source, course->path, &course->change->to);
        return error ? explain_on(course, error) : 0;
    case TAKE_OFF:
        error = take_off(course);
        return error ? explain_off(course, error) : 0;
    default:
        return 0;
    }
}


static int read_now(struct course *course) {
    return pw_swap_area_read(course->source, course->buffer, course->path, &course->now);
}


static int end(const struct course *course, int error) {
    if (error && !course->reason[0]) {
        bool denied = (error == -EACCES || error == -EPERM) && geteuid() != 0;
        refuse(course, error, "%s", denied ? "permission denied; needs root" : strerror(-error));
    }
    return error;
}


int pw_swap_change_check(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                         const struct pw_swap_change *change, char reason[PW_SWAP_REASON_BYTES]) {
    struct course course = {source, buffer, path, change, .reason = reason};
    reason[0] = '\0';
    int error = read_now(&course);
    return end(&course,
               error ? error : check_step(&course, step_between(&course.now, &change->to)));
}


int pw_swap_change_check_from(const struct pw_swap_state *now, const char *path,
                              const struct pw_swap_change *change,
                              char reason[PW_SWAP_REASON_BYTES]) {
    struct course course = {.path = path, .change = change, .now = *now, .reason = reason};
    return step_between(now, &change->to) == IMPOSSIBLE ? explain_impossible(&course) : 0;
}


int pw_swap_change_make(const struct pw_source *source, struct pw_buffer *buffer, const char *path,
                        const struct pw_swap_change *change, char reason[PW_SWAP_REASON_BYTES]) {
    struct course course = {source, buffer, path, change, .reason = reason};
    reason[0] = '\0';
    int error = read_now(&course);
    for (int steps = 0; !error && steps < MOST_STEPS; steps++) {
        enum step step = step_between(&course.now, &change->to);
        error = check_step(&course, step);
        if (!error) {
            error = take_step(&course, step);
        }
        if (!error) {
            error = read_now(&course);
        }
    }
    if (error && course.made) {
        char unheard[PW_SWAP_REASON_BYTES];
        remove_area(&course, &change->to.uuid, unheard);
    }
    return end(&course, error);
}
