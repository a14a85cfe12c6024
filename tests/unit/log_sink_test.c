/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/log_sink.h"

#define LINE "a line of fifteen\n"
#define SMALL_QUEUE 256

static struct pw_loop loop;
static struct pw_log_sink sink;
static int ends[2];
static char text[1 << 20];


static int open_pipe(void **state) {
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    return pw_loop_open(&loop) || pipe2(ends, O_CLOEXEC);
}


static int close_pipe(void **state) {
    (void)state;
    pw_log_sink_close(&sink);
    pw_log_sink_close(&sink);
    pw_loop_close(&loop);
    close(ends[0]);
    close(ends[1]);
    return 0;
}


static void open_sink(enum pw_log_format format, size_t queue_bytes) {
    struct pw_log_target target = {
        .format = format, .fd = ends[1], .queue_bytes = queue_bytes, .loop = &loop};
    assert_int_equal(pw_log_sink_open(&sink, &target), 0);
}


static int write_line(const char *line) {
    return pw_log_sink_write(&sink, pw_slice_of(line));
}


/* Everything that is in the pipe. */
static const char *read_pipe(void) {
    size_t size = 0;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    ssize_t got;
    while ((got = read(ends[0], text + size, sizeof text - 1 - size)) > 0) {
        size += (size_t)got;
    }
    text[size] = 0;
    return text;
}


/* Until the sink drops one; returns how many were taken. */
static int write_until_dropped(void) {
    int taken = 0;
    while (write_line(LINE) == 0) {
        taken++;
    }
    return taken;
}


static int count(const char *haystack, const char *needle) {
    int found = 0;
    for (const char *at = haystack; (at = strstr(at, needle)); at += strlen(needle)) {
        found++;
    }
    return found;
}


static void a_line_is_written_at_once(void **state) {
    (void)state;
    open_sink(PW_LOG_TEXT, 0);
    assert_int_equal(write_line("one\n"), 0);
    assert_int_equal(write_line("two\n"), 0);
    assert_string_equal(read_pipe(), "one\ntwo\n");
}


static void the_descriptor_stays_as_it_was(void **state) {
    (void)state;
    open_sink(PW_LOG_TEXT, 0);
    write_until_dropped();
    assert_false(fcntl(ends[1], F_GETFL) & O_NONBLOCK);
}


static void a_reader_that_stops_reading_costs_events_and_is_told_how_many(void **state) {
    (void)state;
    open_sink(PW_LOG_TEXT, SMALL_QUEUE);
    int taken = write_until_dropped();
    for (int i = 0; i < 4; i++) {
        assert_int_equal(write_line(LINE), -ENOBUFS);
    }
    assert_int_equal(sink.dropped, 5);
    const char *piped = read_pipe();
    int seen = count(piped, LINE);
    assert_int_equal(write_line("after\n"), 0);
    piped = read_pipe();
    seen += count(piped, LINE);
    assert_int_equal(seen, taken);
    const char *notice = strstr(piped, " pagewarden: dropped: count=5\n");
    assert_non_null(notice);
    assert_true(strstr(piped, "after\n") > notice);
    assert_int_equal(write_line("later\n"), 0);
    assert_string_equal(read_pipe(), "later\n");
}


static void what_waits_goes_out_when_the_loop_finds_room(void **state) {
    (void)state;
    open_sink(PW_LOG_JSON, SMALL_QUEUE);
    int taken = write_until_dropped();
    assert_int_equal(pw_loop_dispatch(&loop), 0);
    int seen = count(read_pipe(), LINE);
    assert_true(seen < taken);
    assert_int_equal(pw_loop_dispatch(&loop), 0);
    const char *piped = read_pipe();
    assert_int_equal(seen + count(piped, LINE), taken);
    assert_non_null(
        strstr(piped, ",\"policy\":\"pagewarden\",\"event\":\"dropped\",\"count\":1}\n"));
    assert_int_equal(sink.slot, -1);
}


static void waiting_events_do_not_keep_the_loop_running(void **state) {
    (void)state;
    open_sink(PW_LOG_TEXT, 0);
    write_until_dropped();
    assert_int_equal(pw_loop_run(&loop), 0);
}


static void a_reader_that_is_gone_is_an_error_each_time(void **state) {
    (void)state;
    open_sink(PW_LOG_TEXT, 0);
    close(ends[0]);
    assert_int_equal(write_line(LINE), -EPIPE);
    assert_int_equal(write_line(LINE), -EPIPE);
    assert_int_equal(sink.dropped, 2);
}


static void a_line_too_long_for_the_queue_is_dropped_whole(void **state) {
    (void)state;
    char line[SMALL_QUEUE];
    open_sink(PW_LOG_TEXT, SMALL_QUEUE);
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = 0;
    assert_int_equal(write_line(line), -EMSGSIZE);
    assert_int_equal(write_line("on\n"), 0);
    assert_null(strchr(read_pipe(), 'x'));
}


static void finishing_waits_no_longer_than_it_is_told(void **state) {
    (void)state;
    open_sink(PW_LOG_TEXT, SMALL_QUEUE);
    int taken = write_until_dropped();
    assert_int_equal(pw_log_sink_finish(&sink, 1), -ETIMEDOUT);
    int seen = count(read_pipe(), LINE);
    assert_int_equal(pw_log_sink_finish(&sink, -1), 0);
    assert_int_equal(seen + count(read_pipe(), LINE), taken);
}


static void a_file_that_is_appended_to_stays_whole(void **state) {
    (void)state;
    char path[] = "/tmp/pagewarden-log-XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, "before\n", 7), 7);
    struct pw_log_target target = {.format = PW_LOG_TEXT, .fd = fd};
    assert_int_equal(pw_log_sink_open(&sink, &target), 0);
    assert_int_equal(write_line("after\n"), 0);
    assert_int_equal(pread(fd, text, sizeof text, 0), 13);
    assert_memory_equal(text, "before\nafter\n", 13);
    close(fd);
    unlink(path);
}


static void a_full_disk_is_said(void **state) {
    (void)state;
    int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    struct pw_log_target target = {.format = PW_LOG_TEXT, .fd = fd};
    assert_int_equal(pw_log_sink_open(&sink, &target), 0);
    assert_int_equal(write_line(LINE), -ENOSPC);
    close(fd);
}


/* journald, as far as a sink sees it. */
static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    unlink(path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}


static const char *receive(int fd) {
    ssize_t size = recv(fd, text, sizeof text - 1, 0);
    text[size < 0 ? 0 : size] = 0;
    return text;
}


static void journald_gets_a_datagram_an_event_and_the_count_of_those_it_missed(void **state) {
    (void)state;
    char path[] = "/tmp/pagewarden-journal-XXXXXX";
    close(mkstemp(path));
    int fd = listen_at(path);
    struct pw_log_target target = {
        .format = PW_LOG_JOURNAL, .socket = path, .queue_bytes = SMALL_QUEUE, .loop = &loop};
    assert_int_equal(pw_log_sink_open(&sink, &target), 0);
    int taken = write_until_dropped();
    for (int i = 0; i < taken; i++) {
        pw_loop_dispatch(&loop);
        assert_string_equal(receive(fd), LINE);
    }
    pw_loop_dispatch(&loop);
    assert_non_null(strstr(receive(fd), "PAGEWARDEN_EVENT=dropped\nPAGEWARDEN_COUNT=1\n"));
    close(fd);
    unlink(path);
}


static void journald_may_be_restarted(void **state) {
    (void)state;
    char path[] = "/tmp/pagewarden-journal-XXXXXX";
    close(mkstemp(path));
    int fd = listen_at(path);
    struct pw_log_target target = {.format = PW_LOG_JOURNAL, .socket = path, .loop = &loop};
    assert_int_equal(pw_log_sink_open(&sink, &target), 0);
    close(fd);
    assert_int_equal(write_line("lost"), -ECONNREFUSED);
    fd = listen_at(path);
    assert_int_equal(write_line("MESSAGE=back\n"), 0);
    assert_non_null(strstr(receive(fd), "PAGEWARDEN_COUNT=1\n"));
    assert_string_equal(receive(fd), "MESSAGE=back\n");
    close(fd);
    unlink(path);
}


static void no_journald_is_an_error(void **state) {
    (void)state;
    struct pw_log_target target = {.format = PW_LOG_JOURNAL, .socket = "/nonexistent/socket"};
    assert_int_equal(pw_log_sink_open(&sink, &target), -ENOENT);
    memset(text, 'x', 200);
    text[200] = 0;
    target.socket = text;
    assert_int_equal(pw_log_sink_open(&sink, &target), -ENAMETOOLONG);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pipe, close_pipe)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_line_is_written_at_once),
        TEST(the_descriptor_stays_as_it_was),
        TEST(a_reader_that_stops_reading_costs_events_and_is_told_how_many),
        TEST(what_waits_goes_out_when_the_loop_finds_room),
        TEST(waiting_events_do_not_keep_the_loop_running),
        TEST(a_reader_that_is_gone_is_an_error_each_time),
        TEST(a_line_too_long_for_the_queue_is_dropped_whole),
        TEST(finishing_waits_no_longer_than_it_is_told),
        TEST(a_file_that_is_appended_to_stays_whole),
        TEST(a_full_disk_is_said),
        TEST(journald_gets_a_datagram_an_event_and_the_count_of_those_it_missed),
        TEST(journald_may_be_restarted),
        TEST(no_journald_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
