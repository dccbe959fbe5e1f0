// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a memfd: the receiver's page cache
 */

/**
 * DOC: Two passes
 *
 * First a new file's page cache gets a value entry for every folio that is to
 * come.  That allocates the tree and finds everything that is wrong with the
 * indexes; then memory is charged.  Up to here nothing is used up, and the next
 * try may succeed.  In the second pass the folios are claimed and take the
 * places of their values, which allocates nothing.  It can fail only if somebody
 * else claimed one of them.
 */
#include <linux/kexec_handover.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#include "../kernel/kho/internal.h"
#include "internal.h"
#include "memfd_luo_fill.h"
#ifdef CONFIG_MEMCG
#include "memcontrol-v1.h"
#endif

#define CHARGE_STEP	BIT(14)
#define LAST_INDEX	((u64)MAX_LFS_FILESIZE >> PAGE_SHIFT)

/* Flags in a value that holds the place of a folio, with those of the array. */
#define PLACE_PART	BIT(54)		/* a page of a block that is too large */
#define PLACE_TAIL	BIT(55)		/* not the first of them */

/* A larger folio cannot be in a page cache here. */
static unsigned int max_order(void)
{
	return IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) ? MAX_PAGECACHE_ORDER : 0;
}

/*
 * First pass: places
 */

/* Returns what is there: NULL, or it is taken. */
static void *seek(struct xa_state *xas, pgoff_t index, unsigned int order)
{
	struct xa_node *node = xas->xa_node;

	/* The next slot of the same node: no descent. */
	if (!order && !xas->xa_sibs && index == xas->xa_index + 1 && xas_is_node(xas) &&
	    !node->shift && xas->xa_offset != XA_CHUNK_MASK)
		return xas_next(xas);
	xas_set_order(xas, index, order);
	return order ? xas_find_conflict(xas) : xas_load(xas);
}

static int place(struct xa_state *xas, pgoff_t index, unsigned int order, unsigned long value)
{
	bool again;

	do {
		if (seek(xas, index, order))
			return -EINVAL;
		xas_store(xas, xa_mk_value(value));
		if (likely(!xas_error(xas)))
			return 0;
		xas_unlock_irq(xas);
		again = xas_nomem(xas, MEMFD_GFP);
		xas_lock_irq(xas);
	} while (again);
	return xas_error(xas) ?: -ENOMEM;
}

/* A block that no folio can be here becomes single pages. */
static int place_parts(struct xa_state *xas, pgoff_t index, unsigned long nr, unsigned long value)
{
	unsigned long i;
	int err = 0;

	value |= PLACE_PART;
	for (i = 0; i < nr && !err; i++)
		err = place(xas, index + i, 0, value + i + (i ? PLACE_TAIL : 0));
	return err;
}

/* As kho_in_order(); what is borrowed keeps the map there. */
static int order_of(struct memfd_load *l, unsigned long pfn)
{
	unsigned long orders = kho_in.orders;
	unsigned int order;

	for_each_set_bit(order, &orders, KHO_MAP_ORDERS) {
		u64 key = kho_map_key(pfn, order);
		u64 *leaf;

		if (!IS_ALIGNED(pfn, 1UL << order))
			break;
		leaf = kho_map_leaf_at(kho_in.root, &l->at[order], key);
		if (leaf && kho_leaf_test(leaf, key))
			return order;
	}
	return -ENOENT;
}

static int place_entry(struct memfd_load *l, const struct memfd_luo_folio_ser *e)
{
	unsigned long pfn = e->pfn_flags & MEMFD_LUO_FOLIO_PFN;
	unsigned long nr;
	int order;

	if (!pfn)
		return 0;
	if (e->pfn_flags & ~(MEMFD_LUO_FOLIO_PFN | MEMFD_LUO_FOLIO_FLAGS))
		return -EOPNOTSUPP;
	order = order_of(l, pfn);
	if (order < 0)
		return -EIO;
	nr = 1UL << order;
	if (e->index & (nr - 1) || e->index > LAST_INDEX || LAST_INDEX - e->index < nr - 1)
		return -EINVAL;
	l->nr_pages += nr;
	/* More than is left cannot be: some are named twice. */
	if (l->nr_pages > atomic_long_read(&kho_in.pages))
		return -EINVAL;
	l->end = max(l->end, e->index + nr);
	if (order > max_order())
		return place_parts(&l->xas, e->index, nr, e->pfn_flags);
	return place(&l->xas, e->index, order, e->pfn_flags);
}

static int place_run(const struct memfd_luo_folio_ser *run, unsigned long n, void *arg)
{
	struct memfd_load *l = arg;
	unsigned long i;
	int err = 0;

	for (i = 0; i < n && !err; ) {
		unsigned long stop = min(n, i + MEMFD_FILL_BATCH);

		xas_lock_irq(&l->xas);
		for (; i < stop && !err; i++)
			err = place_entry(l, &run[i]);
		xas_unlock_irq(&l->xas);
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	return err;
}

/**
 * memfd_make_places - first pass: a value for every folio that is to come
 * @l:	the file; its page cache is empty
 *
 * Returns: 0, or an error and memfd_drop_places() has to be called.
 */
int memfd_make_places(struct memfd_load *l)
{
	int err;

	l->xas = (struct xa_state)__XA_STATE(&l->mapping->i_pages, 0, 0, 0);
	err = memfd_array_each(&l->array, place_run, l);
	xas_destroy(&l->xas);
	return err;
}

/**
 * memfd_drop_places - take the values away
 * @l:	the file; folios in its page cache stay
 */
void memfd_drop_places(struct memfd_load *l)
{
	XA_STATE(xas, &l->mapping->i_pages, 0);
	unsigned int n = 0;
	void *entry;

	xas_lock_irq(&xas);
	xas_for_each(&xas, entry, ULONG_MAX) {
		if (xa_is_value(entry))
			xas_store(&xas, NULL);
		if (++n % XA_CHECK_SCHED)
			continue;
		/* Not xas_pause(): with the last entry its node may have gone. */
		xas_set(&xas, xas.xa_index + 1);
		xas_unlock_irq(&xas);
		cond_resched();
		xas_lock_irq(&xas);
	}
	xas_unlock_irq(&xas);
}

/*
 * Between the passes: whose memory it is
 */

#ifdef CONFIG_MEMCG
/**
 * memfd_charge - charge all folios to the current task's cgroup
 * @l:	the file
 *
 * Returns: 0, -ENOMEM or -EINTR; memfd_settle_charge() has to be called.
 */
int memfd_charge(struct memfd_load *l)
{
	if (mem_cgroup_disabled())
		return 0;
	l->memcg = get_mem_cgroup_from_mm(NULL);
	while (l->charged < l->nr_pages) {
		unsigned int n = min_t(u64, CHARGE_STEP, l->nr_pages - l->charged);
		int err = try_charge(l->memcg, MEMFD_GFP, n);

		if (!err)
			l->charged += n;
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/**
 * memfd_settle_charge - give back what was not needed
 * @l:	the file
 */
void memfd_settle_charge(struct memfd_load *l)
{
	if (!l->memcg)
		return;
	while (l->charged) {
		unsigned int n = min_t(u64, CHARGE_STEP, l->charged);

		mem_cgroup_cancel_charge(l->memcg, n);
		l->charged -= n;
	}
	mem_cgroup_put(l->memcg);
	l->memcg = NULL;
}
#else
int memfd_charge(struct memfd_load *l)
{
	return 0;
}

void memfd_settle_charge(struct memfd_load *l) { }
#endif

/*
 * Second pass: folios
 */

static struct folio *claim(unsigned long value, unsigned int order)
{
	unsigned long pfn = value & MEMFD_LUO_FOLIO_PFN;
	struct folio *folio;
	struct page *page;

	if (value & PLACE_TAIL)
		return pfn_folio(pfn);
	if (value & PLACE_PART) {
		int large = kho_in_order(pfn);

		page = large < 0 ? NULL : kho_restore_pages(PFN_PHYS(pfn), 1UL << large);
		return page ? page_folio(page) : NULL;
	}
	folio = kho_restore_folio(PFN_PHYS(pfn));
	if (!folio || folio_order(folio) == order)
		return folio;
	folio_put(folio);
	return NULL;
}

static void prepare(struct memfd_load *l, struct folio *folio, pgoff_t index, unsigned long value)
{
	unsigned long nr = folio_nr_pages(folio);

	if (nr > 1) {
		page_rmappable_folio(&folio->page);
		folio_ref_add(folio, nr - 1);
	}
	__folio_set_swapbacked(folio);
	if (value & MEMFD_LUO_FOLIO_UPTODATE)
		__folio_mark_uptodate(folio);
	if (value & MEMFD_LUO_FOLIO_DIRTY)
		folio_set_dirty(folio);
	folio->mapping = l->mapping;
	folio->index = index;
	if (l->memcg) {
		mem_cgroup_commit_charge(folio, l->memcg);
		l->charged -= nr;
	}
	l->mapping->nrpages += nr;
	l->folios[l->nr++] = folio;
}

static int fill_place(struct memfd_load *l, struct xa_state *xas, void *entry)
{
	unsigned int order = xas_get_order(xas);
	unsigned long value = xa_to_value(entry);
	pgoff_t index = xas->xa_index;
	struct folio *folio = claim(value, order);

	if (!folio)
		return -EIO;
	prepare(l, folio, index, value);
	if (order)
		xas_set_order(xas, index, order);
	xas_store(xas, folio);
	if (order)
		xas_set_order(xas, index + (1UL << order), 0);
	return 0;
}

static void count_folios(struct memfd_load *l, int nid, long nr, long nr_thp)
{
	struct lruvec *lruvec = mem_cgroup_lruvec(l->memcg, NODE_DATA(nid));

	mod_lruvec_state(lruvec, NR_FILE_PAGES, nr);
	mod_lruvec_state(lruvec, NR_SHMEM, nr);
	if (nr_thp)
		mod_lruvec_state(lruvec, NR_SHMEM_THPS, nr_thp);
}

/* The folios are where they belong: from now on everybody may see them. */
static void publish(struct memfd_load *l)
{
	int nid = NUMA_NO_NODE;
	long nr = 0, nr_thp = 0;
	unsigned int i;

	for (i = 0; i < l->nr; i++) {
		struct folio *folio = l->folios[i];

		if (folio_nid(folio) != nid && nr) {
			count_folios(l, nid, nr, nr_thp);
			nr = 0;
			nr_thp = 0;
		}
		nid = folio_nid(folio);
		nr += folio_nr_pages(folio);
		if (folio_test_pmd_mappable(folio))
			nr_thp += folio_nr_pages(folio);
		folio_add_lru(folio);
	}
	if (nr)
		count_folios(l, nid, nr, nr_thp);
	l->nr = 0;
}

/**
 * memfd_fill_places - second pass: the folios
 * @l:	the file
 *
 * Returns: 0; -EIO if one is missing, then the file has some of them.
 */
int memfd_fill_places(struct memfd_load *l)
{
	XA_STATE(xas, &l->mapping->i_pages, 0);
	void *entry;
	int err = 0;

	do {
		xas_lock_irq(&xas);
		while (l->nr < MEMFD_FILL_BATCH && !err) {
			entry = xas_next_entry(&xas, ULONG_MAX);
			if (!entry)
				break;
			err = fill_place(l, &xas, entry);
		}
		xas_pause(&xas);
		xas_unlock_irq(&xas);
		publish(l);
		cond_resched();
	} while (entry && !err);
	if (err)
		memfd_drop_places(l);
	return err;
}
