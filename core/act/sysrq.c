/* SPDX-License-Identifier: MIT */
#include "act/sysrq.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "act/file.h"

/* include/linux/sysrq.h, SYSRQ_ENABLE_*. */
enum {
    LOG = 0x02,
    KEYBOARD = 0x04,
    DUMP = 0x08,
    SYNC = 0x10,
    REMOUNT = 0x20,
    SIGNAL = 0x40,
    BOOT = 0x80,
    NICE = 0x100,
};

const struct pw_sysrq_group pw_sysrq_groups[] = {
    {"loglevel", LOG}, {"keyboard", KEYBOARD}, {"dump", DUMP},
    {"sync", SYNC},    {"remount", REMOUNT},   {"signal", SIGNAL},
    {"boot", BOOT},    {"nice", NICE},         {NULL, 0},
};

static const char console[] = "it is for who sits at the console";

static const struct pw_sysrq_letter letters[] = {
    {'b', "reboot", "restart at once", BOOT, "it restarts without writing anything to disk"},
    {'c', "crash", "crash the kernel", DUMP, "it crashes the kernel"},
    {'d', "show-all-locks", "log the locks held", 0, "it holds up a large machine for minutes"},
    {'e', "terminate-all-tasks", "SIGTERM to all but init", SIGNAL, "it ends every process"},
    {'f', "memory-full-oom-kill", "kill the process that the OOM killer would", SIGNAL, NULL},
    {'h', "help", "log the letters there are", 0, NULL},
    {'i', "kill-all-tasks", "SIGKILL to all but init", SIGNAL, "it kills every process"},
    {'j', "thaw-filesystems", "thaw frozen file systems", SIGNAL, "a snapshot may be under way"},
    {'k', "sak", "kill all on the console", KEYBOARD, console},
    {'l', "show-backtrace-all-active-cpus", "log what each CPU does", DUMP, NULL},
    {'m', "show-memory-usage", "log the memory's state", DUMP, NULL},
    {'n', "nice-all-RT-tasks", "make real-time tasks ordinary ones", NICE, "nothing undoes it"},
    {'o', "poweroff", "power off at once", BOOT, "it powers off without writing anything to disk"},
    {'p', "show-registers", "log registers and performance counters", DUMP, NULL},
    {'q', "show-all-timers", "log the timers", 0, NULL},
    {'r', "unraw", "take the keyboard from the display server", KEYBOARD, console},
    {'s', "sync", "write all that is dirty to disk", SYNC, NULL},
    {'t', "show-task-states", "log all tasks and their stacks", DUMP, NULL},
    {'u', "unmount", "make all file systems read-only", REMOUNT, "nothing can be written after it"},
    {'w', "show-blocked-tasks", "log the tasks that wait uninterruptibly", DUMP, NULL},
    {'z', "dump-ftrace-buffer", "log the trace buffers", DUMP, "it empties what a tracer collects"},
};

static const char offered[] = "fhlmpqstw";


const struct pw_sysrq_letter *pw_sysrq_letter(char letter) {
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        if (letters[i].letter == letter) {
            return &letters[i];
        }
    }
    return NULL;
}


const char *pw_sysrq_offered(void) {
    return offered;
}


bool pw_sysrq_keyboard_may(int64_t mask, int64_t group_bit) {
    return mask == 1 || (mask & group_bit) != 0;
}


int pw_sysrq_available(const struct pw_source *source) {
    if (source->root_fd < 0) {
        return source->root_fd;
    }
    if (faccessat(source->root_fd, PW_SYSRQ_TRIGGER, W_OK, AT_EACCESS) == 0) {
        return 0;
    }
    return errno == ENOENT ? -EOPNOTSUPP : -errno;
}


const char *pw_sysrq_reason(int error) {
    switch (error) {
    case EOPNOTSUPP:
        return "this kernel was built without CONFIG_MAGIC_SYSRQ";
    case EACCES:
    case EPERM:
        return "permission denied; needs root";
    case EROFS:
        return "/proc/sysrq-trigger is write-protected here, as in a container";
    default:
        return strerror(error);
    }
}


int pw_sysrq_press(const struct pw_source *source, char letter) {
    const struct pw_sysrq_letter *known = pw_sysrq_letter(letter);
    if (!known || known->never) {
        return -EINVAL;
    }
    int fd = pw_file_open(source, source->root_fd, PW_SYSRQ_TRIGGER, O_WRONLY);
    if (fd < 0) {
        return fd == -ENOENT ? -EOPNOTSUPP : fd;
    }
    ssize_t written = write(fd, &letter, 1);
    int error = written < 0 ? -errno : written == 1 ? 0 : -EIO;
    close(fd);
    return error;
}
