#!/bin/sh
# SPDX-License-Identifier: MIT
# contenders.sh IMAGE: makes a disk with Debian's daemons against want of memory and all that they
# depend on, for bench/reaction and bench/thrashing. They are unpacked, not installed: they would
# run here.
set -eu

image=$1
packages='earlyoom nohang oomd psi-notify systemd systemd-oomd'
PATH=$PATH:/usr/sbin:/sbin

[ ! -e "$image" ] || exit 0
stage=$image.stage
rm -rf "$stage"
mkdir -p "$stage/archives/partial" "$stage/root/usr"
trap 'rm -rf "$stage"' EXIT
: >"$stage/status"

# As if nothing were installed, so that everything comes.
# shellcheck disable=SC2086
apt-get -qy -o Dir::State::status="$stage/status" -o Dir::Cache::archives="$stage/archives" \
    -o APT::Sandbox::User=root -o Debug::NoLocking=1 --no-install-recommends --download-only \
    install $packages

for part in bin lib lib64 sbin; do
    mkdir "$stage/root/usr/$part"
    ln -s "usr/$part" "$stage/root/$part"
done
for package in "$stage"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$package" | tar -x -C "$stage/root" --keep-directory-symlink
done
for name in proc sys dev run tmp tools; do
    mkdir -p "$stage/root/$name"
done
: >"$stage/root/etc/machine-id"
head -c 4M /dev/urandom >"$stage/root/ballast"
size_kib=$(du -sk "$stage/root" | cut -f1)
mke2fs -q -t ext4 -O ^has_journal -m 0 -d "$stage/root" "$image.new" "$((size_kib * 5 / 4))k" >/dev/null
mv "$image.new" "$image"
