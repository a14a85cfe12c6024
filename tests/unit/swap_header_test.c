/* SPDX-License-Identifier: MIT */
#include <byteswap.h>
#include <string.h>

#include "check.h"
#include "read/swap_header.h"

/* As far as mkswap(8) writes it for 1 MiB on a machine of 4 KiB pages. */
static char start[PW_SWAP_HEADER_BYTES];
static struct pw_swap_header header;


static void put_number(size_t offset, uint32_t number) {
    memcpy(start + offset, &number, sizeof number);
}


static void put_magic(size_t page_size_bytes, const char *magic) {
    memcpy(start + page_size_bytes - 10, magic, strlen(magic));
}


static int make_area(void **state) {
    (void)state;
    memset(start, 0, sizeof start);
    put_number(1024, 1);
    put_number(1028, 255);
    memcpy(start + 1036, "\xc1\xb9\xd5\xa2\xf1\x62\x11\xcf\x9e\xce\x00\x20\xaf\xc7\x6f\x16", 16);
    memcpy(start + 1052, "spare", 5);
    put_magic(4096, "SWAPSPACE2");
    return 0;
}


static void read_area(void) {
    header = pw_swap_header_read((struct pw_slice){start, sizeof start});
}


static const char *problem_of(int64_t size_bytes, bool regular) {
    read_area();
    return pw_swap_header_problem(&header, 4096, size_bytes, regular);
}


static void an_area_is_read(void **state) {
    (void)state;
    char text[PW_UUID_TEXT_BYTES];
    assert_null(problem_of(1 << 20, true));
    assert_int_equal(header.signature, PW_SWAP_NEW);
    assert_int_equal(header.page_size_bytes, 4096);
    assert_int_equal(header.last_page, 255);
    assert_string_equal(header.label, "spare");
    pw_uuid_format(&header.uuid, text);
    assert_string_equal(text, "c1b9d5a2-f162-11cf-9ece-0020afc76f16");
}


static void a_label_may_fill_its_room(void **state) {
    (void)state;
    memcpy(start + 1052, "sixteen letters.", 16);
    read_area();
    assert_string_equal(header.label, "sixteen letters.");
}


static void another_byte_order_is_understood(void **state) {
    (void)state;
    put_number(1024, bswap_32(1));
    put_number(1028, bswap_32(255));
    assert_null(problem_of(1 << 20, true));
    assert_true(header.swapped);
    assert_int_equal(header.last_page, 255);
}


static void another_page_size_is_named(void **state) {
    (void)state;
    for (size_t page = 8192; page <= sizeof start; page *= 2) {
        memset(start + 4086, 0, sizeof start - 4086);
        put_magic(page, "SWAPSPACE2");
        assert_string_equal(problem_of(1 << 20, true),
                            "it is a swap area for another page size than this kernel's");
        assert_int_equal(header.page_size_bytes, page);
    }
}


static void the_memory_of_a_sleeping_system_is_no_swap(void **state) {
    (void)state;
    put_magic(4096, "S1SUSPEND");
    assert_string_equal(problem_of(1 << 20, true),
                        "it holds the memory of a system that hibernates");
    put_magic(4096, "\xed\xc3\x02\xe9\x98\x56\xe5\x0c");
    read_area();
    assert_int_equal(header.signature, PW_SWAP_HIBERNATED);
}


static void an_old_area_and_no_area_are_told_apart(void **state) {
    (void)state;
    put_magic(4096, "SWAP-SPACE");
    assert_non_null(strstr(problem_of(1 << 20, true), "version 0"));
    put_magic(4096, "something.");
    assert_non_null(strstr(problem_of(1 << 20, true), "no swap area"));
    header = pw_swap_header_read((struct pw_slice){start, 4095});
    assert_int_equal(header.signature, PW_SWAP_NONE);
}


static void what_the_kernel_refuses_is_a_problem(void **state) {
    (void)state;
    assert_string_equal(problem_of((1 << 20) - 1, true), "it is shorter than its header says");
    put_number(1032, 1);
    assert_non_null(problem_of(1 << 20, true));
    assert_null(problem_of(1 << 20, false));
    put_number(1032, 638);
    assert_non_null(problem_of(1 << 20, false));
    put_number(1032, 0);
    put_number(1028, 0);
    assert_string_equal(problem_of(1 << 20, true), "it is a swap area without pages");
    put_number(1024, 2);
    assert_non_null(strstr(problem_of(1 << 20, true), "a version"));
}


static void what_is_written_is_read_again(void **state) {
    (void)state;
    for (long page = 4096; page <= (long)sizeof start; page *= 2) {
        struct pw_swap_header written = {.page_size_bytes = page, .last_page = 4000000000};
        memset(written.uuid.bytes, 7, sizeof written.uuid.bytes);
        strcpy(written.label, "sixteen letters.");
        memset(start, 1, sizeof start);
        pw_swap_header_write(&written, start);
        header = pw_swap_header_read((struct pw_slice){start, (size_t)page});
        assert_null(pw_swap_header_problem(&header, page, INT64_MAX, true));
        assert_int_equal(header.last_page, 4000000000);
        assert_memory_equal(&header.uuid, &written.uuid, sizeof written.uuid);
        assert_string_equal(header.label, "sixteen letters.");
    }
}


static void a_size_is_whole_pages(void **state) {
    (void)state;
    assert_int_equal(pw_swap_pages((1 << 20) + 4095, 4096), 256);
    assert_int_equal(pw_swap_pages(40959, 4096), 0);
    assert_int_equal(pw_swap_pages(40960, 4096), 10);
    assert_int_equal(pw_swap_pages(-1, 4096), 0);
    assert_int_equal(pw_swap_pages(INT64_MAX, 4096), (uint64_t)1 << 32);
}


static void a_uuid_is_read_in_one_writing_only(void **state) {
    (void)state;
    struct pw_uuid uuid = {{0}};
    assert_true(pw_uuid_is_nil(&uuid));
    assert_true(pw_uuid_parse(pw_slice_of("C1B9D5A2-f162-11cf-9ece-0020afc76f16"), &uuid));
    assert_int_equal(uuid.bytes[0], 0xc1);
    assert_false(pw_uuid_is_nil(&uuid));
    assert_false(pw_uuid_parse(pw_slice_of("c1b9d5a2f162-11cf-9ece-0020afc76f16-"), &uuid));
    assert_false(pw_uuid_parse(pw_slice_of("g1b9d5a2-f162-11cf-9ece-0020afc76f16"), &uuid));
    assert_false(pw_uuid_parse(pw_slice_of(""), &uuid));
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_area_is_read, make_area),
        cmocka_unit_test_setup(a_label_may_fill_its_room, make_area),
        cmocka_unit_test_setup(another_byte_order_is_understood, make_area),
        cmocka_unit_test_setup(another_page_size_is_named, make_area),
        cmocka_unit_test_setup(the_memory_of_a_sleeping_system_is_no_swap, make_area),
        cmocka_unit_test_setup(an_old_area_and_no_area_are_told_apart, make_area),
        cmocka_unit_test_setup(what_the_kernel_refuses_is_a_problem, make_area),
        cmocka_unit_test_setup(what_is_written_is_read_again, make_area),
        cmocka_unit_test(a_size_is_whole_pages),
        cmocka_unit_test(a_uuid_is_read_in_one_writing_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
