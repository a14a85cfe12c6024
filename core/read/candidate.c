/* SPDX-License-Identifier: MIT */
#include "read/candidate.h"

#include <string.h>
#include <unistd.h>

#include "read/directory.h"
#include "read/keyed.h"
#include "read/single.h"

/* include/uapi/linux/capability.h */
#define CAP_SYS_RAWIO 17
#define CAP_SYS_ADMIN 21
#define CAP_SYS_RESOURCE 24

/* include/uapi/linux/oom.h */
#define OOM_SCORE_ADJ_MIN (-1000)
#define OOM_DISABLE (-17)

/* As many threads of a dead leader are tried. */
#define THREADS_TRIED 16

/* Room for "task/TID/status" or "proc/PID/task". */
#define PATH_BYTES 48


const char *pw_spared_name(enum pw_spared spared) {
    static const char *const names[] = {
        [PW_SPARED_INIT] = "init",     [PW_SPARED_KERNEL_THREAD] = "kernel thread",
        [PW_SPARED_ADJ] = "adj",       [PW_SPARED_EMPTY] = "no memory",
        [PW_SPARED_KERNEL] = "kernel",
    };
    return names[spared];
}


static int64_t pages_of(struct pw_slice value, int64_t page_size_bytes) {
    struct pw_number number;
    return pw_parse_value(value, &number) && number.value > 0 ? number.value / page_size_bytes : 0;
}


static void take_capabilities(struct pw_slice value, struct pw_candidate *candidate) {
    uint64_t mask;
    if (pw_parse_hexadecimal(value, &mask)) {
        candidate->rated.admin = mask >> CAP_SYS_ADMIN & 1;
        candidate->sized.admin = candidate->rated.admin || mask >> CAP_SYS_RESOURCE & 1;
        candidate->sized.raw_io = mask >> CAP_SYS_RAWIO & 1;
    }
}


void pw_parse_candidate_status(struct pw_slice text, int64_t page_size_bytes,
                               struct pw_candidate *candidate) {
    struct pw_rated *rated = &candidate->rated;
    struct pw_slice line, key;
    rated->page_table_pages = 0;
    while (pw_take_line(&text, &line)) {
        if (!pw_take_until(&line, ':', &key)) {
            continue;
        }
        struct pw_slice value = pw_slice_trim(line);
        if (pw_slice_is(key, "VmRSS")) {
            rated->rss_pages = pages_of(value, page_size_bytes);
        } else if (pw_slice_is(key, "VmSwap")) {
            rated->swap_pages = pages_of(value, page_size_bytes);
        } else if (pw_slice_is(key, "VmPTE") || pw_slice_is(key, "VmPMD")) {
            int64_t pages = pages_of(value, page_size_bytes); /* VmPMD apart from 4.0 to 4.14 */
            rated->page_table_pages = pw_add_saturating(rated->page_table_pages, pages);
        } else if (pw_slice_is(key, "CapEff")) {
            take_capabilities(value, candidate);
        }
    }
}


/* One process, while its directory is open. */
struct look {
    const struct pw_source *source;
    struct pw_identity process;
    int fd;
    struct pw_buffer *buffer;
};


static bool read_number(const struct look *look, const char *name, int64_t *value) {
    struct pw_number number;
    struct pw_flaws flaws = {0};
    bool read =
        pw_process_read_at(look->source, &look->process, look->fd, name, look->buffer) == 0 &&
        pw_parse_single(pw_buffer_text(look->buffer), &number, &flaws);
    if (read) {
        *value = number.value;
    }
    return read;
}


static bool read_status(const struct look *look, const char *name, struct pw_candidate *candidate) {
    if (pw_process_read_at(look->source, &look->process, look->fd, name, look->buffer)) {
        return false;
    }
    pw_parse_candidate_status(pw_buffer_text(look->buffer), look->source->page_size_bytes,
                              candidate);
    return true;
}


/* The first threads besides the leader. */
static int list_threads(const struct look *look, int64_t threads[THREADS_TRIED]) {
    char path[PATH_BYTES];
    struct pw_number id;
    int count = 0;
    strcpy(pw_append_number(stpcpy(path, "proc/"), look->process.pid), "/task");
    if (pw_directory_read(look->source, path, look->buffer)) {
        return 0;
    }
    struct pw_slice names = pw_buffer_text(look->buffer), name;
    while (count < THREADS_TRIED && pw_take_name(&names, &name)) {
        if (pw_parse_number(name, &id) && id.value != look->process.pid) {
            threads[count++] = id.value;
        }
    }
    return count;
}


/* The memory of a process whose leader has ended: any thread that still has it will do. */
static void read_threads(const struct look *look, struct pw_candidate *candidate) {
    int64_t threads[THREADS_TRIED];
    int count = list_threads(look, threads);
    for (int i = 0; i < count && candidate->rated.rss_pages == 0; i++) {
        char path[PATH_BYTES];
        strcpy(pw_append_number(stpcpy(path, "task/"), threads[i]), "/status");
        read_status(look, path, candidate);
    }
}


static void read_adj(const struct look *look, struct pw_candidate *candidate) {
    candidate->has_adj = read_number(look, "oom_score_adj", &candidate->rated.oom_score_adj);
    if (!candidate->has_adj && read_number(look, "oom_adj", &candidate->sized.oom_adj)) {
        candidate->rated.oom_score_adj = pw_adj_of_oom_adj(candidate->sized.oom_adj);
    }
}


/* In dry run the kernel does not know of the adj that a process would have. */
static void read_score(const struct look *look, struct pw_candidate *candidate) {
    struct pw_slice text;
    if (!pw_process_overlaid(look->source, &look->process, "oom_score_adj", &text)) {
        read_number(look, "oom_score", &candidate->oom_score);
    }
}


/* The machine's init has no score; the first process of a container has one, and may be killed. */
static bool is_init(const struct look *look, const struct pw_candidate *candidate) {
    return look->process.pid == 1 && candidate->oom_score <= 0;
}


static enum pw_spared judge(const struct look *look, const struct pw_candidate *candidate) {
    if (is_init(look, candidate)) {
        return PW_SPARED_INIT;
    }
    if (candidate->rated.oom_score_adj <= OOM_SCORE_ADJ_MIN) {
        return PW_SPARED_ADJ;
    }
    return candidate->rated.rss_pages + candidate->rated.swap_pages == 0 ? PW_SPARED_EMPTY
                                                                         : PW_NOT_SPARED;
}


static void take_stat(const struct look *look, const struct pw_stat *stat,
                      struct pw_candidate *candidate) {
    candidate->parent_pid = stat->ppid;
    candidate->start_ticks = stat->starttime_ticks;
    candidate->rated.rss_pages = stat->rss_pages > 0 ? stat->rss_pages : 0;
    candidate->sized.total_vm_pages = stat->vsize_bytes / look->source->page_size_bytes;
    candidate->sized.nice = stat->nice > 0;
    candidate->sized.cpu_seconds = pw_add_saturating(stat->utime_ticks, stat->stime_ticks) /
                                   look->source->clock_ticks_per_second;
}


int pw_read_candidate(const struct pw_source *source, const struct pw_identity *identity,
                      struct pw_buffer *buffer, struct pw_candidate *candidate) {
    struct pw_stat stat;
    struct pw_flaws flaws = {0};
    struct look look = {source, *identity, -1, buffer};
    *candidate = (struct pw_candidate){.oom_score = PW_ABSENT};
    look.fd = pw_process_open(source, identity, buffer, &stat, &flaws);
    if (look.fd < 0) {
        return look.fd;
    }
    look.process.start_ticks = stat.starttime_ticks;
    take_stat(&look, &stat, candidate);
    if (stat.flags & PW_STAT_KERNEL_THREAD) {
        candidate->spared = PW_SPARED_KERNEL_THREAD;
        close(look.fd);
        return 0;
    }
    int64_t rss_pages = candidate->rated.rss_pages;
    read_status(&look, "status", candidate);
    if (rss_pages > 0) {
        candidate->rated.rss_pages = rss_pages; /* since 6.16 status has another sum of it */
    } else if (stat.num_threads > 1) {
        read_threads(&look, candidate);
    }
    read_adj(&look, candidate);
    read_score(&look, candidate);
    candidate->spared = judge(&look, candidate);
    close(look.fd);
    return 0;
}
