/* SPDX-License-Identifier: MIT */
#include "host/pattern_trial.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* As Lua has them: captures in a pattern, and how deep the matcher calls itself. */
#define MOST_CAPTURES 32
#define MOST_DEPTH 200

/* Steps between two questions whether to go on: well under a millisecond. */
#define STRIDE 65536

/* Steps that are not worth a trial. */
#define CHEAP_STEPS 1000000

/* Sizes of captures that have no text. */
enum { UNFINISHED = -1, POSITION = -2 };

struct matcher {
    const struct pw_pattern_trial *trial;
    const char *subject_end;
    const char *pattern_end;
    size_t steps;
    int depth;    /* calls that are left */
    bool refused; /* it was told not to go on */
    bool stopped; /* refused, or the pattern is malformed */
    int captures;
    struct {
        const char *start;
        ptrdiff_t size;
    } capture[MOST_CAPTURES];
};

static const char *match(struct matcher *matcher, const char *text, const char *item);


/* False when it is over. */
static bool spend(struct matcher *matcher, size_t steps) {
    matcher->steps += steps;
    if (matcher->steps >= STRIDE) {
        matcher->steps = 0;
        matcher->refused = !matcher->trial->may_go_on(matcher->trial->context);
        matcher->stopped |= matcher->refused;
    }
    return !matcher->stopped;
}


/* The pattern is malformed here: Lua will say how. */
static const char *stop(struct matcher *matcher) {
    matcher->stopped = true;
    return NULL;
}


/* The byte of the pattern at `place`, 0 after its end. */
static char peek(const struct matcher *matcher, const char *place) {
    return place < matcher->pattern_end ? *place : '\0';
}


static bool is_in_class(unsigned char byte, unsigned char class) {
    static const struct {
        char name;
        int (*has)(int byte);
    } classes[] = {
        {'a', isalpha}, {'c', iscntrl}, {'d', isdigit}, {'g', isgraph}, {'l', islower},
        {'p', ispunct}, {'s', isspace}, {'u', isupper}, {'w', isalnum}, {'x', isxdigit},
    };
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (classes[i].name == tolower(class)) {
            return (classes[i].has(byte) != 0) != (isupper(class) != 0);
        }
    }
    return byte == class;
}


/* `set` is at its '[', `close` at its ']'. */
static bool is_in_set(unsigned char byte, const char *set, const char *close) {
    bool wanted = set[1] != '^';
    const char *place = set + (wanted ? 1 : 2);
    while (place < close) {
        if (*place == '%') {
            if (is_in_class(byte, (unsigned char)place[1])) {
                return wanted;
            }
            place += 2;
        } else if (place[1] == '-' && place + 2 < close) {
            if ((unsigned char)place[0] <= byte && byte <= (unsigned char)place[2]) {
                return wanted;
            }
            place += 3;
        } else if ((unsigned char)*place++ == byte) {
            return wanted;
        }
    }
    return !wanted;
}


/* Behind the ']' of the set at `set`. A ']' that comes first is one of its bytes. */
static const char *set_end(struct matcher *matcher, const char *set) {
    const char *place = set + (peek(matcher, set + 1) == '^' ? 2 : 1);
    do {
        if (place == matcher->pattern_end) {
            return stop(matcher);
        }
        place += *place == '%' && place + 1 < matcher->pattern_end ? 2 : 1;
    } while (peek(matcher, place) != ']');
    return place + 1;
}


/* Behind the single item at `item`; NULL for a malformed one. */
static const char *item_end(struct matcher *matcher, const char *item) {
    if (*item == '[') {
        return set_end(matcher, item);
    } else if (*item == '%') {
        return item + 1 == matcher->pattern_end ? stop(matcher) : item + 2;
    }
    return item + 1;
}


static bool is_single(const struct matcher *matcher, const char *text, const char *item,
                      const char *after) {
    if (text == matcher->subject_end) {
        return false;
    }
    unsigned char byte = (unsigned char)*text;
    switch (*item) {
    case '.':
        return true;
    case '%':
        return is_in_class(byte, (unsigned char)item[1]);
    case '[':
        return is_in_set(byte, item, after - 1);
    default:
        return (unsigned char)*item == byte;
    }
}


static const char *match_longest(struct matcher *matcher, const char *text, const char *item,
                                 const char *after) {
    ptrdiff_t count = 0;
    while (is_single(matcher, text + count, item, after) && spend(matcher, 1)) {
        count++;
    }
    for (; count >= 0 && !matcher->stopped; count--) {
        const char *end = match(matcher, text + count, after + 1);
        if (end) {
            return end;
        }
    }
    return NULL;
}


static const char *match_shortest(struct matcher *matcher, const char *text, const char *item,
                                  const char *after) {
    const char *end = match(matcher, text, after + 1);
    while (!end && is_single(matcher, text, item, after) && spend(matcher, 1)) {
        text++;
        end = match(matcher, text, after + 1);
    }
    return end;
}


/* The item, and the '*', '+' or '-' at `after`. */
static const char *match_repeated(struct matcher *matcher, const char *text, const char *item,
                                  const char *after) {
    if (*after == '-') {
        return match_shortest(matcher, text, item, after);
    } else if (*after == '+' && !is_single(matcher, text, item, after)) {
        return NULL;
    }
    return match_longest(matcher, text + (*after == '+'), item, after);
}


static const char *open_capture(struct matcher *matcher, const char *text, const char *item) {
    bool is_position = peek(matcher, item + 1) == ')';
    if (matcher->captures == MOST_CAPTURES) {
        return stop(matcher);
    }
    matcher->capture[matcher->captures].start = text;
    matcher->capture[matcher->captures].size = is_position ? POSITION : UNFINISHED;
    matcher->captures++;
    const char *end = match(matcher, text, item + (is_position ? 2 : 1));
    matcher->captures -= end == NULL;
    return end;
}


static const char *close_capture(struct matcher *matcher, const char *text, const char *item) {
    int last = matcher->captures - 1;
    while (last >= 0 && matcher->capture[last].size != UNFINISHED) {
        last--;
    }
    if (last < 0) {
        return stop(matcher);
    }
    matcher->capture[last].size = text - matcher->capture[last].start;
    const char *end = match(matcher, text, item + 1);
    if (!end) {
        matcher->capture[last].size = UNFINISHED;
    }
    return end;
}


/* %1 to %9: what a capture has caught, once more. */
static const char *match_again(struct matcher *matcher, const char *text, char digit) {
    int index = digit - '1';
    if (index < 0 || index >= matcher->captures || matcher->capture[index].size == UNFINISHED) {
        return stop(matcher);
    }
    ptrdiff_t size = matcher->capture[index].size;
    if (size == POSITION || matcher->subject_end - text < size) {
        return NULL;
    }
    spend(matcher, (size_t)size / 16);
    return memcmp(matcher->capture[index].start, text, (size_t)size) == 0 ? text + size : NULL;
}


/* %bxy: from an x to the y that balances it. */
static const char *match_balanced(struct matcher *matcher, const char *text, const char *item) {
    if (matcher->pattern_end - item < 4) {
        return stop(matcher);
    }
    char open = item[2], close = item[3];
    if (text == matcher->subject_end || *text != open) {
        return NULL;
    }
    int level = 1;
    for (text++; text < matcher->subject_end && spend(matcher, 1); text++) {
        if (*text == close && --level == 0) {
            return text + 1;
        }
        level += *text == open && *text != close;
    }
    return NULL;
}


/* %f[set]: between a byte outside the set and one inside. Both ends of the subject are a NUL. */
static const char *match_frontier(struct matcher *matcher, const char *text, const char *set,
                                  const char **after) {
    if (peek(matcher, set) != '[' || !(*after = set_end(matcher, set))) {
        return stop(matcher);
    }
    bool at_start = text == matcher->trial->subject.data;
    unsigned char before = at_start ? '\0' : (unsigned char)text[-1];
    unsigned char here = text == matcher->subject_end ? '\0' : (unsigned char)*text;
    bool found = !is_in_set(before, set, *after - 1) && is_in_set(here, set, *after - 1);
    return found ? text : NULL;
}


/* One item that is neither a capture nor repeated; sets where the next begins. */
static const char *match_one(struct matcher *matcher, const char *text, const char *item,
                             const char **next) {
    char kind = *item == '%' ? peek(matcher, item + 1) : '\0';
    if (kind == 'b') {
        *next = item + 4;
        return match_balanced(matcher, text, item);
    } else if (kind == 'f') {
        return match_frontier(matcher, text, item + 2, next);
    } else if (isdigit((unsigned char)kind)) {
        *next = item + 2;
        return match_again(matcher, text, kind);
    }
    *next = item_end(matcher, item);
    return *next && is_single(matcher, text, item, *next) ? text + 1 : NULL;
}


/* Behind a single item that may be repeated or left out; NULL when it is of another kind. */
static const char *repeatable_end(struct matcher *matcher, const char *item) {
    char kind = *item == '%' ? peek(matcher, item + 1) : '\0';
    if (kind == 'b' || kind == 'f' || isdigit((unsigned char)kind)) {
        return NULL;
    }
    const char *after = item_end(matcher, item);
    return after && peek(matcher, after) && strchr("*+-?", *after) ? after : NULL;
}


static const char *match_items(struct matcher *matcher, const char *text, const char *item) {
    while (text && item < matcher->pattern_end && spend(matcher, 1)) {
        if (*item == '(') {
            return open_capture(matcher, text, item);
        } else if (*item == ')') {
            return close_capture(matcher, text, item);
        } else if (*item == '$' && item + 1 == matcher->pattern_end) {
            return text == matcher->subject_end ? text : NULL;
        }
        const char *after = repeatable_end(matcher, item);
        if (!after) {
            text = match_one(matcher, text, item, &item);
        } else if (*after != '?') {
            return match_repeated(matcher, text, item, after);
        } else {
            const char *end =
                is_single(matcher, text, item, after) ? match(matcher, text + 1, after + 1) : NULL;
            if (end) {
                return end;
            }
            item = after + 1;
        }
    }
    return matcher->stopped ? NULL : text;
}


/* Where the items from `item` on, matched against `text`, end; NULL when they do not match. */
static const char *match(struct matcher *matcher, const char *text, const char *item) {
    if (matcher->depth == 0) {
        return stop(matcher);
    }
    matcher->depth--;
    const char *end = match_items(matcher, text, item);
    matcher->depth++;
    return end;
}


bool pw_pattern_try(const struct pw_pattern_trial *trial, struct pw_pattern_match *found) {
    struct matcher matcher = {.trial = trial,
                              .subject_end = trial->subject.data + trial->subject.size,
                              .pattern_end = trial->pattern.data + trial->pattern.size};
    const char *text = trial->subject.data + trial->start;
    bool anchored = trial->anchors && peek(&matcher, trial->pattern.data) == '^';
    *found = (struct pw_pattern_match){NULL, NULL};
    do {
        matcher.captures = 0;
        matcher.depth = MOST_DEPTH;
        const char *end = match(&matcher, text, trial->pattern.data + anchored);
        if (end && end != found->end) {
            *found = (struct pw_pattern_match){text, end};
            text = end;
        } else {
            text++;
        }
    } while (!matcher.stopped && !anchored && text <= matcher.subject_end &&
             (trial->all || !found->end));
    return !matcher.refused;
}


/* Each item that may take any number of bytes is tried with each number. */
bool pw_pattern_is_cheap(size_t subject_size, struct pw_slice pattern) {
    if (subject_size >= CHEAP_STEPS || pattern.size > CHEAP_STEPS) {
        return false;
    }
    uint64_t places = subject_size + 1, steps = places * pattern.size;
    for (size_t i = 0; i < pattern.size && steps <= CHEAP_STEPS; i++) {
        bool after_escape = i > 0 && pattern.data[i - 1] == '%';
        bool varies = memchr("*+-?", pattern.data[i], 4) ||
                      (after_escape && memchr("b123456789", pattern.data[i], 10));
        steps *= varies ? places : 1;
    }
    return steps <= CHEAP_STEPS;
}
