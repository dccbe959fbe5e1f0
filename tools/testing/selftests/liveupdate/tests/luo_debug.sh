#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: debug
# timeout: 2000
#
# Sessions, memfds and hugetlb memfds under KASAN, lockdep and kmemleak, and
# allocations that fail.

. "$(dirname "$0")/../lib.sh"

flavor=debug
for name in hugetlb_rules hugetlb_test luo_faults memfd_damaged memfd_frozen memfd_labels \
	    memfd_memory memfd_rules memfd_test memfd_window; do
	program $name $name.c || fail "build $name (see $work/$name.log)"
done
# Its guest looks for warnings itself: allocations that fail may show a stack.
keep_dirty=1
luo_vm faults -- --mem 1G --timeout 600
# shellcheck disable=SC2034
keep_dirty=
luo_vm sessions -- --mem 2G --timeout 600
luo_vm memfd_damaged -- --mem 1G --timeout 200
luo_vm torn -- --mem 1G --timeout 200
luo_vm memfd -- --mem 3G --timeout 700
luo_vm hugetlb -- --mem 7G --timeout 700 --append "nokaslr kho_scratch=64M,2G,0 hvo=off" \
	--append "hop=1 hugetlb_cma=1G"
finish
