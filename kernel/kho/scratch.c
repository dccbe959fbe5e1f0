// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: scratch areas
 */

/**
 * DOC: What scratch is for
 *
 * The areas never hold preserved memory, so the next kernel and its initrd can
 * be put there, and it can boot before it knows what is preserved.  Until then
 * only movable memory is allocated from them.  They are reserved once, at cold
 * boot, and handed on unchanged.
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/cma.h>
#include <linux/crash_dump.h>
#include <linux/crash_reserve.h>
#include <linux/init.h>
#include <linux/kexec_handover.h>
#include <linux/kho/hooks.h>
#include <linux/kmemleak.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/sizes.h>

#include "../../mm/internal.h"

#include "internal.h"
#include "scratch_plan.h"

struct kho_scratch *kho_scratch __ro_after_init;
unsigned int kho_scratch_nr __ro_after_init;

static struct kho_scratch_plan plan __initdata;
/* The low area, if it is reserved already. */
static phys_addr_t early_low __initdata;
/* Areas are CMA memory already: they came with a handover. */
static bool inherited __ro_after_init;

static int __init kho_parse_scratch(char *arg)
{
	if (arg && !kho_scratch_parse(arg, &plan))
		return 0;
	pr_err("kho_scratch=%s is not N%% (N > 0) or low[KMG],global[KMG],pernode[KMG]: ignored\n",
	       arg ?: "");
	return -EINVAL;
}
early_param("kho_scratch", kho_parse_scratch);

static u64 __init region_part(phys_addr_t start, phys_addr_t end, int nid, phys_addr_t limit)
{
	if (start >= limit)
		return 0;
	if (nid != NUMA_NO_NODE && early_pfn_to_nid(PFN_DOWN(start)) != nid)
		return 0;
	return min(end, limit) - start;
}

/* What is reserved below a limit, or on a node: the base of kho_scratch=N%. */
static u64 __init reserved_bytes(int nid, phys_addr_t limit)
{
	phys_addr_t start, end;
	u64 sum = 0;
	u64 i;

	for_each_reserved_mem_range(i, &start, &end)
		sum += region_part(start, end, nid, limit);
#ifdef CONFIG_CRASH_RESERVE
	if (crashk_res.end)
		sum -= min(sum, region_part(crashk_res.start, crashk_res.end + 1, nid, limit));
#endif
	return sum;
}

static u64 __init percent_of(u64 bytes)
{
	return ALIGN(div_u64(bytes, 100) * plan.percent, KHO_SCRATCH_ALIGN);
}

static u64 __init low_size(void)
{
	if (plan.percent)
		return percent_of(reserved_bytes(NUMA_NO_NODE, ARCH_LOW_ADDRESS_LIMIT));
	if (plan.low | plan.global | plan.pernode)
		return ALIGN(plan.low, KHO_SCRATCH_ALIGN);
	return kho_scratch_default(arch_kho_image_size(), arch_kho_initrd_size(),
				   KHO_SCRATCH_ALIGN);
}

static u64 __init global_size(u64 low)
{
	u64 all;

	if (!plan.percent)
		return ALIGN(plan.global, KHO_SCRATCH_ALIGN);
	all = percent_of(reserved_bytes(NUMA_NO_NODE, PHYS_ADDR_MAX));
	return all - min(all, low);
}

static u64 __init node_size(int nid)
{
	if (!plan.percent)
		return ALIGN(plan.pernode, KHO_SCRATCH_ALIGN);
	return percent_of(reserved_bytes(nid, PHYS_ADDR_MAX));
}

/**
 * kho_boot_scratch - reserve the low area, if it is one of the large ones
 *
 * With 64 KiB pages an area is 512 MiB, and so aligned. Once the memmap and
 * page tables have been allocated a small machine has none free.  To be called
 * as soon as all memory and what firmware reserves are known.
 */
void __init kho_boot_scratch(void)
{
	phys_addr_t limit = memblock_start_of_DRAM() < SZ_4G ? SZ_4G : MEMBLOCK_ALLOC_ANYWHERE;
	u64 size, align = KHO_SCRATCH_ALIGN;

	if (align < SZ_512M || kho_confined || !kho_enable || plan.percent ||
	    is_kdump_kernel())
		return;
	size = low_size();
	if (size)
		early_low = memblock_alloc_range_nid(size, align, 0, limit, NUMA_NO_NODE, true);
}

static bool __init reserve_area(const char *what, u64 size, phys_addr_t limit, int nid)
{
	struct kho_scratch *area = &kho_scratch[kho_scratch_nr];
	phys_addr_t addr = 0;

	if (early_low)
		swap(addr, early_low);
	else if (size)
		addr = memblock_alloc_range_nid(size, KHO_SCRATCH_ALIGN, 0, limit, nid, true);
	if (size && !addr) {
		pr_err("no %llu MiB for the %s scratch area\n", size >> 20, what);
		return false;
	}
	if (addr)
		kmemleak_ignore_phys(addr);
	area->addr = addr;
	area->size = size;
	kho_scratch_nr++;
	return true;
}

static void __init give_back(void)
{
	unsigned int i;

	for (i = 0; i < kho_scratch_nr; i++) {
		if (kho_scratch[i].size)
			memblock_phys_free(kho_scratch[i].addr, kho_scratch[i].size);
	}
	kho_scratch_nr = 0;
}

/**
 * kho_scratch_reserve - reserve the areas, at cold boot
 *
 * Returns: false if that is impossible; KHO is of no use then.
 */
bool __init kho_scratch_reserve(void)
{
	unsigned int max = nodes_weight(node_states[N_MEMORY]) + 2;
	unsigned int left = KHO_SCRATCH_USED_MAX;
	u64 low, global, pernode = 0;
	int nid;

	if (!arch_kho_supported())
		return false;
	kho_scratch = memblock_alloc(max * sizeof(*kho_scratch), PAGE_SIZE);
	if (!kho_scratch)
		return false;

	if (plan.percent)
		pr_info("scratch scale is %u%%\n", plan.percent);
	low = low_size();
	global = global_size(low);
	if (!reserve_area("low", low, ARCH_LOW_ADDRESS_LIMIT, NUMA_NO_NODE) ||
	    !reserve_area("global", global, MEMBLOCK_ALLOC_ACCESSIBLE, NUMA_NO_NODE))
		goto fail;
	left -= !!low + !!global;
	for_each_node_state(nid, N_MEMORY) {
		u64 size = left ? node_size(nid) : 0;

		if (!left)
			pr_warn("more areas than a kernel accepts: node %d has none\n", nid);
		if (!reserve_area("per-node", size, MEMBLOCK_ALLOC_ACCESSIBLE, nid))
			goto fail;
		left -= !!size;
		pernode += size;
	}
	pr_info("scratch areas: lowmem: %lluMiB global: %lluMiB pernode: %lluMiB\n",
		low >> 20, global >> 20, pernode >> 20);
	return true;

fail:
	pr_err("Failed to reserve scratch area, disabling kexec handover\n");
	give_back();
	memblock_free(kho_scratch, max * sizeof(*kho_scratch));
	kho_scratch = NULL;
	return false;
}

/**
 * kho_scratch_inherit - use the areas that came with a handover
 * @areas:	the areas; copied
 * @nr:		how many
 *
 * Returns: false if there is no memory for the copy.
 */
bool __init kho_scratch_inherit(const struct kho_scratch *areas, unsigned int nr)
{
	kho_scratch = memblock_alloc(nr * sizeof(*areas), PAGE_SIZE);
	if (!kho_scratch)
		return false;
	memcpy(kho_scratch, areas, nr * sizeof(*areas));
	kho_scratch_nr = nr;
	inherited = true;
	return true;
}

/* With a handover the pages are in the page allocator, as CMA, already. */
static void __init account_cma(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	for (; pfn < end; pfn += pageblock_nr_pages)
		page_zone(pfn_to_page(pfn))->cma_pages += pageblock_nr_pages;
}

static void __init release_cma(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	for (; pfn < end; pfn += pageblock_nr_pages)
		init_cma_reserved_pageblock(pfn_to_page(pfn));
}

static void __init release_ordinary(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	for (; pfn < end; pfn++)
		free_reserved_page(pfn_to_page(pfn));
}

/**
 * kho_scratch_release - let movable memory use the areas
 *
 * When KHO was disabled after they had been reserved: let everybody.  Areas that
 * came with a handover remain for movable memory in any case.
 */
void __init kho_scratch_release(void)
{
	unsigned int i;

	for (i = 0; i < kho_scratch_nr; i++) {
		unsigned long pfn = PHYS_PFN(kho_scratch[i].addr);
		unsigned long nr_pages = PHYS_PFN(kho_scratch[i].size);

		if (inherited)
			account_cma(pfn, nr_pages);
		else if (kho_enable)
			release_cma(pfn, nr_pages);
		else
			release_ordinary(pfn, nr_pages);
		if (inherited || kho_enable)
			totalcma_pages += nr_pages;
	}
	if (!inherited && !kho_enable)
		kho_scratch_nr = 0;
}

/**
 * kho_scratch_overlap - does a range touch a scratch area?
 * @phys:	start
 * @size:	bytes
 *
 * Context: any.
 *
 * Returns: true if it does.
 */
bool kho_scratch_overlap(phys_addr_t phys, size_t size)
{
	unsigned int i;

	for (i = 0; i < kho_scratch_nr; i++) {
		if (kho_scratch[i].size &&
		    phys < kho_scratch[i].addr + kho_scratch[i].size &&
		    kho_scratch[i].addr < phys + size)
			return true;
	}
	return false;
}

/**
 * kho_scratch_bytes - size of all areas
 *
 * Returns: bytes.
 */
u64 kho_scratch_bytes(void)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < kho_scratch_nr; i++)
		sum += kho_scratch[i].size;
	return sum;
}

static unsigned long free_pages_in(unsigned long pfn, unsigned long end)
{
	unsigned long sum = 0;

	while (pfn < end) {
		struct page *page = pfn_to_online_page(pfn);
		unsigned int order = 0;

		if (page && PageBuddy(page)) {
			/* Racy; a wrong order only makes the figure a bit wrong. */
			order = min_t(unsigned int, buddy_order_unsafe(page), MAX_PAGE_ORDER);
			sum += 1UL << order;
		}
		pfn += 1UL << order;
	}
	return sum;
}

/**
 * kho_scratch_free_bytes - how much of the areas is free just now
 *
 * Returns: bytes; a snapshot.
 */
u64 kho_scratch_free_bytes(void)
{
	u64 sum = 0;
	unsigned int i;

	for (i = 0; i < kho_scratch_nr; i++) {
		unsigned long pfn = PHYS_PFN(kho_scratch[i].addr);

		sum += PFN_PHYS(free_pages_in(pfn, pfn + PHYS_PFN(kho_scratch[i].size)));
	}
	return sum;
}
