/* SPDX-License-Identifier: MIT
 *
 * Reloads under the leak sanitizer: what a policy that is replaced held is given back, as
 * reload.lua has it, and once all are closed there is not a byte left.
 */
#include "check.h"

#include "host_lua.h"


static void reloads_leave_nothing_behind(void **state) {
    (void)state;
    lua_State *L = host_lua_open();
    host_lua_run(L, "tests/unit/reload.lua", 0);
    lua_close(L);
}


int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reloads_leave_nothing_behind)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
