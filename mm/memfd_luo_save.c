// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of memfds: the sender's folios
 */

/**
 * DOC: Which folios travel
 *
 * From memfd_save_begin() on nothing leaves the page cache: the size is fixed,
 * nothing is punched, swapped out or collapsed.  One walk over the page cache
 * pins, preserves and records what is there; pinned folios are neither migrated
 * nor split.  What appears afterwards carries MEMFD_LIVE_MARK and is recorded
 * when the file is frozen.  From then on nothing appears, so what is recorded
 * is what is there.
 *
 * Folios may lie where the next kernel boots, in scratch, or where no long-term
 * pins may be.  They are migrated first; those that cannot be are the reason to
 * refuse.
 *
 * A folio may be found while it is being set up or migrated, and may be taken
 * out again if that fails; a huge page of hugetlb gets its mark a moment after it
 * was added.  All this happens with the folio locked.  So a folio
 * that is neither locked nor without contents, after it was pinned under the
 * lock of the page cache, stays as it is; others are looked at again with
 * their lock held.
 */
#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/refcount.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/vmstat.h>
#include <linux/workqueue.h>

#include "../kernel/liveupdate/internal.h"
#include "internal.h"
#include "memfd_luo.h"

#define BATCH		256
/* Folios that cannot be moved to where they may be pinned. */
#define MAX_ROUNDS	64

/**
 * struct batch - folios that were found together, pinned
 * @may_stay:	of the kind of file
 * @folios:	may be recorded
 * @movable:	must be migrated first; their mark is set
 * @busy:	those of @folios that must be looked at again
 * @nr:		folios in @folios
 * @nr_movable:	folios in @movable
 * @found:	folios or swap entries that were seen
 * @swapped:	the walk stopped at a swap entry
 * @moving:	something had to be migrated since this was cleared
 * @why:	why something could not be, the last time
 * @block:	pageblock of the folio that was seen last
 * @pinnable:	may folios of it stay?
 * @pgdat:	node of it
 * @pins:	pinned there, and not counted yet
 */
struct batch {
	bool (*may_stay)(struct folio *folio);
	struct folio *folios[BATCH];
	struct folio *movable[BATCH];
	DECLARE_BITMAP(busy, BATCH);
	unsigned int nr;
	unsigned int nr_movable;
	unsigned int found;
	bool swapped;
	bool moving;
	int why;
	unsigned long block;
	bool pinnable;
	struct pglist_data *pgdat;
	unsigned int pins;
};

/* The folio is in the page cache, whose lock is held: it has references. */
static void pin(struct folio *folio)
{
	if (folio_has_pincount(folio)) {
		folio_ref_inc(folio);
		atomic_inc(&folio->_pincount);
	} else {
		folio_ref_add(folio, GUP_PIN_COUNTING_BIAS);
	}
}

static void count_pins(struct batch *b)
{
	if (b->pins)
		mod_node_page_state(b->pgdat, NR_FOLL_PIN_ACQUIRED, b->pins);
	b->pins = 0;
}

/* Folios that begin in one pageblock are of one node, and alike. */
static void enter_block(struct batch *b, struct folio *folio, unsigned long block)
{
	if (b->pgdat != folio_pgdat(folio))
		count_pins(b);
	b->block = block;
	b->pgdat = folio_pgdat(folio);
	b->pinnable = b->may_stay(folio);
}

static void add(struct batch *b, struct xa_state *xas, struct folio *folio)
{
	unsigned long block = folio_pfn(folio) >> pageblock_order;

	pin(folio);
	if (block != b->block)
		enter_block(b, folio, block);
	b->pins++;
	if (unlikely(!b->pinnable)) {
		xas_set_mark(xas, MEMFD_LIVE_MARK);
		b->movable[b->nr_movable++] = folio;
		return;
	}
	if (unlikely(folio_test_locked(folio) || !folio_test_uptodate(folio)))
		__set_bit(b->nr, b->busy);
	b->folios[b->nr++] = folio;
}

static struct folio *next_folio(struct xa_state *xas, bool marked)
{
	return marked ? xas_next_marked(xas, ULONG_MAX, MEMFD_LIVE_MARK) :
	       xas_next_entry(xas, ULONG_MAX);
}

/* Pins the folios that follow; stops at a swap entry. */
static void collect(struct batch *b, struct xa_state *xas, bool marked)
{
	struct folio *folio;

	bitmap_zero(b->busy, BATCH);
	b->nr = 0;
	b->nr_movable = 0;
	b->found = 0;
	b->swapped = false;
	b->block = -1UL;
	b->pgdat = NULL;
	b->pins = 0;

	xas_lock_irq(xas);
	for (folio = next_folio(xas, marked); folio; folio = next_folio(xas, marked)) {
		b->found++;
		if (unlikely(xa_is_value(folio))) {
			b->swapped = true;
			xas_set(xas, xas->xa_index);
			break;
		}
		add(b, xas, folio);
		if (b->found == BATCH) {
			xas_pause(xas);
			break;
		}
	}
	xas_unlock_irq(xas);
	count_pins(b);
}

/* Waits for those that are being set up; lets go of those that went away. */
static int settle(struct memfd_save *s, struct batch *b)
{
	unsigned int i, nr = 0;
	int err;

	if (likely(bitmap_empty(b->busy, BATCH)))
		return 0;
	for_each_set_bit(i, b->busy, b->nr) {
		struct folio *folio = b->folios[i];

		err = folio_lock_killable(folio);
		if (err)
			return err;
		if (folio->mapping == s->inode->i_mapping)
			__clear_bit(i, b->busy);
		folio_unlock(folio);
	}
	for (i = 0; i < b->nr; i++) {
		if (test_bit(i, b->busy))
			unpin_folio(b->folios[i]);
		else
			b->folios[nr++] = b->folios[i];
	}
	b->nr = nr;
	return 0;
}

static void clear_marks(struct memfd_save *s, struct batch *b)
{
	XA_STATE(xas, &s->inode->i_mapping->i_pages, 0);
	unsigned int i;

	if (likely(!xas_marked(&xas, MEMFD_LIVE_MARK)))
		return;
	xas_lock_irq(&xas);
	for (i = 0; i < b->nr; i++) {
		xas_set(&xas, b->folios[i]->index);
		if (!WARN_ON_ONCE(xas_load(&xas) != b->folios[i]))
			xas_clear_mark(&xas, MEMFD_LIVE_MARK);
	}
	xas_unlock_irq(&xas);
}

/*
 * Contents go over dirty, whatever the folio says: a page table may know better.
 * What has none must not get lost either, it was allocated on purpose.
 */
static u64 flags_of(struct folio *folio)
{
	return MEMFD_LUO_FOLIO_DIRTY |
	       (folio_test_uptodate(folio) ? MEMFD_LUO_FOLIO_UPTODATE : 0);
}

static int record(struct memfd_save *s, struct batch *b)
{
	struct memfd_entries *es = &s->entries;
	struct memfd_luo_folio_ser *e = NULL;
	unsigned long nr_pages = 0, room = 0;
	unsigned int i;
	int err;

	if (!b->nr)
		return 0;
	err = memfd_entries_reserve(es, es->nr_folios + b->nr);
	if (err)
		return err;
	err = kho_preserve_folios(b->folios, b->nr);
	if (err)
		return err;
	for (i = 0; i < b->nr; i++, e++, room--) {
		struct folio *folio = b->folios[i];

		if (!room)
			e = memfd_entries_at(es, es->nr_folios + i, &room);
		e->pfn_flags = folio_pfn(folio) | flags_of(folio);
		e->index = folio->index;
		nr_pages += folio_nr_pages(folio);
		if (unlikely(!(e->pfn_flags & MEMFD_LUO_FOLIO_UPTODATE)))
			s->nr_unwritten++;
	}
	s->nr_pages += nr_pages;
	es->nr_folios += b->nr;
	es->nr = es->nr_folios;
	clear_marks(s, b);
	b->nr = 0;
	return 0;
}

/* Moves folios to where they may stay; their marks remain, they are seen again. */
static int migrate(struct batch *b)
{
	unsigned int flags;
	long ret;

	if (likely(!b->nr_movable))
		return 0;
	b->moving = true;
	flags = memalloc_pin_save();
	ret = check_and_migrate_movable_folios(b->nr_movable, b->movable);
	memalloc_pin_restore(flags);
	if (!ret)
		unpin_folios(b->movable, b->nr_movable);
	b->nr_movable = 0;
	/* Some are in use for a moment, or there is no memory at the moment. */
	b->why = ret == -EAGAIN ? -EBUSY : ret;
	return ret == -EAGAIN || ret == -ENOMEM ? 0 : ret;
}

static int scan(struct memfd_save *s, struct batch *b, bool marked)
{
	XA_STATE(xas, &s->inode->i_mapping->i_pages, 0);
	int err;

	do {
		collect(b, &xas, marked);
		err = settle(s, b);
		err = err ?: record(s, b);
		err = err ?: migrate(b);
		if (!err && b->swapped)
			err = s->kind->swap_in(s, xas.xa_index);
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	} while (!err && (b->found == BATCH || b->swapped));
	unpin_folios(b->folios, b->nr);
	unpin_folios(b->movable, b->nr_movable);
	return err;
}

/*
 * Records all that is marked, in as many rounds as migration needs.  What is added
 * meanwhile, to a file that is not frozen, can wait for the freeze.
 */
static int scan_marked(struct memfd_save *s, struct batch *b, bool frozen)
{
	unsigned int round;
	int err = 0;

	b->moving = true;
	for (round = 0; !err && (frozen || b->moving) &&
	     xa_marked(&s->inode->i_mapping->i_pages, MEMFD_LIVE_MARK); round++) {
		if (round == MAX_ROUNDS)
			return b->why ?: -EBUSY;
		if (round > 2)
			schedule_timeout_killable(1);
		b->moving = false;
		err = scan(s, b, true);
	}
	return err;
}

static int save_folios(struct memfd_save *s, bool all)
{
	struct xarray *xa = &s->inode->i_mapping->i_pages;
	struct batch *b;
	int err;

	if (!all && !xa_marked(xa, MEMFD_LIVE_MARK))
		return 0;
	b = kmalloc(sizeof(*b), GFP_KERNEL);
	if (!b)
		return -ENOMEM;
	b->may_stay = s->kind->may_stay;
	b->why = 0;
	err = all ? scan(s, b, false) : 0;
	err = err ?: scan_marked(s, b, !all);
	kfree(b);
	if (err && err != -EINTR && xa_marked(xa, MEMFD_LIVE_MARK))
		pr_warn_ratelimited("%s: pages of %u KiB in scratch or movable memory cannot be moved elsewhere: %d\n",
				    s->kind->name, i_blocksize(s->inode) >> 10, err);
	return err;
}

/*
 * Who writes to a file has its inode locked while he waits for the memory that he
 * writes from, maybe for ever.  A reboot waits for whoever preserves, so another one
 * has to queue for the lock, one in all: if it is stuck, others try their luck.
 */
struct fixing {
	struct work_struct work;
	struct completion done;
	refcount_t ref;
	const struct memfd_kind *kind;
	struct inode *inode;
	atomic_t decided;	/* that it is done, or given up */
};

static atomic_t someone_queues;

static void put_fixing(struct fixing *f)
{
	if (!refcount_dec_and_test(&f->ref))
		return;
	iput(f->inode);
	kfree(f);
}

static void run_fixing(struct work_struct *work)
{
	struct fixing *f = container_of(work, struct fixing, work);

	/* Nobody kills a worker; but who waits like this is not taken for hung. */
	while (inode_lock_killable(f->inode))
		cond_resched();
	if (!atomic_xchg(&f->decided, 1)) {
		f->kind->set_live(f->inode, MEMFD_LIVE_PRESERVED);
		complete(&f->done);
	}
	inode_unlock(f->inode);
	put_fixing(f);
	atomic_set(&someone_queues, 0);
}

/* NULL if somebody else queues. */
static struct fixing *start_fixing(struct memfd_save *s)
{
	struct fixing *f;

	if (atomic_xchg(&someone_queues, 1))
		return NULL;
	f = kzalloc(sizeof(*f), GFP_KERNEL);
	if (!f) {
		atomic_set(&someone_queues, 0);
		return NULL;
	}
	INIT_WORK(&f->work, run_fixing);
	init_completion(&f->done);
	refcount_set(&f->ref, 2);
	f->kind = s->kind;
	f->inode = s->inode;
	ihold(f->inode);
	queue_work(system_unbound_wq, &f->work);
	return f;
}

/* What was given up is not done any more.  Returns @err, or 0 if it was done just now. */
static int give_up(struct fixing *f, int err)
{
	if (!atomic_xchg(&f->decided, 1))
		return err;
	wait_for_completion(&f->done);
	return 0;
}

static int wait_fixing(struct fixing *f)
{
	long left;

	do {
		if (luo_gate_is_closing())
			return give_up(f, -EBUSY);
		left = wait_for_completion_killable_timeout(&f->done, HZ / 20);
	} while (!left);
	return left < 0 ? give_up(f, -EINTR) : 0;
}

/* The size is fixed from now on, and nobody is about to change it. */
static int fix(struct memfd_save *s)
{
	struct fixing *f;
	int err;

	while (!inode_trylock(s->inode)) {
		f = start_fixing(s);
		if (f) {
			err = wait_fixing(f);
			put_fixing(f);
			return err;
		}
		if (luo_gate_is_closing())
			return -EBUSY;
		schedule_timeout_killable(HZ / 100 + 1);
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	s->kind->set_live(s->inode, MEMFD_LIVE_PRESERVED);
	inode_unlock(s->inode);
	return 0;
}

/**
 * memfd_save_begin - preserve the folios of a file
 * @s:	@kind, @inode and @ser are set, the rest is zero
 *
 * Context: may sleep; takes the lock of the inode for a moment.
 * Returns: 0, or an error and the file is as before: -ENOMEM also if folios have
 * to move and there is no room for them, -EBUSY also if the inode is locked and a
 * reboot waits for us, -EINTR if the task was killed.
 */
int memfd_save_begin(struct memfd_save *s)
{
	const struct memfd_kind *kind = s->kind;
	int err = fix(s);

	if (err)
		return err;
	if (kind->begin)
		kind->begin(s);

	err = memfd_entries_reserve(&s->entries, kind->count(s));
	err = err ?: save_folios(s, true);
	err = err ?: kind->record_rest(s, false);
	if (err)
		memfd_save_end(s);
	else
		memfd_entries_trim(&s->entries);
	return err;
}

/**
 * memfd_save_freeze - record what was added since memfd_save_begin()
 * @s:	the file
 *
 * From now on no folio appears or gets contents, until memfd_kind.set_live says
 * otherwise; those that have contents can be written to.
 *
 * Context: may sleep.  Waits for locks of folios, and for no other lock that a
 * task may hold while it waits for a frozen file.
 * Returns: 0, or an error and the file is not frozen.
 */
int memfd_save_freeze(struct memfd_save *s)
{
	int err;

	s->kind->set_live(s->inode, MEMFD_LIVE_FROZEN);
	err = save_folios(s, false);
	err = err ?: s->kind->record_rest(s, true);
	if (err)
		s->kind->set_live(s->inode, MEMFD_LIVE_PRESERVED);
	else
		memfd_entries_trim(&s->entries);
	return err;
}

static void drop_marks(struct address_space *mapping)
{
	XA_STATE(xas, &mapping->i_pages, 0);
	unsigned int n = 0;
	void *entry;

	if (likely(!xas_marked(&xas, MEMFD_LIVE_MARK)))
		return;
	xas_lock_irq(&xas);
	xas_for_each_marked(&xas, entry, ULONG_MAX, MEMFD_LIVE_MARK) {
		xas_clear_mark(&xas, MEMFD_LIVE_MARK);
		if (++n % XA_CHECK_SCHED)
			continue;
		xas_pause(&xas);
		xas_unlock_irq(&xas);
		cond_resched();
		xas_lock_irq(&xas);
	}
	xas_unlock_irq(&xas);
}

/**
 * memfd_save_end - undo memfd_save_begin()
 * @s:	the file; not frozen
 *
 * Context: may sleep; takes no lock that who writes to the file may have for long.
 */
void memfd_save_end(struct memfd_save *s)
{
	memfd_entries_release(&s->entries);
	if (s->kind->end)
		s->kind->end(s);
	s->kind->set_live(s->inode, MEMFD_LIVE_NONE);
	drop_marks(s->inode->i_mapping);
}
