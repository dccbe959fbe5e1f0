/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How large the scratch areas are: kho_scratch=, and the default without it.
 *
 * Format code: no locks, no mm.
 */
#ifndef _KHO_SCRATCH_PLAN_H
#define _KHO_SCRATCH_PLAN_H

#include <linux/types.h>

#include <asm-generic/kexec_handover.h>

/* Those of them that may have a size. */
#define KHO_SCRATCH_USED_MAX	128
/* The default is at most this much larger than image and initrd. */
#define KHO_SCRATCH_SLACK	(64ULL << 20)

/**
 * struct kho_scratch_plan - what the operator asked for
 * @percent:	of what the kernel uses early; 0: not asked for
 * @low:	bytes below the low-memory limit
 * @global:	bytes anywhere
 * @pernode:	bytes on every node
 *
 * All zero: the default.
 */
struct kho_scratch_plan {
	unsigned int percent;
	u64 low;
	u64 global;
	u64 pernode;
};

int kho_scratch_parse(const char *arg, struct kho_scratch_plan *plan);
u64 kho_scratch_default(u64 image, u64 initrd, u64 align);
int kho_scratch_array_check(const void *array, u64 bytes, u64 align);

#endif /* _KHO_SCRATCH_PLAN_H */
