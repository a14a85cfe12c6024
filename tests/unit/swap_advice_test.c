/* SPDX-License-Identifier: MIT */
#include "act/swap_advice.h"

#include <string.h>

#include "check.h"

#define MIB ((int64_t)1 << 20)
#define GIB ((int64_t)1 << 30)

static struct pw_swap_machine machine;
static struct pw_swap_advice advice;


static int forget_machine(void **state) {
    (void)state;
    machine = (struct pw_swap_machine){
        .free_bytes = PW_ABSENT, .swap_bytes = PW_ABSENT, .disk_bytes = PW_ABSENT};
    return 0;
}


/* What a table says for so much memory. */
static int64_t ask(const char *source, int64_t ram_bytes) {
    machine.ram_bytes = ram_bytes;
    for (int table = 0; pw_swap_advise(&machine, table, &advice); table++) {
        if (strcmp(advice.source, source) == 0) {
            return advice.size_bytes;
        }
    }
    fail_msg("no table %s", source);
    return 0;
}


static void assert_jump(int index, int64_t at, int64_t below, int64_t above) {
    assert_in_range(index, 0, advice.jump_count - 1);
    assert_int_equal(advice.jumps[index].at_bytes, at);
    assert_int_equal(advice.jumps[index].below_bytes, below);
    assert_int_equal(advice.jumps[index].above_bytes, above);
}


static void the_guide_gives_less_to_a_larger_machine(void **state) {
    (void)state;
    assert_int_equal(ask("guide", 512 * MIB), PW_ABSENT);
    assert_int_equal(ask("guide", GIB), GIB * 3 / 2);
    assert_int_equal(ask("guide", 2 * GIB), 3 * GIB);
    assert_int_equal(ask("guide", 8 * GIB), 8 * GIB);
    assert_int_equal(ask("guide", 8 * GIB + 4), 6 * GIB + 3);
    assert_int_equal(ask("guide", 512 * GIB), 384 * GIB);
    assert_int_equal(advice.jump_count, 3);
    assert_jump(0, GIB, PW_ABSENT, GIB * 3 / 2);
    assert_jump(1, 2 * GIB, 3 * GIB, 2 * GIB);
    assert_jump(2, 8 * GIB, 8 * GIB, 6 * GIB);
}


static void red_hats_old_tables_do_not_jump(void **state) {
    (void)state;
    assert_int_equal(ask("rhel3", 8 * MIB), 32 * MIB);
    assert_int_equal(ask("rhel3", 64 * GIB), 2 * GIB);
    assert_int_equal(advice.jump_count, 0);
    assert_int_equal(ask("rhel4", 2 * GIB), 4 * GIB);
    assert_int_equal(ask("rhel4", 16 * GIB), 18 * GIB);
    assert_int_equal(advice.jump_count, 0);
}


static void fedora_counts_2_gib_to_the_next_row(void **state) {
    (void)state;
    assert_int_equal(ask("fedora20", 2 * GIB - 4), 4 * GIB - 8);
    assert_int_equal(ask("fedora20", 2 * GIB), 2 * GIB);
    assert_int_equal(ask("fedora20", 64 * GIB), 32 * GIB);
    assert_int_equal(ask("fedora20", 65 * GIB), 4 * GIB);
    assert_jump(2, 64 * GIB, 32 * GIB, 4 * GIB);
}


static void hibernation_has_figures_of_its_own(void **state) {
    (void)state;
    machine.hibernation = true;
    assert_int_equal(ask("fedora20", GIB), 3 * GIB);
    assert_int_equal(ask("rhel9", 16 * GIB), 24 * GIB);
    assert_int_equal(ask("rhel9", 128 * GIB), PW_ABSENT);
    assert_jump(2, 64 * GIB, 96 * GIB, PW_ABSENT);
    assert_non_null(strstr(advice.caveat, "against hibernation"));
    ask("zram-generator", GIB);
    assert_non_null(strstr(advice.caveat, "cannot hold"));
}


static void programs_have_limits(void **state) {
    (void)state;
    assert_int_equal(ask("rhel9", 16 * GIB), 4 * GIB);
    assert_int_equal(ask("dphys-swapfile", 512 * MIB), GIB);
    assert_int_equal(ask("dphys-swapfile", 16 * GIB), 2 * GIB);
    machine.disk_bytes = GIB;
    assert_int_equal(ask("dphys-swapfile", 16 * GIB), 512 * MIB);
    assert_int_equal(ask("zram-generator", 4 * GIB), 2 * GIB);
    assert_int_equal(ask("zram-generator", 16 * GIB), 4 * GIB);
    assert_int_equal(ask("systemd-swap", 16 * GIB), 4 * GIB);
}


static void swapspace_goes_by_what_is_free(void **state) {
    (void)state;
    assert_int_equal(ask("swapspace", 10 * GIB), PW_ABSENT);
    assert_non_null(advice.caveat);
    machine.swap_bytes = 0;
    machine.free_bytes = 2 * GIB + GIB * 3 / 10;
    assert_int_equal(ask("swapspace", 10 * GIB) / MIB, GIB / MIB);
    machine.free_bytes = 9 * GIB;
    assert_int_equal(ask("swapspace", 10 * GIB), 0);
    assert_null(advice.caveat);
}


static void the_largest_machine_does_not_overflow(void **state) {
    (void)state;
    machine.swap_bytes = machine.free_bytes = 0;
    machine.ram_bytes = PW_SWAP_MOST_RAM_BYTES;
    for (int table = 0; pw_swap_advise(&machine, table, &advice); table++) {
        assert_true(advice.size_bytes >= 0 || advice.size_bytes == PW_ABSENT);
    }
}


int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_guide_gives_less_to_a_larger_machine, forget_machine),
        cmocka_unit_test_setup(red_hats_old_tables_do_not_jump, forget_machine),
        cmocka_unit_test_setup(fedora_counts_2_gib_to_the_next_row, forget_machine),
        cmocka_unit_test_setup(hibernation_has_figures_of_its_own, forget_machine),
        cmocka_unit_test_setup(programs_have_limits, forget_machine),
        cmocka_unit_test_setup(swapspace_goes_by_what_is_free, forget_machine),
        cmocka_unit_test_setup(the_largest_machine_does_not_overflow, forget_machine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
