// SPDX-License-Identifier: GPL-2.0-only
/*
 * KHO exerciser: commands that make blocks
 *
 * Each allocates, fills and preserves; all of it or nothing.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/list.h>
#include <linux/memblock.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sched/clock.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#include <linux/vmstat.h>

#include "../../kernel/kho/internal.h"

#include "exerciser.h"

static gfp_t gfp(const struct ex_args *a)
{
	gfp_t flags = GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN;

	if (a->node != NUMA_NO_NODE)
		flags |= __GFP_THISNODE;
	if (!strcmp(a->zone, "dma"))
		flags |= __GFP_DMA;
	else if (!strcmp(a->zone, "dma32"))
		flags |= __GFP_DMA32;
	return flags;
}

/* More than the page allocator has in one piece; from a node on. */
static struct page *get_contiguous(unsigned long nr, gfp_t flags, int nid)
{
	flags = (flags & ~__GFP_NORETRY) | __GFP_RETRY_MAYFAIL;
	return alloc_contig_pages(nr, flags, nid == NUMA_NO_NODE ? numa_mem_id() : nid, NULL);
}

static struct page *get_pages(gfp_t flags, unsigned int order, int nid)
{
	return nid == NUMA_NO_NODE ? alloc_pages(flags, order) :
				     alloc_pages_node(nid, flags, order);
}

/* What was allocated by a command gets contents and is preserved. */
static int finish(unsigned long first, int err, bool each)
{
	unsigned long i;

	ex_timed(&ex_stats.fill_ns) {
		for (i = first; !err && i < ex_nr; i++)
			ex_fill(&ex_blocks[i]);
	}
	err = err ?: ex_preserve_from(first, each);
	err = err ?: ex_publish();
	if (err) {
		ex_free_from(first);
		return err;
	}
	for (i = first; i < ex_nr; i++) {
		ex_stats.blocks++;
		ex_stats.pages += ex_blocks[i].rec.nr_pages;
	}
	return 0;
}

static int make_folio(gfp_t flags, unsigned int order, int nid)
{
	struct page *page;

	if (order > MAX_PAGE_ORDER)
		page = get_contiguous(1UL << order, flags | __GFP_COMP, nid);
	else
		page = get_pages(flags | __GFP_COMP, order, nid);
	if (!page)
		return -ENOMEM;
	if (ex_new(EX_FOLIO, page_to_phys(page), 1UL << order))
		return 0;
	folio_put(page_folio(page));
	return -ENOMEM;
}

/* folios n= order= [node=] [zone=] [each=1] */
int ex_folios(const struct ex_args *a)
{
	unsigned long first = ex_nr, i;
	int err = 0;

	ex_timed(&ex_stats.alloc_ns) {
		for (i = 0; !err && i < a->n; i++)
			err = make_folio(gfp(a), a->order, a->node);
	}
	return finish(first, err, a->each);
}

static void free_range(unsigned long pfn, unsigned long end)
{
	for (; pfn < end; pfn++)
		__free_page(pfn_to_page(pfn));
}

/*
 * Pages [offset, offset + nr) of an allocation of 2^span pages; the rest of it
 * is freed.
 */
static int make_range(gfp_t flags, unsigned long offset, unsigned long nr,
		      unsigned int span, int nid)
{
	unsigned int order = max_t(unsigned int, span, get_order((offset + nr) << PAGE_SHIFT));
	unsigned long all = 1UL << order;
	unsigned long pfn;
	struct page *page;

	if (order > MAX_PAGE_ORDER) {
		all = offset + nr;
		page = get_contiguous(all, flags & ~__GFP_COMP, nid);
	} else {
		page = get_pages(flags & ~__GFP_COMP, order, nid);
		if (page)
			split_page(page, order);
	}
	if (!page)
		return -ENOMEM;
	pfn = page_to_pfn(page);
	free_range(pfn, pfn + offset);
	free_range(pfn + offset + nr, pfn + all);
	if (ex_new(EX_PAGES, PFN_PHYS(pfn + offset), nr))
		return 0;
	free_range(pfn + offset, pfn + offset + nr);
	return -ENOMEM;
}

/* pages n= nr= [offset=] [span=] [node=] [zone=] */
int ex_pages(const struct ex_args *a)
{
	unsigned long first = ex_nr, i;
	int err = a->nr ? 0 : -EINVAL;

	ex_timed(&ex_stats.alloc_ns) {
		for (i = 0; !err && i < a->n; i++)
			err = make_range(gfp(a), a->offset, a->nr, a->span, a->node);
	}
	return finish(first, err, false);
}

/* No allocation crosses a zone: part by part, preserved as one. */
static unsigned long take_range(unsigned long pfn, unsigned long end)
{
	while (pfn < end) {
		struct page *page = pfn_to_online_page(pfn);
		unsigned long stop;

		if (!page)
			break;
		stop = min(end, zone_end_pfn(page_zone(page)));
		if (alloc_contig_range(pfn, stop, MIGRATE_MOVABLE, GFP_KERNEL))
			break;
		pfn = stop;
	}
	return pfn;
}

/* at pfn= nr=: exactly these pages */
int ex_at(const struct ex_args *a)
{
	unsigned long first = ex_nr;
	unsigned long stop = a->pfn;

	ex_timed(&ex_stats.alloc_ns)
		stop = take_range(a->pfn, a->pfn + a->nr);
	if (stop != a->pfn + a->nr) {
		free_range(a->pfn, stop);
		return -EBUSY;
	}
	if (!a->nr)
		return -EINVAL;
	if (!ex_new(EX_PAGES, PFN_PHYS(a->pfn), a->nr)) {
		free_range(a->pfn, stop);
		return -ENOMEM;
	}
	return finish(first, 0, false);
}

static int make_vmalloc(unsigned long nr, bool huge)
{
	void *area = huge ? vmalloc_huge(nr << PAGE_SHIFT, GFP_KERNEL) :
			    vmalloc(nr << PAGE_SHIFT);
	struct ex_block *b;

	if (!area)
		return -ENOMEM;
	b = ex_new(EX_VMALLOC, 0, nr);
	if (!b) {
		vfree(area);
		return -ENOMEM;
	}
	b->area = area;
	return 0;
}

/* vmalloc n= nr= [huge=1] */
int ex_vmalloc(const struct ex_args *a)
{
	unsigned long first = ex_nr, i;
	int err = a->nr ? 0 : -EINVAL;

	ex_timed(&ex_stats.alloc_ns) {
		for (i = 0; !err && i < a->n; i++)
			err = make_vmalloc(a->nr, a->huge);
	}
	return finish(first, err, false);
}

static int make_subtree(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return -ENOMEM;
	if (ex_new(EX_SUBTREE, page_to_phys(page), 1))
		return 0;
	__free_page(page);
	return -ENOMEM;
}

/* subtrees n= */
int ex_subtrees(const struct ex_args *a)
{
	unsigned long first = ex_nr, i;
	int err = 0;

	for (i = 0; !err && i < a->n; i++)
		err = make_subtree();
	return finish(first, err, false);
}

static void free_list(struct list_head *list)
{
	struct page *page, *next;

	list_for_each_entry_safe(page, next, list, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
}

/* scatter n=: single pages, none of which has a neighbour */
int ex_scatter(const struct ex_args *a)
{
	unsigned long first = ex_nr;
	LIST_HEAD(between);
	int err = 0;

	ex_timed(&ex_stats.alloc_ns) {
		while (!err && ex_nr - first < a->n) {
			struct page *page = get_pages(gfp(a), 0, a->node);

			if (!page) {
				err = -ENOMEM;
			} else if (page_to_pfn(page) & 1) {
				list_add(&page->lru, &between);
			} else if (!ex_new(EX_FOLIO, page_to_phys(page), 1)) {
				__free_page(page);
				err = -ENOMEM;
			}
		}
		free_list(&between);
	}
	return finish(first, err, false);
}

/* fill [zone=] [node=] [order=] [keep=pages] [n=at most]: all the free memory there is */
int ex_fill_zone(const struct ex_args *a)
{
	gfp_t flags = gfp(a) & ~__GFP_DIRECT_RECLAIM;
	unsigned long first = ex_nr;
	int err = 0;

	ex_timed(&ex_stats.alloc_ns) {
		while (!err && ex_nr - first < (a->n ?: ULONG_MAX) &&
		       global_zone_page_state(NR_FREE_PAGES) > a->keep)
			err = make_folio(flags, a->order, a->node);
	}
	/* Full is what was wanted. */
	return finish(first, 0, false);
}

/* As large as what the next kernel boots in, if nothing of it is preserved */
#define PART_PAGES	(SZ_2M >> PAGE_SHIFT)

static unsigned long *everywhere;	/* pages that are no blocks of ours */
static unsigned long nr_everywhere;

static void preserve_one_of(unsigned long pfn)
{
	unsigned long end = pfn + PART_PAGES;

	for (; pfn < end; pfn++) {
		struct page *page = pfn_to_online_page(pfn);

		if (!page)
			continue;
		/* By somebody else, who would miss it. */
		if (kho_out_order(pfn) >= 0)
			return;
		/* Slab does not travel, and scratch must not. */
		if (kho_preserve_pages(page, 1))
			continue;
		everywhere[nr_everywhere++] = pfn;
		return;
	}
}

/* everywhere n=1: a page of every part of memory, whoever uses it; n=0: undo that */
int ex_everywhere(const struct ex_args *a)
{
	unsigned long pfn, end = max_pfn;

	if (!a->n == !everywhere)
		return -EINVAL;
	if (!a->n) {
		while (nr_everywhere)
			kho_unpreserve_pages(pfn_to_page(everywhere[--nr_everywhere]), 1);
		kvfree(everywhere);
		everywhere = NULL;
		return 0;
	}
	everywhere = kvmalloc_array(end / PART_PAGES + 1, sizeof(*everywhere), GFP_KERNEL);
	if (!everywhere)
		return -ENOMEM;
	for (pfn = 0; pfn < end; pfn += PART_PAGES)
		preserve_one_of(pfn);
	ex_stats.pages = nr_everywhere;
	return 0;
}

static int make_random(struct rnd_state *rnd)
{
	u32 r = prandom_u32_state(rnd);
	unsigned long nr = 1 + (r >> 8) % 67;

	switch (r % 20) {
	case 0 ... 13:
		return make_folio(GFP_KERNEL, (r >> 8) % 7, NUMA_NO_NODE);
	case 14 ... 16:
		return make_range(GFP_KERNEL, (r >> 16) % 5, nr, 0, NUMA_NO_NODE);
	case 17 ... 18:
		return make_vmalloc(nr, r & BIT(30));
	default:
		return make_subtree();
	}
}

/* random n= [seed=]: a mixture with holes between */
int ex_random(const struct ex_args *a)
{
	unsigned long first = ex_nr, i;
	struct rnd_state rnd;
	LIST_HEAD(holes);
	int err = 0;

	prandom_seed_state(&rnd, a->seed ?: ex_next_seed);
	for (i = 0; !err && i < a->n; i++) {
		struct page *hole = i & 1 ? alloc_page(GFP_KERNEL) : NULL;

		if (hole)
			list_add(&hole->lru, &holes);
		err = make_random(&rnd);
	}
	free_list(&holes);
	return finish(first, err, false);
}

/* shrink n= [seed=]: free some of our blocks */
int ex_shrink(const struct ex_args *a)
{
	struct rnd_state rnd;
	unsigned long i;

	prandom_seed_state(&rnd, a->seed ?: ex_next_seed);
	for (i = 0; ex_nr && i < a->n; i++) {
		struct ex_block *b = &ex_blocks[prandom_u32_state(&rnd) % ex_nr];

		ex_stats.blocks++;
		ex_stats.pages += b->rec.nr_pages;
		ex_free(b);
		ex_drop(b);
	}
	return ex_publish();
}
