#!/bin/sh
# SPDX-License-Identifier: MIT
# debian.sh SCRATCH GENERATOR: installs as a Debian package would, and uses what lies there.
set -eu

scratch=$1
generator=$2
root=$scratch/root
rm -rf "$scratch"

cmake -S . -B "$scratch/build" -G "$generator" -DBUILD_TESTING=OFF -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_INSTALL_PREFIX=/usr
cmake --build "$scratch/build" --parallel "$(nproc)"
DESTDIR=$root cmake --install "$scratch/build"

triplet=$(gcc -print-multiarch)
for path in "lib/$triplet/lua/5.4/pagewarden.so" share/lua/5.4/pagewarden/cli/init.lua \
    share/lua/5.4/pagewarden/meta/proc.lua share/doc/pagewarden/LICENSE share/man/man1/pagewarden.1 \
    share/bash-completion/completions/pagewarden share/zsh/vendor-completions/_pagewarden \
    share/fish/vendor_completions.d/pagewarden.fish bin/pagewarden \
    lib/systemd/system/pagewarden.service share/pagewarden/systemd/sysctl.conf; do
    [ -f "$root/usr/$path" ] || {
        echo "not installed: /usr/$path"
        exit 1
    }
done

sh tests/install/lend_luaposix.sh "$root/usr"
"$root/usr/bin/pagewarden" --version
LUA_CPATH="$root/usr/lib/$triplet/lua/5.4/?.so" \
    LUA_PATH="$root/usr/share/lua/5.4/?.lua" lua5.4 tests/install/use.lua
