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
 * tail pages, pages with memory tags, and blocks that overlap with others.
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/bitops.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "blocks.h"
#include "internal.h"

struct kho_radix_tree kho_out_map = {
	.lock = __MUTEX_INITIALIZER(kho_out_map.lock),
};

/* What is in the map; protected by kho_out_map.lock. */
static struct kho_blocks out;

/**
 * kho_out_init - create the outgoing map
 *
 * Returns: 0 or -ENOMEM.
 */
int kho_out_init(void)
{
	out.root = kho_node_alloc();
	kho_out_map.root = (struct kho_radix_node *)out.root;
	return out.root ? 0 : -ENOMEM;
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
	return kho_map_walk(w, kho_node_phys(out.root));
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

/**
 * kho_all_early - is this memory that the next kernel is going to have?
 * @pfn:	first page
 * @nr_pages:	number of pages
 *
 * The receiver has only the memory of the firmware's map.
 *
 * Returns: true unless some of it was added later.
 */
bool kho_all_early(unsigned long pfn, unsigned long nr_pages)
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

/* How often is memory asked for that may have been added later? */
#define ALLOC_TRIES	64

/**
 * kho_alloc_pages - allocate memory that can be preserved
 * @order:	order
 *
 * With memory that was added later the page allocator may prefer just that.
 *
 * Context: may sleep.
 * Returns: zeroed pages, compound if there are more than one, or NULL.
 */
struct page *kho_alloc_pages(unsigned int order)
{
	static const gfp_t zones[] = { 0, __GFP_DMA32 | __GFP_NOWARN, __GFP_DMA | __GFP_NOWARN };
	struct page *page = NULL, *next;
	LIST_HEAD(aside);
	unsigned int i;

	for (i = 0; i < ALLOC_TRIES; i++) {
		gfp_t zone = i < ARRAY_SIZE(zones) ? zones[i] : __GFP_NOWARN;

		page = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_COMP | zone, order);
		if (page && kho_all_early(page_to_pfn(page), 1UL << order))
			break;
		if (page)
			list_add(&page->lru, &aside);
		else if (!i || i >= ARRAY_SIZE(zones))
			break;
		page = NULL;
	}
	while (!list_empty(&aside)) {
		next = list_first_entry(&aside, struct page, lru);
		list_del(&next->lru);
		__free_pages(next, order);
	}
	return page;
}

static int check_tags(unsigned long pfn, unsigned long nr_pages)
{
	if (likely(arch_kho_find_tags(pfn, pfn + nr_pages) == pfn + nr_pages))
		return 0;
	refuse(pfn, nr_pages, "it has memory tags, which cannot travel");
	return -EOPNOTSUPP;
}

static int check_range(unsigned long pfn, unsigned long nr_pages)
{
	if (!kho_enable || !out.root)
		return refuse(pfn, nr_pages, "KHO is off, or not initialised before fs_initcall");
	if (pfn + nr_pages < pfn || !pfn_to_online_page(pfn) ||
	    !pfn_to_online_page(pfn + nr_pages - 1) || pfn < PHYS_PFN(ARCH_KHO_LOW_WINDOW))
		return refuse(pfn, nr_pages, "not memory of the page allocator");
	if (kho_scratch_overlap(PFN_PHYS(pfn), PFN_PHYS(nr_pages)))
		return refuse(pfn, nr_pages, "it lies in a scratch area; move it out first");
	if (!kho_all_early(pfn, nr_pages))
		return refuse(pfn, nr_pages, "hot-added or driver-managed memory");
	if (kho_find_poison(pfn, pfn + nr_pages) < pfn + nr_pages)
		return refuse(pfn, nr_pages, "it holds a hardware-poisoned page");
	return check_tags(pfn, nr_pages);
}

/**
 * struct checked - memory of which every folio may be preserved that has no tags
 * @start:	first page
 * @end:	last page + 1
 */
struct checked {
	unsigned long start;
	unsigned long end;
};

/*
 * What is said about a folio holds for its neighbours too, as long as they are
 * in the same section, no scratch is near, and no page had an error.
 */
static int check_more(struct checked *c, unsigned long pfn, unsigned long nr_pages)
{
	unsigned long near = min_t(unsigned long, PHYS_PFN(KHO_SCRATCH_ALIGN), PAGES_PER_SECTION);
	unsigned long start = round_down(pfn, near);
	int err = check_range(pfn, nr_pages);

	if (err || kho_any_poison() || kho_scratch_overlap(PFN_PHYS(start), PFN_PHYS(near)))
		return err;
	c->start = max(start, PHYS_PFN(ARCH_KHO_LOW_WINDOW));
	c->end = start + near;
	return 0;
}

static inline int check_folio(struct checked *c, struct folio *folio)
{
	unsigned long pfn = folio_pfn(folio);
	unsigned long nr_pages = folio_nr_pages(folio);

	if (unlikely(folio_test_slab(folio)))
		return refuse(pfn, nr_pages, "slab memory");
	if (unlikely(folio_is_zone_device(folio)))
		return refuse(pfn, nr_pages, "not memory of the page allocator");
	if (likely(pfn >= c->start && pfn + nr_pages <= c->end))
		return check_tags(pfn, nr_pages);
	return check_more(c, pfn, nr_pages);
}

/* The folios from @i on that are in one word.  Returns the next one. */
static unsigned long gather(struct kho_word *w, struct folio **folios,
			    unsigned long i, unsigned long nr)
{
	w->mask = 0;
	while (i < nr && kho_word_add(w, folio_pfn(folios[i]), folio_order(folios[i])))
		i++;
	cond_resched();
	return i;
}

static int prepare_folios(struct folio **folios, unsigned long nr)
{
	struct checked c = {};
	struct kho_word w;
	unsigned long i = 0;
	int err;

	while (i < nr) {
		w.mask = 0;
		do {
			err = check_folio(&c, folios[i]);
			if (err)
				return err;
			if (!kho_word_add(&w, folio_pfn(folios[i]), folio_order(folios[i])))
				break;
		} while (++i < nr);
		err = kho_blocks_prepare(&out, &w);
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/**
 * kho_preserve_folios - preserve many folios in one operation
 * @folios:	the folios; cheapest if neighbours in memory are neighbours here
 * @nr:		how many
 *
 * As kho_preserve_folio() for each, but all or none.
 *
 * Context: may sleep; takes the lock of the outgoing map once.
 * Returns: 0, or the error of the first folio that was refused.
 */
int kho_preserve_folios(struct folio **folios, unsigned long nr)
{
	struct kho_word w;
	unsigned long i;
	int err;

	guard(mutex)(&kho_out_map.lock);
	err = prepare_folios(folios, nr);
	if (err)
		return err;
	for (i = 0; i < nr; ) {
		i = gather(&w, folios, i, nr);
		kho_blocks_insert(&out, &w);
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
	struct kho_word w;
	unsigned long i;

	guard(mutex)(&kho_out_map.lock);
	for (i = 0; i < nr; ) {
		i = gather(&w, folios, i, nr);
		w.mask &= ~kho_blocks_remove(&out, &w);
		if (w.mask)
			pr_warn_ratelimited("folio at %#llx was not preserved\n",
					    PFN_PHYS(kho_word_pfn(&w, __ffs64(w.mask))));
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
	struct kho_word w;
	int err;

	for (pfn = start; pfn < end; pfn += 1UL << w.order) {
		w = kho_word_of(pfn, cut(pfn, end));
		err = kho_blocks_prepare(&out, &w);
		if (err)
			return err;
		kho_blocks_present(&out, &w) ? same++ : fresh++;
	}
	/* The same range again is fine; a range that has a part of it is not. */
	if (same && fresh)
		return -EEXIST;
	for (pfn = start; pfn < end; pfn += 1UL << w.order) {
		w = kho_word_of(pfn, cut(pfn, end));
		kho_blocks_insert(&out, &w);
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
	struct kho_word w;

	guard(mutex)(&kho_out_map.lock);
	for (; pfn < end; pfn += 1UL << w.order) {
		w = kho_word_of(pfn, cut(pfn, end));
		if (!kho_blocks_remove(&out, &w))
			pr_warn_ratelimited("block of order %u at %#llx was not preserved\n",
					    w.order, PFN_PHYS(pfn));
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
	struct kho_word w = kho_word_of(pfn, order);
	int err = check_range(pfn, 1UL << order);

	if (err)
		return err;
	guard(mutex)(&kho_out_map.lock);
	if (kho_blocks_present(&out, &w))
		return -EEXIST;
	err = kho_blocks_prepare(&out, &w);
	if (!err)
		kho_blocks_insert(&out, &w);
	return err;
}

static int merge_leaf(struct kho_map_walk *w, u64 first, const u64 *leaf)
{
	u64 *ours;

	return kho_map_make_leaf(out.root, first, &ours);
}

static int merge_run(struct kho_map_walk *w, u64 key, unsigned long nr)
{
	unsigned long pfn;
	unsigned int order;

	if (!kho_map_decode(key, &pfn, &order))
		return -EIO;
	for (; nr; nr--, pfn += 1UL << order) {
		struct kho_word block = kho_word_of(pfn, order);

		kho_blocks_insert(&out, &block);
	}
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
		struct kho_word w = kho_word_of(pfn, order);

		if (IS_ALIGNED(pfn, 1UL << order) && kho_blocks_present(&out, &w))
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
	struct kho_word w = kho_word_of(pfn, order);

	guard(mutex)(&kho_out_map.lock);
	return kho_blocks_remove(&out, &w);
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
	struct recount *re = out.root ? kzalloc(sizeof(*re), GFP_KERNEL) : NULL;

	if (!re)
		return;
	re->w.run = recount_run;
	scoped_guard(mutex, &kho_out_map.lock) {
		kho_map_walk(&re->w, kho_node_phys(out.root));
		WARN_ON_ONCE(re->pages != out.pages);
		WARN_ON_ONCE(memcmp(re->blocks, out.nr, sizeof(out.nr)));
	}
	kfree(re);
}
#endif
