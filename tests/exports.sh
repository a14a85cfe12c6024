#!/bin/sh
# SPDX-License-Identifier: MIT
# exports.sh MODULE: fails when a Lua module shows more than its luaopen functions, or one of them is
# not built into the executable as well.
set -eu

exported=$(nm --dynamic --defined-only --format=posix "$1" | cut -d ' ' -f 1)
echo "$exported" | grep -q '^luaopen_pagewarden_' || {
    echo "$1 exports no luaopen_pagewarden function"
    exit 1
}
if echo "$exported" | grep -v '^luaopen_pagewarden_'; then
    echo "exported without need from $1"
    exit 1
fi
for name in $exported; do
    grep -q "\b$name}" core/host/modules.c || {
        echo "core/host/modules.c lacks $name"
        exit 1
    }
done
