// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: the receiving side at boot
 */

/**
 * DOC: How preserved memory is protected while the kernel boots
 *
 * Nothing preserved is ever put into memblock.  Three things protect it:
 *
 * *Windows* say where memblock may allocate: the scratch areas at first, and
 * once the map has been read, before the linear map is built, every gap of at
 * least 2 MiB (stage 1).  Gaps are used first.  See confine.c.
 *
 * The *exact table* says which pages are preserved, to the page.  It is built
 * as soon as there is a linear map (stage 2); here the map is validated.
 *
 * *Withholding*: where memblock and deferred initialisation hand memory to the
 * page allocator, the pages of the table are left out.  See handoff.c.
 *
 * A map that cannot be trusted is dropped as a whole, with one line in the log,
 * and the kernel boots as if it had been started cold.
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/build_bug.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/hooks.h>
#include <linux/kmemleak.h>
#include <linux/memblock.h>
#include <linux/mm.h>

#include <asm/fixmap.h>

#include "early.h"
#include "fdt.h"
#include "internal.h"
#include "receive.h"
#include "scratch_plan.h"

/* One line for each of the first few bad blocks, then only their number. */
#define MAX_DROP_LINES	16

struct kho_table kho_withheld __initdata;
struct kho_table kho_map_nodes __initdata;

static struct kho_scratch areas[KHO_SCRATCH_MAX] __initdata;
static unsigned int nr_areas __initdata;
static phys_addr_t array_phys __initdata;
static u64 array_len __initdata;
static phys_addr_t fdt_phys __initdata;
static u64 fdt_len __initdata;
static u64 root_phys __initdata;

static struct kho_coarse coarse __initdata;
static unsigned int drop_lines __initdata;

/**
 * kho_drop_block - a block cannot be kept
 * @start:	start
 * @end:	end, exclusive; 0: everything above @start
 * @why:	for the log
 */
void __init kho_drop_block(u64 start, u64 end, const char *why)
{
	if (drop_lines++ == MAX_DROP_LINES)
		pr_warn("more preserved memory is lost\n");
	if (drop_lines > MAX_DROP_LINES)
		return;
	if (end)
		pr_warn("preserved memory [%#llx-%#llx) is lost: %s\n", start, end, why);
	else
		pr_warn("preserved memory at %#llx and above is lost: %s\n", start, why);
}

static void __init bad_node(u64 phys)
{
	pr_err("no node of the map can be at %#llx\n", phys);
}

/* Memory that firmware keeps for itself has no place in the linear map. */
static bool __init is_memory(u64 start, u64 end)
{
	phys_addr_t from, to;
	u64 i;

	if (end <= start)
		return false;
	if (memblock_is_region_memory(start, end - start))
		return memblock_is_map_memory(start);
	/* A block may span adjacent regions. */
	for_each_mem_range(i, &from, &to) {
		if (from <= start && start < to)
			start = to;
	}
	return start >= end;
}

static struct kho_receive receive __initdata = {
	.scratch = &kho_scratch_windows,
	.is_ram = is_memory,
	.bad_node = bad_node,
	.lost = kho_drop_block,
};

/* All memory is free but for scratch; what else is not has still to be marked. */
static void __init start_picture(void)
{
	phys_addr_t from, to, last = memblock_start_of_DRAM();
	unsigned int i;
	u64 r;

	kho_coarse_init(&coarse, last, memblock_end_of_DRAM());
	for_each_mem_range(r, &from, &to) {
		kho_coarse_skip(&coarse, last, from);
		last = to;
	}
	for (i = 0; i < kho_scratch_windows.nr; i++)
		kho_coarse_mark(&coarse, kho_scratch_windows.w[i].base,
				kho_scratch_windows.w[i].end);
}

static void __init open_gaps(void)
{
	phys_addr_t from, to;
	u64 i;

	kho_gap_windows.nr = 0;
	for_each_mem_range(i, &from, &to)
		kho_coarse_gaps(&coarse, from, to, KHO_GAP_MIN, &kho_gap_windows);
	kho_windows_sort(&kho_gap_windows);
}

static void __init open_largest_gap(void)
{
	struct kho_window *w = kho_gap_windows.w, largest = {};
	unsigned int i;

	for (i = 0; i < kho_gap_windows.nr; i++) {
		if (w[i].end - w[i].base > largest.end - largest.base)
			largest = w[i];
	}
	kho_gap_windows.nr = 0;
	kho_windows_add(&kho_gap_windows, largest.base, largest.end);
}

static void __init free_table(void *mem, size_t size)
{
	memblock_free(mem, PAGE_ALIGN(size));
}

/**
 * kho_abandon - nothing was handed over after all
 * @why:	for the log
 *
 * From here on this is a cold boot, but for the scratch areas: all of memory
 * besides them may be allocated.
 */
void __init kho_abandon(const char *why)
{
	pr_err("%s; disabling KHO revival, nothing was handed over\n", why);
	kho_in.fdt = NULL;
	kho_in.root = NULL;
	kho_in.orders = 0;
	kho_in.dropped += atomic_long_read(&kho_in.pages) ?: receive.pages;
	atomic_long_set(&kho_in.pages, 0);
	atomic_long_set(&kho_in.pins, 0);
	kho_table_each_bitmap(&kho_withheld, free_table);
	memset(&kho_withheld, 0, sizeof(kho_withheld));
	if (kho_confined) {
		start_picture();
		open_gaps();
	}
}

/**
 * kho_early_areas - the scratch areas that came with the handover
 * @nr:		set to their number
 *
 * Returns: the array, entries without size included.
 */
const struct kho_scratch *__init kho_early_areas(unsigned int *nr)
{
	*nr = nr_areas;
	return areas;
}

/*
 * Before anything but the scratch areas is known to be free.
 */

/* Nothing may be read where the firmware has no RAM. */
static bool __init is_readable(phys_addr_t start, u64 len)
{
	return start + len > start && arch_kho_is_ram(start, start + len);
}

static bool __init read_fdt(void)
{
	void *fdt;
	int err;

	if (!fdt_phys || offset_in_page(fdt_phys) || fdt_len > KHO_FDT_MAX_SIZE ||
	    !is_readable(fdt_phys, fdt_len)) {
		pr_err("handover FDT (%pa, %llu bytes) has an impossible address or length\n",
		       &fdt_phys, fdt_len);
		return false;
	}
	fdt = early_memremap(fdt_phys, fdt_len);
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

	if (!array_phys || array_len > sizeof(areas) || !is_readable(array_phys, array_len)) {
		pr_err("scratch array (%pa, %llu bytes) has an impossible address or length\n",
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
	if (!read_fdt() || !read_areas())
		goto ignore;

	for (i = 0; i < nr_areas; i++) {
		if (!areas[i].size)
			continue;
		memblock_add(areas[i].addr, areas[i].size);
		kho_windows_add(&kho_scratch_windows, areas[i].addr,
				areas[i].addr + areas[i].size);
	}
	kho_windows_sort(&kho_scratch_windows);
	kho_windows_add(&kho_gap_windows, 0, ARCH_KHO_LOW_WINDOW);
	memblock_reserve(array_phys, array_len);
	kho_confined = true;
	pr_info("found kexec handover data.\n");
	return;

ignore:
	pr_err("disabling KHO revival; this is a cold boot, on which KHO is on or off as on any other\n");
}

/*
 * Stage 1
 */

/*
 * A walk maps a node of every level at once; and on machines with UEFI its memory
 * map is mapped all the time.
 */
static_assert(KHO_MAP_LEVELS + 1 <= FIX_BTMAPS_SLOTS);

static u64 *__init map_early(u64 phys)
{
	return early_memremap(phys, PAGE_SIZE);
}

static void __init unmap_early(u64 *node)
{
	early_memunmap(node, PAGE_SIZE);
}

static const struct kho_node_access early_access __initconst = {
	.map = map_early,
	.unmap = unmap_early,
};

static void __init remove_what_is_left_out(u64 start, u64 end)
{
	while (start < end) {
		u64 stop = start;

		while (stop < end && !arch_kho_is_ram(stop, stop + PAGE_SIZE))
			stop += PAGE_SIZE;
		if (stop > start)
			memblock_remove(start, stop - start);
		start = stop + PAGE_SIZE;
	}
}

/* mem= and the like were not known when areas were added to memblock. */
static void __init check_areas(void)
{
	unsigned int i;

	kho_scratch_windows.nr = 0;
	for (i = 0; i < nr_areas; i++) {
		u64 start = areas[i].addr, end = start + areas[i].size;

		if (!areas[i].size)
			continue;
		if (arch_kho_is_ram(start, end)) {
			kho_windows_add(&kho_scratch_windows, start, end);
			continue;
		}
		pr_warn("scratch area [%#llx-%#llx) is given up: the command line leaves memory out there\n",
			start, end);
		remove_what_is_left_out(start, end);
		areas[i].size = 0;
	}
	kho_windows_sort(&kho_scratch_windows);
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
	const char *why = NULL;

	if (!kho_confined)
		return;
	check_areas();
	if (kho_off) {
		release_all();
		return;
	}

	start_picture();
	kho_coarse_mark(&coarse, fdt_phys, fdt_phys + fdt_len);

	receive.ram_end = memblock_end_of_DRAM();
	if (!kho_scratch_windows.nr)
		why = "no scratch area is left";
	else if (kho_receive_scan(&receive, &early_access, root_phys, &coarse))
		why = "the preserved-memory map is damaged";
	if (why) {
		kho_abandon(why);
		memblock_phys_free(array_phys, array_len);
		kho_confined = false;
		return;
	}
	open_gaps();
	if (ARCH_KHO_LARGEST_GAP)
		open_largest_gap();
	kho_reserved_before = memblock_reserved_size();
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

/**
 * kho_check_subtrees - forget the subtrees whose bytes somebody else may own
 *
 * They are worth nothing: they lie in memory that is not preserved.
 */
void __init kho_check_subtrees(void)
{
	struct kho_subtree st;
	unsigned int malformed = 0;
	int node, last = 0;

	while ((node = kho_fdt_next(kho_in.fdt, last, &st)) > 0) {
		unsigned long pfn = PFN_DOWN(st.phys);
		unsigned long end = PFN_DOWN(st.phys + st.size - 1) + 1;

		if (st.name && st.size && st.phys + st.size > st.phys &&
		    end <= PFN_UP(memblock_end_of_DRAM()) &&
		    kho_table_next(&kho_withheld, pfn, end, false) == end) {
			last = node;
			continue;
		}
		if (!st.name)
			malformed++;
		else
			pr_warn("subtree '%s' is ignored: its %llu bytes at %#llx are not preserved\n",
				st.name, st.size, st.phys);
		/* What follows moves up, what precedes stays where it is. */
		if (kho_fdt_del_node(kho_in.fdt, node)) {
			kho_abandon("the handover FDT cannot be edited");
			return;
		}
	}
	if (malformed)
		pr_warn("%u malformed subtrees are ignored\n", malformed);
}

/* Returns what is wrong with it, if anything is. */
static const char *__init take_fdt(void)
{
	unsigned long pfn = PFN_DOWN(fdt_phys);
	unsigned long end = PFN_UP(fdt_phys + fdt_len);

	if (kho_table_next(&kho_withheld, pfn, end, false) != end)
		return "the handover FDT is not preserved";
	kho_in.fdt = memblock_alloc(fdt_len, PAGE_SIZE);
	if (!kho_in.fdt)
		return "no memory for the handover FDT";
	memcpy(kho_in.fdt, phys_to_virt(fdt_phys), fdt_len);
	/* Since it was checked, early boot may have used memory below 1 MiB. */
	if (kho_fdt_check(kho_in.fdt, fdt_len))
		return "the handover FDT was overwritten";
	/*
	 * With kexec_load(2) user space may hand on the announcement that this
	 * kernel was passed. It must lead to nothing.
	 */
	memset(phys_to_virt(fdt_phys), 0, sizeof(u32));
	/* The original is not needed any more: ordinary free memory. */
	kho_early_release(pfn, end - pfn);
	kho_check_subtrees();
	return NULL;
}

/**
 * kho_boot_table - stage 2: learn exactly what is preserved
 *
 * As soon as the linear map covers all memory.
 */
void __init kho_boot_table(void)
{
	const char *why;

	if (!kho_confined)
		return;
	open_gaps();
	if (kho_table_init(&kho_withheld, PFN_UP(memblock_end_of_DRAM())) ||
	    kho_table_init(&kho_map_nodes, PFN_UP(memblock_end_of_DRAM()))) {
		kho_abandon("no memory for the table of preserved pages");
		return;
	}
	receive.ram_end = memblock_end_of_DRAM();
	switch (kho_receive_admit(&receive, root_phys, &kho_withheld, &kho_map_nodes)) {
	case 0:
		break;
	case -ENOMEM:
		kho_abandon("no memory for the table of preserved pages");
		return;
	default:
		kho_abandon("the preserved-memory map is damaged");
		return;
	}

	kho_in.root = phys_to_virt(root_phys);
	kho_in.orders = receive.orders;
	kho_in.dropped = receive.dropped;
	atomic_long_set(&kho_in.pages, receive.pages);
	atomic_long_set(&kho_in.pins, receive.pages);
	why = take_fdt();
	if (why)
		kho_abandon(why);
}

/* The unclaimed block that covers a page: its order, or -ENOENT. */
static int __init covering(unsigned long pfn)
{
	unsigned int order;

	for_each_set_bit(order, (unsigned long *)&kho_in.orders, KHO_MAP_ORDERS) {
		if (kho_in_order(round_down(pfn, 1UL << order)) == order)
			return order;
	}
	return -ENOENT;
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

	while (pfn < end) {
		int order = covering(pfn);
		unsigned long at = order < 0 ? pfn : round_down(pfn, 1UL << order);

		if (order >= 0 && kho_in_take(at, order))
			kho_table_clear(&kho_withheld, at, 1UL << order);
		pfn = at + (order < 0 ? 1 : 1UL << order);
	}
}
