/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "read/tcp.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct pw_slice rest = fuzz_text(data, size);
    struct pw_tcp_socket socket;
    struct pw_flaws flaws = {0};
    while (pw_next_tcp_socket(&rest, &socket, &flaws)) {
        fuzz_demand(socket.port >= 0 && socket.port <= 65535 && socket.inode >= 0);
    }
    return 0;
}
