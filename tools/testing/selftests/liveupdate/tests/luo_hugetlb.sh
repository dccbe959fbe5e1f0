#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 700
#
# hugetlb memfds go over.

. "$(dirname "$0")/../lib.sh"

for name in hugetlb_rules hugetlb_test memfd_frozen memfd_window; do
	program $name $name.c || fail "build $name (see $work/$name.log)"
done
# Scratch has half of the memory, in one piece, if no kernel is in the way. What
# stands after hop= is for the first kernel only.
luo_vm hugetlb -- --mem 6G --timeout 500 --append "nokaslr kho_scratch=64M,2G,0" \
	--append "hop=1 hugetlb_cma=1G"
luo_vm hugetlb_damaged -- --mem 1G --timeout 150
finish
