// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: the outgoing map
 */

/**
 * DOC: What is refused
 *
 * The receiver must find every preserved block in RAM that it has, outside of
 * scratch and in one piece.  So this is checked here, while the caller can
 * still do something about it, and in every build: memory in scratch, memory
 * that was hot-added or belongs to a driver, hardware-poisoned pages, slab and
 * tail pages, and blocks that overlap with others.
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/bitops.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "internal.h"

struct kho_radix_tree kho_out_map = {
	.lock = __MUTEX_INITIALIZER(kho_out_map.lock),
};

/* Protected by kho_out_map.lock. */
static struct {
	struct kho_map_cursor at[KHO_MAP_ORDERS];
	unsigned long blocks[KHO_MAP_ORDERS];
	u64 orders;		/* those with blocks */
	unsigned long pages;
	unsigned long removed;	/* keys, since the last pruning */
} out;

/* Prune when that many keys per order were removed: amortised it costs nothing. */
#define PRUNE_AFTER	(8 * KHO_MAP_LEAF_KEYS)

static u64 *root(void)
{
	return (u64 *)kho_out_map.root;
}

/**
 * kho_out_init - create the outgoing map
 *
 * Returns: 0 or -ENOMEM.
 */
int kho_out_init(void)
{
	kho_out_map.root = (struct kho_radix_node *)kho_node_alloc();
	return kho_out_map.root ? 0 : -ENOMEM;
}

/**
 * kho_out_walk - walk the outgoing map
 * @w:		what to do on the way; must not change the map
 *
 * Returns: 0, or what a callback ended the walk with.
 */
int kho_out_walk(struct kho_map_walk *w)
{
	guard(mutex)(&kho_out_map.lock);
	return kho_map_walk(w, kho_node_phys(root()));
}

/**
 * kho_out_pages - pages preserved for the next kernel
 *
 * Returns: the number of pages.
 */
unsigned long kho_out_pages(void)
{
	return READ_ONCE(out.pages);
}

static bool present(unsigned long pfn, unsigned int order)
{
	u64 key = kho_map_key(pfn, order);
	u64 *leaf;

	if (!root())
		return false;
	leaf = kho_map_leaf_at(root(), &out.at[order], key);
	return leaf && kho_leaf_test(leaf, key);
}

/* Does a block of another size cover a part of this one? */
static bool overlapped(unsigned long pfn, unsigned int order)
{
	unsigned long orders = out.orders & ~(1ULL << order);
	unsigned int other;

	for_each_set_bit(other, &orders, KHO_MAP_ORDERS) {
		if (other > order ? present(round_down(pfn, 1UL << other), other) :
		    kho_map_any(root(), kho_map_key(pfn, other), 1ULL << (order - other)))
			return true;
	}
	return false;
}

/*
 * Makes room for a block.  Returns 0, 1 if exactly this block is there
 * already, -EEXIST or -ENOMEM.
 */
static int prepare_block(unsigned long pfn, unsigned int order)
{
	u64 key = kho_map_key(pfn, order);
	struct kho_map_cursor *at = &out.at[order];
	int err;

	if (present(pfn, order))
		return 1;
	if (overlapped(pfn, order))
		return -EEXIST;
	if (at->leaf)
		return 0;
	err = kho_map_make_leaf(root(), key, &at->leaf);
	at->tag = key >> KHO_MAP_LEAF_BITS;
	return err;
}

/* After prepare_block(): cannot fail. */
static void insert_block(unsigned long pfn, unsigned int order)
{
	u64 key = kho_map_key(pfn, order);
	u64 *leaf = kho_map_leaf_at(root(), &out.at[order], key);

	if (kho_leaf_test(leaf, key))
		return;
	kho_leaf_set(leaf, key);
	out.blocks[order]++;
	out.orders |= 1ULL << order;
	WRITE_ONCE(out.pages, out.pages + (1UL << order));
}

static void prune(void)
{
	kho_map_prune(root());
	memset(out.at, 0, sizeof(out.at));
	out.removed = 0;
}

static bool remove_block(unsigned long pfn, unsigned int order)
{
	u64 key = kho_map_key(pfn, order);

	if (!present(pfn, order))
		return false;
	kho_leaf_clear(out.at[order].leaf, key);
	if (!--out.blocks[order])
		out.orders &= ~(1ULL << order);
	WRITE_ONCE(out.pages, out.pages - (1UL << order));
	if (++out.removed == PRUNE_AFTER || !out.orders)
		prune();
	return true;
}

static int refuse(unsigned long pfn, unsigned long nr_pages, const char *why)
{
	pr_warn_ratelimited("cannot preserve [%#llx-%#llx): %s\n", PFN_PHYS(pfn),
			    PFN_PHYS(pfn + nr_pages), why);
	return -EINVAL;
}

/**
 * kho_any_poison - did any page of this machine have a memory error?
 *
 * Returns: true if one had.
 */
bool kho_any_poison(void)
{
	return IS_ENABLED(CONFIG_MEMORY_FAILURE) && atomic_long_read(&num_poisoned_pages);
}

/**
 * kho_find_poison - look for a page that had a memory error
 * @pfn:	first page
 * @end:	end of the range
 *
 * Returns: the first bad page, @end if there is none.
 */
unsigned long kho_find_poison(unsigned long pfn, unsigned long end)
{
	if (!kho_any_poison())
		return end;
	while (pfn < end && !PageHWPoison(pfn_to_page(pfn)))
		pfn++;
	return pfn;
}

/* The receiver has only the memory of the firmware's map. */
static bool all_early(unsigned long pfn, unsigned long nr_pages)
{
	unsigned long section;

	for (section = pfn_to_section_nr(pfn);
	     section <= pfn_to_section_nr(pfn + nr_pages - 1); section++) {
		struct mem_section *ms = __nr_to_section(section);

		if (!ms || !early_section(ms))
			return false;
	}
	return true;
}

static int check_range(unsigned long pfn, unsigned long nr_pages)
{
	if (!kho_enable || !root())
		return refuse(pfn, nr_pages, "KHO is off, or not initialised before fs_initcall");
	if (pfn + nr_pages < pfn || !pfn_to_online_page(pfn) ||
	    !pfn_to_online_page(pfn + nr_pages - 1) || pfn < PHYS_PFN(ARCH_KHO_LOW_WINDOW))
		return refuse(pfn, nr_pages, "not memory of the page allocator");
	if (kho_scratch_overlap(PFN_PHYS(pfn), PFN_PHYS(nr_pages)))
		return refuse(pfn, nr_pages, "it lies in a scratch area; move it out first");
	if (!all_early(pfn, nr_pages))
		return refuse(pfn, nr_pages, "hot-added or driver-managed memory");
	if (kho_find_poison(pfn, pfn + nr_pages) < pfn + nr_pages)
		return refuse(pfn, nr_pages, "it holds a hardware-poisoned page");
	return 0;
}

static int check_folio(struct folio *folio)
{
	unsigned long pfn = folio_pfn(folio);
	unsigned long nr_pages = folio_nr_pages(folio);

	if (folio_test_slab(folio))
		return refuse(pfn, nr_pages, "slab memory");
	return check_range(pfn, nr_pages);
}

/* Hundreds of millions of folios take a while. */
static void breathe(unsigned long i)
{
	if (!(i % SZ_64K))
		cond_resched();
}

/**
 * kho_preserve_folios - preserve many folios in one operation
 * @folios:	the folios
 * @nr:		how many
 *
 * As kho_preserve_folio() for each, but all or none.
 *
 * Context: may sleep; takes the lock of the outgoing map once.
 * Returns: 0, or the error of the first folio that was refused.
 */
int kho_preserve_folios(struct folio **folios, unsigned long nr)
{
	unsigned long i;
	int err;

	for (i = 0; i < nr; i++) {
		err = check_folio(folios[i]);
		if (err)
			return err;
		breathe(i);
	}

	guard(mutex)(&kho_out_map.lock);
	for (i = 0; i < nr; i++) {
		err = prepare_block(folio_pfn(folios[i]), folio_order(folios[i]));
		if (err < 0)
			return err;
		breathe(i);
	}
	for (i = 0; i < nr; i++) {
		insert_block(folio_pfn(folios[i]), folio_order(folios[i]));
		breathe(i);
	}
	return 0;
}
EXPORT_SYMBOL_GPL(kho_preserve_folios);

/**
 * kho_unpreserve_folios - undo kho_preserve_folios()
 * @folios:	the folios
 * @nr:		how many
 *
 * Context: may sleep; takes the lock of the outgoing map once.
 */
void kho_unpreserve_folios(struct folio **folios, unsigned long nr)
{
	unsigned long i;

	guard(mutex)(&kho_out_map.lock);
	for (i = 0; i < nr; i++) {
		unsigned long pfn = folio_pfn(folios[i]);

		if (!remove_block(pfn, folio_order(folios[i])))
			pr_warn_ratelimited("folio at %#llx was not preserved\n", PFN_PHYS(pfn));
		breathe(i);
	}
}
EXPORT_SYMBOL_GPL(kho_unpreserve_folios);

/**
 * kho_preserve_folio - preserve a folio
 * @folio:	the folio; the caller keeps it allocated and unsplit until the
 *		kexec, or until it is unpreserved.  No reference is taken.
 *
 * Preserving the same folio again changes nothing.  The receiver gets it back
 * with kho_restore_folio().
 *
 * Context: may sleep.
 * Returns: 0; -EINVAL if KHO is off, or the folio lies in scratch, in memory
 * the next kernel will not have, is poisoned or belongs to the slab allocator
 * (a line in the log says which); -EEXIST if it overlaps with something else
 * that is preserved; -ENOMEM.
 */
int kho_preserve_folio(struct folio *folio)
{
	return kho_preserve_folios(&folio, 1);
}
EXPORT_SYMBOL_GPL(kho_preserve_folio);

/**
 * kho_unpreserve_folio - undo kho_preserve_folio()
 * @folio:	the folio
 *
 * Context: may sleep.
 */
void kho_unpreserve_folio(struct folio *folio)
{
	kho_unpreserve_folios(&folio, 1);
}
EXPORT_SYMBOL_GPL(kho_unpreserve_folio);

/* The next block of a range; no block spans two nodes. */
static unsigned int cut(unsigned long pfn, unsigned long end)
{
	unsigned int order = kho_map_cut(pfn, end - pfn);

	while (order && pfn_to_nid(pfn) != pfn_to_nid(pfn + (1UL << order) - 1))
		order--;
	return order;
}

static int preserve_range(unsigned long start, unsigned long end)
{
	unsigned long pfn, fresh = 0, same = 0;
	unsigned int order;
	int ret;

	for (pfn = start; pfn < end; pfn += 1UL << order) {
		order = cut(pfn, end);
		ret = prepare_block(pfn, order);
		if (ret < 0)
			return ret;
		ret ? same++ : fresh++;
	}
	/* The same range again is fine; a range that has a part of it is not. */
	if (same && fresh)
		return -EEXIST;
	for (pfn = start; pfn < end; pfn += 1UL << order) {
		order = cut(pfn, end);
		insert_block(pfn, order);
	}
	return 0;
}

/* Would a range that ends with this page leave a part of a folio behind? */
static bool cuts_folio(struct page *last)
{
	struct folio *folio = page_folio(last);

	return folio_test_slab(folio) ||
	       page_to_pfn(last) != folio_pfn(folio) + folio_nr_pages(folio) - 1;
}

/**
 * kho_preserve_pages - preserve a contiguous range of pages
 * @page:	first page; the caller keeps the range allocated until the
 *		kexec, or until it is unpreserved.  No reference is taken.
 * @nr_pages:	number of pages; 0 does nothing
 *
 * Preserving the same range again changes nothing.  Any other overlap with what
 * is preserved is the caller's mistake.  It is refused where it shows; a part of
 * a range that happens to be made of whole blocks looks like the same again.
 * The receiver gets the range back with kho_restore_pages().
 *
 * Context: may sleep.
 * Returns: as kho_preserve_folio().  On an error nothing is preserved.
 */
int kho_preserve_pages(struct page *page, unsigned long nr_pages)
{
	unsigned long pfn = page_to_pfn(page);
	int err;

	if (!nr_pages)
		return 0;
	err = check_range(pfn, nr_pages);
	if (err)
		return err;
	if (PageTail(page) || folio_test_slab(page_folio(page)))
		return refuse(pfn, nr_pages, "tail page or slab memory");
	if (cuts_folio(nth_page(page, nr_pages - 1)))
		return refuse(pfn, nr_pages, "it ends inside a larger folio, or in slab memory");

	guard(mutex)(&kho_out_map.lock);
	return preserve_range(pfn, pfn + nr_pages);
}
EXPORT_SYMBOL_GPL(kho_preserve_pages);

/**
 * kho_unpreserve_pages - undo kho_preserve_pages()
 * @page:	first page
 * @nr_pages:	number of pages; exactly the range that was preserved
 *
 * Context: may sleep.
 */
void kho_unpreserve_pages(struct page *page, unsigned long nr_pages)
{
	unsigned long pfn = page_to_pfn(page);
	unsigned long end = pfn + nr_pages;
	unsigned int order;

	guard(mutex)(&kho_out_map.lock);
	for (; pfn < end; pfn += 1UL << order) {
		order = cut(pfn, end);
		if (!remove_block(pfn, order))
			pr_warn_ratelimited("block of order %u at %#llx was not preserved\n",
					    order, PFN_PHYS(pfn));
	}
}
EXPORT_SYMBOL_GPL(kho_unpreserve_pages);

/**
 * kho_out_add - preserve a block that came from the previous kernel
 * @pfn:	first page
 * @order:	order
 *
 * Returns: as kho_preserve_folio().
 */
int kho_out_add(unsigned long pfn, unsigned int order)
{
	int err = check_range(pfn, 1UL << order);

	if (err)
		return err;
	guard(mutex)(&kho_out_map.lock);
	err = prepare_block(pfn, order);
	if (err)
		return err < 0 ? err : -EEXIST;
	insert_block(pfn, order);
	return 0;
}

static int merge_leaf(struct kho_map_walk *w, u64 first, const u64 *leaf)
{
	u64 *ours;

	return kho_map_make_leaf(root(), first, &ours);
}

static int merge_run(struct kho_map_walk *w, u64 key, unsigned long nr)
{
	unsigned long pfn;
	unsigned int order;

	if (!kho_map_decode(key, &pfn, &order))
		return -EIO;
	for (; nr; nr--, pfn += 1UL << order)
		insert_block(pfn, order);
	return 0;
}

/**
 * kho_out_merge - preserve all that is in another map
 * @other:	root of the other map, none of whose blocks lies across ours
 *
 * Returns: 0; -ENOMEM, and nothing is preserved; -EIO if it is damaged.
 */
int kho_out_merge(u64 *other)
{
	struct kho_map_walk leaves = { .leaf = merge_leaf };
	struct kho_map_walk keys = { .run = merge_run };
	u64 phys = kho_node_phys(other);

	guard(mutex)(&kho_out_map.lock);
	return kho_map_walk(&leaves, phys) ?: kho_map_walk(&keys, phys);
}

/**
 * kho_out_order - order of the preserved block that starts at a page
 * @pfn:	first page
 *
 * Returns: the order, or -ENOENT.
 */
int kho_out_order(unsigned long pfn)
{
	unsigned long orders;
	unsigned int order;

	guard(mutex)(&kho_out_map.lock);
	orders = out.orders;
	for_each_set_bit(order, &orders, KHO_MAP_ORDERS) {
		if (IS_ALIGNED(pfn, 1UL << order) && present(pfn, order))
			return order;
	}
	return -ENOENT;
}

/**
 * kho_out_del - undo kho_out_add()
 * @pfn:	first page
 * @order:	order
 *
 * Returns: true if the block was there.
 */
bool kho_out_del(unsigned long pfn, unsigned int order)
{
	guard(mutex)(&kho_out_map.lock);
	return remove_block(pfn, order);
}

#ifdef CONFIG_KEXEC_HANDOVER_DEBUG
struct recount {
	struct kho_map_walk w;
	unsigned long blocks[KHO_MAP_ORDERS];
	unsigned long pages;
};

static int recount_run(struct kho_map_walk *w, u64 key, unsigned long nr)
{
	struct recount *re = container_of(w, struct recount, w);
	unsigned long pfn;
	unsigned int order;

	if (WARN_ON_ONCE(!kho_map_decode(key, &pfn, &order)))
		return -EINVAL;
	WARN_ON_ONCE(kho_scratch_overlap(PFN_PHYS(pfn), PFN_PHYS(nr << order)));
	re->blocks[order] += nr;
	re->pages += nr << order;
	return 0;
}

/**
 * kho_out_check - does the map hold what the counters say?
 */
void kho_out_check(void)
{
	struct recount *re = root() ? kzalloc(sizeof(*re), GFP_KERNEL) : NULL;

	if (!re)
		return;
	re->w.run = recount_run;
	scoped_guard(mutex, &kho_out_map.lock) {
		kho_map_walk(&re->w, kho_node_phys(root()));
		WARN_ON_ONCE(re->pages != out.pages);
		WARN_ON_ONCE(memcmp(re->blocks, out.blocks, sizeof(out.blocks)));
	}
	kfree(re);
}
#endif
