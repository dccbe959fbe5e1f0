// SPDX-License-Identifier: GPL-2.0-only
#include <asm-generic/kexec_handover.h>

#include "../../../kernel/kho/scratch_plan.h"
#include "fuzz.h"
#include "test.h"

#define ALIGNMENT	(4ULL << 20)

void fuzz_scratch_array(const u8 *data, size_t size)
{
	struct kho_scratch *area = malloc(size ?: 1);
	int nr, i, j, used = 0;

	memcpy(area, data, size);
	nr = kho_scratch_array_check(area, size, ALIGNMENT);
	if (nr < 0) {
		CHECK_EQ(nr, -EINVAL);
		free(area);
		return;
	}

	/* Accepted: then all of this holds. */
	CHECK_EQ(nr * sizeof(*area), size);
	CHECK(nr <= KHO_SCRATCH_MAX);
	for (i = 0; i < nr; i++) {
		if (!area[i].size)
			continue;
		used++;
		CHECK_EQ(area[i].addr % ALIGNMENT, 0);
		CHECK_EQ(area[i].size % ALIGNMENT, 0);
		CHECK(area[i].addr + (area[i].size - 1) >= area[i].addr);
		for (j = 0; j < i; j++) {
			if (area[j].size)
				CHECK(area[i].addr > area[j].addr + (area[j].size - 1) ||
				      area[j].addr > area[i].addr + (area[i].size - 1));
		}
	}
	CHECK(used);
	free(area);
}
