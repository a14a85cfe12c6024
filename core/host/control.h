/* SPDX-License-Identifier: MIT
 *
 * A control socket: a unix stream socket on which each line is a request that gets one line back.
 * It never blocks, and its memory is bounded: it has few connections, of which a new one replaces
 * the oldest; requests have a longest length; and a connection that does not read its reply is not
 * listened to either.
 */
#ifndef PAGEWARDEN_HOST_CONTROL_H
#define PAGEWARDEN_HOST_CONTROL_H

#include <stddef.h>
#include <sys/types.h>

#include "host/loop.h"

#define PW_CONTROL_CONNECTIONS 8
#define PW_CONTROL_REQUEST_BYTES 4096

struct pw_control;

/* A line without its end, and who sent it as the kernel knows them. */
struct pw_control_request {
    const char *line;
    size_t bytes;
    pid_t pid;
    uid_t uid;
};

/* Answers a request with pw_control_reply() before it returns; a request without an answer ends its
 * connection. It may close the socket. */
typedef void pw_control_action(struct pw_control *control, const struct pw_control_request *request,
                               void *context);

struct pw_control_connection {
    struct pw_control *control;
    int fd; /* negative: free */
    int slot;
    uint64_t turn; /* when it came: the smallest is the oldest */
    size_t received_bytes;
    char *reply; /* what could not be sent yet; NULL: nothing */
    size_t reply_bytes;
    char received[PW_CONTROL_REQUEST_BYTES];
};

/* The caller's to embed. It must not move while it is open. */
struct pw_control {
    pw_control_action *action;
    void *context;
    /* The rest is its own. */
    struct pw_loop *loop;
    int fd;
    int slot;
    uint64_t turns;
    struct pw_control_connection *answering;
    struct pw_control_connection connections[PW_CONTROL_CONNECTIONS];
};

/* Listens at `path`, where everybody may connect; who may do what is for the action to say. A
 * socket that is there already is replaced: whether anybody listens to it is the caller's business.
 * Returns 0 or -errno: ENAMETOOLONG for a path that no socket can have. */
int pw_control_open(struct pw_control *control, struct pw_loop *loop, const char *path);

/* Replies to the request that the action is called for. Returns 0, or -ENOMEM and the connection
 * then ends. */
int pw_control_reply(struct pw_control *control, const char *line, size_t bytes);

/* Ends all connections and stops listening. The path stays. Safe to call twice. */
void pw_control_close(struct pw_control *control);

#endif
