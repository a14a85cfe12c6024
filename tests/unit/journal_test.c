/* SPDX-License-Identifier: MIT */
#include "act/journal.h"

#include <stdio.h>
#include <string.h>

#include "act/checksum.h"
#include "check.h"
#include "fake_root.h"

#define NAME "812-45678"
#define PATH "run/pagewarden/journal/" NAME

static struct fake_root root;
static struct pw_source source;
static struct told told;
static struct pw_hooks hooks = {.tell = tell_told, .context = &told};


static int open_root(void **state) {
    (void)state;
    told.text[0] = '\0';
    fake_root_make(&root);
    fake_root_write(&root, "proc/sys/kernel/random/boot_id", "this-boot\n");
    return pw_source_open(&source, root.path);
}


static int remove_root(void **state) {
    (void)state;
    pw_source_close(&source);
    fake_root_remove(&root);
    return 0;
}


static struct pw_entry *entry_of(int64_t id, const char *key) {
    struct pw_entry *entry = pw_entry_new(key, "p");
    assert_non_null(entry);
    entry->id = id;
    strcpy(entry->original.text[0], "60");
    strcpy(entry->last.text[0], "a \\ b");
    strcpy(entry->next, "\tmax\n");
    entry->state = PW_ENTRY_WRITING;
    entry->lifetime = PW_KEEP;
    entry->foreign_writes = 1;
    return entry;
}


static void the_checksum_is_that_of_zlib(void **state) {
    (void)state;
    assert_int_equal(pw_checksum(pw_slice_of("123456789")), 0xcbf43926);
}


static void an_entry_is_read_as_it_was_written(void **state) {
    (void)state;
    char line[PW_ENTRY_LINE_BYTES];
    struct pw_entry *entry = entry_of(7, "cgroup /a b=c\n memory.high");
    size_t size = pw_entry_write(entry, line);
    assert_ptr_equal(memchr(line, '\n', size), line + size - 1);
    struct pw_entry *read = pw_entry_read((struct pw_slice){line, size - 1});
    assert_non_null(read);
    assert_string_equal(read->key, entry->key);
    assert_string_equal(read->policy, "p");
    assert_string_equal(read->last.text[0], "a \\ b");
    assert_string_equal(read->next, "\tmax\n");
    assert_int_equal(read->id, 7);
    assert_int_equal(read->state, PW_ENTRY_WRITING);
    assert_int_equal(read->lifetime, PW_KEEP);
    assert_int_equal(read->foreign_writes, 1);
    pw_entry_free(read);
    pw_entry_free(entry);
}


static void a_line_with_any_byte_changed_or_missing_is_no_entry(void **state) {
    (void)state;
    char line[PW_ENTRY_LINE_BYTES];
    struct pw_entry *entry = entry_of(7, "sysctl vm.swappiness");
    size_t size = pw_entry_write(entry, line) - 1;
    for (size_t i = 0; i < size; i++) {
        line[i] ^= 1;
        assert_null(pw_entry_read((struct pw_slice){line, size}));
        line[i] ^= 1;
        assert_null(pw_entry_read((struct pw_slice){line, i}));
    }
    pw_entry_free(entry);
}


/* A journal of a dead process with two entries and then `tail`. */
static void write_journal(const char *header, const char *tail) {
    static char text[3 * PW_ENTRY_LINE_BYTES];
    char *end = stpcpy(text, header);
    for (int64_t id = 1; id <= 2; id++) {
        struct pw_entry *entry = entry_of(id, id == 1 ? "sysctl vm.a" : "sysctl vm.b");
        end += pw_entry_write(entry, end);
        pw_entry_free(entry);
    }
    strcpy(end, tail);
    fake_root_write(&root, PATH, text);
}


static void a_torn_tail_is_cut_and_said(void **state) {
    (void)state;
    struct pw_journal journal;
    write_journal("pagewarden-journal 1 this-boot\n", "0123abcd id=3 stat");
    assert_int_equal(pw_journal_load(&journal, PW_JOURNAL_RUN, &source, &hooks, NAME),
                     PW_JOURNAL_READ);
    assert_int_equal(journal.count, 2);
    assert_string_equal(told.text, "journal_cut journal=" NAME " bytes=18\n");
    pw_journal_close(&journal);
    told.text[0] = '\0';
    pw_journal_load(&journal, PW_JOURNAL_RUN, &source, &hooks, NAME);
    assert_string_equal(told.text, "");
    assert_int_equal(journal.count, 2);
    pw_journal_close(&journal);
}


static void what_stands_behind_a_corrupt_line_is_not_trusted(void **state) {
    (void)state;
    struct pw_journal journal;
    write_journal("pagewarden-journal 1 this-boot\nnot an entry\n", "");
    assert_int_equal(pw_journal_load(&journal, PW_JOURNAL_RUN, &source, &hooks, NAME),
                     PW_JOURNAL_READ);
    assert_int_equal(journal.count, 0);
    assert_non_null(strstr(told.text, "journal_cut"));
    pw_journal_close(&journal);
    assert_string_equal(fake_root_read(&root, PATH), "(none)");
}


static void other_versions_and_other_files_are_not_touched(void **state) {
    (void)state;
    static const char *const headers[] = {"pagewarden-journal 2 this-boot\n", "hello\n",
                                          "pagewarden-journal x this-boot\n"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        struct pw_journal journal;
        write_journal(headers[i], "");
        assert_int_equal(pw_journal_load(&journal, PW_JOURNAL_RUN, &source, &hooks, NAME),
                         PW_JOURNAL_OTHER_VERSION);
        pw_journal_forget(&journal);
        assert_string_not_equal(fake_root_read(&root, PATH), "(none)");
    }
}


static void a_journal_of_another_boot_is_told_apart(void **state) {
    (void)state;
    struct pw_journal journal;
    write_journal("pagewarden-journal 1 last-boot\n", "");
    assert_int_equal(pw_journal_load(&journal, PW_JOURNAL_RUN, &source, &hooks, NAME),
                     PW_JOURNAL_OTHER_BOOT);
    assert_int_equal(journal.count, 0);
    pw_journal_forget(&journal);
}


static void a_journal_that_is_held_is_alive_and_another_gets_another_name(void **state) {
    (void)state;
    struct pw_journal first, second, looked_at;
    pw_journal_init(&first, PW_JOURNAL_RUN, &source, &hooks);
    pw_journal_init(&second, PW_JOURNAL_RUN, &source, &hooks);
    pw_journal_add(&first, entry_of(0, "sysctl vm.a"));
    pw_journal_add(&second, entry_of(0, "sysctl vm.b"));
    assert_int_equal(pw_journal_record(&first, first.entries[0]), 0);
    assert_int_equal(pw_journal_record(&second, second.entries[0]), 0);
    assert_string_not_equal(first.name, second.name);
    assert_int_equal(first.entries[0]->id + 1, second.entries[0]->id);
    assert_int_equal(pw_journal_load(&looked_at, PW_JOURNAL_RUN, &source, &hooks, first.name),
                     PW_JOURNAL_ALIVE);
    assert_int_equal(looked_at.count, 1);
    pw_journal_forget(&looked_at);
    pw_journal_close(&first);
    pw_journal_close(&second);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, open_root, remove_root)

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_checksum_is_that_of_zlib),
        cmocka_unit_test(an_entry_is_read_as_it_was_written),
        cmocka_unit_test(a_line_with_any_byte_changed_or_missing_is_no_entry),
        TEST(a_torn_tail_is_cut_and_said),
        TEST(what_stands_behind_a_corrupt_line_is_not_trusted),
        TEST(other_versions_and_other_files_are_not_touched),
        TEST(a_journal_of_another_boot_is_told_apart),
        TEST(a_journal_that_is_held_is_alive_and_another_gets_another_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
