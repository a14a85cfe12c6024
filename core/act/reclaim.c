/* SPDX-License-Identifier: MIT */
#include "act/reclaim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "act/file.h"


/* Opening anything but a folder may itself do something. Since Linux 5.8 syncfs(2) also says that
 * writing failed earlier. */
static void sync_one(const char *path, struct pw_job_news *news) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        pw_job_fail(news, errno, strerror(errno));
        return;
    }
    if (syncfs(fd)) {
        pw_job_fail(news, errno, strerror(errno));
    }
    close(fd);
}


void pw_sync_work(int speaker_fd, const void *arguments, struct pw_job_news *news) {
    const struct pw_sync_request *request = arguments;
    (void)speaker_fd;
    if (request->path) {
        sync_one(request->path, news);
    } else {
        sync();
    }
}


static const char *reason_of(int error) {
    switch (error) {
    case EACCES:
    case EPERM:
        return "permission denied; needs root";
    case ENOENT:
    case ENODEV:
        return "it has gone";
    default:
        return strerror(error);
    }
}


void pw_reclaim_do(const struct pw_source *source, const struct pw_reclaim_request *request,
                   struct pw_job_news *news) {
    if (request->sync_first) {
        sync();
    }
    int error = pw_file_write(source, source->root_fd, request->path, request->text);
    if (error == -EAGAIN && request->may_fall_short) {
        news->figures[PW_RECLAIM_SHORT] = 1;
    } else if (error) {
        bool is_explained = error == -EINVAL && request->invalid;
        pw_job_fail(news, -error, is_explained ? request->invalid : reason_of(-error));
    }
}


void pw_reclaim_work(int speaker_fd, const void *arguments, struct pw_job_news *news) {
    struct pw_source source;
    (void)speaker_fd;
    if (pw_job_open_machine(&source, news)) {
        pw_reclaim_do(&source, arguments, news);
        pw_source_close(&source);
    }
}
