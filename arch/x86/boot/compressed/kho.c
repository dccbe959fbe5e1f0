// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: what the decompressor must know
 *
 * Only scratch areas are known to hold nothing that is preserved.  So physical
 * KASLR looks for slots there, and keeps off the array that describes them.
 */
#include "misc.h"

#include <asm/bootparam.h>
#include <asm/kexec_handover.h>

#include "kho.h"

static const struct kho_data *find_data(void)
{
	struct setup_data *sd = (void *)(unsigned long)boot_params_ptr->hdr.setup_data;

	for (; sd; sd = (void *)(unsigned long)sd->next) {
		if (sd->type == SETUP_KEXEC_KHO && sd->len >= sizeof(struct kho_data))
			return (const struct kho_data *)sd->data;
	}
	return NULL;
}

/* The array, if there is a handover: NULL otherwise. */
static const struct kho_scratch *find_array(unsigned long *nr, const struct kho_data **data)
{
	*data = find_data();
	if (!*data || !(*data)->scratch_addr)
		return NULL;
	*nr = (*data)->scratch_size / sizeof(struct kho_scratch);
	return *nr ? (const void *)(unsigned long)(*data)->scratch_addr : NULL;
}

bool kho_scratch_array(struct mem_vector *array)
{
	const struct kho_data *data;
	unsigned long nr;

	if (!find_array(&nr, &data))
		return false;
	array->start = data->scratch_addr;
	array->size = data->scratch_size;
	return true;
}

bool kho_each_scratch(bool (*fn)(struct mem_vector *area, unsigned long minimum,
				 unsigned long image_size),
		      unsigned long minimum, unsigned long image_size)
{
	const struct kho_scratch *area;
	const struct kho_data *data;
	unsigned long nr, i;

	area = find_array(&nr, &data);
	if (!area)
		return false;
	for (i = 0; i < nr; i++) {
		struct mem_vector region = { area[i].addr, area[i].size };

		if (region.size && fn(&region, minimum, image_size))
			break;
	}
	return true;
}
