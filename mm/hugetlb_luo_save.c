// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a hugetlb memfd: the sender's huge pages
 */

/**
 * DOC: Which huge pages travel
 *
 * From hugetlb_save_begin() on nothing leaves the page cache: the size is fixed
 * and nothing is punched.  A huge page is complete before it gets there, so what
 * was pinned under the lock of the page cache stays as it is; migration, which
 * alone puts others in their places, gives up on it.  What appears afterwards
 * carries HUGETLB_LIVE_MARK and is recorded when the file is frozen.
 *
 * The huge pages of a pool may lie where the next kernel boots, in scratch.
 * They are migrated first; those that cannot be are the reason to refuse.
 */
#define pr_fmt(fmt) "hugetlb_luo: " fmt

#include <linux/hugetlb.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "hugetlb_luo.h"
#include "internal.h"

#define BATCH		64
/* Huge pages that cannot be moved out of scratch. */
#define MAX_ROUNDS	64

/**
 * struct batch - huge pages that were found together, pinned
 * @folios:	may be recorded
 * @movable:	must be migrated first; their mark is set
 * @nr:		folios in @folios
 * @nr_movable:	folios in @movable
 * @found:	folios that were seen
 */
struct batch {
	struct folio *folios[BATCH];
	struct folio *movable[BATCH];
	unsigned int nr;
	unsigned int nr_movable;
	unsigned int found;
};

/*
 * Smaller ones go by the rules of long-term pins.  A gigantic one may stay in an
 * area of hugetlb_cma=, which nobody else uses.
 */
static bool may_stay(struct hugetlb_save *s, struct folio *folio)
{
	if (kho_scratch_overlap(PFN_PHYS(folio_pfn(folio)), folio_size(folio)))
		return false;
	return hstate_is_gigantic(s->h) ? !folio_is_zone_movable(folio) :
					  folio_is_longterm_pinnable(folio);
}

static void add(struct hugetlb_save *s, struct batch *b, struct xa_state *xas, struct folio *folio)
{
	b->found++;
	/* It is in the page cache, whose lock is held: it has references. */
	if (WARN_ON_ONCE(try_grab_folio(folio, 1, FOLL_PIN)))
		return;
	if (likely(may_stay(s, folio))) {
		b->folios[b->nr++] = folio;
		return;
	}
	xas_set_mark(xas, HUGETLB_LIVE_MARK);
	b->movable[b->nr_movable++] = folio;
}

/* Pins the huge pages that follow. */
static void collect(struct hugetlb_save *s, struct batch *b, struct xa_state *xas, bool marked)
{
	struct folio *folio;

	b->nr = 0;
	b->nr_movable = 0;
	b->found = 0;

	xas_lock_irq(xas);
	do {
		folio = marked ? xas_find_marked(xas, ULONG_MAX, HUGETLB_LIVE_MARK) :
				 xas_find(xas, ULONG_MAX);
		if (folio)
			add(s, b, xas, folio);
	} while (folio && b->found < BATCH);
	xas_pause(xas);
	xas_unlock_irq(xas);
}

static void forget_array(struct hugetlb_save *s)
{
	if (s->array.first.phys)
		kho_unpreserve_vmalloc(&s->array);
}

static int make_room(struct hugetlb_save *s, unsigned long nr)
{
	struct memfd_luo_folio_ser *entries;
	unsigned long room;

	if (nr <= s->room)
		return 0;
	room = round_up(nr + s->nr / 8, MEMFD_ENTRIES_PER_PAGE);
	entries = __vmalloc(array_size(room, sizeof(*entries)), GFP_KERNEL | __GFP_NOWARN);
	if (!entries)
		return -ENOMEM;
	if (s->nr)
		memcpy(entries, s->entries, s->nr * sizeof(*entries));
	forget_array(s);
	vfree(s->entries);
	s->entries = entries;
	s->room = room;
	return 0;
}

static int preserve_array(struct hugetlb_save *s)
{
	if (!s->nr || s->array.first.phys)
		return 0;
	memset(s->entries + s->nr, 0, (s->room - s->nr) * sizeof(*s->entries));
	return kho_preserve_vmalloc(s->entries, &s->array);
}

static void clear_marks(struct hugetlb_save *s, struct batch *b)
{
	struct xarray *xa = &s->inode->i_mapping->i_pages;
	unsigned int i;

	xa_lock_irq(xa);
	for (i = 0; i < b->nr; i++)
		__xa_clear_mark(xa, b->folios[i]->index, HUGETLB_LIVE_MARK);
	xa_unlock_irq(xa);
}

static int record(struct hugetlb_save *s, struct batch *b)
{
	unsigned int i;
	int err;

	if (!b->nr)
		return 0;
	err = make_room(s, s->nr_folios + b->nr);
	if (err)
		return err;
	err = kho_preserve_folios(b->folios, b->nr);
	if (err)
		return err;
	clear_marks(s, b);
	for (i = 0; i < b->nr; i++) {
		struct memfd_luo_folio_ser *e = &s->entries[s->nr_folios++];

		e->pfn_flags = folio_pfn(b->folios[i]) | HUGETLB_LUO_PRESENT;
		e->index = b->folios[i]->index;
	}
	s->nr = s->nr_folios;
	b->nr = 0;
	return 0;
}

/* Moves huge pages to where they may stay; their marks remain, they are seen again. */
static int migrate(struct hugetlb_save *s, struct batch *b)
{
	unsigned int flags;
	long ret;

	if (likely(!b->nr_movable))
		return 0;
	flags = memalloc_pin_save();
	ret = check_and_migrate_movable_folios(b->nr_movable, b->movable);
	memalloc_pin_restore(flags);
	if (!ret)
		unpin_folios(b->movable, b->nr_movable);
	b->nr_movable = 0;
	return ret == -EAGAIN ? 0 : ret;
}

static int scan(struct hugetlb_save *s, struct batch *b, bool marked)
{
	XA_STATE(xas, &s->inode->i_mapping->i_pages, 0);
	int err;

	do {
		collect(s, b, &xas, marked);
		err = record(s, b);
		err = err ?: migrate(s, b);
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	} while (!err && b->found == BATCH);
	unpin_folios(b->folios, b->nr);
	unpin_folios(b->movable, b->nr_movable);
	return err;
}

/* Records all that is marked, in as many rounds as migration needs. */
static int scan_marked(struct hugetlb_save *s, struct batch *b)
{
	unsigned int round;
	int err = 0;

	for (round = 0; !err && xa_marked(&s->inode->i_mapping->i_pages, HUGETLB_LIVE_MARK);
	     round++) {
		if (round > 2)
			schedule_timeout_killable(1);
		err = round < MAX_ROUNDS ? scan(s, b, true) : -EBUSY;
	}
	return err;
}

static int save_folios(struct hugetlb_save *s, struct batch *b, bool all)
{
	int err = all ? scan(s, b, false) : 0;

	err = err ?: scan_marked(s, b);
	if (err && xa_marked(&s->inode->i_mapping->i_pages, HUGETLB_LIVE_MARK))
		pr_warn_ratelimited("huge pages of %lu KiB in scratch or movable memory cannot be moved elsewhere: %d\n",
				    huge_page_size(s->h) >> 10, err);
	return err;
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
static unsigned int get_regions(struct hugetlb_save *s, long at, struct region *regions)
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

static int record_holes(struct hugetlb_save *s, const struct region *r)
{
	long i;

	for (i = r->from; i < r->to; i++) {
		pgoff_t index = (pgoff_t)i << huge_page_order(s->h);
		int err;

		if (xa_load(&s->inode->i_mapping->i_pages, index))
			continue;
		err = make_room(s, s->nr + 1);
		if (err)
			return err;
		s->entries[s->nr].pfn_flags = HUGETLB_LUO_RESERVED;
		s->entries[s->nr++].index = index;
		cond_resched();
	}
	return 0;
}

static int record_reserved(struct hugetlb_save *s)
{
	struct region regions[NR_REGIONS];
	unsigned int i, n;
	long at = 0;
	int err = 0;

	s->nr = s->nr_folios;
	do {
		n = get_regions(s, at, regions);
		for (i = 0; i < n && !err; i++) {
			err = record_holes(s, &regions[i]);
			at = regions[i].to;
		}
	} while (n == NR_REGIONS && !err);
	return err;
}

/**
 * hugetlb_save_begin - preserve the huge pages of a file
 * @s:	@inode, @h and @ser are set, the rest is zero
 *
 * Context: may sleep; takes the lock of the inode for a moment.
 * Returns: 0, or an error and the file is as before: -ENOMEM also if huge pages
 * have to move and there is no room for them.
 */
int hugetlb_save_begin(struct hugetlb_save *s)
{
	struct batch *b = kmalloc(sizeof(*b), GFP_KERNEL);
	int err;

	if (!b)
		return -ENOMEM;
	err = inode_lock_killable(s->inode);
	if (err)
		goto out;
	hugetlb_set_live(s->inode, HUGETLB_LIVE_PRESERVED);
	inode_unlock(s->inode);

	err = make_room(s, s->inode->i_mapping->nrpages >> huge_page_order(s->h));
	err = err ?: save_folios(s, b, true);
	err = err ?: record_reserved(s);
	err = err ?: preserve_array(s);
	if (err)
		hugetlb_save_end(s);
out:
	kfree(b);
	return err;
}

static int save_rest(struct hugetlb_save *s)
{
	struct batch *b;
	int err = 0;

	if (xa_marked(&s->inode->i_mapping->i_pages, HUGETLB_LIVE_MARK)) {
		b = kmalloc(sizeof(*b), GFP_KERNEL);
		err = b ? save_folios(s, b, false) : -ENOMEM;
		kfree(b);
	}
	err = err ?: record_reserved(s);
	return err ?: preserve_array(s);
}

/**
 * hugetlb_save_freeze - record what was added since hugetlb_save_begin()
 * @s:	the file
 *
 * From now on no huge page appears, until hugetlb_set_live() says otherwise;
 * those that are there can be written to.
 *
 * Context: may sleep.  Waits for no lock that a task may hold while it waits for
 * a frozen file.
 * Returns: 0, or an error and the file is not frozen.
 */
int hugetlb_save_freeze(struct hugetlb_save *s)
{
	int err;

	hugetlb_set_live(s->inode, HUGETLB_LIVE_FROZEN);
	err = save_rest(s);
	if (err)
		hugetlb_set_live(s->inode, HUGETLB_LIVE_PRESERVED);
	return err;
}

static void release_folios(struct hugetlb_save *s)
{
	struct folio *folios[32];
	unsigned long i;
	unsigned int n = 0;

	for (i = 0; i < s->nr_folios; i++) {
		folios[n++] = pfn_folio(s->entries[i].pfn_flags & MEMFD_LUO_FOLIO_PFN);
		if (n < ARRAY_SIZE(folios) && i + 1 < s->nr_folios)
			continue;
		kho_unpreserve_folios(folios, n);
		unpin_folios(folios, n);
		n = 0;
		cond_resched();
	}
	s->nr_folios = 0;
	s->nr = 0;
}

static void drop_marks(struct address_space *mapping)
{
	XA_STATE(xas, &mapping->i_pages, 0);
	void *entry;

	xas_lock_irq(&xas);
	xas_for_each_marked(&xas, entry, ULONG_MAX, HUGETLB_LIVE_MARK)
		xas_clear_mark(&xas, HUGETLB_LIVE_MARK);
	xas_unlock_irq(&xas);
}

/**
 * hugetlb_save_end - undo hugetlb_save_begin()
 * @s:	the file; not frozen
 *
 * Context: may sleep; takes the lock of the inode for a moment.
 */
void hugetlb_save_end(struct hugetlb_save *s)
{
	forget_array(s);
	release_folios(s);
	vfree(s->entries);
	s->entries = NULL;
	s->room = 0;

	inode_lock(s->inode);
	hugetlb_set_live(s->inode, HUGETLB_LIVE_NONE);
	inode_unlock(s->inode);
	drop_marks(s->inode->i_mapping);
}
