#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini mini+configs/other.config
# timeout: 400
#
# Live update of a kernel that is built differently, PREEMPT_RT and no huge pages
# among others. Lock debugging finds what may not sleep.

. "$(dirname "$0")/../lib.sh"

for name in hugetlb_test memfd_rules memfd_test memfd_window; do
	program $name $name.c || fail "build $name (see $work/$name.log)"
done
usual=$(kernel_image)
# shellcheck disable=SC2034
flavor=mini-other
luo_vm sessions -- --mem 1G --timeout 200
# shellcheck disable=SC2034
boots=$usual
adds+=(--add "$usual:/boot/with-huge-pages")
luo_vm other -- --mem 2G --timeout 250
finish
