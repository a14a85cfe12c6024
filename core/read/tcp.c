/* SPDX-License-Identifier: MIT */
#include "read/tcp.h"

/* include/net/tcp_states.h */
#define TCP_LISTEN 10

/* Words from the state to the inode: queues, timer, retransmissions, uid, timeout. */
#define WORDS_BEFORE_INODE 5


/* "0100007F:0016", the address in as many digits as it has. */
static bool parse_port(struct pw_slice word, int64_t *port) {
    struct pw_slice address;
    uint64_t number;
    if (!pw_take_until(&word, ':', &address) || word.size != 4 ||
        !pw_parse_hexadecimal(word, &number)) {
        return false;
    }
    *port = (int64_t)number;
    return true;
}


static bool parse_socket(struct pw_slice line, struct pw_tcp_socket *socket) {
    struct pw_slice number, local, remote, state, word;
    uint64_t code;
    struct pw_number inode;
    if (!pw_take_word(&line, &number) || !pw_take_word(&line, &local) ||
        !pw_take_word(&line, &remote) || !pw_take_word(&line, &state) ||
        !parse_port(local, &socket->port) || !pw_parse_hexadecimal(state, &code)) {
        return false;
    }
    for (int i = 0; i < WORDS_BEFORE_INODE; i++) {
        pw_take_word(&line, &word);
    }
    if (!pw_take_word(&line, &word) || !pw_parse_number(word, &inode) || inode.value < 0) {
        return false;
    }
    socket->listens = code == TCP_LISTEN;
    socket->inode = inode.value;
    return true;
}


bool pw_next_tcp_socket(struct pw_slice *rest, struct pw_tcp_socket *socket,
                        struct pw_flaws *flaws) {
    struct pw_slice line;
    while (pw_take_line(rest, &line)) {
        if (parse_socket(line, socket)) {
            return true;
        }
        flaws->skipped += !pw_slice_starts(pw_slice_trim(line), "sl");
    }
    return false;
}
