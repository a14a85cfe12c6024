/* SPDX-License-Identifier: MIT */
#include "read/zram.h"

const char *const pw_zram_mm_stat_names[PW_ZRAM_MM_STAT] = {
    "orig_data_size", "compr_data_size", "mem_used_total", "mem_limit",       "mem_used_max",
    "same_pages",     "pages_compacted", "huge_pages",     "huge_pages_since"};

const char *const pw_zram_io_stat_names[PW_ZRAM_IO_STAT] = {"failed_reads", "failed_writes",
                                                            "invalid_io", "notify_free"};

const char *const pw_zram_bd_stat_names[PW_ZRAM_BD_STAT] = {"bd_count", "bd_reads", "bd_writes"};
