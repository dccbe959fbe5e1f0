// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a hugetlb memfd: which files, and what is reserved for them
 */

/**
 * DOC: Preserving a hugetlb memfd
 *
 * The rules are those of other memfds: the size is fixed, also for mmap(2) that
 * would make the file larger, contents may change, holes may be filled.  Huge
 * pages are not split, merged or exchanged for others, and the next kernel has
 * them at the same addresses.  A pool that its command line asks for leaves room
 * for them, and then they belong to it.  All others are surplus pages, also beyond
 * what nr_overcommit_hugepages allows, and leave the pool when they are freed.
 *
 * Huge pages that are reserved but not there yet travel as a wish: if the pool
 * of the next kernel cannot fulfil it, the file comes back without.
 */
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/init.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "../kernel/kho/internal.h"
#include "../kernel/liveupdate/internal.h"
#include "hugetlb_luo.h"
#include "internal.h"

static_assert((int)MEMFD_LIVE_PRESERVED == (int)HUGETLB_LIVE_PRESERVED);
static_assert((int)MEMFD_LIVE_FROZEN == (int)HUGETLB_LIVE_FROZEN);
static_assert((__force int)MEMFD_LIVE_MARK == (__force int)HUGETLB_LIVE_MARK);
/* A huge page is complete before it gets into the page cache. */
static_assert(HUGETLB_LUO_PRESENT == (MEMFD_LUO_FOLIO_DIRTY | MEMFD_LUO_FOLIO_UPTODATE));

static bool is_one(struct file *file)
{
	return is_file_hugepages(file);
}

static const char *refuse(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (IS_PRIVATE(inode))
		return "a SysV shm segment is no memfd";
	if (!(inode->i_sb->s_flags & SB_KERNMOUNT))
		return "an unlinked file of a mounted hugetlbfs is no memfd";
	if (!strcmp(file->f_path.dentry->d_name.name, HUGETLB_ANON_FILE))
		return "an anonymous mapping is no memfd";
	if (HUGETLBFS_I(inode)->seals & ~MEMFD_LUO_ALL_SEALS)
		return "it has a seal that no other kernel knows";
	return NULL;
}

static void set_live(struct inode *inode, enum memfd_live live)
{
	hugetlb_set_live(inode, (enum hugetlb_live)live);
}

static unsigned long count(struct memfd_save *s)
{
	return s->inode->i_mapping->nrpages >> huge_page_order(hstate_inode(s->inode));
}

/*
 * Smaller ones go by the rules of long-term pins.  A gigantic one may stay in an
 * area of hugetlb_cma=, which nobody else uses.
 */
static bool may_stay(struct folio *folio)
{
	if (kho_scratch_overlap(PFN_PHYS(folio_pfn(folio)), folio_size(folio)))
		return false;
	return hstate_is_gigantic(folio_hstate(folio)) ? !folio_is_zone_movable(folio) :
							 folio_is_longterm_pinnable(folio);
}

/*
 * Reserved, but not there yet
 */

struct region {
	long from;
	long to;
};

#define NR_REGIONS	32

/* Regions of the reserve map from @at on; NR_REGIONS of them: there may be more. */
static unsigned int get_regions(struct memfd_save *s, long at, struct region *regions)
{
	struct resv_map *resv = s->inode->i_data.i_private_data;
	struct file_region *rg;
	unsigned int n = 0;

	spin_lock(&resv->lock);
	list_for_each_entry(rg, &resv->regions, link) {
		if (rg->to <= at)
			continue;
		if (n == NR_REGIONS)
			break;
		regions[n].from = max(rg->from, at);
		regions[n++].to = rg->to;
	}
	spin_unlock(&resv->lock);
	return n;
}

static int record_holes(struct memfd_save *s, const struct region *r)
{
	struct memfd_entries *es = &s->entries;
	struct memfd_luo_folio_ser *e;
	unsigned long room;
	long i;

	for (i = r->from; i < r->to; i++) {
		pgoff_t index = (pgoff_t)i << huge_page_order(hstate_inode(s->inode));
		int err;

		cond_resched();
		if (xa_load(&s->inode->i_mapping->i_pages, index))
			continue;
		err = memfd_entries_reserve(es, es->nr + 1);
		if (err)
			return err;
		e = memfd_entries_at(es, es->nr++, &room);
		e->pfn_flags = HUGETLB_LUO_RESERVED;
		e->index = index;
	}
	return 0;
}

static int record_reserved(struct memfd_save *s, bool frozen)
{
	struct region regions[NR_REGIONS];
	unsigned int i, n;
	long at = 0;
	int err = 0;

	s->entries.nr = s->entries.nr_folios;
	do {
		n = get_regions(s, at, regions);
		for (i = 0; i < n && !err; i++) {
			err = record_holes(s, &regions[i]);
			at = regions[i].to;
		}
	} while (n == NR_REGIONS && !err);
	return err;
}

static int write(struct memfd_save *s, struct memfd_meta *m)
{
	m->seals = HUGETLBFS_I(s->inode)->seals;
	m->page_shift = huge_page_shift(hstate_inode(s->inode));
	hugetlb_wire_write(s->ser, m);
	return 0;
}

static const struct memfd_kind hugetlb_kind = {
	.name		= "hugetlb_luo",
	.save_size	= sizeof(struct memfd_save),
	.load_size	= sizeof(struct hugetlb_load),
	.is_one		= is_one,
	.refuse		= refuse,
	.set_live	= set_live,
	.count		= count,
	.may_stay	= may_stay,
	.record_rest	= record_reserved,
	.write		= write,
	.read		= hugetlb_wire_read,
	.load		= hugetlb_luo_load,
};

static struct memfd_handler hugetlb_handler = {
	.fh = {
		.ops		= &memfd_file_ops,
		.compatible	= HUGETLB_LUO_FH_COMPATIBLE,
	},
	.kind = &hugetlb_kind,
};

/*
 * What arrived
 */

struct arriving {
	int order;
	unsigned long nr;
	unsigned long *nodes;
};

static int count_run(const struct memfd_luo_folio_ser *run, unsigned long n, void *arg)
{
	struct arriving *a = arg;
	unsigned long i;

	for (i = 0; i < n; i++) {
		unsigned long pfn = run[i].pfn_flags & MEMFD_LUO_FOLIO_PFN;

		if (!pfn || kho_in_order(pfn) != a->order)
			continue;
		a->nr++;
		a->nodes[pfn_to_nid(pfn)]++;
	}
	return 0;
}

static void __init count_file(u64 data, void *arg)
{
	memfd_incoming_each(&hugetlb_kind, data, count_run, arg);
}

/**
 * hugetlb_luo_arriving - how many huge pages are in files that arrived?
 * @h:		their size
 * @nodes:	filled in: how many of them are on each node
 *
 * Context: boot, before anybody can retrieve a file.
 * Returns: their number, on all nodes.
 */
unsigned long __init hugetlb_luo_arriving(struct hstate *h, unsigned long *nodes)
{
	struct arriving a = { .order = huge_page_order(h), .nodes = nodes };

	memset(nodes, 0, sizeof(*nodes) * MAX_NUMNODES);
	luo_incoming_each(HUGETLB_LUO_FH_COMPATIBLE, count_file, &a);
	return a.nr;
}

static int __init hugetlb_luo_init(void)
{
	return memfd_luo_register(&hugetlb_handler);
}
late_initcall(hugetlb_luo_init);
