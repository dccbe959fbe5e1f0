// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: memblock on a handover boot
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/init.h>
#include <linux/kexec_handover.h>
#include <linux/kho/hooks.h>
#include <linux/memblock.h>
#include <linux/mm.h>

#include "early.h"
#include "internal.h"

bool kho_confined __read_mostly;

struct kho_windows kho_scratch_windows __initdata_memblock;
struct kho_windows kho_gap_windows __initdata_memblock;
static bool spare_scratch __initdata_memblock;
static u64 spared __initdata_memblock;	/* what was found for those */
static bool told __initdata_memblock;
phys_addr_t kho_reserved_before __initdata_memblock;

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

/*
 * Of what is not preserved the boot needs a part.  Who asks for memory that nobody else
 * may use can do without; the rest of the boot cannot.  How many processors there are is
 * not known yet.
 */
static bool __init_memblock leaves_too_little(u64 size)
{
	u64 used = max(memblock_reserved_size(), kho_reserved_before) - kho_reserved_before;
	u64 need = kho_boot_bytes(PHYS_PFN(memblock_phys_mem_size()), 0);

	/* Of what is used the boot has what they have not. */
	used -= min(used, spared);
	return size + spared + max(need, used + KHO_BOOT_MEMORY) >
	       kho_windows_bytes(&kho_gap_windows);
}

/* Once for all that one of them tries. */
static void __init_memblock tell(u64 size)
{
	if (!told)
		pr_warn("%llu KiB are not reserved: of what is not preserved the boot needs the rest\n",
			size >> 10);
	told = true;
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

	found = kho_windows_find(&kho_gap_windows, start, end, top_down, search_window, &s);
	if (found && spare_scratch) {
		if (leaves_too_little(size)) {
			tell(size);
			return 0;
		}
		spared += size;
	}
	/* Other nodes' gaps before scratch: memblock tries again without the node. */
	if (!found && !numa_valid_node(nid) && !spare_scratch)
		found = kho_windows_find(&kho_scratch_windows, start, end, top_down,
					 search_window, &s);
	/* Nothing is missing in a range that never had so much. */
	if (!found && !numa_valid_node(nid) && start < end && size <= end - start &&
	    end <= (u64)ARCH_LOW_ADDRESS_LIMIT + 1)
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
	told = false;
}

/**
 * kho_scratch_migratetype - type of a pageblock while the memmap is set up
 * @pfn:	a page of the block
 * @mt:		what it would be otherwise
 *
 * On a handover boot scratch goes to the page allocator at once, and only
 * movable memory may use it.
 *
 * Returns: MIGRATE_CMA if the block touches scratch on a handover boot, else @mt.
 */
enum migratetype __ref kho_scratch_migratetype(unsigned long pfn, enum migratetype mt)
{
	u64 start = PFN_PHYS(pageblock_start_pfn(pfn));

	/* After boot this is about hot-added memory. */
	if (!kho_confined)
		return mt;
	if (kho_windows_overlap(&kho_scratch_windows, start, start + PFN_PHYS(pageblock_nr_pages)))
		return MIGRATE_CMA;
	return mt;
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
