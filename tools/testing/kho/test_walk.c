// SPDX-License-Identifier: GPL-2.0-only
/*
 * Walks over the radix tree: what is called, in which order, and what ends one.
 */
#include "../../../kernel/kho/map.h"

#include "sim.h"
#include "test.h"
#include "tree.h"

struct log {
	struct kho_map_walk walk;
	u64 key[64];
	unsigned long nr[64];
	unsigned int runs;
	unsigned int nodes;
	unsigned int mapped;
	unsigned int maps;
	unsigned int stop_at;		/* run or node that ends the walk; 0: none */
	unsigned int fail_map_at;	/* mapping that fails; 0: none */
	u64 verdict_first;		/* the subtree that ... */
	unsigned int verdict_levels;	/* ... and how high it is */
	enum kho_map_verdict verdict;
};

static int log_run(struct kho_map_walk *w, u64 key, unsigned long nr)
{
	struct log *l = container_of(w, struct log, walk);

	CHECK(l->runs < ARRAY_SIZE(l->key));
	l->key[l->runs] = key;
	l->nr[l->runs++] = nr;
	return l->runs == l->stop_at ? 77 : 0;
}

static int log_node(struct kho_map_walk *w, u64 phys)
{
	struct log *l = container_of(w, struct log, walk);

	/* before it is mapped, parents first */
	CHECK_EQ(l->maps, l->nodes);
	return ++l->nodes == l->stop_at ? -99 : 0;
}

static u64 *log_map(struct kho_map_walk *w, u64 phys)
{
	struct log *l = container_of(w, struct log, walk);

	if (++l->maps == l->fail_map_at)
		return NULL;
	l->mapped++;
	CHECK_LE(l->mapped, KHO_MAP_LEVELS);
	return sim_peek(phys);
}

static void log_unmap(struct kho_map_walk *w, u64 *node)
{
	struct log *l = container_of(w, struct log, walk);

	CHECK(l->mapped--);
}

static enum kho_map_verdict log_subtree(struct kho_map_walk *w, u64 first, u64 last)
{
	struct log *l = container_of(w, struct log, walk);

	if (first == l->verdict_first && last - first + 1 == 1ULL << (KHO_MAP_LEAF_BITS +
				 (l->verdict_levels - 1) * KHO_MAP_TABLE_BITS))
		return l->verdict;
	return KHO_MAP_FOLLOW;
}

/* Three leaves of two orders. */
static u64 *small_tree(void)
{
	u64 *root = kho_node_alloc();

	tree_add(root, kho_map_key(512, 9));
	tree_add(root, kho_map_key(0x1000, 0));
	tree_add(root, kho_map_key(0x1001, 0));
	tree_add(root, kho_map_key(0x1003, 0));
	tree_add(root, kho_map_key(KHO_MAP_LEAF_KEYS - 1, 0));
	tree_add(root, kho_map_key(KHO_MAP_LEAF_KEYS, 0));
	return root;
}

static void walk_order(void)
{
	struct log l = {
		.walk = { .run = log_run, .node = log_node, .map = log_map, .unmap = log_unmap },
	};
	static const struct {
		unsigned long pfn;
		unsigned int order, nr;
	} want[] = {
		{ 512, 9, 1 },	/* larger orders first */
		{ 0x1000, 0, 2 },
		{ 0x1003, 0, 1 },
		{ KHO_MAP_LEAF_KEYS - 1, 0, 1 },	/* no run is in two leaves */
		{ KHO_MAP_LEAF_KEYS, 0, 1 },
	};
	u64 *root = small_tree();
	unsigned int i;

	CHECK_EQ(kho_map_walk(&l.walk, kho_node_phys(root)), 0);
	CHECK_EQ(l.runs, ARRAY_SIZE(want));
	for (i = 0; i < l.runs; i++) {
		CHECK_EQ(l.key[i], kho_map_key(want[i].pfn, want[i].order));
		CHECK_EQ(l.nr[i], want[i].nr);
	}
	CHECK_EQ(l.nodes, sim_pages);
	CHECK_EQ(l.maps, sim_pages);
	CHECK_EQ(l.mapped, 0);
	kho_map_free(root);
}

/* Neither callback is needed. */
static void walk_without_callbacks(void)
{
	u64 *root = small_tree();
	struct kho_map_walk w = { };

	sim_lookups = 0;
	CHECK_EQ(kho_map_walk(&w, kho_node_phys(root)), 0);
	CHECK_EQ(sim_lookups, sim_pages);
	kho_map_free(root);
}

static void walk_ended_by_run(void)
{
	u64 *root = small_tree();
	unsigned int i;

	for (i = 1; i <= 5; i++) {
		struct log l = {
			.walk = { .run = log_run, .map = log_map, .unmap = log_unmap },
			.stop_at = i,
		};

		CHECK_EQ(kho_map_walk(&l.walk, kho_node_phys(root)), 77);
		CHECK_EQ(l.runs, i);
		CHECK_EQ(l.mapped, 0);
	}
	kho_map_free(root);
}

static void walk_ended_by_node(void)
{
	u64 *root = small_tree();
	unsigned int i;

	for (i = 1; i <= sim_pages; i++) {
		struct log l = {
			.walk = { .node = log_node, .map = log_map, .unmap = log_unmap },
			.stop_at = i,
		};

		CHECK_EQ(kho_map_walk(&l.walk, kho_node_phys(root)), -99);
		CHECK_EQ(l.nodes, i);
		CHECK_EQ(l.maps, i - 1);
		CHECK_EQ(l.mapped, 0);
	}
	kho_map_free(root);
}

static void walk_map_fails(void)
{
	u64 *root = small_tree();
	unsigned int i;

	for (i = 1; i <= sim_pages; i++) {
		struct log l = {
			.walk = { .run = log_run, .map = log_map, .unmap = log_unmap },
			.fail_map_at = i,
		};

		CHECK_EQ(kho_map_walk(&l.walk, kho_node_phys(root)), -ENOMEM);
		CHECK_EQ(l.maps, i);
		CHECK_EQ(l.mapped, 0);
	}
	kho_map_free(root);
}

static void walk_skip_and_cut(void)
{
	struct log l = {
		.walk = { .run = log_run, .node = log_node, .subtree = log_subtree,
			  .map = log_map, .unmap = log_unmap },
		.verdict_first = kho_map_key(0, 0),
		.verdict_levels = 1,
		.verdict = KHO_MAP_SKIP,
	};
	u64 *root = small_tree();

	/* Skipped: not seen, but still there. */
	CHECK_EQ(kho_map_walk(&l.walk, kho_node_phys(root)), 0);
	CHECK_EQ(l.runs, 2);
	CHECK_EQ(l.key[1], kho_map_key(KHO_MAP_LEAF_KEYS, 0));
	CHECK_EQ(l.nodes, sim_pages - 1);
	CHECK(tree_test(root, kho_map_key(0x1000, 0)));

	/* Cut: not there any more; its nodes are nobody's. */
	l.runs = 0;
	l.nodes = 0;
	l.maps = 0;
	l.verdict = KHO_MAP_CUT;
	CHECK_EQ(kho_map_walk(&l.walk, kho_node_phys(root)), 0);
	CHECK_EQ(l.runs, 2);
	CHECK(!kho_map_leaf(root, kho_map_key(0x1000, 0)));
	CHECK(tree_test(root, kho_map_key(KHO_MAP_LEAF_KEYS, 0)));
	CHECK(tree_test(root, kho_map_key(512, 9)));
	kho_map_free(root);
	CHECK_EQ(sim_pages, 1);
	sim_drop_all();
}

struct leaf_log {
	struct log log;
	u64 first[8];
	unsigned int leaves;
	int answer[8];
};

static int log_leaf(struct kho_map_walk *w, u64 first, const u64 *leaf)
{
	struct leaf_log *l = container_of(w, struct leaf_log, log.walk);

	CHECK(l->leaves < ARRAY_SIZE(l->first));
	CHECK_EQ(first % KHO_MAP_LEAF_KEYS, 0);
	l->first[l->leaves] = first;
	return l->answer[l->leaves++];
}

/* A leaf can be taken as a whole, instead of run by run. */
static void walk_leaves(void)
{
	struct leaf_log l = {
		.log.walk = { .leaf = log_leaf, .run = log_run, .map = log_map,
			      .unmap = log_unmap },
	};
	const struct leaf_log fresh = l;
	u64 *root = small_tree();

	CHECK_EQ(kho_map_walk(&l.log.walk, kho_node_phys(root)), 0);
	CHECK_EQ(l.leaves, 3);
	CHECK_EQ(l.first[0], kho_map_key(0, 9));
	CHECK_EQ(l.first[1], kho_map_key(0, 0));
	CHECK_EQ(l.first[2], kho_map_key(KHO_MAP_LEAF_KEYS, 0));
	CHECK_EQ(l.log.runs, 5);

	/* Its runs are spared then, and only those. */
	l = fresh;
	l.answer[1] = 1;
	CHECK_EQ(kho_map_walk(&l.log.walk, kho_node_phys(root)), 0);
	CHECK_EQ(l.leaves, 3);
	CHECK_EQ(l.log.runs, 2);
	CHECK_EQ(l.log.key[0], kho_map_key(512, 9));
	CHECK_EQ(l.log.key[1], kho_map_key(KHO_MAP_LEAF_KEYS, 0));

	l = fresh;
	l.answer[1] = -E2BIG;
	CHECK_EQ(kho_map_walk(&l.log.walk, kho_node_phys(root)), -E2BIG);
	CHECK_EQ(l.leaves, 2);
	CHECK_EQ(l.log.runs, 1);
	CHECK_EQ(l.log.mapped, 0);

	l = fresh;
	l.log.walk.run = NULL;
	CHECK_EQ(kho_map_walk(&l.log.walk, kho_node_phys(root)), 0);
	CHECK_EQ(l.leaves, 3);
	kho_map_free(root);
}

/* Tables and leaves without entries are legal. */
static void walk_empty_nodes(void)
{
	struct log l = { .walk.run = log_run };
	u64 *root = small_tree();
	u64 key;

	for (key = 0; key < 1ULL << KHO_MAP_KEY_BITS; key += 1ULL << (KHO_MAP_KEY_BITS - 3)) {
		u64 *leaf;

		CHECK_EQ(kho_map_make_leaf(root, key + 5 * KHO_MAP_LEAF_KEYS, &leaf), 0);
	}
	CHECK_EQ(kho_map_walk(&l.walk, kho_node_phys(root)), 0);
	CHECK_EQ(l.runs, 5);
	kho_map_free(root);
}

/*
 * Regression: in the leaf of the small keys one run had keys of several
 * orders, so that all but its first blocks were taken for others.
 */
static void regression1_run_of_one_order(void)
{
	struct log l = { .walk.run = log_run };
	u64 *root = kho_node_alloc();
	unsigned int i;
	u64 key;

	for (key = 0; key < KHO_MAP_LEAF_KEYS; key++)
		tree_add(root, key);
	CHECK_EQ(kho_map_walk(&l.walk, kho_node_phys(root)), 0);
	CHECK_EQ(l.runs, KHO_MAP_LEAF_BITS + 1);
	CHECK_EQ(l.key[0], 0);
	CHECK_EQ(l.nr[0], 1);
	for (i = 1; i < l.runs; i++) {
		CHECK_EQ(l.key[i], 1ULL << (i - 1));
		CHECK_EQ(l.nr[i], 1ULL << (i - 1));
	}

	/* A run that ends before the order does. */
	for (key = 0; key < KHO_MAP_LEAF_KEYS; key++) {
		if (key < 3 || key > 4)
			tree_del(root, key);
	}
	l.runs = 0;
	CHECK_EQ(kho_map_walk(&l.walk, kho_node_phys(root)), 0);
	CHECK_EQ(l.runs, 2);
	CHECK_EQ(l.key[0], 3);
	CHECK_EQ(l.nr[0], 1);
	CHECK_EQ(l.key[1], 4);
	CHECK_EQ(l.nr[1], 1);

	/* All other leaves hold one order, and a full one is one run. */
	for (key = kho_map_key(0, 0); key < kho_map_key(KHO_MAP_LEAF_KEYS, 0); key++)
		tree_add(root, key);
	l.runs = 0;
	CHECK_EQ(kho_map_walk(&l.walk, kho_node_phys(root)), 0);
	CHECK_EQ(l.runs, 3);
	CHECK_EQ(l.nr[2], KHO_MAP_LEAF_KEYS);
	kho_map_free(root);
}

static const struct kho_case cases[] = {
	CASE(walk_order),
	CASE(walk_without_callbacks),
	CASE(walk_ended_by_run),
	CASE(walk_ended_by_node),
	CASE(walk_map_fails),
	CASE(walk_skip_and_cut),
	CASE(walk_leaves),
	CASE(walk_empty_nodes),
	CASE(regression1_run_of_one_order),
	{ }
};

const struct kho_suite walk_suite = { "walk", cases };
