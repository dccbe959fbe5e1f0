#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# The ioctls, as seen by 64-bit and 32-bit programs, before and after a kexec.

. "$(dirname "$0")/../lib.sh"

subjects=(ioctl session preserve admin admin_list many incoming admin_incoming)

for name in "${subjects[@]}"; do
	program "${name}_test" "${name}_test.c" || fail "build ${name}_test (see $work/${name}_test.log)"
done
luo_vm ioctl ioctl64 -- --mem 2G --timeout 200

if programs_32 "${subjects[@]/%/_test.c}"; then
	luo_vm ioctl ioctl32 -- --mem 1G --append which=32
fi
finish
