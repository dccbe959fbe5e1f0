// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: many blocks at once, on both sides
 *
 * What a set of blocks is, is tested in tools/testing/kho.
 */
#include <kunit/test.h>

#include <linux/completion.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "../internal.h"

#define MANY		3000

/* Folios of mixed orders, in many words, in the order of allocation or shuffled. */
struct batch {
	struct folio *folios[MANY];
	unsigned long pages;
	unsigned long before;
};

static struct batch *make_batch(struct kunit *test, bool shuffled)
{
	struct batch *b = kvzalloc(sizeof(*b), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, b);
	for (i = 0; i < MANY; i++) {
		unsigned int order = i % 100 == 99 ? i / 100 % 4 : 0;

		b->folios[i] = folio_alloc(GFP_KERNEL, order);
		KUNIT_ASSERT_NOT_NULL(test, b->folios[i]);
		b->pages += 1UL << order;
	}
	for (i = 1; shuffled && i < MANY; i++) {
		unsigned int other = get_random_u32_below(i + 1);

		swap(b->folios[i], b->folios[other]);
	}
	b->before = kho_out_pages();
	return b;
}

static void free_batch(struct batch *b)
{
	unsigned int i;

	for (i = 0; i < MANY; i++)
		folio_put(b->folios[i]);
	kvfree(b);
}

static void expect_preserved(struct kunit *test, struct batch *b, bool preserved)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < MANY; i++) {
		int want = preserved ? (int)folio_order(b->folios[i]) : -ENOENT;

		wrong += kho_out_order(folio_pfn(b->folios[i])) != want;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), b->before + (preserved ? b->pages : 0));
}

static void preserve_batch(struct kunit *test, bool shuffled)
{
	struct batch *b = make_batch(test, shuffled);

	KUNIT_EXPECT_EQ(test, kho_preserve_folios(b->folios, MANY), 0);
	expect_preserved(test, b, true);
	/* The same again, and a part of it. */
	KUNIT_EXPECT_EQ(test, kho_preserve_folios(b->folios, MANY), 0);
	KUNIT_EXPECT_EQ(test, kho_preserve_folios(b->folios + 70, 200), 0);
	expect_preserved(test, b, true);

	kho_unpreserve_folios(b->folios, MANY / 2);
	KUNIT_EXPECT_EQ(test, kho_preserve_folios(b->folios, MANY), 0);
	expect_preserved(test, b, true);
	kho_unpreserve_folios(b->folios, MANY);
	expect_preserved(test, b, false);
	free_batch(b);
}

static void batch_test(struct kunit *test)
{
	preserve_batch(test, false);
}

static void shuffled_batch_test(struct kunit *test)
{
	preserve_batch(test, true);
}

/* One folio in the middle that is refused: nothing is preserved. */
static void expect_refused(struct kunit *test, struct batch *b, struct folio *bad, int err)
{
	struct folio *good = b->folios[MANY - 7];

	b->folios[MANY - 7] = bad;
	KUNIT_EXPECT_EQ(test, kho_preserve_folios(b->folios, MANY), err);
	b->folios[MANY - 7] = good;
	expect_preserved(test, b, false);
}

static void slab_in_batch_test(struct kunit *test)
{
	struct batch *b = make_batch(test, false);
	void *slab = kmalloc(64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, slab);
	expect_refused(test, b, virt_to_folio(slab), -EINVAL);
	kfree(slab);
	free_batch(b);
}

static void scratch_in_batch_test(struct kunit *test)
{
	struct batch *b = make_batch(test, false);
	unsigned int i;

	for (i = 0; i < kho_scratch_nr; i++) {
		unsigned long pfn = PHYS_PFN(kho_scratch[i].addr);
		unsigned long nr = PHYS_PFN(kho_scratch[i].size);

		if (!nr)
			continue;
		expect_refused(test, b, pfn_folio(pfn), -EINVAL);
		expect_refused(test, b, pfn_folio(pfn + nr - 1), -EINVAL);
	}
	free_batch(b);
}

static void poison_in_batch_test(struct kunit *test)
{
#ifdef CONFIG_MEMORY_FAILURE
	struct batch *b = make_batch(test, false);
	struct folio *bad = b->folios[MANY / 2];

	folio_set_hwpoison(bad);
	atomic_long_inc(&num_poisoned_pages);
	KUNIT_EXPECT_EQ(test, kho_preserve_folios(b->folios, MANY), -EINVAL);
	expect_preserved(test, b, false);
	folio_clear_hwpoison(bad);
	atomic_long_dec(&num_poisoned_pages);
	free_batch(b);
#else
	kunit_skip(test, "no CONFIG_MEMORY_FAILURE");
#endif
}

static void overlap_in_batch_test(struct kunit *test)
{
	struct batch *b = make_batch(test, false);
	struct folio *large = b->folios[MANY - 301];

	KUNIT_ASSERT_EQ(test, folio_order(large), 2);
	KUNIT_ASSERT_EQ(test, kho_out_add(folio_pfn(large) + 3, 0), 0);
	KUNIT_EXPECT_EQ(test, kho_preserve_folios(b->folios, MANY), -EEXIST);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), b->before + 1);
	KUNIT_EXPECT_TRUE(test, kho_out_del(folio_pfn(large) + 3, 0));
	expect_preserved(test, b, false);
	free_batch(b);
}

/*
 * Claims, of blocks that look as if a previous kernel had preserved them: a word
 * of single pages, and one of blocks of four pages.
 */
#define ARRIVED_ORDER	9
#define SMALL		64
#define LARGE		64
#define LARGE_ORDER	2

struct arrived {
	struct kho_incoming saved;
	struct page *pages;
	struct kho_word small, large;
};

static void arrive(struct arrived *a, struct kho_word *w, unsigned long pfn,
		   unsigned int nr, unsigned int order)
{
	unsigned long i;
	u64 *leaf;

	w->mask = 0;
	for (i = 0; i < nr; i++)
		kho_word_add(w, pfn + (i << order), order);
	leaf = kho_map_leaf(kho_in.root, w->key);
	leaf[kho_map_bit(w->key) / 64] = w->mask;
	kho_in.orders |= BIT_ULL(order);
	atomic_long_add(nr << order, &kho_in.pages);
	atomic_long_add(nr << order, &kho_in.pins);
	for (i = 0; i < nr << order; i++)
		mark_page_reserved(pfn_to_page(pfn + i));
}

/* As at boot */
static void arrive_all(struct arrived *a)
{
	unsigned long pfn = page_to_pfn(a->pages);

	arrive(a, &a->small, pfn, SMALL, 0);
	arrive(a, &a->large, pfn + (LARGE << LARGE_ORDER), LARGE, LARGE_ORDER);
}

static struct arrived *make_arrived(struct kunit *test)
{
	struct arrived *a;
	unsigned long pfn;
	u64 *leaf;

	if (kho_in.fdt)
		kunit_skip(test, "something was handed over");
	a = kunit_kzalloc(test, sizeof(*a), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, a);
	a->pages = alloc_pages(GFP_KERNEL, ARRIVED_ORDER);
	KUNIT_ASSERT_NOT_NULL(test, a->pages);
	split_page(a->pages, ARRIVED_ORDER);
	pfn = page_to_pfn(a->pages);

	a->saved = kho_in;
	kho_in = (struct kho_incoming){ .root = kho_node_alloc(), .open = true };
	KUNIT_ASSERT_NOT_NULL(test, kho_in.root);
	KUNIT_ASSERT_EQ(test, kho_map_make_leaf(kho_in.root, kho_map_key(pfn, 0), &leaf), 0);
	KUNIT_ASSERT_EQ(test, kho_map_make_leaf(kho_in.root, kho_map_key(pfn, LARGE_ORDER),
						&leaf), 0);
	/* Nobody frees the map but we. */
	atomic_long_set(&kho_in.pins, 1);
	return a;
}

/* Blocks that were claimed must have been freed. */
static void free_arrived(struct kunit *test, struct arrived *a)
{
	u64 *root = kho_in.root;
	unsigned long i;

	KUNIT_EXPECT_EQ(test, atomic_long_read(&kho_in.pages), 0);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&kho_in.pins), 1);
	kho_in = a->saved;
	synchronize_rcu_expedited();
	kho_map_free(root);
	/* Not part of any block */
	for (i = SMALL; i < LARGE << LARGE_ORDER; i++)
		__free_page(a->pages + i);
}

static void put_blocks(const struct kho_word *w, u64 mask)
{
	for (; mask; mask &= mask - 1)
		folio_put(pfn_folio(kho_word_pfn(w, __ffs64(mask))));
}

static void expect_folios(struct kunit *test, const struct kho_word *w)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < 64; i++) {
		struct folio *folio = pfn_folio(kho_word_pfn(w, i));

		wrong += folio_order(folio) != w->order || folio_ref_count(folio) != 1 ||
			 folio_test_reserved(folio) || folio->private;
	}
	KUNIT_EXPECT_EQ(test, wrong, 0);
}

static void claim_word_test(struct kunit *test)
{
	struct arrived *a = make_arrived(test);
	unsigned long managed = zone_managed_pages(page_zone(a->pages));
	struct kho_word half, w;

	arrive_all(a);
	/* Every second one, by itself; then all: the others are still there. */
	half = a->small;
	half.mask = 0x5555555555555555ULL;
	KUNIT_EXPECT_EQ(test, kho_in_claim_word(&half), half.mask);
	KUNIT_EXPECT_EQ(test, kho_in_claim_word(&a->small), ~half.mask);
	KUNIT_EXPECT_EQ(test, kho_in_claim_word(&a->small), 0);
	expect_folios(test, &a->small);

	KUNIT_EXPECT_EQ(test, kho_in_claim_word(&a->large), ~0ULL);
	expect_folios(test, &a->large);
	KUNIT_EXPECT_EQ(test, atomic_long_read(&kho_in.pages), 0);
	KUNIT_EXPECT_EQ(test, zone_managed_pages(page_zone(a->pages)), managed);

	/* A word that no leaf holds. */
	w = kho_word_of(page_to_pfn(a->pages), 5);
	KUNIT_EXPECT_EQ(test, kho_in_claim_word(&w), 0);
	put_blocks(&a->small, ~0ULL);
	put_blocks(&a->large, ~0ULL);
	free_arrived(test, a);
}

/* With a bad page in the machine every block is looked at: only its own is lost. */
static void claim_word_with_poison_test(struct kunit *test)
{
#ifdef CONFIG_MEMORY_FAILURE
	struct arrived *a = make_arrived(test);
	struct page *bad = a->pages + (LARGE << LARGE_ORDER) + 4 * 11 + 3;

	arrive_all(a);
	SetPageHWPoison(bad);
	atomic_long_inc(&num_poisoned_pages);
	KUNIT_EXPECT_EQ(test, kho_in_claim_word(&a->small), ~0ULL);
	KUNIT_EXPECT_EQ(test, kho_in_claim_word(&a->large), ~BIT_ULL(11));
	KUNIT_EXPECT_EQ(test, atomic_long_read(&kho_in.pages), 4);
	ClearPageHWPoison(bad);
	atomic_long_dec(&num_poisoned_pages);
	KUNIT_EXPECT_EQ(test, kho_in_claim_word(&a->large), BIT_ULL(11));
	expect_folios(test, &a->large);
	put_blocks(&a->small, ~0ULL);
	put_blocks(&a->large, ~0ULL);
	free_arrived(test, a);
#else
	kunit_skip(test, "no CONFIG_MEMORY_FAILURE");
#endif
}

/* The race: two threads want the same blocks, one by one and all at once. */
struct racer {
	struct arrived *a;
	bool words;
	struct completion *start;
	struct completion done;
	u64 small, large;	/* what it got */
};

static u64 claim_one_by_one(const struct kho_word *w)
{
	unsigned int i;
	u64 got = 0;

	for (i = 0; i < 64; i++) {
		if (kho_restore_folio(PFN_PHYS(kho_word_pfn(w, i))))
			got |= BIT_ULL(i);
	}
	return got;
}

static int race(void *data)
{
	struct racer *r = data;

	wait_for_completion(r->start);
	r->small = r->words ? kho_in_claim_word(&r->a->small) : claim_one_by_one(&r->a->small);
	r->large = r->words ? kho_in_claim_word(&r->a->large) : claim_one_by_one(&r->a->large);
	complete(&r->done);
	return 0;
}

static void run_race(struct kunit *test, struct arrived *a, bool words, bool other_words)
{
	DECLARE_COMPLETION_ONSTACK(start);
	struct racer r[2] = {
		{ .a = a, .words = words, .start = &start },
		{ .a = a, .words = other_words, .start = &start },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(r); i++) {
		init_completion(&r[i].done);
		KUNIT_ASSERT_FALSE(test, IS_ERR(kthread_run(race, &r[i], "kho_race/%u", i)));
	}
	complete_all(&start);
	for (i = 0; i < ARRAY_SIZE(r); i++)
		wait_for_completion(&r[i].done);

	/* All of them went to somebody, and none to both. */
	KUNIT_EXPECT_EQ(test, r[0].small ^ r[1].small, ~0ULL);
	KUNIT_EXPECT_EQ(test, r[0].large ^ r[1].large, ~0ULL);
	KUNIT_EXPECT_EQ(test, r[0].small & r[1].small, 0);
	KUNIT_EXPECT_EQ(test, r[0].large & r[1].large, 0);
	expect_folios(test, &a->small);
	expect_folios(test, &a->large);
}

static void claim_race_test(struct kunit *test)
{
	unsigned int round;

	for (round = 0; round < 100; round++) {
		struct arrived *a = make_arrived(test);

		arrive_all(a);
		run_race(test, a, round % 3 != 0, round % 3 == 2);
		put_blocks(&a->small, ~0ULL);
		put_blocks(&a->large, ~0ULL);
		free_arrived(test, a);
	}
}

static int batch_init(struct kunit *test)
{
	if (!kho_is_enabled())
		kunit_skip(test, "boot with kho=on");
	return 0;
}

static struct kunit_case batch_cases[] = {
	KUNIT_CASE(batch_test),
	KUNIT_CASE(shuffled_batch_test),
	KUNIT_CASE(slab_in_batch_test),
	KUNIT_CASE(scratch_in_batch_test),
	KUNIT_CASE(poison_in_batch_test),
	KUNIT_CASE(overlap_in_batch_test),
	KUNIT_CASE(claim_word_test),
	KUNIT_CASE(claim_word_with_poison_test),
	KUNIT_CASE_SLOW(claim_race_test),
	{}
};

static struct kunit_suite batch_suite = {
	.name = "kho-batch",
	.init = batch_init,
	.test_cases = batch_cases,
};

kunit_test_suite(batch_suite);

MODULE_DESCRIPTION("KUnit tests of Kexec HandOver for many blocks at once");
MODULE_LICENSE("GPL");
