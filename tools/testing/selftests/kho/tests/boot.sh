#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
#
# The test kernel boots to userspace, and kexec is there.

set -u
dir=$KHO_BUILD/tests/boot
log=$KHO_BUILD/logs/boot.serial

echo "TAP version 13"
echo "1..2"
"$KHO_ROOT/scripts/initramfs" "$dir/initrd.cpio" || exit 1
if "$KHO_ROOT/scripts/qemu-run" --kernel "$KHO_BUILD/x86_64/mini/image" \
	--initrd "$dir/initrd.cpio" --append "guest=boot" --smp 2 --mem 512M \
	--timeout 60 --log "$log" --clean \
	--expect "^guest: release 6\.12\." --expect "^guest: cpus 2$" \
	--expect "^guest: boot ended with status 0"; then
	echo "ok 1 - boots to userspace with a clean log"
else
	echo "not ok 1 - boots to userspace with a clean log"
fi
if grep -q "^guest: kexec supported" "$log"; then
	echo "ok 2 - kexec is supported"
else
	echo "not ok 2 - kexec is supported"
fi
