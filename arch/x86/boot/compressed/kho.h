/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BOOT_COMPRESSED_KHO_H
#define BOOT_COMPRESSED_KHO_H

#include <linux/types.h>

struct mem_vector;

#ifdef CONFIG_KEXEC_HANDOVER
/* Where the array of scratch areas is; not touched without a handover. */
void kho_scratch_array(struct mem_vector *array);

/* Calls @fn for the areas until it returns true; false: no handover. */
bool kho_each_scratch(bool (*fn)(struct mem_vector *area, unsigned long minimum,
				 unsigned long image_size),
		      unsigned long minimum, unsigned long image_size);
#else
static inline void kho_scratch_array(struct mem_vector *array) { }

static inline bool kho_each_scratch(bool (*fn)(struct mem_vector *area,
					       unsigned long minimum,
					       unsigned long image_size),
				    unsigned long minimum, unsigned long image_size)
{
	return false;
}
#endif

#endif /* BOOT_COMPRESSED_KHO_H */
