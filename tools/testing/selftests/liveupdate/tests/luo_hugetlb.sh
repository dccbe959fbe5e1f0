#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 700
#
# hugetlb memfds go over.

. "$(dirname "$0")/../lib.sh"

for name in hugetlb_rules hugetlb_test hugetlb_pool memfd_frozen memfd_window; do
	program $name $name.c || fail "build $name (see $work/$name.log)"
done
# Scratch has half of the memory, in one piece, if no kernel is in the way. What
# stands after hop= is for the first kernel only.
luo_vm hugetlb -- --mem 6G --timeout 500 --append "nokaslr kho_scratch=64M,2G,0" \
	--append "hop=1 hugetlb_cma=1G"
luo_vm pool -- --mem 1G --append "hugepages=330 nr=330 in_files=300 giga=0 giga_in_files=0"
luo_vm pool pool-giga -- --mem 8G --timeout 200 \
	--append "hugepagesz=1G hugepages=2 giga=2 giga_in_files=1" \
	--append "hugepagesz=2M hugepages=0:64 nr=64 in_files=60"
luo_vm hugetlb_damaged -- --mem 1G --timeout 150
finish
