#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Every ioctl and every error, for 64-bit and 32-bit programs.

. "$(dirname "$0")/../lib.sh"

for name in fdbox_test seal_test killed_test; do
	box_program $name
done
box_vm ioctl ioctl64

if programs_32 ../fdbox/fdbox_test.c ../fdbox/seal_test.c ../fdbox/killed_test.c; then
	box_vm ioctl ioctl32 -- --append which=32
fi
finish
