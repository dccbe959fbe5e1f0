// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keys and the radix tree.
 */
#include "../../../kernel/kho/map.c"

#include "sim.h"
#include "test.h"
#include "tree.h"

/*
 * Keys.  The vectors are from kernels that are in use.
 */

struct key_vector {
	u64 pa;
	unsigned int order;
	u64 key;
	unsigned int index[5];	/* root first */
	unsigned int bit;
};

static const struct key_vector key_vectors[] = {
#if PAGE_SHIFT == 12
	{ 0x123456000, 0, 0x0010000000123456, { 2, 0, 0, 0, 36 }, 13398 },
	{ 0x123456000, 1, 0x0008000000091a2b, { 1, 0, 0, 0, 18 }, 6699 },
	{ 0x140000000, 9, 0x0000080000000a00, { 0, 2, 0, 0, 0 }, 2560 },
	{ 0x8000000000, 18, 0x0000000400000200, { 0, 0, 2, 0, 0 }, 512 },
#elif PAGE_SHIFT == 14
	{ 0x123454000, 0, 0x0004000000048d15, { 1, 0, 0, 2 }, 36117 },
#else
	{ 0x123450000, 0, 0x0001000000012345, { 8, 0, 0 }, 74565 },
	{ 0x80000000, 9, 0x0000008000000040, { 0, 128, 0 }, 64 },
	{ 0x1000000000, 18, 0x0000000040000004, { 0, 0, 2048 }, 4 },
#endif
};

static void golden_keys(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(key_vectors); i++) {
		const struct key_vector *v = &key_vectors[i];
		unsigned int order, level;
		unsigned long pfn;

		CHECK_EQ(kho_map_key(v->pa >> PAGE_SHIFT, v->order), v->key);
		CHECK(kho_map_decode(v->key, &pfn, &order));
		CHECK_EQ((u64)pfn << PAGE_SHIFT, v->pa);
		CHECK_EQ(order, v->order);
		CHECK_EQ(kho_map_bit(v->key), v->bit);
		for (level = KHO_MAP_TABLE_LEVELS; level; level--)
			CHECK_EQ(level_index(v->key, level),
				 v->index[KHO_MAP_TABLE_LEVELS - level]);
	}
}

static void golden_shape(void)
{
	static const struct {
		unsigned int shift, leaf, table, levels, marker;
	} shapes[] = {
		{ 12, 15, 9, 6, 52 },
		{ 14, 17, 11, 5, 50 },
		{ 16, 19, 13, 4, 48 },
	};
	unsigned int i;

	for (i = 0; shapes[i].shift != PAGE_SHIFT; i++)
		;
	CHECK_EQ(KHO_MAP_LEAF_BITS, shapes[i].leaf);
	CHECK_EQ(KHO_MAP_TABLE_BITS, shapes[i].table);
	CHECK_EQ(KHO_MAP_LEVELS, shapes[i].levels);
	CHECK_EQ(kho_map_key(0, 0), 1ULL << shapes[i].marker);
	CHECK_EQ(KHO_MAP_NODE_WORDS * 8, PAGE_SIZE);
	CHECK_EQ(level_shift(1), shapes[i].leaf);
	CHECK_EQ(level_shift(2), shapes[i].leaf + shapes[i].table);
}

/* A tree with the vectors in it, looked at as bytes. */
static void golden_tree(void)
{
	unsigned int i, level;
	u64 *root = kho_node_alloc();
	u64 *leaf;

	for (i = 0; i < ARRAY_SIZE(key_vectors); i++) {
		CHECK_EQ(kho_map_make_leaf(root, key_vectors[i].key, &leaf), 0);
		kho_leaf_set(leaf, key_vectors[i].key);
	}
	for (i = 0; i < ARRAY_SIZE(key_vectors); i++) {
		const struct key_vector *v = &key_vectors[i];
		u64 *node = root;

		for (level = 0; level < KHO_MAP_TABLE_LEVELS; level++) {
			CHECK(node[v->index[level]]);
			CHECK_EQ(node[v->index[level]] % PAGE_SIZE, 0);
			node = sim_peek(node[v->index[level]]);
			CHECK(node);
		}
		CHECK_EQ(node[v->bit / 64], 1ULL << v->bit % 64);
		CHECK_EQ(((u8 *)node)[v->bit / 8], 1 << v->bit % 8);
	}
	kho_map_free(root);
	CHECK_EQ(sim_pages, 0);
}

static void keys_of_all_orders(void)
{
	struct rnd r = RND(1);
	unsigned int order, i;

	for (order = 0; order <= KHO_MAP_MAX_ORDER; order++) {
		unsigned int bits = 64 - PAGE_SHIFT - order;

		for (i = 0; i < 1000; i++) {
			u64 block = rnd_log(&r, bits);
			unsigned long pfn = block << order, got_pfn;
			unsigned int got_order;
			u64 key = kho_map_key(pfn, order);

			CHECK_EQ(key, 1ULL << bits | block);
			CHECK(kho_map_decode(key, &got_pfn, &got_order));
			CHECK_EQ(got_pfn, pfn);
			CHECK_EQ(got_order, order);
		}
		/* first and last block; the order below begins right behind */
		CHECK_EQ(kho_map_key(0, order), 1ULL << bits);
		CHECK_EQ(kho_map_key(((1UL << bits) - 1) << order, order), (2ULL << bits) - 1);
	}
}

static void keys_of_no_block(void)
{
	unsigned int order, bit;
	unsigned long pfn;

	CHECK(!kho_map_decode(0, &pfn, &order));
	/* The whole address space is no block. */
	CHECK(!kho_map_decode(1, &pfn, &order));
	CHECK(kho_map_decode(2, &pfn, &order));
	CHECK_EQ(order, KHO_MAP_MAX_ORDER);
	CHECK_EQ(pfn, 0);
	CHECK(kho_map_decode(3, &pfn, &order));
	CHECK_EQ(pfn, 1UL << KHO_MAP_MAX_ORDER);
	CHECK(kho_map_decode((1ULL << KHO_MAP_KEY_BITS) - 1, &pfn, &order));
	CHECK_EQ(order, 0);
	CHECK_EQ(pfn, (1UL << (64 - PAGE_SHIFT)) - 1);
	for (bit = KHO_MAP_KEY_BITS; bit < 64; bit++) {
		CHECK(!kho_map_decode(1ULL << bit, &pfn, &order));
		CHECK(!kho_map_decode((1ULL << bit) | 0x123456, &pfn, &order));
	}
	CHECK(!kho_map_decode(~0ULL, &pfn, &order));
}

static void cut_example(void)
{
	CHECK_EQ(kho_map_cut(0x103, 13), 0);
	CHECK_EQ(kho_map_cut(0x104, 12), 2);
	CHECK_EQ(kho_map_cut(0x108, 8), 3);
	CHECK_EQ(kho_map_cut(0, 1), 0);
	CHECK_EQ(kho_map_cut(0, 1UL << 20), 20);
	CHECK_EQ(kho_map_cut(0, ~0UL), KHO_MAP_MAX_ORDER);
	CHECK_EQ(kho_map_cut(1UL << KHO_MAP_MAX_ORDER, ~0UL), KHO_MAP_MAX_ORDER);
}

/* Every block is aligned and no larger one would do; together they are the range. */
static void cut_random(void)
{
	struct rnd r = RND(2);
	unsigned int i;

	for (i = 0; i < 20000; i++) {
		unsigned long pfn = rnd_log(&r, 50);
		unsigned long end = pfn + 1 + rnd_log(&r, 50);

		while (pfn < end) {
			unsigned int order = kho_map_cut(pfn, end - pfn);
			unsigned long size = 1UL << order;

			CHECK_EQ(pfn & (size - 1), 0);
			CHECK(size <= end - pfn);
			CHECK(order == KHO_MAP_MAX_ORDER || 2 * size > end - pfn ||
			      pfn & (2 * size - 1));
			pfn += size;
		}
		CHECK_EQ(pfn, end);
	}
}

/*
 * The tree against a sorted array of keys.
 */

#define MODEL_MAX	4096

struct model {
	u64 key[MODEL_MAX];
	unsigned int nr;
};

/* Position of the first key that is not less. */
static unsigned int model_at(const struct model *m, u64 key)
{
	unsigned int low = 0, high = m->nr;

	while (low < high) {
		unsigned int mid = (low + high) / 2;

		if (m->key[mid] < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool model_test(const struct model *m, u64 key)
{
	unsigned int at = model_at(m, key);

	return at < m->nr && m->key[at] == key;
}

static void model_add(struct model *m, u64 key)
{
	unsigned int at = model_at(m, key);

	if (at < m->nr && m->key[at] == key)
		return;
	CHECK(m->nr < MODEL_MAX);
	memmove(&m->key[at + 1], &m->key[at], (m->nr - at) * sizeof(key));
	m->key[at] = key;
	m->nr++;
}

static void model_del(struct model *m, u64 key)
{
	unsigned int at = model_at(m, key);

	if (at == m->nr || m->key[at] != key)
		return;
	m->nr--;
	memmove(&m->key[at], &m->key[at + 1], (m->nr - at) * sizeof(key));
}

struct compare {
	struct kho_map_walk walk;
	const struct model *m;
	unsigned int at;
	unsigned long nodes;
	unsigned long runs;
	u64 previous;		/* last key of the last run */
};

static unsigned int bits_of(u64 key)
{
	return fls64(key);
}

static int compare_run(struct kho_map_walk *w, u64 key, unsigned long nr)
{
	struct compare *c = container_of(w, struct compare, walk);
	u64 last = key + nr - 1;
	unsigned long i;

	CHECK(nr);
	/* in one leaf, of one order */
	CHECK_EQ(key >> KHO_MAP_LEAF_BITS, last >> KHO_MAP_LEAF_BITS);
	CHECK_EQ(bits_of(key), bits_of(last));
	/* and not shorter than it could be */
	if (c->runs++ && key == c->previous + 1)
		CHECK(key >> KHO_MAP_LEAF_BITS != c->previous >> KHO_MAP_LEAF_BITS ||
		      bits_of(key) != bits_of(c->previous));
	c->previous = last;
	for (i = 0; i < nr; i++, c->at++) {
		CHECK(c->at < c->m->nr);
		CHECK_EQ(key + i, c->m->key[c->at]);
	}
	return 0;
}

static int compare_node(struct kho_map_walk *w, u64 phys)
{
	struct compare *c = container_of(w, struct compare, walk);

	CHECK(sim_peek(phys));
	c->nodes++;
	return 0;
}

static void compare(u64 *root, const struct model *m)
{
	struct compare c = { .walk.run = compare_run, .walk.node = compare_node, .m = m };

	CHECK_EQ(kho_map_walk(&c.walk, kho_node_phys(root)), 0);
	CHECK_EQ(c.at, m->nr);
	CHECK_EQ(c.nodes, sim_pages);
}

/* Nodes that a tree of these keys needs, the root included. */
static unsigned long model_nodes(const struct model *m)
{
	unsigned long nodes = 1;
	unsigned int level, i;

	for (level = 0; level < KHO_MAP_TABLE_LEVELS; level++) {
		unsigned int shift = KHO_MAP_LEAF_BITS + level * KHO_MAP_TABLE_BITS;

		for (i = 0; i < m->nr; i++)
			nodes += !i || m->key[i] >> shift != m->key[i - 1] >> shift;
	}
	return nodes;
}

/* Keys close to where something changes, so that they meet. */
static u64 random_key(struct rnd *r)
{
	u64 base, width;

	switch (rnd_below(r, 4)) {
	case 0:		/* any block */
		base = 1ULL << rnd_below(r, KHO_MAP_KEY_BITS);
		base |= rnd(r) & (base - 1);
		width = 1;
		break;
	case 1:		/* where an order begins */
		base = 1ULL << rnd_below(r, KHO_MAP_KEY_BITS);
		width = 32;
		break;
	case 2:		/* where a leaf begins */
		base = rnd_below(r, 4) << KHO_MAP_LEAF_BITS;
		base |= rnd_below(r, 3) << (KHO_MAP_KEY_BITS - 2);
		width = 200;
		break;
	default:	/* where a table begins */
		base = rnd_below(r, 3) << level_shift(1 + rnd_below(r, KHO_MAP_TABLE_LEVELS));
		base &= (1ULL << KHO_MAP_KEY_BITS) - 1;
		width = 200;
		break;
	}
	base += rnd_below(r, 2 * width) - width;
	return base & ((1ULL << KHO_MAP_KEY_BITS) - 1);
}

static bool model_any(const struct model *m, u64 first, u64 nr)
{
	unsigned int at = model_at(m, first);

	return at < m->nr && m->key[at] - first < nr;
}

static void random_steps(u64 seed, unsigned int steps, unsigned int add_percent)
{
	static struct model m;
	struct kho_map_cursor cursor = { }, any = { };
	struct rnd r = RND(seed);
	u64 *root = kho_node_alloc();
	unsigned int i;
	u64 *leaf;

	m.nr = 0;
	for (i = 0; i < steps; i++) {
		u64 key = random_key(&r);
		unsigned long nr = 1 + rnd_log(&r, 6);
		unsigned long n;

		if (m.nr && rnd_one_in(&r, 2))
			key = m.key[rnd_below(&r, m.nr)];
		if (rnd_below(&r, 100) < add_percent && m.nr + nr <= MODEL_MAX) {
			for (n = 0; n < nr && !((key + n) >> KHO_MAP_KEY_BITS); n++) {
				tree_add(root, key + n);
				model_add(&m, key + n);
			}
		} else {
			for (n = 0; n < nr; n++) {
				tree_del(root, key + n);
				model_del(&m, key + n);
			}
		}

		key = random_key(&r);
		CHECK_EQ(tree_test(root, key), model_test(&m, key));
		leaf = kho_map_leaf_at(root, &cursor, key);
		CHECK_EQ(leaf && kho_leaf_test(leaf, key), model_test(&m, key));
		nr = 1 + rnd_log(&r, KHO_MAP_LEAF_BITS + 3);
		CHECK_EQ(kho_map_any(root, &any, key, nr), model_any(&m, key, nr));

		if (rnd_one_in(&r, 250))
			compare(root, &m);
		if (rnd_one_in(&r, 500)) {
			unsigned long before = sim_pages;
			unsigned long freed = kho_map_prune(root);

			CHECK_EQ(before - sim_pages, freed);
			CHECK_EQ(sim_pages, model_nodes(&m));
			compare(root, &m);
			memset(&cursor, 0, sizeof(cursor));
			memset(&any, 0, sizeof(any));
		}
	}
	kho_map_free(root);
	CHECK_EQ(sim_pages, 0);
}

static void random_grow(void)
{
	random_steps(3, 6000, 70);
}

static void random_churn(void)
{
	random_steps(4, 12000, 50);
}

static void random_shrink(void)
{
	random_steps(5, 6000, 30);
}

/* kho_map_any() over every position and length around the borders of words and leaves. */
static void any_borders(void)
{
	const u64 leaf_border = kho_map_key(0, 0) + 2 * KHO_MAP_LEAF_KEYS;
	struct kho_map_cursor any = {};
	u64 *root = kho_node_alloc();
	int at, from, to;

	for (at = -130; at <= 130; at += 13) {
		u64 key = leaf_border + at;

		tree_add(root, key);
		for (from = -140; from < 140; from++) {
			for (to = from + 1; to <= 140; to += 7)
				CHECK_EQ(kho_map_any(root, &any, leaf_border + from, to - from),
					 from <= at && at < to);
		}
		CHECK(kho_map_any(root, &any, key - 3 * KHO_MAP_LEAF_KEYS, 7 * KHO_MAP_LEAF_KEYS));
		CHECK(!kho_map_any(root, &any, key + 1, 7 * KHO_MAP_LEAF_KEYS));
		tree_del(root, key);
	}
	kho_map_free(root);
}

static void cursor_follows(void)
{
	struct kho_map_cursor c = { };
	u64 *root = kho_node_alloc();
	u64 key = kho_map_key(0, 0);

	/* Tag 0 is a tag like any other, and "not there" is not remembered. */
	CHECK(!kho_map_leaf_at(root, &c, 5));
	tree_add(root, 5);
	CHECK(kho_map_leaf_at(root, &c, 5));
	CHECK(!kho_map_leaf_at(root, &c, key));
	tree_add(root, key);
	CHECK(kho_leaf_test(kho_map_leaf_at(root, &c, key), key));
	CHECK(!kho_leaf_test(kho_map_leaf_at(root, &c, key), key + 5));
	CHECK(kho_leaf_test(kho_map_leaf_at(root, &c, 5), 5));
	CHECK(kho_map_leaf_at(root, &c, 5) != kho_map_leaf_at(root, &c, key));

	/* Neighbours are found without a descent. */
	kho_map_leaf_at(root, &c, key);
	sim_lookups = 0;
	CHECK(kho_map_leaf_at(root, &c, key + KHO_MAP_LEAF_KEYS - 1));
	CHECK_EQ(sim_lookups, 0);
	kho_map_free(root);
}

/* An allocation that fails leaves a tree that is as good as before. */
static void make_leaf_enomem(void)
{
	static struct model m;
	u64 *root = kho_node_alloc();
	unsigned int fail_at, tables = 0;
	u64 key;
	u64 *leaf;

	tree_add(root, kho_map_key(0, 9));
	model_add(&m, kho_map_key(0, 9));
	for (fail_at = 0; fail_at < KHO_MAP_TABLE_LEVELS; fail_at++) {
		key = kho_map_key(1UL << 40, fail_at);
		sim_allocs_left = fail_at;
		if (kho_map_make_leaf(root, key, &leaf)) {
			CHECK_EQ(sim_allocs_left, 0);
			tables++;
		}
		sim_allocs_left = -1;
		CHECK(!tree_test(root, key));
		compare(root, &m);
		/* The second attempt succeeds. */
		CHECK_EQ(kho_map_make_leaf(root, key, &leaf), 0);
		CHECK(!kho_leaf_test(leaf, key));
		kho_map_prune(root);
		CHECK_EQ(sim_pages, KHO_MAP_LEVELS);
	}
	CHECK(tables);
	CHECK(tree_test(root, kho_map_key(0, 9)));
	kho_map_free(root);
	CHECK_EQ(sim_pages, 0);
}

/* Nodes below which nothing is left must not stay until the end of time. */
static void prune_frees_all(void)
{
	u64 *root = kho_node_alloc();
	u64 key;

	for (key = kho_map_key(0, 0); key < kho_map_key(0, 0) + 10 * KHO_MAP_LEAF_KEYS;
	     key += KHO_MAP_LEAF_KEYS / 2)
		tree_add(root, key);
	for (key = kho_map_key(0, 9); key < kho_map_key(0, 9) + 100; key++)
		tree_add(root, key);
	CHECK_EQ(kho_map_prune(root), 0);
	for (key = kho_map_key(0, 0); key < kho_map_key(0, 0) + 10 * KHO_MAP_LEAF_KEYS;
	     key += KHO_MAP_LEAF_KEYS / 2)
		tree_del(root, key);
	CHECK(kho_map_prune(root) >= 10);
	CHECK_EQ(sim_pages, KHO_MAP_LEVELS);
	for (key = kho_map_key(0, 9); key < kho_map_key(0, 9) + 100; key++)
		tree_del(root, key);
	CHECK_EQ(kho_map_prune(root), KHO_MAP_LEVELS - 1);
	CHECK_EQ(sim_pages, 1);
	CHECK_EQ(kho_map_prune(root), 0);
	kho_map_free(root);
	kho_map_free(NULL);
	CHECK_EQ(sim_pages, 0);
}

static const struct kho_case cases[] = {
	CASE(golden_keys),
	CASE(golden_shape),
	CASE(golden_tree),
	CASE(keys_of_all_orders),
	CASE(keys_of_no_block),
	CASE(cut_example),
	CASE(cut_random),
	CASE(random_grow),
	CASE(random_churn),
	CASE(random_shrink),
	CASE(any_borders),
	CASE(cursor_follows),
	CASE(make_leaf_enomem),
	CASE(prune_frees_all),
	{ }
};

const struct kho_suite map_suite = { "map", cases };
