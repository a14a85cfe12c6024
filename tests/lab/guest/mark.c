/* SPDX-License-Identifier: MIT
 *
 * mark PATH NAME: sets an extended attribute of a file or folder to "1".
 */
#include <sys/xattr.h>

int main(int argc, char **argv) {
    return argc == 3 && setxattr(argv[1], argv[2], "1", 1, 0) == 0 ? 0 : 1;
}
