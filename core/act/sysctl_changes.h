/* SPDX-License-Identifier: MIT
 *
 * Changes of several sysctl keys, brought into an order in which they do no harm on the way. Pure.
 */
#ifndef PAGEWARDEN_ACT_SYSCTL_CHANGES_H
#define PAGEWARDEN_ACT_SYSCTL_CHANGES_H

#include "act/transaction.h"

/* Arranges the changes, whose keys all are of sysctl. What loosens comes first and what tightens
 * last: vm.overcommit_memory 2 and vm.panic_on_oom want the others in place. Of a pair of which
 * both are there, the member that is 0 is dropped, since the kernel makes it 0; of two zeros, the
 * one that may be. Returns how many are left, or -EINVAL when both are something, and then
 * `conflict` is the key of one. */
int pw_sysctl_arrange(struct pw_change changes[], int count, const char **conflict);

#endif
