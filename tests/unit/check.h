/* SPDX-License-Identifier: MIT
 *
 * cmocka and what it wants included before it.
 */
#ifndef PAGEWARDEN_TESTS_CHECK_H
#define PAGEWARDEN_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
