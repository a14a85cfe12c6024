/* SPDX-License-Identifier: MIT */
#include <stdio.h>

int main(void) {
    puts("pagewarden " PW_VERSION);
    return 0;
}
