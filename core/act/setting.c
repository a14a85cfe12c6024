/* SPDX-License-Identifier: MIT */
#include "act/setting.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "act/cgroup.h"
#include "act/file.h"
#include "act/mm.h"
#include "act/swap_setting.h"
#include "act/swap_zram.h"
#include "act/sysctl.h"
#include "act/tunable.h"
#include "read/cgroupfs.h"

#define OOM_FILE "oom_score_adj"
#define LEGACY_OOM_FILE "oom_adj"

const char *const pw_cgroup_settings[] = {"memory.high",
                                          "memory.low",
                                          "memory.max",
                                          "memory.min",
                                          "memory.oom.group",
                                          "memory.swap.high",
                                          "memory.swap.max",
                                          "memory.zswap.max",
                                          "memory.zswap.writeback",
                                          "memory.swappiness",
                                          "memory.limit_in_bytes",
                                          "memory.soft_limit_in_bytes",
                                          "memory.memsw.limit_in_bytes",
                                          "cgroup.freeze",
                                          PW_FREEZER_STATE,
                                          "cpu.max",
                                          "cpu.weight",
                                          "pids.max",
                                          NULL};


int pw_setting_of_sysctl(struct pw_slice name, struct pw_setting *setting) {
    char dotted[NAME_MAX];
    if (!pw_sysctl_name(name, dotted, sizeof dotted)) {
        return -EINVAL;
    }
    const char *partner = pw_sysctl_partner(dotted);
    setting->kind = PW_SETTING_SYSCTL;
    setting->process = (struct pw_identity){0};
    setting->action = pw_sysctl_is_action(dotted);
    setting->files = partner ? 2 : 1;
    snprintf(setting->key, sizeof setting->key, "sysctl %s", dotted);
    pw_sysctl_path(dotted, setting->paths[0], sizeof setting->paths[0]);
    if (partner) {
        pw_sysctl_path(partner, setting->paths[1], sizeof setting->paths[1]);
    }
    return 0;
}


int pw_setting_of_mm(const struct pw_source *source, struct pw_slice name,
                     struct pw_setting *setting) {
    const struct pw_tunable *tunable = pw_tunable_find(pw_mm_tunables, name);
    setting->kind = PW_SETTING_MM;
    setting->process = (struct pw_identity){0};
    setting->action = tunable && tunable->kind == PW_TUNABLE_TRIGGER;
    setting->files = 1;
    int size = snprintf(setting->key, sizeof setting->key, "mm %.*s", (int)name.size, name.data);
    bool fits = size >= 0 && size < (int)sizeof setting->key;
    return fits && pw_mm_path(source, name, setting->paths[0], sizeof setting->paths[0]) ? 0
                                                                                         : -EINVAL;
}


void pw_setting_of_partner(const struct pw_setting *setting, struct pw_setting *partner) {
    const char *name = setting->key + strlen("sysctl ");
    pw_setting_of_sysctl(pw_slice_of(pw_sysctl_partner(name)), partner);
}


static void make_oom(const struct pw_identity *process, const char *suffix, const char *file,
                     struct pw_setting *setting) {
    setting->kind = PW_SETTING_OOM;
    setting->process = *process;
    setting->action = false;
    setting->files = 1;
    snprintf(setting->key, sizeof setting->key, "oom %lld:%lld%s", (long long)process->pid,
             (long long)process->start_ticks, suffix);
    strcpy(setting->paths[0], file);
}


void pw_setting_of_oom(const struct pw_identity *process, struct pw_setting *setting) {
    make_oom(process, "", OOM_FILE, setting);
}


void pw_setting_of_oom_adj(const struct pw_identity *process, struct pw_setting *setting) {
    make_oom(process, " " LEGACY_OOM_FILE, LEGACY_OOM_FILE, setting);
}


static bool is_cgroup_setting(const char *file) {
    const char *const *known = pw_cgroup_settings;
    while (*known && strcmp(*known, file) != 0) {
        known++;
    }
    return *known != NULL;
}


/* "/" or "/a/b": no empty part, no "." and no "..". */
static bool is_path(struct pw_slice path) {
    struct pw_slice part;
    if (path.size == 0 || path.data[0] != '/' || memchr(path.data, '\0', path.size)) {
        return false;
    }
    path = pw_slice_skip(path, 1);
    while (path.size > 0) {
        if (!pw_take_until(&path, '/', &part)) {
            part = path;
            path.size = 0;
        }
        if (part.size == 0 || pw_slice_is(part, ".") || pw_slice_is(part, "..")) {
            return false;
        }
    }
    return true;
}


bool pw_setting_trim_cgroup(struct pw_slice *path) {
    while (path->size > 1 && path->data[path->size - 1] == '/') {
        path->size--;
    }
    return is_path(*path) && !memchr(path->data, '\n', path->size);
}


int pw_setting_of_cgroup(const struct pw_source *source, struct pw_buffer *buffer,
                         struct pw_slice path, const char *file, struct pw_setting *setting) {
    if (!pw_setting_trim_cgroup(&path) || !is_cgroup_setting(file)) {
        return -EINVAL;
    }
    struct pw_cgroups cgroups = pw_cgroups_find(source, buffer);
    if (!cgroups.version) {
        return -EOPNOTSUPP;
    }
    bool frozen = strcmp(file, PW_FREEZER_STATE) == 0;
    const char *mount = frozen ? "sys/fs/cgroup/freezer" : cgroups.mount;
    int size = (int)path.size, root = path.size == 1;
    setting->kind = PW_SETTING_CGROUP;
    setting->process = (struct pw_identity){0};
    setting->action = false;
    setting->files = 1;
    int key = snprintf(setting->key, sizeof setting->key, "cgroup %.*s %s", size, path.data, file);
    int whole = snprintf(setting->paths[0], sizeof setting->paths[0], "%s%.*s/%s", mount,
                         root ? 0 : size, path.data, file);
    bool fits = key < (int)sizeof setting->key && whole < (int)sizeof setting->paths[0];
    return fits ? 0 : -ENAMETOOLONG;
}


int pw_setting_of_swap(struct pw_slice path, struct pw_setting *setting) {
    if (path.size < 2 || !is_path(path)) {
        return -EINVAL;
    }
    int size = (int)path.size;
    setting->kind = PW_SETTING_SWAP;
    setting->process = (struct pw_identity){0};
    setting->action = false;
    setting->files = 1;
    int whole = snprintf(setting->key, sizeof setting->key, "swap %.*s", size, path.data);
    snprintf(setting->paths[0], sizeof setting->paths[0], "%.*s", size, path.data);
    return whole < (int)sizeof setting->key ? 0 : -ENAMETOOLONG;
}


static int of_oom_key(struct pw_slice name, struct pw_setting *setting) {
    struct pw_slice pid_text, start_text = {0};
    struct pw_number pid, start;
    if (!pw_take_until(&name, ':', &pid_text) || !pw_take_word(&name, &start_text) ||
        !pw_parse_number(pid_text, &pid) || !pw_parse_number(start_text, &start) ||
        pid.value <= 0) {
        return -EINVAL;
    }
    const struct pw_identity process = {pid.value, start.value};
    if (name.size == 0) {
        pw_setting_of_oom(&process, setting);
    } else if (pw_slice_is(name, " " LEGACY_OOM_FILE)) {
        pw_setting_of_oom_adj(&process, setting);
    } else {
        return -EINVAL;
    }
    return 0;
}


static int of_cgroup_key(const struct pw_source *source, struct pw_buffer *buffer,
                         struct pw_slice name, struct pw_setting *setting) {
    const char *blank = memrchr(name.data, ' ', name.size);
    if (!blank) {
        return -EINVAL;
    }
    struct pw_slice path = {name.data, (size_t)(blank - name.data)};
    return pw_setting_of_cgroup(source, buffer, path, blank + 1, setting);
}


int pw_setting_of_key(const struct pw_source *source, struct pw_buffer *buffer, const char *key,
                      struct pw_setting *setting) {
    struct pw_slice name = pw_slice_of(key), kind;
    if (!pw_take_until(&name, ' ', &kind)) {
        return -EINVAL;
    }
    if (pw_slice_is(kind, "sysctl")) {
        return pw_setting_of_sysctl(name, setting);
    }
    if (pw_slice_is(kind, "mm")) {
        return pw_setting_of_mm(source, name, setting);
    }
    if (pw_slice_is(kind, "oom")) {
        return of_oom_key(name, setting);
    }
    if (pw_slice_is(kind, "swap")) {
        return pw_setting_of_swap(name, setting);
    }
    return pw_slice_is(kind, "cgroup") ? of_cgroup_key(source, buffer, name, setting) : -EINVAL;
}


struct pw_slice pw_setting_bound(const struct pw_setting *setting) {
    struct pw_slice bound = pw_slice_of(setting->key);
    if (setting->kind == PW_SETTING_CGROUP) {
        bound.size = (size_t)(strrchr(setting->key, ' ') - bound.data);
    }
    return bound;
}


bool pw_setting_same(const char *key, const char *other) {
    if (strcmp(key, other) == 0) {
        return true;
    }
    bool both = strncmp(key, "sysctl ", 7) == 0 && strncmp(other, "sysctl ", 7) == 0;
    const char *partner = both ? pw_sysctl_partner(key + 7) : NULL;
    return partner && strcmp(partner, other + 7) == 0;
}


/* Opens the folder that a setting's paths start from: the root, or its process's own, which cannot
 * come to mean another process. */
static int open_folder(const struct pw_source *source, struct pw_buffer *buffer,
                       const struct pw_setting *setting, struct pw_stat *stat) {
    struct pw_flaws flaws = {0};
    if (setting->kind == PW_SETTING_OOM) {
        return pw_process_open(source, &setting->process, buffer, stat, &flaws);
    }
    int fd = source->root_fd < 0 ? source->root_fd : fcntl(source->root_fd, F_DUPFD_CLOEXEC, 0);
    return fd == -1 ? -errno : fd;
}


const char *pw_setting_taboo(const struct pw_source *source, struct pw_buffer *buffer,
                             const struct pw_setting *setting, bool self) {
    if (setting->kind != PW_SETTING_OOM) {
        return setting->kind == PW_SETTING_CGROUP ? pw_cgroup_taboo(source, buffer, setting) : NULL;
    }
    if (setting->process.pid == 1) {
        return "init is never touched";
    }
    if (!self && source->live && setting->process.pid == getpid()) {
        return "this is pagewarden itself";
    }
    struct pw_stat stat = {0};
    int fd = open_folder(source, buffer, setting, &stat);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0 && stat.flags & PW_STAT_KERNEL_THREAD ? "a kernel thread is never touched"
                                                         : NULL;
}


static int keep_text(struct pw_slice text, char out[PW_VALUE_BYTES]) {
    while (text.size > 0 && strchr(" \t\r\n", text.data[text.size - 1])) {
        text.size--;
    }
    if (text.size >= PW_VALUE_BYTES || memchr(text.data, '\n', text.size) ||
        memchr(text.data, '\0', text.size)) {
        return -E2BIG;
    }
    /* of a freezer, on the way to what was asked for */
    text = pw_slice_is(text, "FREEZING") ? pw_slice_of("FROZEN") : text;
    memcpy(out, text.data, text.size);
    out[text.size] = '\0';
    return 0;
}


/* Of a dry run, what it would have set: the overlay knows paths from the root. */
static int read_one(const struct pw_source *source, struct pw_buffer *buffer,
                    const struct pw_setting *setting, int folder_fd, const char *path) {
    return setting->kind == PW_SETTING_OOM ? pw_source_read_at(source, folder_fd, path, buffer)
                                           : pw_source_read(source, path, buffer);
}


int pw_setting_read(const struct pw_source *source, struct pw_buffer *buffer,
                    const struct pw_setting *setting, struct pw_values *values) {
    memset(values, 0, sizeof *values);
    if (setting->kind == PW_SETTING_SWAP) {
        return pw_swap_setting_read(source, buffer, setting->paths[0], values->text[0]);
    }
    struct pw_stat stat;
    int folder_fd = open_folder(source, buffer, setting, &stat);
    int error = folder_fd < 0 ? folder_fd : 0;
    for (int file = 0; file < setting->files && !error; file++) {
        error = read_one(source, buffer, setting, folder_fd, setting->paths[file]);
        if (error == -ENOENT && file > 0) {
            error = 0; /* an older kernel, without the partner */
        } else if (!error) {
            struct pw_slice text = pw_buffer_text(buffer);
            error = setting->kind == PW_SETTING_MM ? pw_mm_value(text, values->text[file])
                                                   : keep_text(text, values->text[file]);
        }
    }
    if (folder_fd >= 0) {
        close(folder_fd);
    }
    return error;
}


int pw_setting_show(const struct pw_source *source, struct pw_buffer *buffer,
                    const struct pw_setting *setting, const char *value,
                    char text[PW_VALUE_BYTES]) {
    if (setting->kind != PW_SETTING_MM) {
        snprintf(text, PW_VALUE_BYTES, "%s", value);
        return 0;
    }
    int error = pw_source_read(source, setting->paths[0], buffer);
    return error ? error : pw_mm_show(pw_buffer_text(buffer), value, text);
}


int pw_setting_write(const struct pw_source *source, struct pw_buffer *buffer,
                     const struct pw_setting *setting, int file, const char *text) {
    if (setting->kind == PW_SETTING_SWAP) {
        return pw_swap_setting_write(source, setting->paths[0], text);
    }
    if (setting->kind == PW_SETTING_CGROUP) {
        return pw_cgroup_write(source, buffer, setting, text);
    }
    struct pw_stat stat;
    int folder_fd = open_folder(source, buffer, setting, &stat);
    if (folder_fd < 0) {
        return folder_fd;
    }
    char shown[PW_VALUE_BYTES];
    int error = source->live ? 0 : pw_setting_show(source, buffer, setting, text, shown);
    if (!error) {
        error = pw_file_write(source, folder_fd, setting->paths[file], source->live ? text : shown);
    }
    close(folder_fd);
    return error;
}


bool pw_setting_has(const struct pw_setting *setting, const struct pw_values *values,
                    const struct pw_values *others) {
    bool same = true;
    for (int file = 0; file < setting->files; file++) {
        same = same && pw_setting_value_same(setting, values->text[file], others->text[file]);
    }
    return same;
}


bool pw_value_same(const char *text, const char *other) {
    struct pw_slice a = pw_slice_of(text), b = pw_slice_of(other), word, of_other;
    struct pw_number number, other_number;
    while (pw_take_word(&a, &word)) {
        if (!pw_take_word(&b, &of_other)) {
            return false;
        }
        bool equal =
            pw_parse_number(word, &number) && pw_parse_number(of_other, &other_number)
                ? number.value == other_number.value
                : word.size == of_other.size && !memcmp(word.data, of_other.data, word.size);
        if (!equal) {
            return false;
        }
    }
    return !pw_take_word(&b, &of_other);
}


bool pw_setting_value_same(const struct pw_setting *setting, const char *text, const char *other) {
    return setting->kind == PW_SETTING_SWAP ? pw_swap_setting_same(text, other)
                                            : pw_value_same(text, other);
}


bool pw_setting_is_on_disk(const struct pw_setting *setting, const char *from, const char *to) {
    return setting->kind == PW_SETTING_SWAP && !pw_zram_is(setting->paths[0]) &&
           pw_swap_setting_is_on_disk(from, to);
}


bool pw_value_rounded(const char *asked, const char *kept, long page_size_bytes) {
    struct pw_number number, kept_number;
    return pw_parse_number(pw_slice_of(asked), &number) &&
           pw_parse_number(pw_slice_of(kept), &kept_number) && number.value > 0 &&
           number.value / page_size_bytes * page_size_bytes == kept_number.value;
}


static const char *denied_reason(const struct pw_setting *setting) {
    if (geteuid() != 0) {
        return "permission denied; needs root";
    }
    return setting->kind == PW_SETTING_OOM
               ? "permission denied; lowering a score needs CAP_SYS_RESOURCE"
               : "permission denied";
}


/* Of a setting that is gone, also what does its work now. */
static const char *missing_tunable_reason(const struct pw_tunable tunables[], const char *what,
                                          const struct pw_setting *setting,
                                          char room[PW_REASON_BYTES]) {
    const char *name = strchr(setting->key, ' ') + 1;
    const struct pw_tunable *tunable = pw_tunable_find(tunables, pw_slice_of(name));
    bool gone = tunable && tunable->instead;
    snprintf(room, PW_REASON_BYTES, "this kernel has no such %s%s%s", what, gone ? "; " : "",
             gone ? tunable->instead : "");
    return room;
}


static const char *missing_reason(const struct pw_setting *setting, char room[PW_REASON_BYTES]) {
    switch (setting->kind) {
    case PW_SETTING_SYSCTL:
        return missing_tunable_reason(pw_sysctl_tunables, "key", setting, room);
    case PW_SETTING_MM:
        return missing_tunable_reason(pw_mm_tunables, "setting", setting, room);
    case PW_SETTING_CGROUP:
        return "no such cgroup, or it has no such file";
    default:
        return "this kernel has no oom_score_adj";
    }
}


const char *pw_setting_reason(const struct pw_setting *setting, int error,
                              char room[PW_REASON_BYTES]) {
    if (setting->kind == PW_SETTING_SWAP) {
        return pw_swap_setting_reason(error);
    }
    switch (error) {
    case EACCES:
    case EPERM:
        return denied_reason(setting);
    case ENOENT:
        return missing_reason(setting, room);
    case ESRCH:
        return "the process has ended";
    case EBUSY:
        return "it cannot be changed while it is in use";
    case ENODEV:
        return setting->kind == PW_SETTING_CGROUP ? "the cgroup was removed" : strerror(error);
    case EREMOTEIO:
        return "systemd manages this cgroup, and did not take it; try systemctl set-property";
    case ETIMEDOUT:
        return "systemd manages this cgroup, and did not answer";
    case EROFS:
        return "read-only here; a container or a service's ProtectKernelTunables= makes it so";
    case EINVAL:
        return "the kernel does not take this value";
    case E2BIG:
        return "its text is not that of a setting";
    default:
        return strerror(error);
    }
}
