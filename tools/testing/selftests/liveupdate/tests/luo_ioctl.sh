#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# The ioctls, as seen by 64-bit and 32-bit programs, before and after a kexec.

. "$(dirname "$0")/../lib.sh"

program ioctl_test ioctl_test.c || fail "build ioctl_test (see $work/ioctl_test.log)"
luo_vm ioctl ioctl64 -- --mem 2G --timeout 200

"$KHO_ROOT/scripts/deps" test-32bit || true
# Debian keeps asm/ where only its multilib compiler looks.
if program ioctl_test32 ioctl_test.c -m32 -idirafter "/usr/include/$(gcc -print-multiarch)"; then
	luo_vm ioctl ioctl32 -- --mem 1G --append which=32
else
	skip "32-bit programs" "gcc -m32 does not link: gcc-12-multilib and libc6-dev-i386 are not there"
fi
finish
