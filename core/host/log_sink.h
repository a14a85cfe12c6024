/* SPDX-License-Identifier: MIT
 *
 * Where events go: a stream (a terminal, pipe, socket or file) or journald's socket, without ever
 * waiting for whoever reads it. What cannot be written yet waits in a bounded queue; what has no
 * room there is dropped and counted, and once the queue is empty again an event says how many:
 *
 *   event "dropped" of the policy "pagewarden", with their `count`
 *
 * No memory is allocated once it is open.
 */
#ifndef PAGEWARDEN_HOST_LOG_SINK_H
#define PAGEWARDEN_HOST_LOG_SINK_H

#include "host/log_queue.h"
#include "host/loop.h"

/* How events are written, for the one that the sink itself has to say. */
enum pw_log_format {
    PW_LOG_TEXT,
    PW_LOG_JSON,
    PW_LOG_JOURNAL, /* one datagram an event: "FIELD=value" lines */
    PW_LOG_CSV,     /* the sink says nothing itself */
};

#define PW_LOG_QUEUE_BYTES ((size_t)64 << 10)

/* Where journald listens. */
#define PW_JOURNAL_SOCKET "/run/systemd/journal/socket"

/* Room for the name of a unix socket, with its NUL. */
#define PW_LOG_SOCKET_BYTES 108

/* Settings of a sink. */
struct pw_log_target {
    enum pw_log_format format;
    int fd;               /* of a stream; it stays its owner's */
    const char *socket;   /* for PW_LOG_JOURNAL */
    size_t queue_bytes;   /* 0: PW_LOG_QUEUE_BYTES */
    struct pw_loop *loop; /* tells when there is room again; NULL: each write finds out */
};

/* The caller's to embed. It must not move while it is open. */
struct pw_log_sink {
    enum pw_log_format format;
    struct pw_log_queue queue;
    struct pw_loop *loop;
    int slot; /* of its watcher; negative: none */
    int fd;
    char socket[PW_LOG_SOCKET_BYTES];
    bool owned; /* the descriptor is the sink's to close */
    bool is_socket;
    bool blocks;     /* a descriptor that could not be had in non-blocking mode */
    uint64_t unsaid; /* dropped, and not said yet */
    uint64_t dropped;
};

/* Opens a sink. Returns 0 or -errno, with nothing to close. */
int pw_log_sink_open(struct pw_log_sink *sink, const struct pw_log_target *target);

/* Writes a record, or lets it wait: 0. Otherwise it is lost, and counted: -ENOBUFS when there is no
 * room, -EMSGSIZE when it is longer than half the queue or than journald takes, or why the target
 * takes nothing: -EPIPE when nobody reads it any more, -ENOSPC, …. */
int pw_log_sink_write(struct pw_log_sink *sink, struct pw_slice record);

/* Waits until everything is written, at most so long; negative: without end. 0, -ETIMEDOUT with
 * records left, or why the target takes nothing. */
int pw_log_sink_finish(struct pw_log_sink *sink, int timeout_ms);

/* Gives everything back; records that wait are lost. Before the loop is closed. Safe to call
 * twice. */
void pw_log_sink_close(struct pw_log_sink *sink);

#endif
