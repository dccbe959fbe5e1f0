// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: the receiving side at boot
 *
 * DOC: How preserved memory is protected while the kernel boots
 *
 * Nothing preserved is ever put into memblock.  Three things protect it:
 *
 * *Windows* say where memblock may allocate: the scratch areas at first, and
 * once the map has been read, before the linear map is built, every gap of at
 * least a pageblock (stage 1).  Gaps are used first.
 *
 * The *exact table* says which pages are preserved, to the page.  It is built
 * as soon as there is a linear map (stage 2); here the map is validated.
 *
 * *Withholding*: where memblock and deferred initialisation hand memory to the
 * page allocator, the pages of the table are left out.
 *
 * A map that cannot be trusted is dropped as a whole, with one line in the log,
 * and the kernel boots as if it had been started cold.
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/cma.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/hooks.h>
#include <linux/kmemleak.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/page-isolation.h>

#include "../../mm/internal.h"

#include "fdt.h"
#include "internal.h"
#include "scratch_plan.h"
#include "table.h"
#include "windows.h"

#ifndef ARCH_KHO_LOW_WINDOW
#define ARCH_KHO_LOW_WINDOW	0
#endif

/* One line for each of the first few bad blocks, then only their number. */
#define MAX_DROP_LINES	16

bool kho_confined __read_mostly;

static struct kho_windows scratch_windows __initdata_memblock;
static struct kho_windows gap_windows __initdata_memblock;
static bool spare_scratch __initdata_memblock;

static struct kho_scratch areas[KHO_SCRATCH_MAX] __initdata;
static unsigned int nr_areas __initdata;
static phys_addr_t array_phys __initdata;
static u64 array_len __initdata;
static phys_addr_t fdt_phys __initdata;
static u64 fdt_len __initdata;
static u64 root_phys __initdata;

static struct kho_coarse coarse __initdata;
static struct kho_table table;
static unsigned int drop_lines __initdata;

/* Nothing was handed over after all: boot as a cold boot does. */
static void __init abandon(const char *why)
{
	pr_err("%s; disabling KHO revival, nothing is handed over\n", why);
	kho_in.fdt = NULL;
	kho_in.root = NULL;
	kho_in.orders = 0;
	atomic_long_set(&kho_in.pages, 0);
	memset(&table, 0, sizeof(table));
}

/*
 * Before anything but the scratch areas is known to be free.
 */

static bool __init read_fdt(void)
{
	void *fdt = early_memremap(fdt_phys, fdt_len);
	int err;

	if (!fdt) {
		pr_err("handover FDT (%pa) cannot be mapped\n", &fdt_phys);
		return false;
	}
	err = kho_fdt_check(fdt, fdt_len);
	root_phys = err ? 0 : kho_fdt_map_root(fdt);
	early_memunmap(fdt, fdt_len);

	if (err == -EPROTO)
		pr_err("handover FDT (%pa) is incompatible with '" KHO_FDT_COMPATIBLE "'\n",
		       &fdt_phys);
	else if (err)
		pr_err("handover FDT (%pa) is damaged\n", &fdt_phys);
	return !err;
}

static bool __init read_areas(void)
{
	unsigned int i;
	void *array;
	int nr;

	if (!array_phys || !array_len || array_len > sizeof(areas)) {
		pr_err("scratch array (%pa) has an impossible length of %llu bytes\n",
		       &array_phys, array_len);
		return false;
	}
	array = early_memremap(array_phys, array_len);
	if (!array) {
		pr_err("scratch array (%pa) cannot be mapped\n", &array_phys);
		return false;
	}
	nr = kho_scratch_array_check(array, array_len, KHO_SCRATCH_ALIGN);
	if (nr > 0)
		memcpy(areas, array, array_len);
	early_memunmap(array, array_len);
	if (nr < 0) {
		pr_err("scratch array (%pa) is damaged\n", &array_phys);
		return false;
	}

	for (i = 0; i < nr; i++) {
		phys_addr_t end = areas[i].addr + areas[i].size;

		if (areas[i].size && !arch_kho_is_ram(areas[i].addr, end)) {
			pr_err("scratch area [%pa-%pa) is not RAM\n", &areas[i].addr, &end);
			return false;
		}
	}
	nr_areas = nr;
	return true;
}

/**
 * kho_populate - a handover is announced
 * @fdt:		address of the root FDT
 * @fdt_size:		bytes that belong to it
 * @scratch_phys:	address of the scratch array
 * @scratch_len:	its length in bytes
 *
 * To be called by the architecture as soon as it finds the announcement,
 * before the first allocation from memblock.  From here on memblock allocates
 * from scratch only.
 */
void __init kho_populate(phys_addr_t fdt, u64 fdt_size,
			 phys_addr_t scratch_phys, u64 scratch_len)
{
	unsigned int i;

	fdt_phys = fdt;
	fdt_len = fdt_size;
	array_phys = scratch_phys;
	array_len = scratch_len;

	if (!fdt_phys || offset_in_page(fdt_phys) || !fdt_len || fdt_len > KHO_FDT_MAX_SIZE) {
		pr_err("handover FDT (%pa) has an impossible address or length\n", &fdt_phys);
		goto ignore;
	}
	if (!read_fdt() || !read_areas())
		goto ignore;

	for (i = 0; i < nr_areas; i++) {
		if (!areas[i].size)
			continue;
		memblock_add(areas[i].addr, areas[i].size);
		kho_windows_add(&scratch_windows, areas[i].addr,
				areas[i].addr + areas[i].size);
	}
	kho_windows_sort(&scratch_windows);
	kho_windows_add(&gap_windows, 0, ARCH_KHO_LOW_WINDOW);
	memblock_reserve(array_phys, array_len);
	kho_confined = true;
	pr_info("found kexec handover data.\n");
	return;

ignore:
	pr_err("disabling KHO revival\n");
}

/*
 * memblock's side
 */

struct search {
	phys_addr_t size;
	phys_addr_t align;
	int nid;
	enum memblock_flags flags;
	kho_memblock_find_t find;
};

static u64 __init_memblock search_window(u64 start, u64 end, void *arg)
{
	struct search *s = arg;

	return s->find(start, end, s->size, s->align, s->nid, s->flags);
}

/**
 * kho_find_in_windows - memblock's search on a handover boot
 * @start:	lowest address
 * @end:	highest address, exclusive
 * @size:	bytes wanted
 * @align:	alignment wanted
 * @nid:	node wanted
 * @flags:	memblock flags
 * @top_down:	highest fit first
 * @find:	memblock's search of one range
 *
 * Returns: an address that is not preserved memory, or 0.
 */
phys_addr_t __init_memblock
kho_find_in_windows(phys_addr_t start, phys_addr_t end, phys_addr_t size,
		    phys_addr_t align, int nid, enum memblock_flags flags,
		    bool top_down, kho_memblock_find_t find)
{
	struct search s = { size, align, nid, flags, find };
	phys_addr_t found;

	found = kho_windows_find(&gap_windows, start, end, top_down, search_window, &s);
	if (!found && !spare_scratch)
		found = kho_windows_find(&scratch_windows, start, end, top_down,
					 search_window, &s);
	/* With a node asked for, memblock tries again without: not worth a line. */
	if (!found && !numa_valid_node(nid) && end <= (u64)ARCH_LOW_ADDRESS_LIMIT + 1)
		pr_warn("no %llu bytes of low memory in [%pa-%pa) that are not preserved\n",
			(u64)size, &start, &end);
	return found;
}

/**
 * kho_spare_scratch - nothing of what is allocated now may lie in scratch
 * @spare:	begins, or ends
 *
 * For memory that outlives the boot and that somebody may preserve, or that is
 * never given back: it would take the room of the next kernel.
 */
void __init kho_spare_scratch(bool spare)
{
	spare_scratch = spare;
}

/**
 * kho_scratch_migratetype - type of a pageblock while the memmap is set up
 * @pfn:	a page of the block
 * @mt:		what it would be otherwise
 *
 * On a handover boot scratch goes to the page allocator at once, and only
 * movable memory may use it.
 */
enum migratetype __ref kho_scratch_migratetype(unsigned long pfn, enum migratetype mt)
{
	u64 start = PFN_PHYS(pageblock_start_pfn(pfn));

	/* After boot this is about hot-added memory. */
	if (!kho_confined)
		return mt;
	return kho_windows_overlap(&scratch_windows, start, start + PFN_PHYS(pageblock_nr_pages)) ?
	       MIGRATE_CMA : mt;
}

/*
 * Stage 1
 */

static u64 __init key_phys(u64 key)
{
	unsigned long pfn;
	unsigned int order;

	return kho_map_decode(key, &pfn, &order) ? (u64)pfn << PAGE_SHIFT : U64_MAX;
}

/*
 * Keys of one order only: is the first block beyond the end of memory?  What
 * starts with the index 0 can hold any order, and is always looked at; so the
 * number of nodes visited is bounded by the size of memory, whatever the tree
 * looks like.
 */
static bool __init beyond_memory(u64 first)
{
	return first && key_phys(first) >= memblock_end_of_DRAM();
}

static bool __init node_allowed(u64 phys)
{
	return phys && !offset_in_page(phys) && memblock_is_memory(phys) &&
	       !kho_windows_overlap(&scratch_windows, phys, phys + PAGE_SIZE);
}

static u64 *__init map_early(struct kho_map_walk *w, u64 phys)
{
	return early_memremap(phys, PAGE_SIZE);
}

static void __init unmap_early(struct kho_map_walk *w, u64 *node)
{
	early_memunmap(node, PAGE_SIZE);
}

static int __init mark_node(struct kho_map_walk *w, u64 phys)
{
	if (!node_allowed(phys)) {
		pr_err("map node at %#llx cannot be one\n", phys);
		return -EINVAL;
	}
	kho_coarse_mark(&coarse, phys, phys + PAGE_SIZE);
	return 0;
}

static enum kho_map_verdict __init skip_beyond(struct kho_map_walk *w, u64 first, u64 last)
{
	return beyond_memory(first) ? KHO_MAP_SKIP : KHO_MAP_FOLLOW;
}

static int __init mark_run(struct kho_map_walk *w, u64 key, unsigned long nr)
{
	unsigned long pfn;
	unsigned int order;

	if (kho_map_decode(key, &pfn, &order))
		kho_coarse_mark(&coarse, (u64)pfn << PAGE_SHIFT,
				(u64)(pfn + (nr << order)) << PAGE_SHIFT);
	return 0;
}

static void __init open_gaps(void)
{
	u64 min_size = (u64)pageblock_nr_pages << PAGE_SHIFT;
	struct memblock_region *r;

	gap_windows.nr = 0;
	for_each_mem_region(r)
		kho_coarse_gaps(&coarse, r->base, r->base + r->size, min_size, &gap_windows);
	kho_windows_sort(&gap_windows);
}

static void __init release_all(void)
{
	pr_notice("kho=off: the memory of the previous kernel is released, this is a cold boot\n");
	memblock_phys_free(array_phys, array_len);
	kho_confined = false;
}

/**
 * kho_boot_windows - stage 1: find out where early boot may allocate
 *
 * Before the linear map; the last thing before something needs more memory
 * than scratch may have.
 */
void __init kho_boot_windows(void)
{
	struct kho_map_walk walk = {
		.map = map_early,
		.unmap = unmap_early,
		.node = mark_node,
		.subtree = skip_beyond,
		.run = mark_run,
	};
	unsigned int i;

	if (!kho_confined)
		return;
	if (kho_off) {
		release_all();
		return;
	}

	kho_coarse_init(&coarse, memblock_start_of_DRAM(), memblock_end_of_DRAM());
	for (i = 0; i < scratch_windows.nr; i++)
		kho_coarse_mark(&coarse, scratch_windows.w[i].base, scratch_windows.w[i].end);
	kho_coarse_mark(&coarse, fdt_phys, fdt_phys + fdt_len);

	if (kho_map_walk(&walk, root_phys)) {
		abandon("the preserved-memory map is damaged");
		memblock_phys_free(array_phys, array_len);
		kho_confined = false;
		return;
	}
	open_gaps();
}

/*
 * Stage 2
 */

void *__init kho_table_alloc(size_t size)
{
	void *mem = memblock_alloc(PAGE_ALIGN(size), PAGE_SIZE);

	if (mem)
		kmemleak_ignore_phys(__pa(mem));
	return mem;
}

static void __init drop_block(unsigned long pfn, unsigned int order, const char *why)
{
	u64 start = (u64)pfn << PAGE_SHIFT;
	u64 end = start + (PAGE_SIZE << order);

	if (drop_lines++ < MAX_DROP_LINES)
		pr_warn("preserved memory [%#llx-%#llx) is lost: %s\n", start, end, why);
	kho_in.dropped += 1UL << order;
}

static bool __init is_memory(u64 start, u64 end)
{
	struct memblock_region *r;

	if (memblock_is_region_memory(start, end - start))
		return true;
	/* A block may span adjacent regions. */
	for_each_mem_region(r) {
		if (r->base <= start && start < r->base + r->size)
			start = r->base + r->size;
	}
	return start >= end;
}

static const char *__init block_objection(u64 start, u64 end)
{
	if (!is_memory(start, end))
		return "not RAM in this kernel";
	if (kho_windows_overlap(&scratch_windows, start, end))
		return "it lies in scratch";
	if (kho_table_any(&table, PFN_DOWN(start), PFN_DOWN(end - start)))
		return "it overlaps with another preserved block";
	return NULL;
}

static int __init admit_blocks(unsigned long pfn, unsigned int order, unsigned long nr)
{
	kho_in.orders |= 1ULL << order;
	kho_in.total += nr << order;
	return kho_table_set(&table, pfn, nr << order);
}

static int __init admit_run(struct kho_map_walk *w, u64 key, unsigned long nr)
{
	unsigned long pfn;
	unsigned int order;
	u64 start, size;
	int err = 0;

	if (!kho_map_decode(key, &pfn, &order))
		return -EINVAL;
	start = (u64)pfn << PAGE_SHIFT;
	size = PAGE_SIZE << order;
	if (!block_objection(start, start + nr * size))
		return admit_blocks(pfn, order, nr);

	for (; nr && !err; nr--, key++, start += size, pfn += 1UL << order) {
		const char *why = block_objection(start, start + size);

		if (!why) {
			err = admit_blocks(pfn, order, 1);
			continue;
		}
		drop_block(pfn, order, why);
		kho_leaf_clear(kho_map_leaf(kho_in.root, key), key);
	}
	return err;
}

static int __init admit_node(struct kho_map_walk *w, u64 phys)
{
	if (!node_allowed(phys) || kho_table_any(&table, PFN_DOWN(phys), 1)) {
		pr_err("map node at %#llx cannot be one\n", phys);
		return -EINVAL;
	}
	return kho_table_set(&table, PFN_DOWN(phys), 1);
}

static enum kho_map_verdict __init cut_beyond(struct kho_map_walk *w, u64 first, u64 last)
{
	if (!beyond_memory(first))
		return KHO_MAP_FOLLOW;
	pr_warn("preserved memory at %#llx and above is lost: not RAM in this kernel\n",
		key_phys(first));
	return KHO_MAP_CUT;
}

/* A subtree is worth nothing if somebody else may own its bytes. */
static void __init check_subtrees(void)
{
	struct kho_subtree st;
	int node = 0;

	while ((node = kho_fdt_next(kho_in.fdt, node, &st)) > 0) {
		unsigned long pfn = PFN_DOWN(st.phys);
		unsigned long end = PFN_UP(st.phys + st.size);

		if (!st.name) {
			pr_warn("a malformed subtree is ignored\n");
			continue;
		}
		if (st.size && st.phys + st.size > st.phys &&
		    end <= PFN_UP(memblock_end_of_DRAM()) &&
		    kho_table_next(&table, pfn, end, false) == end)
			continue;
		pr_warn("subtree '%s' is ignored: its %llu bytes at %#llx are not preserved\n",
			st.name, st.size, st.phys);
		kho_fdt_del(kho_in.fdt, st.name);
		node = 0;
	}
}

static bool __init take_fdt(void)
{
	unsigned long pfn = PFN_DOWN(fdt_phys);
	unsigned long end = PFN_UP(fdt_phys + fdt_len);

	if (kho_table_next(&table, pfn, end, false) != end)
		return false;
	kho_in.fdt = memblock_alloc(fdt_len, PAGE_SIZE);
	if (!kho_in.fdt)
		return false;
	memcpy(kho_in.fdt, phys_to_virt(fdt_phys), fdt_len);
	check_subtrees();
	/* The original is not needed any more: ordinary free memory. */
	kho_early_release(pfn, end - pfn);
	return true;
}

/**
 * kho_boot_table - stage 2: learn exactly what is preserved
 *
 * As soon as the linear map covers all memory.
 */
void __init kho_boot_table(void)
{
	struct kho_map_walk nodes = { .node = admit_node, .subtree = cut_beyond };
	struct kho_map_walk blocks = { .run = admit_run };

	if (!kho_confined)
		return;
	if (kho_table_init(&table, PFN_UP(memblock_end_of_DRAM()))) {
		abandon("no memory for the table of preserved pages");
		return;
	}
	if (kho_map_walk(&nodes, root_phys)) {
		abandon("the preserved-memory map is damaged");
		return;
	}
	kho_in.root = phys_to_virt(root_phys);
	if (kho_map_walk(&blocks, root_phys)) {
		abandon("the preserved-memory map is damaged");
		return;
	}
	atomic_long_set(&kho_in.pages, kho_in.total);
	atomic_long_set(&kho_in.pins, kho_in.total);
	if (!take_fdt())
		abandon("the handover FDT is not preserved");
}

/**
 * kho_early_release - pages of the previous kernel that are used up
 * @pfn:	first page
 * @nr_pages:	number of pages
 *
 * Before memory is handed to the page allocator.  The blocks that touch the
 * range leave the map and become free memory.
 */
void __init kho_early_release(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;
	unsigned int order;

	for_each_set_bit(order, (unsigned long *)&kho_in.orders, KHO_MAP_ORDERS) {
		unsigned long at = round_down(pfn, 1UL << order);

		for (; at < end; at += 1UL << order) {
			if (kho_in_take(at, order))
				kho_table_clear(&table, at, 1UL << order);
		}
	}
}

/*
 * Handing memory to the page allocator
 */

static bool __init reserved_meets_table(phys_addr_t *start, phys_addr_t *end)
{
	return kho_table_any(&table, PFN_DOWN(*start), PFN_UP(*end) - PFN_DOWN(*start));
}

/* Somebody reserved this address while we could not stop him: blocks go. */
static void __init drop_reserved(unsigned long pfn, unsigned long end)
{
	while ((pfn = kho_table_next(&table, pfn, end, true)) < end) {
		unsigned int order;
		bool found = false;

		for_each_set_bit(order, (unsigned long *)&kho_in.orders, KHO_MAP_ORDERS) {
			unsigned long head = round_down(pfn, 1UL << order);

			if (!kho_in_take(head, order))
				continue;
			drop_block(head, order, "this kernel's command line or firmware reserves it");
			kho_table_clear(&table, head, 1UL << order);
			found = true;
			break;
		}
		/* A node of the map: still needed, but not here. */
		if (!found)
			pfn++;
	}
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
		memcpy(copy, node, PAGE_SIZE);
		kho_table_clear(&table, PFN_DOWN(*slot), 1);
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
	phys_addr_t start, end;
	bool conflict = false;
	u64 root;
	u64 i;

	for_each_reserved_mem_range(i, &start, &end) {
		if (!reserved_meets_table(&start, &end))
			continue;
		drop_reserved(PFN_DOWN(start), PFN_UP(end));
		conflict = true;
	}
	if (!conflict)
		return;
	root = __pa(kho_in.root);
	if (move_node(&root, KHO_MAP_TABLE_LEVELS))
		abandon("no memory to move the map out of reserved memory");
	else
		kho_in.root = phys_to_virt(root);
}

/**
 * kho_memory_init - memblock is about to hand memory to the page allocator
 *
 * Cold boot: the last chance to reserve scratch areas.  Handover: the last
 * look at what was reserved meanwhile.
 */
void __init kho_memory_init(void)
{
	if (!kho_confined) {
		if (kho_enable && !kho_scratch_reserve())
			kho_enable = false;
		return;
	}
	if (!kho_scratch_inherit(areas, nr_areas))
		kho_enable = false;
	if (!kho_in.fdt)
		return;
	settle_conflicts();
	if (drop_lines > MAX_DROP_LINES)
		pr_warn("%u preserved blocks are lost in all\n", drop_lines);
	pr_info("%lu KiB are preserved, %lu KiB of bitmaps say where\n",
		kho_in.total << (PAGE_SHIFT - 10), table.bitmaps << (PAGE_SHIFT - 10));
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

static void __init mark_reserved_early(unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		unsigned long next = min(end, ALIGN(pfn + 1, PAGES_PER_SECTION));

		if (!page_deferred(pfn))
			mark_reserved(pfn, next);
		pfn = next;
	}
}

/**
 * kho_withhold - hand a range over, but for what is preserved
 * @pfn:	first page
 * @nr_pages:	number of pages
 * @release:	called for every part that is free
 *
 * Returns: the number of pages left out.
 */
unsigned long __init kho_withhold(unsigned long pfn, unsigned long nr_pages,
				  void (*release)(unsigned long pfn, unsigned long end))
{
	unsigned long end = pfn + nr_pages;
	unsigned long withheld = 0;

	while (pfn < end) {
		unsigned long taken = kho_table_next(&table, pfn, end, true);
		unsigned long next = kho_table_next(&table, taken, end, false);

		if (pfn < taken)
			release(pfn, taken);
		mark_reserved_early(taken, next);
		withheld += next - taken;
		pfn = next;
	}
	return withheld;
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
	unsigned long end = pfn + nr_pages;
	unsigned long withheld = 0;
	unsigned long block;

	if (!kho_in.fdt || !kho_table_any(&table, pfn, nr_pages))
		return 0;

	for (block = pageblock_align(pfn); block < end; block += pageblock_nr_pages)
		set_pageblock_migratetype(pfn_to_page(block),
					  kho_scratch_migratetype(block, MIGRATE_MOVABLE));

	while (pfn < end) {
		unsigned long taken = kho_table_next(&table, pfn, end, true);
		unsigned long next = kho_table_next(&table, taken, end, false);

		release_deferred(pfn, taken);
		mark_reserved(taken, next);
		withheld += next - taken;
		pfn = next;
	}
	return withheld;
}

/**
 * kho_skip_memtest - must memtest= keep its hands off?
 *
 * Returns: true if memory holds something.
 */
bool __init kho_skip_memtest(void)
{
	if (kho_confined)
		pr_warn("memtest= is skipped: it would overwrite preserved memory\n");
	return kho_confined;
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
	kho_table_each_bitmap(&table, free_table_memory);
	memset(&table, 0, sizeof(table));
	kho_confined = false;
	kho_in.open = !!kho_in.fdt;
	kho_in_settle();
	return 0;
}
pure_initcall(kho_early_done);
