/* SPDX-License-Identifier: MIT */
#include "check.h"
#include "read/tcp.h"

static struct pw_flaws flaws;


static int forget_flaws(void **state) {
    (void)state;
    flaws = (struct pw_flaws){0};
    return 0;
}


static void a_listening_socket_of_ipv4(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  "
        "timeout inode                                                     \n"
        "   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 00:00000000 00000000   111        "
        "0 15236 1 0000000000000000 100 0 0 10 0                     \n"
        "   1: 0100007F:1538 0100007F:A2C4 01 00000000:00000000 00:00000000 00000000   111        "
        "0 15999 1 0000000000000000 20 4 30 10 -1                    \n");
    struct pw_tcp_socket socket;
    assert_true(pw_next_tcp_socket(&rest, &socket, &flaws));
    assert_int_equal(socket.port, 5432);
    assert_true(socket.listens);
    assert_int_equal(socket.inode, 15236);
    assert_true(pw_next_tcp_socket(&rest, &socket, &flaws));
    assert_false(socket.listens);
    assert_false(pw_next_tcp_socket(&rest, &socket, &flaws));
    assert_int_equal(flaws.skipped, 0);
}


static void a_listening_socket_of_ipv6(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of(
        "   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A "
        "00000000:00000000 00:00000000 00000000     0        0 904 1 0000000000000000 100 0 0 10 "
        "0\n");
    struct pw_tcp_socket socket;
    assert_true(pw_next_tcp_socket(&rest, &socket, &flaws));
    assert_int_equal(socket.port, 22);
    assert_true(socket.listens);
    assert_int_equal(socket.inode, 904);
}


static void lines_of_another_shape_are_skipped(void **state) {
    (void)state;
    struct pw_slice rest = pw_slice_of("\n   0: 0100007F 00000000:0000 0A 0:0 0:0 0 0 0 1\n"
                                       "   0: 0100007F:00160 00000000:0000 0A 0:0 0:0 0 0 0 1\n"
                                       "   0: 0100007F:0016 00000000:0000 0A 0:0 0:0 0 0\n"
                                       "   0: 0100007F:0016 00000000:0000 0A 0:0 0:0 0 0 0 one\n");
    struct pw_tcp_socket socket;
    assert_false(pw_next_tcp_socket(&rest, &socket, &flaws));
    assert_int_equal(flaws.skipped, 5);
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_listening_socket_of_ipv4, forget_flaws),
        cmocka_unit_test_setup(a_listening_socket_of_ipv6, forget_flaws),
        cmocka_unit_test_setup(lines_of_another_shape_are_skipped, forget_flaws),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
