/* SPDX-License-Identifier: MIT */
#include "act/grant.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "act/sysctl.h"

/* What the word of a grant is followed by. */
enum subject { NOTHING, A_NAME, A_SYSCTL, A_PATH, A_WAY };

static const struct kind {
    const char *word;
    enum subject subject;
} kinds[] = {
    {"sysctl", A_SYSCTL}, {"mm", A_NAME},   {"cgroup", A_PATH}, {"oom", NOTHING}, {"kill", NOTHING},
    {"sysrq", A_NAME},    {"swap", A_PATH}, {"reclaim", A_WAY}, {"exec", A_PATH},
};


static const struct kind *find_kind(struct pw_slice word) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (pw_slice_is(word, kinds[i].word)) {
            return &kinds[i];
        }
    }
    return NULL;
}


/* Takes the first word off a grant or a key. */
static const struct kind *take_kind(struct pw_slice *words) {
    struct pw_slice word;
    if (!pw_take_until(words, ' ', &word)) {
        word = *words;
        *words = pw_slice_of("");
    }
    return find_kind(word);
}


static int add_text(struct pw_grants *grants, const char *word, struct pw_slice subject) {
    char **texts = realloc(grants->texts, ((size_t)grants->count + 1) * sizeof *texts);
    if (!texts) {
        return -ENOMEM;
    }
    grants->texts = texts;
    char *text = malloc(strlen(word) + 1 + subject.size + 1);
    if (!text) {
        return -ENOMEM;
    }
    char *end = stpcpy(stpcpy(text, word), " ");
    memcpy(end, subject.data, subject.size);
    end[subject.size] = '\0';
    texts[grants->count++] = text;
    return 0;
}


static int add_sysctl(struct pw_grants *grants, struct pw_slice name) {
    char dotted[NAME_MAX];
    return pw_sysctl_name(name, dotted, sizeof dotted)
               ? add_text(grants, "sysctl", pw_slice_of(dotted))
               : -EINVAL;
}


static struct pw_slice without_slashes(struct pw_slice path) {
    while (path.size > 0 && path.data[path.size - 1] == '/') {
        path.size--;
    }
    return path;
}


/* A grant's path is only compared with paths that were checked, so ".." in it grants nothing. */
static int add_path(struct pw_grants *grants, const char *word, struct pw_slice path) {
    if (path.size == 0 || path.data[0] != '/') {
        return -EINVAL;
    }
    return add_text(grants, word, without_slashes(path));
}


int pw_grants_add(struct pw_grants *grants, struct pw_slice words) {
    words = pw_slice_trim(words);
    const struct kind *kind = take_kind(&words);
    words = pw_slice_trim(words);
    if (!kind || (kind->subject == NOTHING) != (words.size == 0)) {
        return -EINVAL;
    }
    switch (kind->subject) {
    case A_SYSCTL:
        return add_sysctl(grants, words);
    case A_PATH:
        return add_path(grants, kind->word, words);
    case A_WAY:
        return add_text(grants, kind->word, pw_slice_trim(without_slashes(words)));
    default:
        return add_text(grants, kind->word, words);
    }
}


/* Whether a grant is one for what has more behind it: a path, for those below it; a way, for
 * whatever it is done to. */
static bool may_be_followed(const struct kind *kind, struct pw_slice granted, char next) {
    bool is_way = kind->subject == A_WAY;
    bool has_path = kind->subject == A_PATH || (is_way && memchr(granted.data, '/', granted.size));
    return has_path ? next == '/' : is_way && next == ' ';
}


static bool covers(const char *text, const struct kind *kind, struct pw_slice subject) {
    struct pw_slice granted = pw_slice_of(text);
    if (take_kind(&granted) != kind) {
        return false;
    }
    if (kind->subject == NOTHING) {
        return true;
    }
    if (granted.size > subject.size || memcmp(granted.data, subject.data, granted.size) != 0) {
        return false;
    }
    return granted.size == subject.size ||
           may_be_followed(kind, granted, subject.data[granted.size]);
}


bool pw_grants_allow(const struct pw_grants *grants, struct pw_slice key) {
    const struct kind *kind = take_kind(&key);
    for (int i = 0; kind && i < grants->count; i++) {
        if (covers(grants->texts[i], kind, key)) {
            return true;
        }
    }
    return false;
}


void pw_grants_free(struct pw_grants *grants) {
    for (int i = 0; i < grants->count; i++) {
        free(grants->texts[i]);
    }
    free(grants->texts);
    *grants = (struct pw_grants){0};
}
