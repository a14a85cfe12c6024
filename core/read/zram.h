/* SPDX-License-Identifier: MIT
 *
 * The rows of numbers in /sys/block/zramN: mm_stat, io_stat, bd_stat. Names of their columns, in
 * order, for pw_parse_row(). Formats: drivers/block/zram/zram_drv.c.
 */
#ifndef PAGEWARDEN_READ_ZRAM_H
#define PAGEWARDEN_READ_ZRAM_H

/* mm_stat: bytes, but pages from same_pages on. 7 columns at first (Linux 4.2), huge_pages since
 * 4.18, huge_pages_since since 5.15. */
enum { PW_ZRAM_MM_STAT = 9 };
extern const char *const pw_zram_mm_stat_names[PW_ZRAM_MM_STAT];

/* io_stat: counts since the device was made. */
enum { PW_ZRAM_IO_STAT = 4 };
extern const char *const pw_zram_io_stat_names[PW_ZRAM_IO_STAT];

/* bd_stat: what was written back to the backing device, in units of 4 KiB. Since Linux 4.20. */
enum { PW_ZRAM_BD_STAT = 3 };
extern const char *const pw_zram_bd_stat_names[PW_ZRAM_BD_STAT];

#endif
