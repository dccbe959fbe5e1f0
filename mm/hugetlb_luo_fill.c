// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a hugetlb memfd: the receiver's page cache
 */

/**
 * DOC: Two passes over huge pages
 *
 * As for other memfds: first the page cache gets a value for every huge page
 * that is to come, the reserve map has room for it and somebody pays for it.  Up
 * to here nothing is used up, and the next try may succeed.  In the second pass
 * the folios are claimed, become huge pages and take the places of their values,
 * which fails only if somebody else claimed one of them.
 *
 * To the reserve map and to hugetlb's cgroups a huge page that came over looks
 * like one that was faulted in without a reservation.
 */
#include <linux/hugetlb.h>
#include <linux/hugetlb_cgroup.h>
#include <linux/kexec_handover.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "../kernel/kho/internal.h"
#include "hugetlb_luo.h"
#include "internal.h"

#define LAST_INDEX	((u64)MAX_LFS_FILESIZE >> PAGE_SHIFT)

static struct inode *inode_of(struct hugetlb_load *l)
{
	return file_inode(l->base.file);
}

/*
 * First pass: places
 */

static int store_place(struct hugetlb_load *l, pgoff_t index, unsigned long pfn)
{
	XA_STATE_ORDER(xas, &l->base.file->f_mapping->i_pages, index, huge_page_order(l->h));
	int err = 0;

	do {
		xas_lock_irq(&xas);
		if (xas_find_conflict(&xas))
			err = -EINVAL;
		else
			xas_store(&xas, xa_mk_value(pfn));
		xas_unlock_irq(&xas);
	} while (!err && xas_nomem(&xas, GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN));
	return err ?: xas_error(&xas);
}

static int place_folio(struct hugetlb_load *l, const struct memfd_luo_folio_ser *e)
{
	unsigned long pfn = e->pfn_flags & MEMFD_LUO_FOLIO_PFN;
	int order = kho_in_order(pfn);
	int err;

	if (order < 0)
		return -EIO;
	if (l->reserved || order != huge_page_order(l->h))
		return -EINVAL;
	err = store_place(l, e->index, pfn);
	if (err)
		return err;
	err = hugetlb_resv_prepare(inode_of(l), e->index >> order);
	if (err)
		return err;
	l->nr_folios++;
	l->prepared++;
	return 0;
}

/* Asks for what was reserved; data are worth more than this is. */
static void reserve(struct hugetlb_load *l)
{
	if (l->from < l->to && !hugetlb_reserve_pages(inode_of(l), l->from, l->to, NULL, 0))
		l->denied += l->to - l->from;
	l->from = l->to;
}

static int place_reserved(struct hugetlb_load *l, const struct memfd_luo_folio_ser *e)
{
	long idx = e->index >> huge_page_order(l->h);

	/* Not both */
	if (xa_load(&l->base.file->f_mapping->i_pages, e->index))
		return -EINVAL;
	l->reserved = true;
	if (l->from == l->to || idx != l->to) {
		reserve(l);
		l->from = idx;
	}
	l->to = idx + 1;
	return 0;
}

static int place_run(const struct memfd_luo_folio_ser *run, unsigned long n, void *arg)
{
	struct hugetlb_load *l = arg;
	u64 last = LAST_INDEX - pages_per_huge_page(l->h);
	unsigned long i;
	int err = 0;

	for (i = 0; i < n && !err; i++) {
		u64 flags = run[i].pfn_flags & ~MEMFD_LUO_FOLIO_PFN;

		if (run[i].index & (pages_per_huge_page(l->h) - 1) || run[i].index > last)
			err = -EINVAL;
		else if (flags == HUGETLB_LUO_PRESENT)
			err = place_folio(l, &run[i]);
		else if (run[i].pfn_flags == HUGETLB_LUO_RESERVED)
			err = place_reserved(l, &run[i]);
		else
			err = -EOPNOTSUPP;
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
	}
	return err;
}

/**
 * hugetlb_make_places - first pass: a value for every huge page that is to come
 * @l:	the file; its page cache is empty
 *
 * Returns: 0, or an error and hugetlb_drop_places() has to be called.
 */
int hugetlb_make_places(struct hugetlb_load *l)
{
	int err = memfd_array_each(&l->base.array, place_run, l);

	if (!err)
		reserve(l);
	return err;
}

/**
 * hugetlb_drop_places - take away what was prepared and is not used
 * @l:	the file; huge pages in its page cache stay
 */
void hugetlb_drop_places(struct hugetlb_load *l)
{
	XA_STATE(xas, &l->base.file->f_mapping->i_pages, 0);
	void *entry;

	xas_lock_irq(&xas);
	xas_for_each(&xas, entry, ULONG_MAX) {
		if (xa_is_value(entry))
			xas_store(&xas, NULL);
	}
	xas_unlock_irq(&xas);
	hugetlb_resv_abort(inode_of(l), l->prepared);
	l->prepared = 0;
}

/*
 * Between the passes: whose memory it is
 */

static int charge_memcg(struct hugetlb_load *l)
{
	gfp_t gfp = htlb_alloc_mask(l->h) | __GFP_RETRY_MAYFAIL;
	int err = 0;

	l->memcg = get_mem_cgroup_from_current();
	while (!err && l->paid < l->nr_folios) {
		err = mem_cgroup_hugetlb_try_charge(l->memcg, gfp, pages_per_huge_page(l->h));
		if (!err)
			l->paid++;
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	/* Not counted there at all */
	return err == -EOPNOTSUPP ? 0 : err;
}

/**
 * hugetlb_charge - charge all huge pages to the current task's cgroups
 * @l:	the file
 *
 * Returns: 0, -ENOMEM or -EINTR; hugetlb_settle_charge() has to be called.
 */
int hugetlb_charge(struct hugetlb_load *l)
{
	unsigned long nr_pages = l->nr_folios * pages_per_huge_page(l->h);
	int idx = hstate_index(l->h);
	struct hugetlb_cgroup *h_cg;
	int err;

	if (!l->nr_folios)
		return 0;
	err = charge_memcg(l);
	if (err)
		return err;
	err = hugetlb_cgroup_charge_cgroup_rsvd(idx, nr_pages, &h_cg);
	if (err)
		return err;
	l->h_cg_rsvd = h_cg;
	l->charged_rsvd = l->nr_folios;
	err = hugetlb_cgroup_charge_cgroup(idx, nr_pages, &l->h_cg);
	if (!err)
		l->charged = l->nr_folios;
	return err;
}

/**
 * hugetlb_settle_charge - give back what was not needed
 * @l:	the file
 */
void hugetlb_settle_charge(struct hugetlb_load *l)
{
	unsigned int nr = pages_per_huge_page(l->h);
	int idx = hstate_index(l->h);

	for (; l->paid; l->paid--)
		mem_cgroup_cancel_charge(l->memcg, nr);
	mem_cgroup_put(l->memcg);
	if (l->charged)
		hugetlb_cgroup_uncharge_cgroup(idx, l->charged * nr, l->h_cg);
	if (l->charged_rsvd)
		hugetlb_cgroup_uncharge_cgroup_rsvd(idx, l->charged_rsvd * nr, l->h_cg_rsvd);
	else if (l->h_cg_rsvd)
		hugetlb_cgroup_put_rsvd_cgroup(l->h_cg_rsvd);
}

#ifdef CONFIG_CGROUP_HUGETLB
/* Every huge page that is charged for a reservation has a reference. */
static void get_rsvd(struct hugetlb_cgroup *h_cg)
{
	if (h_cg)
		css_get(&h_cg->css);
}
#else
static void get_rsvd(struct hugetlb_cgroup *h_cg) { }
#endif

static void commit_charges(struct hugetlb_load *l, unsigned int nr)
{
	unsigned int i, n = pages_per_huge_page(l->h);
	int idx = hstate_index(l->h);

	spin_lock_irq(&hugetlb_lock);
	for (i = 0; i < nr; i++) {
		hugetlb_cgroup_commit_charge(idx, n, l->h_cg, l->folios[i]);
		hugetlb_cgroup_commit_charge_rsvd(idx, n, l->h_cg_rsvd, l->folios[i]);
	}
	spin_unlock_irq(&hugetlb_lock);
	l->charged -= nr;
	l->charged_rsvd -= nr;

	for (i = 0; i < nr; i++) {
		get_rsvd(l->h_cg_rsvd);
		if (l->paid) {
			mem_cgroup_commit_charge(l->folios[i], l->memcg);
			l->paid--;
		}
	}
}

/*
 * Second pass: huge pages
 */

/* What belongs to the next places; nothing of it is claimed yet. */
static unsigned int next_places(struct hugetlb_load *l, struct xa_state *xas)
{
	unsigned int nr = 0;
	void *entry;

	xas_lock_irq(xas);
	while (nr < HUGETLB_FILL_BATCH && (entry = xas_find(xas, ULONG_MAX))) {
		l->folios[nr] = pfn_folio(xa_to_value(entry));
		l->index[nr++] = xas->xa_index;
	}
	xas_pause(xas);
	xas_unlock_irq(xas);
	return nr;
}

/* Returns how many could be claimed, until the first one that could not. */
static unsigned int claim(struct hugetlb_load *l, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct folio *folio = kho_restore_folio(PFN_PHYS(folio_pfn(l->folios[i])));

		if (!folio)
			break;
		if (folio_order(folio) != huge_page_order(l->h)) {
			folio_put(folio);
			break;
		}
		cond_resched();
	}
	return i;
}

static void fill_place(struct hugetlb_load *l, struct folio *folio, pgoff_t index)
{
	struct address_space *mapping = l->base.file->f_mapping;
	struct inode *inode = inode_of(l);
	XA_STATE_ORDER(xas, &mapping->i_pages, index, folio_order(folio));

	__folio_mark_uptodate(folio);
	folio_set_dirty(folio);
	folio_ref_add(folio, folio_nr_pages(folio));
	folio->mapping = mapping;
	folio->index = index;
	xas_lock_irq(&xas);
	xas_store(&xas, folio);
	mapping->nrpages += folio_nr_pages(folio);
	xas_unlock_irq(&xas);

	hugetlb_resv_commit(inode, index >> folio_order(folio));
	l->prepared--;
	spin_lock(&inode->i_lock);
	inode->i_blocks += blocks_per_huge_page(l->h);
	spin_unlock(&inode->i_lock);
	folio_set_hugetlb_migratable(folio);
	folio_put(folio);
}

/**
 * hugetlb_fill_places - second pass: the huge pages
 * @l:	the file
 *
 * Returns: 0; -EIO if one is missing, then the file has some of them.
 */
int hugetlb_fill_places(struct hugetlb_load *l)
{
	XA_STATE(xas, &l->base.file->f_mapping->i_pages, 0);
	unsigned int i, nr, want;

	while ((want = next_places(l, &xas))) {
		nr = claim(l, want);
		hugetlb_adopt_folios(l->h, l->folios, nr);
		commit_charges(l, nr);
		for (i = 0; i < nr; i++)
			fill_place(l, l->folios[i], l->index[i]);
		if (nr < want) {
			hugetlb_drop_places(l);
			return -EIO;
		}
		cond_resched();
	}
	/* Somebody has taken places away. */
	if (WARN_ON_ONCE(l->prepared)) {
		hugetlb_drop_places(l);
		return -EIO;
	}
	return 0;
}
