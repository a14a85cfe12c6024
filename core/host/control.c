/* SPDX-License-Identifier: MIT */
#include "host/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Connections that wait to be accepted. */
#define BACKLOG 8


static void stop_waiting(struct pw_control_connection *connection) {
    if (connection->slot >= 0) {
        pw_loop_unwatch(connection->control->loop, connection->slot);
    }
    connection->slot = -1;
}


static void end_connection(struct pw_control_connection *connection) {
    if (connection->fd < 0) {
        return;
    }
    stop_waiting(connection);
    close(connection->fd);
    free(connection->reply);
    connection->fd = -1;
    connection->reply = NULL;
}


/* Waits for more of the request, or for room for the reply. Without that the connection ends. */
static void wait_for(struct pw_control_connection *connection, pw_watch_action *action,
                     uint32_t events) {
    stop_waiting(connection);
    struct pw_watcher watcher = {
        .action = action,
        .context = connection,
        .fd = connection->fd,
        .rank = PW_RANK_CONTROL,
        .background = true,
    };
    connection->slot = pw_loop_watch(connection->control->loop, &watcher, events);
    if (connection->slot < 0) {
        end_connection(connection);
    }
}


/* How many of the bytes could be sent now, or -1 when nobody is there to take them. */
static ssize_t send_some(int fd, const char *bytes, size_t count) {
    size_t sent = 0;
    while (sent < count) {
        ssize_t more = send(fd, bytes + sent, count - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (more < 0 && errno == EINTR) {
            continue;
        } else if (more < 0) {
            return errno == EAGAIN ? (ssize_t)sent : -1;
        }
        sent += (size_t)more;
    }
    return (ssize_t)sent;
}


static bool answer(struct pw_control_connection *connection, const char *line, size_t bytes) {
    struct pw_control *control = connection->control;
    struct ucred peer;
    socklen_t size = sizeof peer;
    if (getsockopt(connection->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size)) {
        return false;
    }
    struct pw_control_request request = {
        .line = line, .bytes = bytes, .pid = peer.pid, .uid = peer.uid};
    control->answering = connection;
    control->action(control, &request, control->context);
    bool answered = !control->answering;
    control->answering = NULL;
    return answered;
}


/* Answers the requests that are there whole, as long as the replies can be sent. */
static void answer_all(struct pw_control_connection *connection) {
    size_t start = 0;
    char *end = NULL;
    while (connection->fd >= 0 && !connection->reply &&
           (end = memchr(connection->received + start, '\n', connection->received_bytes - start))) {
        const char *line = connection->received + start;
        start = (size_t)(end - connection->received) + 1;
        if (!answer(connection, line, (size_t)(end - line))) {
            end_connection(connection);
        }
    }
    connection->received_bytes -= start;
    memmove(connection->received, connection->received + start, connection->received_bytes);
    bool is_full = connection->received_bytes == sizeof connection->received;
    if (connection->fd >= 0 && !connection->reply && is_full) {
        end_connection(connection);
    }
}


static void receive(struct pw_loop *loop, int fd, uint32_t events, void *context) {
    (void)loop;
    (void)events;
    struct pw_control_connection *connection = context;
    ssize_t count = recv(fd, connection->received + connection->received_bytes,
                         sizeof connection->received - connection->received_bytes, MSG_DONTWAIT);
    if (count > 0) {
        connection->received_bytes += (size_t)count;
        answer_all(connection);
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
        end_connection(connection);
    }
}


/* When the reply is out, what was asked meanwhile has its turn. */
static void send_rest(struct pw_loop *loop, int fd, uint32_t events, void *context) {
    (void)loop;
    (void)events;
    struct pw_control_connection *connection = context;
    ssize_t sent = send_some(fd, connection->reply, connection->reply_bytes);
    if (sent < 0) {
        end_connection(connection);
        return;
    }
    connection->reply_bytes -= (size_t)sent;
    memmove(connection->reply, connection->reply + sent, connection->reply_bytes);
    if (connection->reply_bytes == 0) {
        free(connection->reply);
        connection->reply = NULL;
        wait_for(connection, receive, EPOLLIN);
        if (connection->fd >= 0) {
            answer_all(connection);
        }
    }
}


/* Keeps what could not be sent until there is room for it. */
static int keep_rest(struct pw_control_connection *connection, char *reply, size_t bytes,
                     size_t sent) {
    memmove(reply, reply + sent, bytes - sent);
    connection->reply = reply;
    connection->reply_bytes = bytes - sent;
    wait_for(connection, send_rest, EPOLLOUT);
    return 0;
}


int pw_control_reply(struct pw_control *control, const char *line, size_t bytes) {
    struct pw_control_connection *connection = control->answering;
    char *reply = malloc(bytes + 1);
    if (!reply) {
        return -ENOMEM;
    }
    control->answering = NULL;
    memcpy(reply, line, bytes);
    reply[bytes] = '\n';
    ssize_t sent = send_some(connection->fd, reply, bytes + 1);
    if (sent >= 0 && (size_t)sent <= bytes) {
        return keep_rest(connection, reply, bytes + 1, (size_t)sent);
    }
    free(reply);
    return 0;
}


/* A free place, or that of the oldest connection. */
static struct pw_control_connection *make_room(struct pw_control *control) {
    struct pw_control_connection *oldest = &control->connections[0];
    for (int i = 0; i < PW_CONTROL_CONNECTIONS; i++) {
        struct pw_control_connection *connection = &control->connections[i];
        if (connection->fd < 0) {
            return connection;
        }
        oldest = connection->turn < oldest->turn ? connection : oldest;
    }
    end_connection(oldest);
    return oldest;
}


static void take_connections(struct pw_loop *loop, int fd, uint32_t events, void *context) {
    (void)loop;
    (void)events;
    struct pw_control *control = context;
    int accepted;
    while ((accepted = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
        struct pw_control_connection *connection = make_room(control);
        connection->fd = accepted;
        connection->turn = ++control->turns;
        connection->received_bytes = 0;
        wait_for(connection, receive, EPOLLIN);
    }
}


static bool is_socket(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 && S_ISSOCK(status.st_mode);
}


/* Everybody may connect, whatever the umask says. */
static int bind_to(int fd, const struct sockaddr_un *address) {
    if (is_socket(address->sun_path)) {
        unlink(address->sun_path);
    }
    if (bind(fd, (const struct sockaddr *)address, sizeof *address) ||
        chmod(address->sun_path, 0666) || listen(fd, BACKLOG)) {
        return -errno;
    }
    return 0;
}


/* Edges only: a connection that cannot be accepted, for want of descriptors, is not to keep the
 * loop busy. */
static int watch_socket(struct pw_control *control) {
    struct pw_watcher watcher = {
        .action = take_connections,
        .context = control,
        .fd = control->fd,
        .rank = PW_RANK_CONTROL,
    };
    control->slot = pw_loop_watch(control->loop, &watcher, EPOLLIN | EPOLLET);
    return control->slot < 0 ? control->slot : 0;
}


static int listen_at(struct pw_control *control, const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        return -ENAMETOOLONG;
    }
    strcpy(address.sun_path, path);
    control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (control->fd < 0) {
        return -errno;
    }
    int error = bind_to(control->fd, &address);
    return error ? error : watch_socket(control);
}


int pw_control_open(struct pw_control *control, struct pw_loop *loop, const char *path) {
    control->loop = loop;
    control->fd = -1;
    control->slot = -1;
    control->turns = 0;
    control->answering = NULL;
    for (int i = 0; i < PW_CONTROL_CONNECTIONS; i++) {
        control->connections[i].control = control;
        control->connections[i].fd = -1;
        control->connections[i].slot = -1;
        control->connections[i].reply = NULL;
    }
    int error = listen_at(control, path);
    if (error) {
        pw_control_close(control);
    }
    return error;
}


void pw_control_close(struct pw_control *control) {
    if (control->fd < 0) {
        return;
    }
    for (int i = 0; i < PW_CONTROL_CONNECTIONS; i++) {
        end_connection(&control->connections[i]);
    }
    if (control->slot >= 0) {
        pw_loop_unwatch(control->loop, control->slot);
    }
    close(control->fd);
    control->fd = -1;
    control->slot = -1;
}
