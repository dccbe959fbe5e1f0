#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# One handover of the test module's payload: "KHO restore succeeded" has to be
# in the log of the second kernel. vmtest.sh [IMAGE [NEXT-IMAGE]]

set -eu
root=$(cd "$(dirname "$0")/../../../.." && pwd)
image=${1:-$("$root/scripts/kernel")}
next=${2:-$image}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

"$root/scripts/initramfs" "$dir/initrd" --arch "${ARCH:-x86_64}" --add "$next:/boot/kernel"
"$root/scripts/qemu-run" --arch "${ARCH:-x86_64}" --kernel "$image" \
	--initrd "$dir/initrd" --mem 1G --results /dev/null \
	--append "kho=on guest=payload chain=kernel" --clean --log "$dir/log" \
	--expect "KHO restore succeeded"
echo "KHO restore succeeded"
