#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini mini+configs/other.config mini+configs/nobox.config
# timeout: 900
#
# Live update of a kernel that is built differently, PREEMPT_RT, Smack and no huge
# pages among others. Lock debugging finds what may not sleep.

. "$(dirname "$0")/../lib.sh"

for name in admin_list_test admin_test hugetlb_test memfd_frozen memfd_labels memfd_rules memfd_test \
	    memfd_window; do
	program $name $name.c || fail "build $name (see $work/$name.log)"
done
usual=$(kernel_image)
bare=$KHO_BUILD/x86_64/mini-nobox/image
# shellcheck disable=SC2034
flavor=mini-other
with_exerciser
adds+=(--add "$usual:/boot/usual" --add "$bare:/boot/bare")
luo_vm sessions -- --mem 1G --timeout 300
luo_vm labels -- --mem 1G --timeout 300
# shellcheck disable=SC2034
boots=$usual
luo_vm other -- --mem 2G --timeout 400
finish
