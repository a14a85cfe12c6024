/* SPDX-License-Identifier: MIT
 *
 * A setting of the kernel: one file, or two of which one is in force, that can be read and written
 * back. It is known by its key, which is all that a journal holds of it:
 *
 *   "sysctl vm.swappiness"   "mm ksm/run"   "oom 812:45678"   "cgroup /user.slice memory.high"
 *   "swap /var/swap"
 */
#ifndef PAGEWARDEN_ACT_SETTING_H
#define PAGEWARDEN_ACT_SETTING_H

#include <limits.h>

#include "read/process.h"
#include "read/source.h"

/* Room for a value's text with its NUL; longer ones are not settings. */
#define PW_VALUE_BYTES 128

/* Room for a key or the path of a file, with its NUL. */
#define PW_KEY_BYTES 4096

/* A pair of files. */
#define PW_SETTING_FILES 2

enum pw_setting_kind {
    PW_SETTING_SYSCTL,
    PW_SETTING_MM,
    PW_SETTING_OOM,
    PW_SETTING_CGROUP,
    PW_SETTING_SWAP
};

struct pw_setting {
    enum pw_setting_kind kind;
    struct pw_identity process; /* of PW_SETTING_OOM: whose */
    bool action;                /* writing it does something at once; there is nothing to restore */
    int files;                  /* 2 for a pair: the file of the key and its partner's */
    char key[PW_KEY_BYTES];
    char paths[PW_SETTING_FILES][PW_KEY_BYTES]; /* from the root; of a process: from its folder */
};

/* The text of each file of a setting, without what is blank at its end. */
struct pw_values {
    char text[PW_SETTING_FILES][PW_VALUE_BYTES];
};

/* The files of cgroups that are settings; ends with NULL. */
extern const char *const pw_cgroup_settings[];

/* Makes a setting of a sysctl key, named as pw_sysctl_name() takes it. 0, or -EINVAL. */
int pw_setting_of_sysctl(struct pw_slice name, struct pw_setting *setting);

/* Makes a setting of the memory manager's, named as pw_mm_path() takes it. 0, or -EINVAL. */
int pw_setting_of_mm(const struct pw_source *source, struct pw_slice name,
                     struct pw_setting *setting);

/* Makes the setting of the other member of a pair. */
void pw_setting_of_partner(const struct pw_setting *setting, struct pw_setting *partner);

/* Makes a setting of a process's oom_score_adj. */
void pw_setting_of_oom(const struct pw_identity *process, struct pw_setting *setting);

/* The same of its oom_adj, -17 to 15: all that Linux before 2.6.36 has. Where there is an
 * oom_score_adj it must not be used, for what it shows is not what it was made from. */
void pw_setting_of_oom_adj(const struct pw_identity *process, struct pw_setting *setting);

/* Makes a setting of a file of a cgroup: 0, -EINVAL for another file or a path that is none,
 * -EOPNOTSUPP without cgroups. */
int pw_setting_of_cgroup(const struct pw_source *source, struct pw_buffer *buffer,
                         struct pw_slice path, const char *file, struct pw_setting *setting);

/* Makes a setting of what a path is to swapping (swap_setting.h), which is absolute and has no "."
 * or ".." in it: 0, -EINVAL or -ENAMETOOLONG. Writing it may take minutes. */
int pw_setting_of_swap(struct pw_slice path, struct pw_setting *setting);

/* Takes the slashes off the end of a cgroup's path; false when it is none, which begins with "/"
 * and has no empty part, no "." and no "..". */
bool pw_setting_trim_cgroup(struct pw_slice *path);

/* Makes the setting of a key: 0 or -EINVAL. */
int pw_setting_of_key(const struct pw_source *source, struct pw_buffer *buffer, const char *key,
                      struct pw_setting *setting);

/* What of its key a grant has to cover: all of it, but for the file of a cgroup. */
struct pw_slice pw_setting_bound(const struct pw_setting *setting);

/* Whether two keys are of one setting: the same, or partners. */
bool pw_setting_same(const char *key, const char *other);

/* Whether pagewarden touches this at all. NULL, or the reason why not: init, a kernel thread, and
 * itself unless `self` is true. */
const char *pw_setting_taboo(const struct pw_source *source, struct pw_buffer *buffer,
                             const struct pw_setting *setting, bool self);

/* Reads every file of the setting. 0 or -errno: ESRCH when the process is gone, E2BIG when the text
 * is longer than that of a setting. */
int pw_setting_read(const struct pw_source *source, struct pw_buffer *buffer,
                    const struct pw_setting *setting, struct pw_values *values);

/* What its first file says once the value is set: of a choice, all of it. 0 or -errno. */
int pw_setting_show(const struct pw_source *source, struct pw_buffer *buffer,
                    const struct pw_setting *setting, const char *value, char text[PW_VALUE_BYTES]);

/* Writes one of its files; in a tree that is only files, as the kernel would show it. 0 or -errno.
 */
int pw_setting_write(const struct pw_source *source, struct pw_buffer *buffer,
                     const struct pw_setting *setting, int file, const char *text);

/* Whether every file of the setting has what it has in `others`. */
bool pw_setting_has(const struct pw_setting *setting, const struct pw_values *values,
                    const struct pw_values *others);

/* Whether two texts say the same: blanks between numbers and leading zeros do not count. */
bool pw_value_same(const char *text, const char *other);

/* Whether two values of a setting say the same. */
bool pw_setting_value_same(const struct pw_setting *setting, const char *text, const char *other);

/* Whether the change from one value to another outlasts a boot: a file is made, or removed. */
bool pw_setting_is_on_disk(const struct pw_setting *setting, const char *from, const char *to);

/* Whether the kernel makes `kept` of `asked` because it counts memory in pages. */
bool pw_value_rounded(const char *asked, const char *kept, long page_size_bytes);

/* Room for a reason with its NUL. */
#define PW_REASON_BYTES 384

/* Why a change failed, as a person can act on it; a text that is not constant is in `room`. */
const char *pw_setting_reason(const struct pw_setting *setting, int error,
                              char room[PW_REASON_BYTES]);

#endif
