#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: arm64/mini
# timeout: 400
#
# arm64: sessions and memfds go over; memory tags do not.

arch=arm64
. "$(dirname "$0")/../lib.sh"

for name in memfd_frozen memfd_memory memfd_rules memfd_test memfd_window memfd_tags; do
	program $name $name.c || fail "build $name (see $work/$name.log)"
done
luo_vm memfd -- --mem 2G --timeout 250
luo_vm tags -- --mem 1G --smp 1 -- -machine mte=on
finish
