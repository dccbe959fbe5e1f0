// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sets of blocks, against a model that knows the owner of every page.
 */
#include "../../../kernel/kho/blocks.c"

#include <linux/minmax.h>

#include "sim.h"
#include "test.h"

/* Around the border of two leaves of order 0, and of many words. */
#define PAGES		8192
#define BASE		(4 * KHO_MAP_LEAF_KEYS - PAGES / 2)
#define MAX_ORDER	11
#define MAX_BATCH	600

struct block {
	unsigned long pfn;
	unsigned int order;
};

/* By page: the order of the block that begins here, or of which this is a part. */
struct model {
	signed char starts[PAGES];
	signed char part[PAGES];
	unsigned long nr[MAX_ORDER + 1];
	unsigned long pages;
};

static struct model *new_model(void)
{
	struct model *m = calloc(1, sizeof(*m));

	memset(m->starts, -1, PAGES);
	memset(m->part, -1, PAGES);
	return m;
}

static bool model_has(const struct model *m, struct block b)
{
	return m->starts[b.pfn - BASE] == (int)b.order;
}

static bool model_free(const struct model *m, struct block b)
{
	unsigned long i;

	for (i = 0; i < 1UL << b.order; i++) {
		if (m->part[b.pfn - BASE + i] >= 0)
			return false;
	}
	return true;
}

static void model_change(struct model *m, struct block b, bool add)
{
	if (model_has(m, b) == add)
		return;
	m->starts[b.pfn - BASE] = add ? b.order : -1;
	memset(&m->part[b.pfn - BASE], add ? b.order : -1, 1UL << b.order);
	m->nr[b.order] += add ? 1 : -1;
	m->pages += (add ? 1 : -1) * (1L << b.order);
}

struct compare {
	struct kho_map_walk walk;
	const struct model *m;
	unsigned long blocks;
};

static int compare_run(struct kho_map_walk *w, u64 key, unsigned long nr)
{
	struct compare *c = container_of(w, struct compare, walk);
	struct block b;

	for (; nr; nr--, key++, c->blocks++) {
		CHECK(kho_map_decode(key, &b.pfn, &b.order));
		CHECK(b.pfn >= BASE && b.pfn < BASE + PAGES);
		CHECK(model_has(c->m, b));
	}
	return 0;
}

static void compare(struct kho_blocks *set, const struct model *m)
{
	struct compare c = { .walk.run = compare_run, .m = m };
	unsigned long blocks = 0;
	unsigned int order;

	CHECK_EQ(set->pages, m->pages);
	for (order = 0; order <= MAX_ORDER; order++) {
		CHECK_EQ(set->nr[order], m->nr[order]);
		CHECK_EQ(set->orders >> order & 1, !!m->nr[order]);
		blocks += m->nr[order];
	}
	CHECK_EQ(kho_map_walk(&c.walk, kho_node_phys(set->root)), 0);
	CHECK_EQ(c.blocks, blocks);
}

static unsigned int random_order(struct rnd *r)
{
	return rnd_one_in(r, 3) ? rnd_below(r, MAX_ORDER + 1) : 0;
}

/* Blocks that do not overlap with each other: runs, with gaps, or shuffled. */
static unsigned int random_batch(struct rnd *r, struct block *batch)
{
	unsigned long at = BASE + rnd_below(r, PAGES);
	unsigned int want = 1 + rnd_below(r, rnd_one_in(r, 2) ? 10 : MAX_BATCH);
	bool gaps = rnd_one_in(r, 2), shuffled = rnd_one_in(r, 4);
	unsigned int order = random_order(r);
	unsigned int nr, i;

	for (nr = 0; nr < want; nr++) {
		if (rnd_one_in(r, 40))
			order = random_order(r);
		at = (at + (1UL << order) - 1) >> order << order;
		if (at + (1UL << order) > BASE + PAGES)
			break;
		batch[nr] = (struct block){ at, order };
		at += (1UL << order) * (gaps ? 1 + rnd_below(r, 3) : 1);
	}
	for (i = 1; shuffled && i < nr; i++) {
		unsigned int j = rnd_below(r, i + 1);
		struct block b = batch[i];

		batch[i] = batch[j];
		batch[j] = b;
	}
	return nr;
}

/* The blocks from @i on that share a word.  Returns the next one. */
static unsigned int gather(struct kho_word *w, const struct block *batch, unsigned int i,
			   unsigned int nr)
{
	w->mask = 0;
	while (i < nr && kho_word_add(w, batch[i].pfn, batch[i].order))
		i++;
	return i;
}

static int add(struct kho_blocks *set, const struct block *batch, unsigned int nr)
{
	struct kho_word w;
	unsigned int i;
	int err;

	for (i = 0; i < nr; ) {
		i = gather(&w, batch, i, nr);
		err = kho_blocks_prepare(set, &w);
		if (err)
			return err;
	}
	for (i = 0; i < nr; ) {
		i = gather(&w, batch, i, nr);
		kho_blocks_insert(set, &w);
		CHECK_EQ(kho_blocks_present(set, &w), w.mask);
	}
	return 0;
}

static void add_step(struct kho_blocks *set, struct model *m, const struct block *batch,
		     unsigned int nr)
{
	bool fits = true;
	unsigned int i;

	for (i = 0; i < nr && fits; i++)
		fits = model_has(m, batch[i]) || model_free(m, batch[i]);
	CHECK_EQ(add(set, batch, nr), fits ? 0 : -EEXIST);
	for (i = 0; i < nr && fits; i++)
		model_change(m, batch[i], true);
}

static void remove_step(struct kho_blocks *set, struct model *m, const struct block *batch,
			unsigned int nr)
{
	struct kho_word w;
	unsigned int i, next;

	for (i = 0; i < nr; ) {
		u64 gone;

		next = gather(&w, batch, i, nr);
		gone = kho_blocks_remove(set, &w);
		CHECK_EQ(gone & ~w.mask, 0);
		CHECK_EQ(kho_blocks_present(set, &w), 0);
		for (; i < next; i++) {
			u64 key = kho_map_key(batch[i].pfn, batch[i].order);

			CHECK_EQ(gone >> key % 64 & 1, model_has(m, batch[i]));
			model_change(m, batch[i], false);
		}
	}
}

static void random_steps(u64 seed, unsigned int steps, unsigned int percent_add)
{
	struct kho_blocks set = { .root = kho_node_alloc() };
	static struct block batch[MAX_BATCH];
	struct model *m = new_model();
	struct rnd r = RND(seed);
	unsigned int refused = 0;

	while (steps--) {
		unsigned int nr = random_batch(&r, batch);
		unsigned long before = m->pages;

		if (rnd_below(&r, 100) < percent_add) {
			add_step(&set, m, batch, nr);
			refused += nr && m->pages == before;
		} else {
			remove_step(&set, m, batch, nr);
		}
		CHECK_EQ(set.pages, m->pages);
		if (rnd_one_in(&r, 20))
			compare(&set, m);
	}
	CHECK(refused);
	compare(&set, m);
	kho_map_free(set.root);
	free(m);
	CHECK_EQ(sim_pages, 0);
}

static void random_mostly_full(void)
{
	random_steps(1, 6000, 60);
}

static void random_mostly_empty(void)
{
	random_steps(2, 6000, 30);
}

/* A block of another order anywhere beside, before or between those of a word. */
static void neighbours_of_a_word(void)
{
	unsigned int order, other, at;

	for (order = 0; order <= 3; order++) {
		for (other = 0; other <= 5; other++) {
			struct kho_blocks set = { .root = kho_node_alloc() };

			for (at = 0; other != order && at < 192; at++) {
				struct block in_the_way = { BASE + ((u64)at << other), other };
				struct kho_word w = {};
				bool hit = false;
				unsigned int i;

				CHECK_EQ(add(&set, &in_the_way, 1), 0);
				/* Every third block of the second word. */
				for (i = 64; i < 128; i += 3) {
					u64 pfn = BASE + ((u64)i << order);

					CHECK(kho_word_add(&w, pfn, order));
					hit |= pfn < in_the_way.pfn + (1UL << other) &&
					       in_the_way.pfn < pfn + (1UL << order);
				}
				CHECK_EQ(kho_blocks_prepare(&set, &w), hit ? -EEXIST : 0);
				CHECK_EQ(kho_blocks_present(&set, &w), 0);
				w = kho_word_of(in_the_way.pfn, other);
				CHECK_EQ(kho_blocks_remove(&set, &w), w.mask);
			}
			CHECK_EQ(set.pages, 0);
			kho_map_free(set.root);
		}
	}
}

/* The first block that does not fit, and memory that runs out: nothing is added. */
static void all_or_none(void)
{
	static struct block batch[MAX_BATCH];
	struct kho_blocks set = { .root = kho_node_alloc() };
	struct block in_the_way = { BASE + PAGES / 2 + 64, 6 };
	struct model *m = new_model();
	unsigned int i;
	long allocs;

	CHECK_EQ(add(&set, &in_the_way, 1), 0);
	model_change(m, in_the_way, true);
	for (i = 0; i < MAX_BATCH; i++)
		batch[i] = (struct block){ BASE + PAGES / 2 - 128 + i, 0 };
	CHECK_EQ(add(&set, batch, MAX_BATCH), -EEXIST);
	compare(&set, m);
	CHECK_EQ(add(&set, batch, 192), 0);
	for (i = 0; i < 192; i++)
		model_change(m, batch[i], true);
	compare(&set, m);
	remove_step(&set, m, batch, 192);
	compare(&set, m);

	/* Both leaves are new, and either cannot be had. */
	kho_map_prune(set.root);
	memset(set.at, 0, sizeof(set.at));
	for (allocs = 0; ; allocs++) {
		int err;

		sim_allocs_left = allocs;
		err = add(&set, batch, 192);
		sim_allocs_left = -1;
		if (!err)
			break;
		CHECK_EQ(err, -ENOMEM);
		compare(&set, m);
	}
	CHECK(allocs >= 2);
	kho_map_free(set.root);
	free(m);
}

/* The same again changes nothing; what is there in part is completed. */
static void the_same_again(void)
{
	struct kho_blocks set = { .root = kho_node_alloc() };
	static struct block batch[200];
	unsigned int i;

	for (i = 0; i < 200; i++)
		batch[i] = (struct block){ BASE + 8 * i, 3 };
	CHECK_EQ(add(&set, batch + 50, 100), 0);
	CHECK_EQ(set.pages, 800);
	CHECK_EQ(add(&set, batch + 50, 100), 0);
	CHECK_EQ(set.pages, 800);
	CHECK_EQ(add(&set, batch, 200), 0);
	CHECK_EQ(set.pages, 1600);
	CHECK_EQ(set.nr[3], 200);
	/* Twice in one batch is once. */
	batch[1] = batch[0];
	CHECK_EQ(add(&set, batch, 2), 0);
	CHECK_EQ(set.pages, 1600);
	kho_map_free(set.root);
}

/* Marker bits of the largest orders are in one word, which holds them all. */
static void largest_orders(void)
{
	struct kho_blocks set = { .root = kho_node_alloc() };
	unsigned int order;

	for (order = KHO_MAP_MAX_ORDER; order > KHO_MAP_MAX_ORDER - 5; order--) {
		unsigned long pfn = 1UL << order;
		struct kho_word w = kho_word_of(pfn, order);

		CHECK_EQ(kho_word_pfn(&w, __ffs64(w.mask)), pfn);
		CHECK_EQ(kho_blocks_prepare(&set, &w), 0);
		kho_blocks_insert(&set, &w);
		CHECK_EQ(kho_blocks_present(&set, &w), w.mask);
		/* Below it is another one, above it is taken. */
		w = kho_word_of(pfn, order - 1);
		CHECK_EQ(kho_blocks_prepare(&set, &w), -EEXIST);
	}
	CHECK_EQ(hweight64(set.orders), 5);
	kho_map_free(set.root);
}

static const struct kho_case cases[] = {
	CASE(random_mostly_full),
	CASE(random_mostly_empty),
	CASE(neighbours_of_a_word),
	CASE(all_or_none),
	CASE(the_same_again),
	CASE(largest_orders),
	{}
};

const struct kho_suite blocks_suite = { "blocks", cases };
