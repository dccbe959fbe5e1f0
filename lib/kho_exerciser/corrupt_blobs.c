// SPDX-License-Identifier: GPL-2.0-only
/*
 * KHO exerciser: damage what is said of vmalloc areas and regions of reserve_mem=
 *
 * TEST ONLY.  The memory is all there and preserved: it is the description that is
 * wrong, as its user left it.
 */
#include <linux/io.h>
#include <linux/kho/abi/memblock.h>
#include <linux/libfdt.h>
#include <linux/mmzone.h>
#include <linux/unaligned.h>

#include "../../kernel/kho/fdt.h"
#include "../../kernel/kho/internal.h"

#include "corrupt.h"
#include "exerciser.h"

/*
 * The first vmalloc area, of more than one chunk
 */

static struct kho_vmalloc_chunk *chunk(void)
{
	return phys_to_virt(ex_sent_vmalloc()->first.phys);
}

static int vmalloc_order(void)
{
	ex_sent_vmalloc()->order = MAX_PAGE_ORDER + 1;
	return 0;
}

static int vmalloc_total_huge(void)
{
	ex_sent_vmalloc()->total_pages = U32_MAX;
	return 0;
}

static int vmalloc_total_zero(void)
{
	ex_sent_vmalloc()->total_pages = 0;
	return 0;
}

static int vmalloc_total_less(void)
{
	ex_sent_vmalloc()->total_pages--;
	return 0;
}

static int vmalloc_total_more(void)
{
	ex_sent_vmalloc()->total_pages++;
	return 0;
}

static int vmalloc_chunk_beyond(void)
{
	ex_sent_vmalloc()->first.phys = BEYOND_MEMORY;
	return 0;
}

static int vmalloc_chunk_cyclic(void)
{
	chunk()->next.phys = virt_to_phys(chunk());
	return 0;
}

static int vmalloc_page_beyond(void)
{
	chunk()->phys[3] = BEYOND_MEMORY;
	return 0;
}

static int vmalloc_page_odd(void)
{
	chunk()->phys[3] += 8;
	return 0;
}

static int vmalloc_page_twice(void)
{
	chunk()->phys[3] = chunk()->phys[2];
	return 0;
}

/*
 * The first region
 */

static void *regions(void)
{
	struct kho_subtree st;

	return kho_fdt_find(kho_out_fdt(), MEMBLOCK_KHO_FDT, &st) ? NULL : phys_to_virt(st.phys);
}

static int regions_magic(void)
{
	fdt_set_magic(regions(), 0);
	return 0;
}

static int regions_size(void)
{
	fdt_set_totalsize(regions(), 2 * PAGE_SIZE);
	return 0;
}

static int set_text(int node, const char *prop, const char *text)
{
	return fdt_setprop_inplace(regions(), node, prop, text, strlen(text) + 1);
}

static int regions_version(void)
{
	return set_text(0, "compatible", "memblock-v9");
}

static int region_version(void)
{
	return set_text(fdt_first_subnode(regions(), 0), "compatible", "reserve-mem-v9");
}

static u64 get(const char *prop)
{
	const void *fdt = regions();

	return get_unaligned((const u64 *)fdt_getprop(fdt, fdt_first_subnode(fdt, 0), prop, NULL));
}

static int set(const char *prop, u64 val)
{
	return fdt_setprop_inplace(regions(), fdt_first_subnode(regions(), 0), prop, &val,
				   sizeof(val));
}

static int region_odd(void)
{
	return set(RESERVE_MEM_KHO_START_PROP_NAME, get(RESERVE_MEM_KHO_START_PROP_NAME) + 8);
}

static int region_wraps(void)
{
	return set(RESERVE_MEM_KHO_START_PROP_NAME, -PAGE_SIZE);
}

static int region_beyond(void)
{
	return set(RESERVE_MEM_KHO_START_PROP_NAME, BEYOND_MEMORY);
}

static int region_moved(void)
{
	return set(RESERVE_MEM_KHO_START_PROP_NAME,
		   get(RESERVE_MEM_KHO_START_PROP_NAME) + PAGE_SIZE);
}

static int region_size(void)
{
	return set(RESERVE_MEM_KHO_SIZE_PROP_NAME, 2 * get(RESERVE_MEM_KHO_SIZE_PROP_NAME));
}

const struct ex_way ex_blob_ways[] = {
	{ "vmalloc-order",		vmalloc_order },
	{ "vmalloc-total-huge",		vmalloc_total_huge },
	{ "vmalloc-total-zero",		vmalloc_total_zero },
	{ "vmalloc-total-less",		vmalloc_total_less },
	{ "vmalloc-total-more",		vmalloc_total_more },
	{ "vmalloc-chunk-beyond",	vmalloc_chunk_beyond },
	{ "vmalloc-chunk-cyclic",	vmalloc_chunk_cyclic },
	{ "vmalloc-page-beyond",	vmalloc_page_beyond },
	{ "vmalloc-page-odd",		vmalloc_page_odd },
	{ "vmalloc-page-twice",		vmalloc_page_twice },
	{ "regions-magic",		regions_magic },
	{ "regions-size",		regions_size },
	{ "regions-version",		regions_version },
	{ "region-version",		region_version },
	{ "region-odd",			region_odd },
	{ "region-wraps",		region_wraps },
	{ "region-beyond",		region_beyond },
	{ "region-moved",		region_moved },
	{ "region-size",		region_size },
	{ }
};
