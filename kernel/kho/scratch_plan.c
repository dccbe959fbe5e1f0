// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: sizes of the scratch areas, and the check of an array of them
 */
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kstrtox.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include <asm-generic/kexec_handover.h>

#include "scratch_plan.h"

#define PERCENT_DIGITS	10

static int parse_percent(const char *arg, size_t digits, struct kho_scratch_plan *plan)
{
	char number[PERCENT_DIGITS + 1];

	if (!digits || digits > PERCENT_DIGITS)
		return -EINVAL;
	memcpy(number, arg, digits);
	number[digits] = '\0';
	if (kstrtouint(number, 10, &plan->percent) || !plan->percent)
		return -EINVAL;
	return 0;
}

/**
 * kho_scratch_parse - parse the value of kho_scratch=
 * @arg:	``N%`` or ``low[KMG],global[KMG],pernode[KMG]``
 * @plan:	set on success only
 *
 * Zero percent and three zeroes are refused: without scratch no image could
 * ever be loaded.
 *
 * Returns: 0 or -EINVAL.
 */
int kho_scratch_parse(const char *arg, struct kho_scratch_plan *plan)
{
	struct kho_scratch_plan p = {};
	u64 *part[] = { &p.low, &p.global, &p.pernode };
	size_t len = strlen(arg);
	unsigned int i;
	char *next;

	if (len && arg[len - 1] == '%') {
		if (parse_percent(arg, len - 1, &p))
			return -EINVAL;
		*plan = p;
		return 0;
	}

	for (i = 0; i < 3; i++) {
		*part[i] = memparse(arg, &next);
		if (next == arg || *next != (i < 2 ? ',' : '\0'))
			return -EINVAL;
		arg = next + 1;
	}
	if (!(p.low | p.global | p.pernode))
		return -EINVAL;
	/* No sum of these can overflow, however many nodes there are. */
	if ((p.low | p.global | p.pernode) >> 52)
		return -EINVAL;
	*plan = p;
	return 0;
}

/**
 * kho_scratch_default - size of the one area that is enough by default
 * @image:	bytes the running kernel's image needs in memory
 * @initrd:	bytes of the initrd it was booted with
 * @align:	alignment of areas, a power of two
 *
 * The receiver needs image, initrd and about a MiB; a quarter on top is for a
 * successor that has grown.  The size of the machine does not matter.
 */
u64 kho_scratch_default(u64 image, u64 initrd, u64 align)
{
	u64 need = image + initrd;
	u64 size = need + min(need / 4 + (24ULL << 20), KHO_SCRATCH_SLACK - (4ULL << 20));

	return ALIGN(size, align);
}

/**
 * kho_scratch_array_check - is an array of scratch areas plausible?
 * @array:	as it came from the previous kernel
 * @bytes:	its length
 * @align:	alignment that areas must have
 *
 * Returns: the number of entries, or -EINVAL if the length is wrong, an area
 * is not aligned or wraps around, two areas overlap, or there is none.
 */
int kho_scratch_array_check(const void *array, u64 bytes, u64 align)
{
	const struct kho_scratch *area = array;
	unsigned int nr, i, j, used = 0;

	if (!bytes || bytes % sizeof(*area) || bytes / sizeof(*area) > KHO_SCRATCH_MAX)
		return -EINVAL;
	nr = bytes / sizeof(*area);

	for (i = 0; i < nr; i++) {
		if (!area[i].size)
			continue;
		if ((area[i].addr | area[i].size) & (align - 1))
			return -EINVAL;
		if (area[i].addr + area[i].size < area[i].addr)
			return -EINVAL;
		for (j = 0; j < i; j++) {
			if (area[j].size &&
			    area[i].addr < area[j].addr + area[j].size &&
			    area[j].addr < area[i].addr + area[i].size)
				return -EINVAL;
		}
		used++;
	}
	return used ? nr : -EINVAL;
}
