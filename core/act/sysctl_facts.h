/* SPDX-License-Identifier: MIT
 *
 * What the rules about settings look at, read from a root.
 */
#ifndef PAGEWARDEN_ACT_SYSCTL_FACTS_H
#define PAGEWARDEN_ACT_SYSCTL_FACTS_H

#include "act/sysctl_rules.h"
#include "read/source.h"

/* Reads all of them; what a root does not have is PW_ABSENT, and 0 for what is counted. */
void pw_sysctl_read_facts(const struct pw_source *source, struct pw_buffer *buffer,
                          struct pw_sysctl_facts *facts);

#endif
