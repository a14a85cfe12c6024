/* SPDX-License-Identifier: MIT
 *
 * /proc/net/tcp and /proc/net/tcp6: the TCP sockets of a network namespace. Pure.
 * Formats: net/ipv4/tcp_ipv4.c, tcp4_seq_show(); net/ipv6/tcp_ipv6.c, tcp6_seq_show().
 */
#ifndef PAGEWARDEN_READ_TCP_H
#define PAGEWARDEN_READ_TCP_H

#include "read/text.h"

struct pw_tcp_socket {
    int64_t port; /* the local one */
    bool listens;
    int64_t inode; /* "socket:[INODE]" in /proc/PID/fd; 0 when no process has it */
};

/* The next socket of either file. The heading is passed over, lines of any other shape are skipped
 * and counted; false at the end. */
bool pw_next_tcp_socket(struct pw_slice *rest, struct pw_tcp_socket *socket,
                        struct pw_flaws *flaws);

#endif
