// SPDX-License-Identifier: GPL-2.0-only
/*
 * Maps that must be given up as a whole: nodes that cannot be nodes, and no
 * memory to read them.
 */
#include "machine.h"
#include "sim.h"
#include "test.h"
#include "world.h"

/* Boots must refuse the map as a whole: stage 1 if it can know, else stage 2. */
static void refused(struct world *w)
{
	int err = world_stage1(w);

	if (!err)
		err = world_stage2(w);
	CHECK_EQ(err, -EINVAL);
	world_free(w);
}

static void bad_node_address(void)
{
	static const u64 bad[] = {
		1,				/* not aligned */
		MACHINE_NODES + 8,
		MACHINE_NODES + PAGE_SIZE / 2,
		MACHINE_NODES + PAGE_SIZE - 1,
		3 * GiB + 512 * MiB,		/* no RAM */
		640 << 10,
		7 * GiB,
		1ULL << 52,
		-PAGE_SIZE,
		~0ULL,
		512 * MiB,			/* scratch */
		1 * GiB - PAGE_SIZE,
	};
	unsigned int i, level;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (level = 1; level <= KHO_MAP_TABLE_LEVELS; level++) {
			struct world *w = machine();

			preserve(w, 2 * GiB, 0);
			*slot_at(w, kho_map_key(2 * GiB >> PAGE_SHIFT, 0), level) = bad[i];
			CHECK_EQ(world_stage1(w), -EINVAL);
			refused(w);
		}
		if (bad[i]) {
			struct world *w = machine();

			w->root = bad[i];
			CHECK_EQ(world_stage1(w), -EINVAL);
			refused(w);
		}
	}
}

/* A node that is also a child of somebody else, in every level. */
static void shared_children(void)
{
	unsigned int level;

	for (level = 1; level <= KHO_MAP_TABLE_LEVELS; level++) {
		struct world *w = machine();
		u64 one = kho_map_key(2 * GiB >> PAGE_SHIFT, 0);
		u64 other = kho_map_key(2 * GiB >> PAGE_SHIFT, 5);

		preserve(w, 2 * GiB, 0);
		preserve(w, 2 * GiB, 5);
		*slot_at(w, other, level) = *slot_at(w, one, level);
		refused(w);
	}
}

/* A node that is its own ancestor, or itself. */
static void cycles(void)
{
	unsigned int level, up;

	for (level = 1; level <= KHO_MAP_TABLE_LEVELS; level++) {
		for (up = level; up <= KHO_MAP_TABLE_LEVELS; up++) {
			struct world *w = machine();
			u64 key = kho_map_key(2 * GiB >> PAGE_SHIFT, 0);
			u64 ancestor;

			preserve(w, 2 * GiB, 0);
			ancestor = kho_node_phys(node_at(w, key, up));
			*slot_at(w, key, level) = ancestor;
			refused(w);
		}
	}
}

/*
 * Every entry of every table leads to the same next table: 2^45 and more paths.
 * Their number must not matter, only the size of memory.
 */
static void billions_of_paths(void)
{
	static const u64 sizes[] = { 2, 6, 64 };
	unsigned int i, level, n;
	unsigned long visits[ARRAY_SIZE(sizes)];

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct world *w = machine();
		u64 *node = root(w);

		w->nr_ram = 0;
		world_ram(w, 1 * MiB, 4 * GiB);
		world_ram(w, 4 * GiB, 4 * GiB + sizes[i] * GiB);
		for (level = KHO_MAP_TABLE_LEVELS; level; level--) {
			u64 *child = kho_node_alloc();

			for (n = 0; n < KHO_MAP_TABLE_SLOTS; n++)
				node[n] = kho_node_phys(child);
			node = child;
		}
		memset(node, 0xff, PAGE_SIZE);
		/* The simulator stops it at the limit. */
		CHECK_EQ(world_stage1(w), 0);
		visits[i] = w->visits;
		CHECK(w->visits >= KHO_MAP_LEVELS);
		CHECK_EQ(w->gaps.nr, 0);
		CHECK_EQ(world_stage2(w), -EINVAL);
		CHECK_LE(w->visits, KHO_MAP_LEVELS);
		world_free(w);
	}
	CHECK_LE(visits[2], 16 * visits[0]);
}

/* The same with cycles only, and with a root that is its own child everywhere. */
static void root_in_root(void)
{
	struct world *w = machine();
	unsigned int n;

	for (n = 0; n < KHO_MAP_TABLE_SLOTS; n++)
		root(w)[n] = w->root;
	CHECK_EQ(world_stage1(w), 0);
	CHECK_EQ(world_stage2(w), -EINVAL);
	CHECK_EQ(w->visits, 1);
	CHECK_EQ(w->bad_nodes, 1);
	world_free(w);
}

static void mapping_fails(void)
{
	long maps, needed;
	struct world *w = machine();

	preserve(w, 2 * GiB, 0);
	preserve(w, 2 * GiB + 64 * MiB, 5);
	needed = sim_pages;
	world_free(w);
	for (maps = 0; maps <= needed; maps++) {
		w = machine();
		preserve(w, 2 * GiB, 0);
		preserve(w, 2 * GiB + 64 * MiB, 5);
		w->maps_left = maps;
		CHECK_EQ(world_stage1(w), maps < needed ? -ENOMEM : 0);
		world_free(w);
	}
}

static void no_memory_for_the_table(void)
{
	unsigned int budget;
	int err = -ENOMEM;

	for (budget = 0; err; budget++) {
		struct world *w = machine();

		CHECK(budget < 20);
		preserve(w, 2 * GiB, 0);
		preserve(w, 1 * GiB, 30 - PAGE_SHIFT);
		preserve(w, 5 * GiB, 1);
		CHECK_EQ(world_stage1(w), 0);
		sim_allocs_left = budget;
		err = world_stage2(w);
		CHECK(!err || err == -ENOMEM);
		sim_allocs_left = -1;
		if (!err)
			world_check_stage2(w);
		world_free(w);
	}
	CHECK(budget > 3);
}

/*
 * The map itself is not handed over.  With a block on top of a node one of the
 * two is a lie, and nobody knows which: the whole map is given up.
 */
static void block_on_node(unsigned int order)
{
	struct world *w = machine();
	u64 leaf;

	preserve(w, 2 * GiB, 0);
	preserve(w, 5 * GiB, 2);
	leaf = kho_node_phys(node_at(w, kho_map_key(2 * GiB >> PAGE_SHIFT, 0), 0));
	preserve(w, leaf & ~((PAGE_SIZE << order) - 1), order);
	CHECK_EQ(world_stage1(w), 0);
	CHECK_EQ(world_stage2(w), -EINVAL);
	world_free(w);
}

static void node_in_preserved_memory(void)
{
	block_on_node(0);
	block_on_node(4);
}

/* Keys that are no block's: in the leaf of the smallest ones, and above the largest. */
static void keys_of_no_block(void)
{
	struct world *w;
	unsigned int n;
	u64 *leaf;
	u64 key;

	for (key = 0; key < 2; key++) {
		w = machine();
		CHECK_EQ(kho_map_make_leaf(root(w), key, &leaf), 0);
		kho_leaf_set(leaf, key);
		refused(w);
	}

	w = machine();
	preserve(w, 5 * GiB, 2);
	for (n = 0; n < KHO_MAP_TABLE_SLOTS; n++) {
		if (!root(w)[n])
			root(w)[n] = w->root;
	}
	/* Beyond the largest key nobody looks; below, they are larger blocks. */
	key = 1ULL << KHO_MAP_KEY_BITS;
	for (n = 0; n < KHO_MAP_TABLE_SLOTS; n++) {
		unsigned int shift = (KHO_MAP_TABLE_LEVELS - 1) * KHO_MAP_TABLE_BITS +
				     KHO_MAP_LEAF_BITS;

		if ((u64)n << shift < key && root(w)[n] == w->root)
			root(w)[n] = 0;
	}
	boot(w);
	CHECK_EQ(w->r.pages, 4);
	for (n = 0; n < KHO_MAP_TABLE_SLOTS; n++)
		CHECK(root(w)[n] != w->root);
	world_free(w);
}

/* Pages of noise as a map: bounded, and no page outside of memory. */
static void noise(void)
{
	struct rnd r = RND(52);
	unsigned int round, i, n, accepted = 0;

	for (round = 0; round < 300; round++) {
		struct world *w = machine();

		for (i = 0; i < 16; i++) {
			u64 *page = sim_page(MACHINE_NODES + i * PAGE_SIZE);

			for (n = rnd_below(&r, 40); n; n--) {
				u64 *word = &page[rnd_below(&r, rnd_one_in(&r, 2) ? 8 :
							    KHO_MAP_NODE_WORDS)];

				*word = rnd_one_in(&r, 20) ? rnd(&r) :
					MACHINE_NODES + rnd_below(&r, 200) * PAGE_SIZE;
			}
		}
		if (!world_stage1(w)) {
			world_check_stage1(w);
			if (!world_stage2(w)) {
				world_check_stage2(w);
				accepted++;
			}
		}
		world_free(w);
	}
	CHECK(accepted < 300);
}

static const struct kho_case cases[] = {
	CASE(bad_node_address),
	CASE(shared_children),
	CASE(cycles),
	CASE(billions_of_paths),
	CASE(root_in_root),
	CASE(mapping_fails),
	CASE(no_memory_for_the_table),
	CASE(node_in_preserved_memory),
	CASE(keys_of_no_block),
	CASE(noise),
	{ }
};

const struct kho_suite refuse_suite = { "refuse", cases };
