/* SPDX-License-Identifier: MIT */
#include "act/heirs.h"

#include <unistd.h>

#include "read/directory.h"

struct relative {
    struct pw_identity process;
    int64_t parent_pid;
};

/* All processes, and what they may have inherited. */
struct family {
    const struct pw_source *source;
    struct pw_buffer *buffer;
    const struct pw_setting *setting; /* whose descendants are meant */
    struct pw_buffer relatives;
};


static void add(struct family *family, int64_t pid) {
    struct relative relative = {.process = {pid, PW_ABSENT}};
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    int fd = pw_process_open(family->source, &relative.process, family->buffer, &stat, &flaws);
    if (fd >= 0) {
        close(fd);
        relative.process.start_ticks = stat.starttime_ticks;
        relative.parent_pid = stat.ppid;
        pw_buffer_append(&family->relatives,
                         (struct pw_slice){(const char *)&relative, sizeof relative});
    }
}


static void list(struct family *family) {
    struct pw_buffer listing = {0};
    struct pw_number pid;
    if (pw_directory_read(family->source, "proc", &listing) == 0) {
        struct pw_slice names = pw_buffer_text(&listing), name;
        while (pw_take_name(&names, &name)) {
            if (pw_parse_number(name, &pid) && pid.value > 0) {
                add(family, pid.value);
            }
        }
    }
    pw_buffer_free(&listing);
}


static const struct relative *relatives_of(const struct family *family, size_t *count) {
    *count = family->relatives.size_bytes / sizeof(struct relative);
    return (const struct relative *)(const void *)family->relatives.data;
}


/* The parent, or 0. */
static int64_t parent_of(const struct family *family, int64_t pid) {
    size_t count;
    const struct relative *relatives = relatives_of(family, &count);
    for (size_t i = 0; i < count; i++) {
        if (relatives[i].process.pid == pid) {
            return relatives[i].parent_pid;
        }
    }
    return 0;
}


/* Nobody has more forebears than there are processes, whatever circles a hostile /proc draws. */
static bool descends(const struct family *family, const struct relative *relative) {
    size_t steps;
    int64_t pid = relative->parent_pid, root = family->setting->process.pid;
    relatives_of(family, &steps);
    while (pid > 0 && pid != root && steps-- > 0) {
        pid = parent_of(family, pid);
    }
    return pid == root && relative->process.pid != root;
}


/* Whoever has another value does not want a look at its forebears. */
static void restore(const struct family *family, const struct relative *relative,
                    const char *inherited, const char *original) {
    struct pw_setting heir = *family->setting; /* the same file of another process */
    struct pw_values values;
    heir.process = relative->process;
    if (pw_setting_read(family->source, family->buffer, &heir, &values) == 0 &&
        pw_value_same(values.text[0], inherited) && descends(family, relative)) {
        pw_setting_write(family->source, family->buffer, &heir, 0, original);
    }
}


void pw_heirs_restore(const struct pw_source *source, struct pw_buffer *buffer,
                      const struct pw_setting *setting, const char *inherited,
                      const char *original) {
    struct family family = {source, buffer, setting, {0}};
    size_t count;
    list(&family);
    const struct relative *relatives = relatives_of(&family, &count);
    for (size_t i = 0; i < count; i++) {
        restore(&family, &relatives[i], inherited, original);
    }
    pw_buffer_free(&family.relatives);
}
