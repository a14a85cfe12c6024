#!/bin/sh
# SPDX-License-Identifier: MIT
# lend_luaposix.sh PREFIX: gives an installed pagewarden the luaposix that bootstrap unpacked, where
# the system has none.
set -eu

for folder in lib/lua/5.4 share/lua/5.4; do
    if [ -e "$PW_BUILD_DIR/$folder/posix" ]; then
        mkdir -p "$1/$folder"
        ln -s "$(readlink -f "$PW_BUILD_DIR/$folder/posix")" "$1/$folder/posix"
    fi
done
