/* SPDX-License-Identifier: MIT
 *
 * delegate FOLDER: marks a cgroup as systemd marks those with Delegate=yes.
 */
#include <stdio.h>
#include <sys/xattr.h>


int main(int argc, char **argv) {
    if (argc != 2 || setxattr(argv[1], "trusted.delegate", "1", 1, 0)) {
        perror("delegate");
        return 1;
    }
    return 0;
}
