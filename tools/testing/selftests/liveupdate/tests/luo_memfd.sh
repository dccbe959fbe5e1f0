#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# memfds go over.

. "$(dirname "$0")/../lib.sh"

for name in memfd_damaged memfd_rules memfd_test memfd_window memfd_memory memfd_frozen \
	    memfd_extras memfd_kill; do
	program $name $name.c || fail "build $name (see $work/$name.log)"
done
luo_vm memfd -- --mem 2G --timeout 200
luo_vm extras -- --mem 1G --append numa=fake=2
luo_vm kill
luo_vm memfd_damaged
finish
