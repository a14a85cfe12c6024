#!/bin/sh
# SPDX-License-Identifier: MIT
# unit.sh UNIT SCRATCH: what systemd has to say against the unit, alone and with every drop-in. The
# program is named as it will be installed, so another stands in its place.
set -eu

unit=$1
scratch=$2
rm -rf "$scratch"
mkdir -p "$scratch/pagewarden.service.d"
sed 's|^\(Exec[A-Za-z]*=\)[^ ]*/pagewarden |\1/bin/true |' "$unit" >"$scratch/pagewarden.service"

verify() {
    said=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze --man=no verify "$scratch/pagewarden.service" 2>&1) || {
        echo "$said"
        exit 1
    }
    if echo "$said" | grep -F pagewarden; then
        exit 1
    fi
}

verify
cp docs/systemd/*.conf "$scratch/pagewarden.service.d"
verify
