#!/bin/sh
# SPDX-License-Identifier: MIT
# images.sh FOLDER KERNELS: makes in FOLDER what the lab boots from, unless it is there already:
#   VERSION/vmlinuz, VERSION/initrd  for each kernel that bootstrap unpacked below KERNELS
#   tools.img                        the guest's root: a read-only disk that all tests share
# The tools are on a disk, since the pages of an initramfs cannot be evicted: programs there would
# never wait for their own text, as programs do when memory is short. PW_BUILD_DIR is the build tree.
set -eu

folder=$1
kernels=$2
lab=$(cd "$(dirname -- "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin

programs='lua5.4 mkswap swapon swapoff blkid findmnt lsattr chattr filefrag'
rocks='argparse.lua dkjson.lua luassert say'
modules='mm lib crypto fs/btrfs fs/xfs drivers/block drivers/virtio'


# made NAME KEY: whether NAME was made of what has this key.
made() {
    [ -e "$folder/$1" ] && [ "$(cat "$folder/$1.key" 2>/dev/null)" = "$2" ]
}


# copy PATH: into the stage, at the same place below /usr.
copy() {
    target=$stage/usr/${1#/}
    [ "${1#/usr/}" = "$1" ] || target=$stage$1
    [ -e "$target" ] || {
        mkdir -p "${target%/*}"
        cp -L "$1" "$target"
    }
}


# copy_libraries FILE...: what they link to.
copy_libraries() {
    ldd "$@" 2>/dev/null | sed -n 's/^[[:space:]]*\(.* => \)\{0,1\}\(\/[^:]*\) (0x.*/\2/p' | sort -u |
        while read -r library; do
            copy "$library"
        done
}


# The modules that a test may want, with what they depend on; depmod and insmod do not take .ko.xz.
stage_modules() {
    release=$(basename "$1"/boot/vmlinuz-*)
    release=${release#vmlinuz-}
    source=$(echo "$1"/usr/lib/modules/*)
    [ -d "$source" ] || source=$1/lib/modules/$release
    target=$stage/usr/lib/modules/$release
    mkdir -p "$target"
    for part in $2; do
        # shellcheck disable=SC2086
        (cd "$source" && find kernel/$part -name '*.ko*' -exec cp --parents -t "$target" {} +)
    done
    find "$target" -name '*.xz' -exec busybox unxz {} +
    cp "$source"/modules.builtin* "$source/modules.order" "$target"
    busybox depmod -b "$stage" "$release"
}


make_initrd() {
    mkdir -p "$stage/bin" "$stage/usr/lib" "$folder/$1"
    ln -s usr/lib "$stage/lib"
    cp "$(command -v busybox)" "$stage/bin/busybox"
    cp "$lab/guest/boot" "$stage/init"
    stage_modules "$kernels/$1" 'drivers/virtio drivers/block/virtio_blk.ko*'
    mkdir "$stage/dev" "$stage/proc" "$stage/sys" "$stage/root"
    (cd "$stage" && find . | busybox cpio -o -H newc -R 0:0 2>/dev/null | gzip -1) >"$folder/$1/new"
    cp "$kernels/$1"/boot/vmlinuz-* "$folder/$1/vmlinuz"
    mv "$folder/$1/new" "$folder/$1/initrd"
}


# What a test is made of: the build tree as if installed, Lua, rocks, programs, the lab's own files.
stage_tools() {
    cp -rL "$PW_BUILD_DIR/bin" "$PW_BUILD_DIR/lib" "$PW_BUILD_DIR/share" "$stage/usr"
    for program in busybox $programs; do
        copy "$(command -v "$program")"
    done
    for rock in $rocks; do
        cp -rL "/usr/share/lua/5.4/$rock" "$stage/usr/share/lua/5.4"
    done
    luaposix=$(echo /usr/lib/*/lua/5.4/posix)
    if ! [ -d "$stage/usr/lib/lua/5.4/posix" ] && [ -d "$luaposix" ]; then
        cp -rL "$luaposix" "$stage/usr/lib/lua/5.4"
        cp -rL /usr/share/lua/5.4/posix "$stage/usr/share/lua/5.4"
    fi
    mkdir "$stage/tests"
    cp -r "$lab" "$stage/tests/lab"
    cp "$PW_BUILD_DIR"/tests/lab/* "$stage/usr/bin"
}


# Applets of busybox stand in for the programs that are not there. The kernel wants /sbin/modprobe.
link_applets() {
    ln -s ../bin/busybox "$stage/usr/sbin/modprobe"
    ln -s /tests/lab/guest/systemctl "$stage/usr/bin/systemctl"
    for applet in $(busybox --list); do
        [ -e "$stage/usr/bin/$applet" ] || [ -e "$stage/usr/sbin/$applet" ] ||
            ln -s busybox "$stage/usr/bin/$applet"
    done
}


stage_system() {
    for part in bin lib lib64 sbin; do
        mkdir -p "$stage/usr/$part"
        ln -s "usr/$part" "$stage/$part"
    done
    for part in dev proc sys tmp run var root mnt etc; do
        mkdir "$stage/$part"
    done
    echo 'root:x:0:0:root:/root:/bin/sh' >"$stage/etc/passwd"
    echo 'root:x:0:' >"$stage/etc/group"
    ln -s /proc/mounts "$stage/etc/mtab"
}


# Who builds is root in the guest, where pagewarden trusts no one else's files.
give_to_root() {
    (cd "$stage" && find . -printf 'sif "/%P" uid 0\nsif "/%P" gid 0\n') |
        debugfs -w -f - "$1" >/dev/null 2>&1
}


make_tools() {
    mkdir "$stage/usr"
    stage_system
    stage_tools
    # shellcheck disable=SC2046
    copy_libraries $(find "$stage/usr" -type f \( -name '*.so' -o -perm -u+x \))
    link_applets
    for kernel in "$kernels"/*; do
        stage_modules "$kernel" "$modules"
    done
    chmod -R go-w "$stage"
    size_kib=$(du -sk "$stage" | cut -f1)
    mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$stage" "$folder/tools.new" "$((size_kib * 5 / 4))k" \
        >/dev/null
    [ "$(id -u)" -eq 0 ] || give_to_root "$folder/tools.new"
    mv "$folder/tools.new" "$folder/tools.img"
}


# remake NAME KEY COMMAND...: makes NAME by the command, in a stage of its own.
remake() (
    name=$1 key=$2
    shift 2
    ! made "$name" "$key" || return 0
    stage=$(mktemp -d "$folder/stage.XXXXXX")
    trap 'rm -rf "$stage"' EXIT
    chmod 755 "$stage"
    "$@"
    echo "$key" >"$folder/$name.key"
)


# key_of PATH...: of all that is in them.
key_of() {
    find -L "$@" -type f -exec sha256sum {} + | sort | sha256sum
}


mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9
for kernel in "$kernels"/*; do
    version=${kernel##*/}
    remake "$version/initrd" "$(key_of "$lab/guest/boot" "$lab/images.sh" "$kernel"/boot/vmlinuz-*)" \
        make_initrd "$version"
done
remake tools.img "$(key_of "$PW_BUILD_DIR/bin" "$PW_BUILD_DIR/lib" "$PW_BUILD_DIR/share" "$lab" \
    "$PW_BUILD_DIR"/tests/lab "$kernels"/*/boot/vmlinuz-*)" make_tools
