// SPDX-License-Identifier: GPL-2.0-only
#include "test.h"

const struct kho_suite *const kho_suites[] = {
	&map_suite, &walk_suite, &blocks_suite, &table_suite, &windows_suite,
	&scratch_suite, &fdt_suite, &fdt_damage_suite, &boot_suite, &refuse_suite,
	&luo_suite, &ext_suite, &merge_suite, &hugetlb_suite, &memfd_suite, &box_suite,
	&fuzz_suite,
	NULL
};
