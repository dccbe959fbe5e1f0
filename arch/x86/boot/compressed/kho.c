// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: what the decompressor must know
 *
 * Only scratch areas are known to hold nothing that is preserved.  So physical
 * KASLR looks for slots there, and keeps off the array that describes them.
 */
#include "misc.h"

#include <asm/bootparam.h>
#include <asm/e820/types.h>
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

/* Is all of it RAM, in one or more entries of the firmware's map? */
static bool is_ram(u64 start, u64 size)
{
	u64 end = start + size;
	unsigned int i;

	if (end <= start)
		return false;
	for (i = 0; i < boot_params_ptr->e820_entries && start < end; i++) {
		const struct boot_e820_entry *e = &boot_params_ptr->e820_table[i];

		if (e->type == E820_TYPE_RAM && e->addr <= start && start - e->addr < e->size)
			start = e->addr + e->size;
	}
	return start >= end;
}

static bool is_sane(const struct kho_scratch *area)
{
	return !area->size || (IS_ALIGNED(area->addr | area->size, MIN_KERNEL_ALIGN) &&
			       is_ram(area->addr, area->size));
}

/*
 * Is a handover announced?  Then no memory may be used but what its array
 * tells; and if the array cannot be believed, none at all: the kernel proper
 * will say what is wrong with it.
 */
static bool find_array(struct mem_vector *array, unsigned long *nr)
{
	const struct kho_data *data = find_data();
	const struct kho_scratch *area;
	unsigned long i;

	if (!data)
		return false;
	*array = (struct mem_vector) { data->scratch_addr, data->scratch_size };
	*nr = 0;
	if (array->size > KHO_SCRATCH_MAX * sizeof(*area) || array->size % sizeof(*area) ||
	    !is_ram(array->start, array->size)) {
		array->size = 0;
		return true;
	}
	area = (const void *)(unsigned long)array->start;
	for (i = 0; i < array->size / sizeof(*area); i++) {
		if (!is_sane(&area[i]))
			return true;
	}
	*nr = i;
	return true;
}

void kho_scratch_array(struct mem_vector *array)
{
	unsigned long nr;

	find_array(array, &nr);
}

bool kho_each_scratch(bool (*fn)(struct mem_vector *area, unsigned long minimum,
				 unsigned long image_size),
		      unsigned long minimum, unsigned long image_size)
{
	const struct kho_scratch *area;
	struct mem_vector array;
	unsigned long nr, i;

	if (!find_array(&array, &nr))
		return false;
	area = (const void *)(unsigned long)array.start;
	for (i = 0; i < nr; i++) {
		struct mem_vector region = { area[i].addr, area[i].size };

		if (region.size && fn(&region, minimum, image_size))
			break;
	}
	return true;
}
