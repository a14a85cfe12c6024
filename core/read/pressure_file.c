/* SPDX-License-Identifier: MIT */
#include "read/pressure_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>


/* The kernel wants the NUL: it puts one in place of the last byte written. Before 6.5 nobody
 * without CAP_SYS_RESOURCE could open the file for writing (psi_open(): EPERM). */
static int open_trigger(const struct pw_source *source, const struct pw_pressure_request *request,
                        int64_t window_us) {
    char text[64];
    int size = snprintf(text, sizeof text, "%s %lld %lld", request->full ? "full" : "some",
                        (long long)request->stall_us, (long long)window_us);
    int fd = openat(source->root_fd, request->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == EPERM ? -EACCES : -errno;
    }
    if (write(fd, text, (size_t)size + 1) < 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    return fd;
}


/* True when a window of the same file that anybody may ask for is granted. */
static bool is_window_privileged(const struct pw_source *source,
                                 const struct pw_pressure_request *request) {
    if (request->window_us % PW_PRESSURE_UNPRIVILEGED_WINDOW_US == 0) {
        return false;
    }
    int fd = open_trigger(source, request, PW_PRESSURE_MOST_WINDOW_US);
    if (fd >= 0) {
        close(fd);
    }
    return fd >= 0;
}


int pw_pressure_file_open(const struct pw_source *source,
                          const struct pw_pressure_request *request) {
    int fd = source->live ? open_trigger(source, request, request->window_us) : -EROFS;
    return fd == -EINVAL && is_window_privileged(source, request) ? -EPERM : fd;
}
