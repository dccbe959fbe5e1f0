// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: sizes of the scratch areas, and the check of an array of them
 */
#include <linux/align.h>
#include <linux/ctype.h>
#include <linux/errno.h>
#include <linux/kstrtox.h>
#include <linux/limits.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include <asm-generic/kexec_handover.h>

#include "scratch_plan.h"

#define PERCENT_DIGITS	10
#define SIZE_DIGITS	20
/* No sum of sizes below this can overflow, however many nodes there are. */
#define SIZE_BITS	52

/* kstrtou64() for a part of a string, without the sign that it lets pass. */
static int parse_number(const char *arg, size_t len, unsigned int base, u64 *val)
{
	char number[SIZE_DIGITS + 1];

	if (!len || len > SIZE_DIGITS || !isxdigit(arg[0]) || !isxdigit(arg[len - 1]))
		return -EINVAL;
	memcpy(number, arg, len);
	number[len] = '\0';
	return kstrtou64(number, base, val) ? -EINVAL : 0;
}

static int parse_percent(const char *arg, size_t len, struct kho_scratch_plan *plan)
{
	u64 val;

	if (len > PERCENT_DIGITS || parse_number(arg, len, 10, &val) ||
	    !val || val > U32_MAX)
		return -EINVAL;
	plan->percent = val;
	return 0;
}

/* memparse() takes a lone suffix for 0, and lets what is too large wrap around. */
static int parse_size(const char *arg, size_t len, u64 *size)
{
	static const char suffixes[] = "KMGTP";
	const char *suffix = len ? strchr(suffixes, toupper(arg[len - 1])) : NULL;
	unsigned int shift = suffix ? 10 * (suffix - suffixes + 1) : 0;

	if (parse_number(arg, len - !!suffix, 0, size) || *size >> (SIZE_BITS - shift))
		return -EINVAL;
	*size <<= shift;
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

	if (len && arg[len - 1] == '%') {
		if (parse_percent(arg, len - 1, &p))
			return -EINVAL;
		*plan = p;
		return 0;
	}

	for (i = 0; i < 3; i++) {
		len = strcspn(arg, ",");
		if (parse_size(arg, len, part[i]) || arg[len] != (i < 2 ? ',' : '\0'))
			return -EINVAL;
		arg += len + 1;
	}
	if (!(p.low | p.global | p.pernode))
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
 *
 * Returns: bytes, a multiple of @align.
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
 * is not aligned or wraps around, two areas overlap, there is none or there are
 * too many.
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
	return used && used <= KHO_SCRATCH_USED_MAX ? nr : -EINVAL;
}
