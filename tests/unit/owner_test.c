/* SPDX-License-Identifier: MIT */
#include "act/owner.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "fake_root.h"

#define KEY "sysctl vm.swappiness"

static struct fake_root root;
static struct pw_source source;
static char owner[PW_OWNER_BYTES];


static int open_root(void **state) {
    (void)state;
    fake_root_make(&root);
    return pw_source_open(&source, root.path);
}


static int remove_root(void **state) {
    (void)state;
    pw_source_close(&source);
    fake_root_remove(&root);
    return 0;
}


static int claim(struct pw_owners *owners, const char *key, const char *policy) {
    return pw_owners_claim(owners, &source, key, policy, false, owner);
}


/* Starts a child that claims the key and then waits to be killed. */
static pid_t start_owner(void) {
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct pw_owners owners = {0};
        byte = claim(&owners, KEY, "first") == 0;
        if (write(ready[1], &byte, 1) == 1) {
            pause();
        }
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    assert_int_equal(byte, 1);
    return pid;
}


static void a_key_is_free_again_when_its_owner_is_killed(void **state) {
    (void)state;
    struct pw_owners owners = {0};
    char name[64];
    pid_t pid = start_owner();
    snprintf(name, sizeof name, "policy first (pid %d)", (int)pid);
    assert_int_equal(claim(&owners, KEY, "second"), -EBUSY);
    assert_string_equal(owner, name);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(claim(&owners, KEY, "second"), 0);
    pw_owners_release_all(&owners, &source, NULL);
}


static void a_dry_run_sees_the_owner_and_leaves_no_trace(void **state) {
    (void)state;
    struct pw_owners owners = {0};
    assert_int_equal(pw_owners_claim(&owners, &source, KEY, "p", true, owner), 0);
    assert_string_equal(fake_root_read(&root, "run"), "(none)");
    pw_owners_release_all(&owners, &source, NULL);
    pid_t pid = start_owner();
    assert_int_equal(pw_owners_claim(&owners, &source, KEY, "p", true, owner), -EBUSY);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}


static void a_claim_that_is_given_up_leaves_no_file(void **state) {
    (void)state;
    struct pw_owners owners = {0};
    const char *path = "run/pagewarden/owners/cgroup%20%2fa%20b%20memory.high";
    claim(&owners, "cgroup /a b memory.high", "p");
    assert_memory_equal(fake_root_read(&root, path), "policy p (pid ", 14);
    pw_owners_release(&owners, &source, "cgroup /a b memory.high", "p", false);
    assert_string_equal(fake_root_read(&root, path), "(none)");
    pw_owners_release_all(&owners, &source, NULL);
}


static void long_keys_are_told_apart(void **state) {
    (void)state;
    struct pw_owners owners = {0};
    char one[1024], other[1024];
    memset(one, 'x', sizeof one);
    memcpy(one, "cgroup /", 8);
    one[sizeof one - 1] = '\0';
    memcpy(other, one, sizeof one);
    other[sizeof other - 2] = 'y';
    assert_int_equal(claim(&owners, one, "p"), 0);
    assert_int_equal(claim(&owners, other, "q"), 0);
    assert_int_equal(claim(&owners, one, "q"), -EBUSY);
    pw_owners_release_all(&owners, &source, NULL);
}


static void a_folder_that_others_may_write_is_refused_to_root(void **state) {
    (void)state;
    struct pw_owners owners = {0};
    char path[128];
    if (geteuid() != 0) {
        skip();
    }
    claim(&owners, KEY, "p");
    pw_owners_release_all(&owners, &source, NULL);
    snprintf(path, sizeof path, "%s/run/pagewarden/owners", root.path);
    chmod(path, 0777);
    assert_int_equal(claim(&owners, KEY, "p"), -EPERM);
}


#define TEST(name) cmocka_unit_test_setup_teardown(name, open_root, remove_root)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_key_is_free_again_when_its_owner_is_killed),
        TEST(a_dry_run_sees_the_owner_and_leaves_no_trace),
        TEST(a_claim_that_is_given_up_leaves_no_file),
        TEST(long_keys_are_told_apart),
        TEST(a_folder_that_others_may_write_is_refused_to_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
