/* SPDX-License-Identifier: MIT
 *
 * Processes that inherited an oom_score_adj: fork(2) copies it, and execve(2) keeps it.
 */
#ifndef PAGEWARDEN_ACT_HEIRS_H
#define PAGEWARDEN_ACT_HEIRS_H

#include "act/setting.h"

/* Sets to `original` the score of every descendant of a setting's process that has `inherited`, as
 * far as it lets itself be set. One whose parent has ended meanwhile is nobody's any more, and
 * keeps what it has. */
void pw_heirs_restore(const struct pw_source *source, struct pw_buffer *buffer,
                      const struct pw_setting *setting, const char *inherited,
                      const char *original);

#endif
