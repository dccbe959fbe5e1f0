/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_BITMAP_H
#define _LINUX_BITMAP_H

#include <linux/bits.h>
#include <linux/types.h>

static inline unsigned long kho_shim_mask(unsigned int bit, unsigned int nr)
{
	return ~0UL >> (BITS_PER_LONG - nr) << bit;
}

static inline void bitmap_set(unsigned long *map, unsigned int start, unsigned int nr)
{
	while (nr) {
		unsigned int bit = start % BITS_PER_LONG;
		unsigned int n = nr < BITS_PER_LONG - bit ? nr : BITS_PER_LONG - bit;

		map[start / BITS_PER_LONG] |= kho_shim_mask(bit, n);
		start += n;
		nr -= n;
	}
}

static inline void bitmap_clear(unsigned long *map, unsigned int start, unsigned int nr)
{
	while (nr) {
		unsigned int bit = start % BITS_PER_LONG;
		unsigned int n = nr < BITS_PER_LONG - bit ? nr : BITS_PER_LONG - bit;

		map[start / BITS_PER_LONG] &= ~kho_shim_mask(bit, n);
		start += n;
		nr -= n;
	}
}

static inline void bitmap_fill(unsigned long *map, unsigned int nr)
{
	bitmap_set(map, 0, nr);
}

/* Below, all bitmaps are whole words. */

static inline unsigned int bitmap_weight(const unsigned long *map, unsigned int nr)
{
	unsigned int i, sum = 0;

	for (i = 0; i < nr / BITS_PER_LONG; i++)
		sum += __builtin_popcountl(map[i]);
	return sum;
}

static inline bool bitmap_intersects(const unsigned long *a, const unsigned long *b,
				     unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr / BITS_PER_LONG; i++) {
		if (a[i] & b[i])
			return true;
	}
	return false;
}

static inline void bitmap_or(unsigned long *to, const unsigned long *a,
			     const unsigned long *b, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr / BITS_PER_LONG; i++)
		to[i] = a[i] | b[i];
}

#endif /* _LINUX_BITMAP_H */
