// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: handing memory to the page allocator
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/crash_dump.h>
#include <linux/init.h>
#include <linux/kexec_handover.h>
#include <linux/kho/hooks.h>
#include <linux/kmemleak.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-isolation.h>

#include "../../mm/internal.h"

#include "early.h"
#include "internal.h"

/* Takes out the blocks that lie in a reserved range; returns how many. */
static unsigned int __init drop_reserved(unsigned long pfn, unsigned long end)
{
	unsigned int dropped = 0;

	while ((pfn = kho_table_next(&kho_withheld, pfn, end, true)) < end) {
		unsigned int order;
		bool found = false;

		for_each_set_bit(order, (unsigned long *)&kho_in.orders, KHO_MAP_ORDERS) {
			unsigned long head = round_down(pfn, 1UL << order);

			if (!kho_in_take(head, order))
				continue;
			kho_drop_block(PFN_PHYS(head), PFN_PHYS(head + (1UL << order)),
				       "the command line or firmware reserves it");
			kho_table_clear(&kho_withheld, head, 1UL << order);
			kho_in.dropped += 1UL << order;
			dropped++;
			found = true;
			break;
		}
		/* A node of the map: still needed, but not here. */
		if (!found)
			pfn++;
	}
	return dropped;
}

/* Moves the node whose address is in @slot, and those below, if they must. */
static int __init move_node(u64 *slot, unsigned int level)
{
	u64 *node = phys_to_virt(*slot);
	unsigned int i;
	int err = 0;

	if (memblock_is_reserved(*slot)) {
		u64 *copy = memblock_alloc(PAGE_SIZE, PAGE_SIZE);

		if (!copy)
			return -ENOMEM;
		kmemleak_ignore_phys(__pa(copy));
		memcpy(copy, node, PAGE_SIZE);
		kho_table_clear(&kho_withheld, PFN_DOWN(*slot), 1);
		/* As if it was withheld: free_withheld_page() */
		totalram_pages_add(1);
		*slot = __pa(copy);
		node = copy;
	}
	for (i = 0; level && !err && i < KHO_MAP_TABLE_SLOTS; i++) {
		if (node[i])
			err = move_node(&node[i], level - 1);
	}
	return err;
}

static void __init settle_conflicts(void)
{
	unsigned int dropped, total = 0;
	phys_addr_t start, end;
	u64 root;
	u64 i;

	/* Splitting a section of the table allocates, and moves the ranges. */
	do {
		dropped = 0;
		for_each_reserved_mem_range(i, &start, &end)
			dropped += drop_reserved(PFN_DOWN(start), PFN_UP(end));
		total += dropped;
	} while (dropped);

	root = __pa(kho_in.root);
	if (move_node(&root, KHO_MAP_TABLE_LEVELS)) {
		kho_abandon("no memory to move the map out of reserved memory");
		return;
	}
	kho_in.root = phys_to_virt(root);
	if (total)
		kho_check_subtrees();
}

/**
 * kho_memory_init - memblock is about to hand memory to the page allocator
 *
 * Cold boot: the last chance to reserve scratch areas.  Handover: the last
 * look at what was reserved meanwhile.
 */
void __init kho_memory_init(void)
{
	const struct kho_scratch *areas;
	unsigned int nr;

	if (!kho_confined) {
		/* A crash kernel has little memory, and nothing to hand over. */
		if (is_kdump_kernel() || (kho_enable && !kho_scratch_reserve()))
			kho_enable = false;
		return;
	}
	areas = kho_early_areas(&nr);
	kho_enable = kho_scratch_inherit(areas, nr);
	if (!kho_in.fdt)
		return;
	settle_conflicts();
	if (!kho_in.fdt)
		return;
	if (kho_in.dropped)
		pr_warn("%lu KiB of preserved memory are lost in all\n",
			kho_in.dropped << (PAGE_SHIFT - 10));
	pr_info("%lu KiB are preserved, %lu KiB of bitmaps say where\n",
		kho_unclaimed_pages() << (PAGE_SHIFT - 10),
		kho_withheld.bitmaps << (PAGE_SHIFT - 10));
}

static bool __init page_deferred(unsigned long pfn)
{
#ifdef CONFIG_DEFERRED_STRUCT_PAGE_INIT
	return pfn >= NODE_DATA(early_pfn_to_nid(pfn))->first_deferred_pfn;
#else
	return false;
#endif
}

static void __init mark_reserved(unsigned long pfn, unsigned long end)
{
	for (; pfn < end; pfn++)
		__SetPageReserved(pfn_to_page(pfn));
}

struct handout {
	void (*release)(unsigned long pfn, unsigned long end);
	unsigned long withheld;
};

static void __init hand_out(unsigned long pfn, unsigned long end, bool set, void *arg)
{
	struct handout *h = arg;

	if (set) {
		mark_reserved(pfn, end);
		h->withheld += end - pfn;
	} else {
		h->release(pfn, end);
	}
}

/**
 * kho_withhold - hand a range over, but for what is preserved
 * @pfn:	first page
 * @nr_pages:	number of pages
 * @release:	called for every part that is free
 *
 * The turn of sections whose initialisation is deferred comes with
 * kho_withhold_deferred().
 */
void __init kho_withhold(unsigned long pfn, unsigned long nr_pages,
			 void (*release)(unsigned long pfn, unsigned long end))
{
	struct handout h = { .release = release };
	unsigned long end = pfn + nr_pages;

	if (!kho_confined) {
		release(pfn, end);
		return;
	}
	while (pfn < end) {
		unsigned long next = min(end, ALIGN(pfn + 1, PAGES_PER_SECTION));

		if (!page_deferred(pfn))
			kho_table_each(&kho_withheld, pfn, next, hand_out, &h);
		pfn = next;
	}
}

static void __init release_deferred(unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		unsigned int order = min_t(unsigned int, MAX_PAGE_ORDER,
					   kho_map_cut(pfn, end - pfn));

		__free_pages_core(pfn_to_page(pfn), order, MEMINIT_EARLY);
		pfn += 1UL << order;
	}
}

/**
 * kho_withhold_deferred - the same for initialisation that was deferred
 * @pfn:	first page; all struct pages of the range are initialised
 * @nr_pages:	number of pages, at most MAX_ORDER_NR_PAGES
 *
 * Concurrent calls for different ranges are fine.
 *
 * Returns: the number of pages left out; 0 means that the range was not
 * touched and is the caller's to free.
 */
unsigned long __init kho_withhold_deferred(unsigned long pfn, unsigned long nr_pages)
{
	struct handout h = { .release = release_deferred };
	unsigned long end = pfn + nr_pages;
	unsigned long block;

	if (!kho_in.fdt || !kho_table_any(&kho_withheld, pfn, nr_pages))
		return 0;

	for (block = pageblock_align(pfn); block < end; block += pageblock_nr_pages)
		set_pageblock_migratetype(pfn_to_page(block),
					  kho_scratch_migratetype(block, MIGRATE_MOVABLE));
	kho_table_each(&kho_withheld, pfn, end, hand_out, &h);
	return h.withheld;
}

/*
 * After boot
 */

static void __init free_table_memory(void *mem, size_t size)
{
	memblock_free_late(__pa(mem), PAGE_ALIGN(size));
}

static int __init kho_early_done(void)
{
	if (!kho_confined)
		return 0;
	/* Everything is handed over: the map alone says what is unclaimed. */
	kho_table_each_bitmap(&kho_withheld, free_table_memory);
	kho_table_each_bitmap(&kho_map_nodes, free_table_memory);
	kho_confined = false;
	kho_in.open = !!kho_in.fdt;
	kho_in_settle();
	return 0;
}
pure_initcall(kho_early_done);
