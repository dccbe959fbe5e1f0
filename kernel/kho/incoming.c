// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: what arrived, at run time
 */

/**
 * DOC: Claims
 *
 * A preserved block is in the map of the previous kernel until it is claimed,
 * forwarded or discarded.  Taking its key out of the map is one atomic
 * operation, and whoever did it owns the block: of two racing claims exactly
 * one wins.  What a claim hands out is what the page allocator would have
 * returned.  When the last block is gone, the pages of the map are freed.
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/bitops.h>
#include <linux/kexec.h>
#include <linux/kexec_handover.h>
#include <linux/kho/hooks.h>
#include <linux/mm.h>
#include <linux/page_owner.h>
#include <linux/pgalloc_tag.h>
#include <linux/rcupdate.h>
#include <linux/reboot.h>
#include <linux/workqueue.h>

#include "../../mm/internal.h"

#include "fdt.h"
#include "internal.h"

#define PUD_ORDER	(PUD_SHIFT - PAGE_SHIFT)

/* The memmap of a folio is in one piece, which sections may have each for itself. */
#define LARGEST_FOLIO	(IS_ENABLED(CONFIG_SPARSEMEM_VMEMMAP) ?				\
			 max(MAX_PAGE_ORDER, PUD_ORDER) : PFN_SECTION_SHIFT)

/* In page->private of the first page of a block that was lent, plus the order. */
#define LENT		0x6b686f00UL

struct kho_incoming kho_in;

static DEFINE_RAW_SPINLOCK(fdt_lock);	/* the contents of kho_in.fdt */

/* All that is withheld counts as memory of the machine from the beginning. */
static void free_withheld_page(struct page *page)
{
	free_reserved_page(page);
	totalram_pages_add(-1);
}

static void add_managed(struct page *page, unsigned long nr_pages)
{
	atomic_long_add(nr_pages, &page_zone(page)->managed_pages);
}

static void free_node(u64 *node, unsigned int level)
{
	unsigned int i;

	for (i = 0; level && i < KHO_MAP_TABLE_SLOTS; i++) {
		if (node[i])
			free_node(phys_to_virt(node[i]), level - 1);
	}
	free_withheld_page(virt_to_page(node));
}

static void free_map(struct work_struct *work)
{
	u64 *root = kho_in.root;

	WRITE_ONCE(kho_in.root, NULL);
	synchronize_rcu();
	free_node(root, KHO_MAP_TABLE_LEVELS);
}

static DECLARE_WORK(free_map_work, free_map);

/* Watermarks and reserves follow the managed pages, once for many claims. */
static void refresh_limits(struct work_struct *work)
{
	zone_limits_refresh();
}

static DECLARE_DELAYED_WORK(refresh_work, refresh_limits);

static void refresh_soon(void)
{
	if (!delayed_work_pending(&refresh_work))
		schedule_delayed_work(&refresh_work, HZ / 10);
}

static void unpin_map(unsigned long nr_pages)
{
	if (!atomic_long_sub_return(nr_pages, &kho_in.pins) && kho_in.open)
		schedule_work(&free_map_work);
}

/**
 * kho_in_pin - keep the map for a while
 *
 * Returns: true, to be followed by kho_in_unpin(); false if there is nothing in
 * it any more.
 */
bool kho_in_pin(void)
{
	return atomic_long_inc_not_zero(&kho_in.pins);
}

/**
 * kho_in_unpin - undo kho_in_pin()
 */
void kho_in_unpin(void)
{
	unpin_map(1);
}

/* A leaf's bit as the atomic bit operations want it: on 64 bit the same. */
static unsigned long *leaf_words(unsigned long pfn, unsigned int order)
{
	u64 *root = READ_ONCE(kho_in.root);

	return root ? (unsigned long *)kho_map_leaf(root, kho_map_key(pfn, order)) : NULL;
}

/**
 * kho_in_order - order of the unclaimed block that starts at a page
 * @pfn:	first page
 *
 * Returns: the order, or -ENOENT.
 */
int kho_in_order(unsigned long pfn)
{
	unsigned long orders = kho_in.orders;
	unsigned int order;
	int ret = -ENOENT;

	guard(rcu)();
	for_each_set_bit(order, &orders, KHO_MAP_ORDERS) {
		unsigned long *leaf;

		if (!IS_ALIGNED(pfn, 1UL << order))
			break;
		leaf = leaf_words(pfn, order);
		if (leaf && test_bit(kho_map_bit(kho_map_key(pfn, order)), leaf)) {
			ret = order;
			break;
		}
	}
	return ret;
}

/*
 * Takes keys out of the map; their blocks still count as its own.  Returns the
 * bits of those that were there.
 */
static u64 take_keys(const struct kho_word *w)
{
	u64 *root, *leaf;
	u64 got;

	guard(rcu)();
	root = READ_ONCE(kho_in.root);
	leaf = root ? kho_map_leaf(root, w->key) : NULL;
	if (!leaf)
		return 0;
	got = atomic64_fetch_andnot(w->mask, (atomic64_t *)&leaf[kho_map_bit(w->key) / 64]);
	got &= w->mask;
	atomic_long_sub((long)hweight64(got) << w->order, &kho_in.pages);
	return got;
}

static bool take_key(unsigned long pfn, unsigned int order)
{
	struct kho_word w = kho_word_of(pfn, order);

	return take_keys(&w);
}

/**
 * kho_in_take - take a block out of the map
 * @pfn:	first page
 * @order:	order
 *
 * Returns: true if it was there; now it is the caller's.
 */
bool kho_in_take(unsigned long pfn, unsigned int order)
{
	if (!take_key(pfn, order))
		return false;
	unpin_map(1UL << order);
	return true;
}

/**
 * kho_in_lend - take a block out of the map that may come back
 * @pfn:	first page
 * @order:	order
 *
 * Returns: true if it was there; now it is the caller's.
 */
bool kho_in_lend(unsigned long pfn, unsigned int order)
{
	if (!take_key(pfn, order))
		return false;
	set_page_private(pfn_to_page(pfn), LENT + order);
	return true;
}

/**
 * kho_in_borrow - as kho_in_lend(), to read the block
 * @pfn:	first page
 * @order:	order
 *
 * Returns: false also if it had a memory error.
 */
bool kho_in_borrow(unsigned long pfn, unsigned int order)
{
	unsigned long end = pfn + (1UL << order);

	if (!kho_in_lend(pfn, order))
		return false;
	if (kho_find_poison(pfn, end) == end)
		return true;
	kho_in_return(pfn, order);
	return false;
}

/**
 * kho_in_lent - was this block lent?
 * @pfn:	first page
 * @order:	order
 *
 * Returns: true if it was, and has not been returned.
 */
bool kho_in_lent(unsigned long pfn, unsigned int order)
{
	struct page *page = pfn_to_online_page(pfn);

	return page && PageReserved(page) && page_private(page) == LENT + order;
}

/**
 * kho_in_return - put a block back that was lent
 * @pfn:	first page
 * @order:	order
 */
void kho_in_return(unsigned long pfn, unsigned int order)
{
	guard(rcu)();
	set_page_private(pfn_to_page(pfn), 0);
	atomic_long_add(1UL << order, &kho_in.pages);
	set_bit(kho_map_bit(kho_map_key(pfn, order)), leaf_words(pfn, order));
}

static void not_preserved(unsigned long pfn)
{
	pr_warn_ratelimited("claim of %#llx: no preserved block starts there, or it was claimed\n",
			    PFN_PHYS(pfn));
}

/* Can it be what arrived, and is it time? */
static bool may_be_ours(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	if (!kho_in.open) {
		pr_warn_ratelimited("claim of %#llx: %s\n", PFN_PHYS(pfn),
				    kho_in.fdt ? "too early, before core_initcall" :
				    "nothing was handed over");
		return false;
	}
	if (end <= pfn || !pfn_to_online_page(pfn) || !pfn_to_online_page(end - 1)) {
		not_preserved(pfn);
		return false;
	}
	return true;
}

/* Of what was preserved: all of it has a memmap. */
static bool had_error(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages, bad = kho_find_poison(pfn, end);

	if (bad < end)
		pr_warn_ratelimited("claim of %#llx: page %#llx had a memory error\n",
				    PFN_PHYS(pfn), PFN_PHYS(bad));
	return bad < end;
}

/* Zones differ only across the border of a zone or node. */
static bool spans_zones(unsigned long pfn, unsigned long last)
{
	return page_zone(pfn_to_page(pfn)) != page_zone(pfn_to_page(last));
}

/**
 * kho_unclaimed_pages - how much of memory waits for its owners?
 *
 * Context: any.
 * Returns: pages.
 */
unsigned long kho_unclaimed_pages(void)
{
	return atomic_long_read(&kho_in.pages);
}

static void account_managed(struct page *page, unsigned long nr_pages)
{
	if (page_zone(page) == page_zone(nth_page(page, nr_pages - 1))) {
		add_managed(page, nr_pages);
	} else {
		for (; nr_pages; nr_pages--, page = nth_page(page, 1))
			add_managed(page, 1);
	}
	refresh_soon();
}

static void init_page(struct page *page, unsigned int count)
{
	clear_page_tag_ref(page);
	__ClearPageReserved(page);
	set_page_private(page, 0);
	set_page_count(page, count);
}

static void init_folio(struct page *page, unsigned int order)
{
	unsigned long i;

	init_page(page, 1);
	for (i = 1; i < 1UL << order; i++)
		init_page(nth_page(page, i), 0);
	if (order)
		prep_compound_page(page, order);
	/* Claims are possible in any context. */
	set_page_owner(page, order, GFP_NOWAIT | __GFP_NOWARN);
}

static bool claim_folio(unsigned long pfn, int order)
{
	unsigned long nr_pages = 1UL << max(order, 0);

	if (!may_be_ours(pfn, nr_pages) || had_error(pfn, nr_pages))
		return false;
	/* What no folio can be is left for kho_restore_pages(). */
	if (order > LARGEST_FOLIO ||
	    (order > 0 && spans_zones(pfn, pfn + nr_pages - 1))) {
		pr_warn_ratelimited("claim of %#llx: a block of order %d can be no folio here\n",
				    PFN_PHYS(pfn), order);
		return false;
	}
	if (order < 0 || !kho_in_take(pfn, order)) {
		not_preserved(pfn);
		return false;
	}
	init_folio(pfn_to_page(pfn), order);
	account_managed(pfn_to_page(pfn), nr_pages);
	return true;
}

/**
 * kho_in_claim_folio - claim one block as a folio
 * @pfn:	first page
 *
 * Returns: the folio with one reference, or NULL.
 */
struct folio *kho_in_claim_folio(unsigned long pfn)
{
	return claim_folio(pfn, kho_in_order(pfn)) ? pfn_folio(pfn) : NULL;
}

/*
 * Could claim_folio() say no to any of these blocks, if they are in the map?
 * Not if the word is in one section and one zone.
 */
static bool doubtful(const struct kho_word *w, unsigned long pfn, unsigned long last)
{
	return !kho_in.open || kho_any_poison() ||
	       w->order > min(MAX_PAGE_ORDER, PFN_SECTION_SHIFT - 6) ||
	       !pfn_to_online_page(pfn) || !pfn_to_online_page(last) || spans_zones(pfn, last);
}

static u64 claim_each(const struct kho_word *w)
{
	u64 left, got = 0;

	for (left = w->mask; left; left &= left - 1) {
		unsigned int bit = __ffs64(left);

		if (claim_folio(kho_word_pfn(w, bit), w->order))
			got |= BIT_ULL(bit);
	}
	return got;
}

/**
 * kho_in_claim_word - claim many blocks at once, each as a folio
 * @w:	the blocks
 *
 * Costs little more than a claim of one of them.
 *
 * Context: any.
 * Returns: the bits of those that are the caller's now, as kho_in_claim_folio()
 * returns them; if some are missing, with a line in the log.
 */
u64 kho_in_claim_word(const struct kho_word *w)
{
	unsigned long pfn = kho_word_pfn(w, __ffs64(w->mask));
	unsigned long last = kho_word_pfn(w, fls64(w->mask) - 1) + (1UL << w->order) - 1;
	unsigned long nr_pages;
	u64 got, left;

	if (doubtful(w, pfn, last))
		return claim_each(w);
	got = take_keys(w);
	for (left = got; left; left &= left - 1)
		init_folio(pfn_to_page(kho_word_pfn(w, __ffs64(left))), w->order);
	nr_pages = (unsigned long)hweight64(got) << w->order;
	if (nr_pages) {
		add_managed(pfn_to_page(pfn), nr_pages);
		refresh_soon();
		unpin_map(nr_pages);
	}
	if (got != w->mask)
		not_preserved(kho_word_pfn(w, __ffs64(w->mask & ~got)));
	return got;
}

/*
 * Calls @fn for the unclaimed blocks that make up a range, exactly.  Returns
 * where that ended: at @end if all went well.
 */
static unsigned long each_block(unsigned long pfn, unsigned long end,
				bool (*fn)(unsigned long pfn, unsigned int order))
{
	while (pfn < end) {
		int order = kho_in_order(pfn);

		if (order < 0 || end - pfn < 1UL << order || (fn && !fn(pfn, order)))
			break;
		pfn += 1UL << order;
	}
	return pfn;
}

static bool claim_block(unsigned long pfn, unsigned int order)
{
	unsigned long i;

	if (!kho_in_take(pfn, order))
		return false;
	for (i = 0; i < 1UL << order; i++)
		init_folio(pfn_to_page(pfn + i), 0);
	account_managed(pfn_to_page(pfn), 1UL << order);
	return true;
}

/**
 * kho_in_claim_pages - claim a range as single pages
 * @pfn:	first page
 * @nr_pages:	number of pages
 *
 * The whole range is looked at before the first block of it is claimed.  Only
 * when somebody else claims a part of it at the same time, what was claimed
 * before that part is lost: it is freed.
 *
 * Returns: the first page, or NULL.
 */
struct page *kho_in_claim_pages(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;
	unsigned long stop;

	if (!may_be_ours(pfn, nr_pages))
		return NULL;
	stop = each_block(pfn, end, NULL);
	if (stop != end) {
		not_preserved(stop);
		return NULL;
	}
	if (had_error(pfn, nr_pages))
		return NULL;
	stop = each_block(pfn, end, claim_block);
	if (stop == end)
		return pfn_to_page(pfn);
	not_preserved(stop);
	for (; pfn < stop; pfn++)
		__free_page(pfn_to_page(pfn));
	return NULL;
}

static bool discard_block(unsigned long pfn, unsigned int order)
{
	unsigned long i;

	if (!kho_in_take(pfn, order))
		return false;
	for (i = 0; i < 1UL << order; i++) {
		/* Nobody may use one that had a memory error, but all are given up. */
		if (!PageHWPoison(pfn_to_page(pfn + i)))
			free_withheld_page(pfn_to_page(pfn + i));
	}
	cond_resched();
	return true;
}

/**
 * kho_in_discard_pages - nobody will ever want these pages
 * @pfn:	first page of a range that was preserved as a whole
 * @nr_pages:	number of pages
 *
 * Context: may sleep.
 */
void kho_in_discard_pages(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long end = pfn + nr_pages;

	if (!may_be_ours(pfn, nr_pages) || each_block(pfn, end, NULL) != end)
		return;
	each_block(pfn, end, discard_block);
	refresh_soon();
}

/**
 * kho_in_covers - is a range a whole number of unclaimed blocks?
 * @pfn:	first page
 * @nr_pages:	number of pages
 *
 * Returns: true if it is.
 */
bool kho_in_covers(unsigned long pfn, unsigned long nr_pages)
{
	return nr_pages && each_block(pfn, pfn + nr_pages, NULL) == pfn + nr_pages;
}

/**
 * kho_in_forget - a subtree is used up: nobody may look it up any more
 * @name:	its name
 */
void kho_in_forget(const char *name)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&fdt_lock, flags);
	kho_fdt_del(kho_in.fdt, name);
	raw_spin_unlock_irqrestore(&fdt_lock, flags);
}

/**
 * kho_in_find - look a subtree up
 * @name:	its name
 * @st:		set on success; its name is not valid
 *
 * Returns: 0; -ENOENT; -EINVAL if the node is malformed.
 */
int kho_in_find(const char *name, struct kho_subtree *st)
{
	unsigned long flags;
	int err;

	raw_spin_lock_irqsave(&fdt_lock, flags);
	err = kho_in.fdt ? kho_fdt_find(kho_in.fdt, name, st) : -ENOENT;
	raw_spin_unlock_irqrestore(&fdt_lock, flags);
	return err;
}

/**
 * kho_in_settle - claims are possible now
 *
 * With nothing to claim, the map is not needed from the beginning.
 */
void kho_in_settle(void)
{
	if (kho_in.open && !atomic_long_read(&kho_in.pins))
		schedule_work(&free_map_work);
}

/* The last word on what nobody wanted. */
static int report_dropped(struct notifier_block *nb, unsigned long action, void *data)
{
	unsigned long pages = kho_unclaimed_pages();

	if (kexec_in_progress && pages && !kho_in.forwarded)
		pr_warn("%lu KiB of the previous kernel were neither claimed nor forwarded, and are dropped\n",
			pages << (PAGE_SHIFT - 10));
	return NOTIFY_DONE;
}

static struct notifier_block reboot_nb = { .notifier_call = report_dropped };

static int __init kho_incoming_init(void)
{
	if (kho_in.fdt)
		register_reboot_notifier(&reboot_nb);
	return 0;
}
late_initcall(kho_incoming_init);
