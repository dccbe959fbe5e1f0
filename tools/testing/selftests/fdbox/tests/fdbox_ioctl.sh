#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Every ioctl and every error, for 64-bit and 32-bit programs, and without live
# update.

. "$(dirname "$0")/../lib.sh"

box_program fdbox_test
box_vm ioctl ioctl64
vm fdbox/ioctl stash

"$KHO_ROOT/scripts/deps" test-32bit || true
# Debian keeps asm/ where only its multilib compiler looks.
if program fdbox_test32 ../fdbox/fdbox_test.c -m32 -idirafter "/usr/include/$(gcc -print-multiarch)"; then
	box_vm ioctl ioctl32 -- --append which=32
else
	skip "32-bit programs" "gcc -m32 does not link: gcc-12-multilib and libc6-dev-i386 are not there"
fi
finish
