/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/control.h"

#define LONG_REPLY_BYTES ((size_t)4 << 20)

struct fixture {
    char folder[32];
    char path[64];
    struct pw_loop loop;
    struct pw_control control;
    char *long_reply;
};


/* Echoes; "long" gets a reply longer than a socket takes at once, "nothing" none. */
static void echo(struct pw_control *control, const struct pw_control_request *request,
                 void *context) {
    struct fixture *fixture = context;
    char line[64];
    if (request->bytes == 4 && memcmp(request->line, "long", 4) == 0) {
        pw_control_reply(control, fixture->long_reply, LONG_REPLY_BYTES);
    } else if (request->bytes != 7 || memcmp(request->line, "nothing", 7) != 0) {
        int bytes = snprintf(line, sizeof line, "%.*s %d", (int)request->bytes, request->line,
                             request->uid == geteuid() && request->pid == getpid());
        pw_control_reply(control, line, (size_t)bytes);
    }
}


static int open_control(void **state) {
    static struct fixture fixture = {.control = {.action = echo, .context = &fixture}};
    strcpy(fixture.folder, "/tmp/pagewarden-XXXXXX");
    assert_non_null(mkdtemp(fixture.folder));
    snprintf(fixture.path, sizeof fixture.path, "%s/control", fixture.folder);
    fixture.long_reply = malloc(LONG_REPLY_BYTES);
    assert_non_null(fixture.long_reply);
    memset(fixture.long_reply, 'x', LONG_REPLY_BYTES);
    assert_int_equal(pw_loop_open(&fixture.loop), 0);
    assert_int_equal(pw_control_open(&fixture.control, &fixture.loop, fixture.path), 0);
    *state = &fixture;
    return 0;
}


static int close_control(void **state) {
    struct fixture *fixture = *state;
    pw_control_close(&fixture->control);
    pw_control_close(&fixture->control);
    pw_loop_close(&fixture->loop);
    free(fixture->long_reply);
    unlink(fixture->path);
    return rmdir(fixture->folder);
}


static int connect_to(const struct fixture *fixture) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, fixture->path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}


static void say(int fd, const char *text) {
    assert_int_equal(send(fd, text, strlen(text), 0), strlen(text));
}


static void dispatch(struct fixture *fixture) {
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pw_loop_dispatch(&fixture->loop), 0);
    }
}


/* What has come, as a string; "" when nothing has. NULL at the end of the connection. */
static const char *hear(int fd) {
    static char heard[256];
    ssize_t count = recv(fd, heard, sizeof heard - 1, MSG_DONTWAIT);
    if (count == 0 || (count < 0 && errno == ECONNRESET)) {
        return NULL;
    }
    heard[count > 0 ? count : 0] = 0;
    return heard;
}


static void each_line_gets_its_reply_and_the_kernel_says_who_asks(void **state) {
    struct fixture *fixture = *state;
    int fd = connect_to(fixture);
    say(fd, "one\ntwo\nthr");
    dispatch(fixture);
    assert_string_equal(hear(fd), "one 1\ntwo 1\n");
    say(fd, "ee\n");
    dispatch(fixture);
    assert_string_equal(hear(fd), "three 1\n");
    close(fd);
    dispatch(fixture);
}


static void a_request_without_an_answer_ends_its_connection(void **state) {
    struct fixture *fixture = *state;
    int fd = connect_to(fixture);
    say(fd, "nothing\n");
    dispatch(fixture);
    assert_null(hear(fd));
    close(fd);
}


static void a_request_that_never_ends_ends_its_connection(void **state) {
    struct fixture *fixture = *state;
    char line[PW_CONTROL_REQUEST_BYTES];
    memset(line, 'x', sizeof line);
    int fd = connect_to(fixture);
    assert_int_equal(send(fd, line, sizeof line, 0), sizeof line);
    dispatch(fixture);
    assert_null(hear(fd));
    close(fd);
}


/* Reads whole what is to come, while the loop runs. */
static size_t drain(struct fixture *fixture, int fd, char *last) {
    static char bytes[1 << 16];
    size_t total = 0;
    for (int i = 0; i < 10000; i++) {
        ssize_t count = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (count > 0) {
            total += (size_t)count;
            *last = bytes[count - 1];
        }
        assert_int_equal(pw_loop_dispatch(&fixture->loop), 0);
    }
    return total;
}


static void who_does_not_read_a_reply_keeps_nobody_waiting(void **state) {
    struct fixture *fixture = *state;
    char last = 0;
    int slow = connect_to(fixture);
    int other = connect_to(fixture);
    say(slow, "long\nnext\n");
    dispatch(fixture);
    say(other, "now\n");
    dispatch(fixture);
    assert_string_equal(hear(other), "now 1\n");
    assert_int_equal(drain(fixture, slow, &last), LONG_REPLY_BYTES + 1 + strlen("next 1\n"));
    assert_int_equal(last, '\n');
    close(slow);
    close(other);
    dispatch(fixture);
}


static void one_connection_too_many_ends_the_oldest(void **state) {
    struct fixture *fixture = *state;
    int fds[PW_CONTROL_CONNECTIONS + 1];
    for (int i = 0; i <= PW_CONTROL_CONNECTIONS; i++) {
        fds[i] = connect_to(fixture);
        dispatch(fixture);
    }
    assert_null(hear(fds[0]));
    say(fds[1], "second\n");
    say(fds[PW_CONTROL_CONNECTIONS], "last\n");
    dispatch(fixture);
    assert_string_equal(hear(fds[1]), "second 1\n");
    assert_string_equal(hear(fds[PW_CONTROL_CONNECTIONS]), "last 1\n");
    for (int i = 0; i <= PW_CONTROL_CONNECTIONS; i++) {
        close(fds[i]);
    }
    dispatch(fixture);
}


static void everybody_may_connect_whatever_the_umask(void **state) {
    const struct fixture *fixture = *state;
    struct stat status;
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0666);
}


static void a_dead_socket_is_replaced_and_a_file_is_not(void **state) {
    struct fixture *fixture = *state;
    static struct pw_control second = {.action = echo};
    char path[128];
    pw_control_close(&fixture->control);
    assert_int_equal(pw_control_open(&second, &fixture->loop, fixture->path), 0);
    pw_control_close(&second);
    snprintf(path, sizeof path, "%s/file", fixture->folder);
    fclose(fopen(path, "w"));
    assert_int_equal(pw_control_open(&second, &fixture->loop, path), -EADDRINUSE);
    unlink(path);
}


static void a_path_that_no_socket_can_have_is_refused(void **state) {
    struct fixture *fixture = *state;
    static struct pw_control second = {.action = echo};
    char path[109];
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = 0;
    assert_int_equal(pw_control_open(&second, &fixture->loop, path), -ENAMETOOLONG);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, open_control, close_control)


int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(each_line_gets_its_reply_and_the_kernel_says_who_asks),
        TEST(a_request_without_an_answer_ends_its_connection),
        TEST(a_request_that_never_ends_ends_its_connection),
        TEST(who_does_not_read_a_reply_keeps_nobody_waiting),
        TEST(one_connection_too_many_ends_the_oldest),
        TEST(everybody_may_connect_whatever_the_umask),
        TEST(a_dead_socket_is_replaced_and_a_file_is_not),
        TEST(a_path_that_no_socket_can_have_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
