// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a memfd: the page cache of the receiver's file
 */

/**
 * DOC: Two passes
 *
 * In the first pass nothing is used up, and the next try may succeed: it finds
 * everything that is wrong with the indexes, and allocates the tree of a new
 * file's page cache by storing values in it.  Indexes are in ascending order,
 * as a rule.  Then no two folios can want the same place, and one value, where
 * the last page of a node belongs, keeps the node until it is full.  If they are
 * not, every folio gets a value.  Then memory is charged.
 *
 * In the second pass the folios are claimed, many at once, and go to their
 * places, which allocates nothing.  It can fail only if somebody else claimed
 * one of them.
 */
#include <linux/kexec_handover.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/mm_inline.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/swap.h>
#include <linux/vmstat.h>

#include "../kernel/kho/internal.h"
#include "internal.h"
#include "shmem_luo.h"

/* What keeps a place: no swap device has this type. */
#define PLACE		xa_mk_value(LONG_MAX)
#define NO_INDEX	ULONG_MAX
#define LAST_INDEX	((u64)MAX_LFS_FILESIZE >> PAGE_SHIFT)

/* A larger folio cannot be in a page cache here. */
static unsigned int max_order(void)
{
	return IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE) ? MAX_PAGECACHE_ORDER : 0;
}

/*
 * First pass: places
 */

/* Returns what is there: NULL, or it is taken. */
static __always_inline void *seek(struct xa_state *xas, pgoff_t index, unsigned int order)
{
	struct xa_node *node = xas->xa_node;

	/* The next slot of the same node: no descent. */
	if (!order && !xas->xa_sibs && index == xas->xa_index + 1 && xas_is_node(xas) &&
	    !node->shift && xas->xa_offset != XA_CHUNK_MASK)
		return xas_next(xas);
	xas_set_order(xas, index, order);
	return order ? xas_find_conflict(xas) : xas_load(xas);
}

static int place(struct xa_state *xas, pgoff_t index, unsigned int order)
{
	bool again;

	do {
		if (seek(xas, index, order))
			return -EINVAL;
		xas_store(xas, PLACE);
		if (likely(!xas_error(xas)))
			return 0;
		xas_unlock_irq(xas);
		again = xas_nomem(xas, SHMEM_LUO_GFP);
		xas_lock_irq(xas);
	} while (again);
	return xas_error(xas) ?: -ENOMEM;
}

/* The page that was the last one of its node. */
static int place_last(struct shmem_load *l)
{
	pgoff_t index = l->last;

	l->last = NO_INDEX;
	return index == NO_INDEX ? 0 : place(&l->xas, index, 0);
}

static int place_page(struct shmem_load *l, pgoff_t index)
{
	int err = 0;

	if (!l->ascending)
		return place(&l->xas, index, 0);
	if ((l->last ^ index) >> XA_CHUNK_SHIFT)
		err = place_last(l);
	l->last = index;
	return err;
}

static int place_pages(struct shmem_load *l, pgoff_t index, unsigned long nr)
{
	int err = 0;

	for (; nr && !err; nr--, index++)
		err = place_page(l, index);
	return err;
}

static inline bool is_block(struct shmem_load *l, unsigned long pfn, unsigned int order)
{
	u64 key = kho_map_key(pfn, order);
	u64 *leaf = kho_map_leaf_at(kho_in.root, &l->at[order], key);

	return leaf && READ_ONCE(leaf[kho_map_bit(key) / 64]) & BIT_ULL(key % 64);
}

static int larger_order_of(struct shmem_load *l, unsigned long pfn)
{
	unsigned long orders = kho_in.orders & ~1UL;
	unsigned int order;

	for_each_set_bit(order, &orders, KHO_MAP_ORDERS) {
		if (!IS_ALIGNED(pfn, 1UL << order))
			break;
		if (is_block(l, pfn, order))
			return order;
	}
	return -ENOENT;
}

/* As kho_in_order(); what is borrowed keeps the map there. */
static inline int order_of(struct shmem_load *l, unsigned long pfn)
{
	return likely(is_block(l, pfn, 0)) ? 0 : larger_order_of(l, pfn);
}

static int place_entry(struct shmem_load *l, const struct memfd_luo_folio_ser *e)
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
	if (l->ascending && e->index < l->end)
		return -EAGAIN;
	nr = 1UL << order;
	if (e->index & (nr - 1) || e->index > LAST_INDEX || LAST_INDEX - e->index < nr - 1)
		return -EINVAL;
	l->nr_pages += nr;
	/* More than is left cannot be: some are named twice. */
	if (l->nr_pages > atomic_long_read(&kho_in.pages))
		return -EINVAL;
	l->end = max(l->end, e->index + nr);
	/* A block that no folio can be here becomes single pages. */
	if (!order || order > max_order())
		return place_pages(l, e->index, nr);
	return place_last(l) ?: place(&l->xas, e->index, order);
}

static int place_run(const struct memfd_luo_folio_ser *run, unsigned long n, void *arg)
{
	struct shmem_load *l = arg;
	unsigned long i;
	int err = 0;

	for (i = 0; i < n && !err; ) {
		unsigned long stop = min(n, i + SHMEM_FILL_BATCH);

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

static int make_places(struct shmem_load *l, bool ascending)
{
	int err;

	l->ascending = ascending;
	l->nr_pages = 0;
	l->end = 0;
	l->last = NO_INDEX;
	l->xas = (struct xa_state)__XA_STATE(&l->mapping->i_pages, 0, 0, 0);
	err = memfd_array_each(&l->base.array, place_run, l);
	xas_lock_irq(&l->xas);
	err = err ?: place_last(l);
	xas_unlock_irq(&l->xas);
	xas_destroy(&l->xas);
	return err;
}

/**
 * shmem_make_places - first pass: room for every folio that is to come
 * @l:	the file; its page cache is empty
 *
 * Returns: 0, or an error and shmem_drop_places() has to be called.
 */
int shmem_make_places(struct shmem_load *l)
{
	int err = make_places(l, true);

	if (err != -EAGAIN)
		return err;
	shmem_drop_places(l);
	return make_places(l, false);
}

/**
 * shmem_drop_places - take the values away
 * @l:	the file; folios in its page cache stay
 */
void shmem_drop_places(struct shmem_load *l)
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
 * Second pass: folios
 */

static bool claim_word(const struct kho_word *w)
{
	u64 got = kho_in_claim_word(w);

	if (likely(got == w->mask))
		return true;
	/* Without the others the file is lost. */
	for (; got; got &= got - 1)
		folio_put(pfn_folio(kho_word_pfn(w, __ffs64(got))));
	return false;
}

/* Returns how many entries have their folios; the next one's is missing, or too large. */
static unsigned int claim(struct shmem_load *l, const struct memfd_luo_folio_ser *e, unsigned int n)
{
	struct kho_word w = {};
	unsigned int i, first = 0;

	for (i = 0; i < n; i++) {
		unsigned long pfn = e[i].pfn_flags & MEMFD_LUO_FOLIO_PFN;
		int order = pfn ? order_of(l, pfn) : 0;

		if (!pfn)
			continue;
		if (order < 0 || order > max_order())
			break;
		if (likely(kho_word_add(&w, pfn, order)))
			continue;
		if (!claim_word(&w))
			return first;
		w = kho_word_of(pfn, order);
		first = i;
	}
	return w.mask && !claim_word(&w) ? first : i;
}

static void prepare(struct shmem_load *l, struct folio *folio, pgoff_t index, u64 flags)
{
	unsigned long nr = folio_nr_pages(folio);

	if (nr > 1) {
		page_rmappable_folio(&folio->page);
		folio_ref_add(folio, nr - 1);
	}
	__folio_set_swapbacked(folio);
	if (flags & MEMFD_LUO_FOLIO_UPTODATE)
		__folio_mark_uptodate(folio);
	/* Whatever was said: a clean one would be thrown away, and it is nowhere else. */
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

static void fill_place(struct shmem_load *l, struct xa_state *xas, struct folio *folio,
		       pgoff_t index, u64 flags)
{
	unsigned int order = folio_order(folio);

	prepare(l, folio, index, flags);
	if (order)
		xas_set_order(xas, index, order);
	else
		seek(xas, index, 0);
	xas_store(xas, folio);
}

static void count_folios(struct lruvec *lruvec, long nr, long nr_thp)
{
	mod_lruvec_state(lruvec, NR_FILE_PAGES, nr);
	mod_lruvec_state(lruvec, NR_SHMEM, nr);
	if (nr_thp)
		mod_lruvec_state(lruvec, NR_SHMEM_THPS, nr_thp);
}

/* The generations have lists and counters of their own. */
static bool has_generations(struct lruvec *lruvec)
{
#ifdef CONFIG_LRU_GEN
	return lruvec->lrugen.enabled;
#else
	return false;
#endif
}

/*
 * The folios from @first on that are in one zone; nobody has mapped or locked
 * them yet.  Returns the next one.
 */
static unsigned int publish_zone(struct shmem_load *l, unsigned int first)
{
	struct zone *zone = folio_zone(l->folios[first]);
	struct lruvec *lruvec = mem_cgroup_lruvec(l->memcg, zone->zone_pgdat);
	int id = page_zone_id(&l->folios[first]->page);
	long nr = 0, nr_thp = 0;
	unsigned int i = first;
	bool generations;

	spin_lock_irq(&lruvec->lru_lock);
	generations = has_generations(lruvec);
	for (; i < l->nr && page_zone_id(&l->folios[i]->page) == id; i++) {
		struct folio *folio = l->folios[i];

		nr += folio_nr_pages(folio);
		if (folio_test_pmd_mappable(folio))
			nr_thp += folio_nr_pages(folio);
		if (generations)
			lruvec_add_folio(lruvec, folio);
		else
			list_add(&folio->lru, &lruvec->lists[LRU_INACTIVE_ANON]);
		folio_set_lru(folio);
	}
	if (!generations)
		update_lru_size(lruvec, LRU_INACTIVE_ANON, zone_idx(zone), nr);
	count_folios(lruvec, nr, nr_thp);
	spin_unlock_irq(&lruvec->lru_lock);
	return i;
}

/* The folios are where they belong: from now on everybody may see them. */
static void publish(struct shmem_load *l)
{
	unsigned int i = 0;

	while (i < l->nr)
		i = publish_zone(l, i);
	l->nr = 0;
}

static void fill_places(struct shmem_load *l, const struct memfd_luo_folio_ser *e, unsigned int n)
{
	XA_STATE(xas, &l->mapping->i_pages, 0);
	unsigned int i;

	xas_lock_irq(&xas);
	for (i = 0; i < n; i++) {
		unsigned long pfn = e[i].pfn_flags & MEMFD_LUO_FOLIO_PFN;

		if (pfn)
			fill_place(l, &xas, pfn_folio(pfn), e[i].index, e[i].pfn_flags);
	}
	xas_unlock_irq(&xas);
	/* Every node is there. */
	WARN_ON_ONCE(xas_error(&xas));
	publish(l);
}

/* A block that no folio can be here. */
static int fill_parts(struct shmem_load *l, const struct memfd_luo_folio_ser *e)
{
	unsigned long pfn = e->pfn_flags & MEMFD_LUO_FOLIO_PFN;
	int order = order_of(l, pfn);
	XA_STATE(xas, &l->mapping->i_pages, 0);
	unsigned long i, stop, nr;

	if (order < 0)
		return -EIO;
	nr = 1UL << order;
	if (order <= max_order() || !kho_restore_pages(PFN_PHYS(pfn), nr))
		return -EIO;
	for (i = 0; i < nr; ) {
		stop = min(nr, i + SHMEM_FILL_BATCH);
		xas_set(&xas, e->index + i);
		xas_lock_irq(&xas);
		for (; i < stop; i++)
			fill_place(l, &xas, pfn_folio(pfn + i), e->index + i, e->pfn_flags);
		xas_unlock_irq(&xas);
		WARN_ON_ONCE(xas_error(&xas));
		publish(l);
		cond_resched();
	}
	return 0;
}

static int fill_run(const struct memfd_luo_folio_ser *run, unsigned long n, void *arg)
{
	struct shmem_load *l = arg;
	unsigned long i;
	int err = 0;

	for (i = 0; i < n && !err; ) {
		unsigned int want = min_t(unsigned long, n - i, SHMEM_FILL_BATCH);
		unsigned int got = claim(l, &run[i], want);

		fill_places(l, &run[i], got);
		i += got;
		if (got < want)
			err = fill_parts(l, &run[i++]);
		cond_resched();
	}
	return err;
}

/**
 * shmem_fill_places - second pass: the folios
 * @l:	the file
 *
 * Returns: 0; -EIO if one is missing, then the file has some of them.
 */
int shmem_fill_places(struct shmem_load *l)
{
	int err = memfd_array_each(&l->base.array, fill_run, l);

	if (err)
		shmem_drop_places(l);
	return err;
}
