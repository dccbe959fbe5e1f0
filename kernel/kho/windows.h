/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Windows: where memblock may allocate on a handover boot.
 *
 * Format code: no locks, no mm.
 */
#ifndef _KHO_WINDOWS_H
#define _KHO_WINDOWS_H

#include <linux/bits.h>
#include <linux/types.h>

#define KHO_WINDOWS_MAX	128

/* [base, end) */
struct kho_window {
	u64 base;
	u64 end;
};

/* Disjoint windows, sorted by address once kho_windows_sort() was called. */
struct kho_windows {
	unsigned int nr;
	struct kho_window w[KHO_WINDOWS_MAX];
};

void kho_windows_add(struct kho_windows *ws, u64 base, u64 end);
void kho_windows_sort(struct kho_windows *ws);
u64 kho_windows_bytes(const struct kho_windows *ws);
bool kho_windows_overlap(const struct kho_windows *ws, u64 base, u64 end);

/* Returns an address in [start, end), or 0. */
typedef u64 (*kho_find_fn)(u64 start, u64 end, void *arg);
u64 kho_windows_find(const struct kho_windows *ws, u64 start, u64 end,
		     bool top_down, kho_find_fn find, void *arg);

/*
 * Coarse picture of memory: one bit a chunk, set where anything lies that
 * must not be allocated.
 */
#define KHO_COARSE_BITS		BIT(18)
#define KHO_COARSE_SHIFT	21
/* The smallest gap worth having, whatever the size of pages and pageblocks. */
#define KHO_GAP_MIN		BIT(KHO_COARSE_SHIFT)

/* Holes are whole GiB, whatever the size of a chunk. */
#define KHO_HOLE_SHIFT		30
#define KHO_COARSE_HOLES	16

struct kho_coarse {
	u64 start;
	u64 end;
	u64 base;			/* @start, and a whole chunk */
	unsigned int shift;
	unsigned int nr_holes;
	struct kho_window holes[KHO_COARSE_HOLES];	/* that have no bits */
	unsigned long bits[KHO_COARSE_BITS / (8 * sizeof(unsigned long))];
};

void kho_coarse_init(struct kho_coarse *c, u64 base, u64 end);
void kho_coarse_skip(struct kho_coarse *c, u64 base, u64 end);
void kho_coarse_mark(struct kho_coarse *c, u64 base, u64 end);
void kho_coarse_gaps(const struct kho_coarse *c, u64 base, u64 end, u64 min_size,
		     struct kho_windows *ws);

#endif /* _KHO_WINDOWS_H */
