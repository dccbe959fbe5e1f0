/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_FIND_H
#define _LINUX_FIND_H

#include <linux/bits.h>

static inline unsigned long kho_shim_find(const unsigned long *map, unsigned long size,
					  unsigned long bit, unsigned long invert)
{
	while (bit < size) {
		unsigned long word = (map[bit / BITS_PER_LONG] ^ invert) >> bit % BITS_PER_LONG;

		if (word) {
			bit += __builtin_ctzl(word);
			return bit < size ? bit : size;
		}
		bit = (bit | (BITS_PER_LONG - 1)) + 1;
	}
	return size;
}

static inline unsigned long find_next_bit(const unsigned long *map, unsigned long size,
					  unsigned long bit)
{
	return kho_shim_find(map, size, bit, 0);
}

static inline unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size,
					       unsigned long bit)
{
	return kho_shim_find(map, size, bit, ~0UL);
}

#endif /* _LINUX_FIND_H */
