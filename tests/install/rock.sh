#!/bin/sh
# SPDX-License-Identifier: MIT
# rock.sh SCRATCH: makes the rock from a copy of the sources, since LuaRocks builds among them, and
# uses what it installed.
set -eu

scratch=$1
tree=$scratch/tree
rm -rf "$scratch"
mkdir -p "$scratch/sources"
cp -R CMakeLists.txt LICENSE core docs lua scripts rockspec "$scratch/sources"

jobs=$(nproc)
(cd "$scratch/sources" &&
    CMAKE_BUILD_PARALLEL_LEVEL=$jobs luarocks --lua-version 5.4 make --deps-mode=none --tree "$tree")

sh tests/install/lend_luaposix.sh "$tree"
"$tree/bin/pagewarden" --version
LUA_CPATH="$tree/lib/lua/5.4/?.so" LUA_PATH="$tree/share/lua/5.4/?.lua" \
    lua5.4 tests/install/use.lua
