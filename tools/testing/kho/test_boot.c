// SPDX-License-Identifier: GPL-2.0-only
/*
 * Machines that boot with a handover: honest senders, and hostile ones.
 */
#include "sim.h"
#include "test.h"
#include "world.h"

#define NODES	(3 * GiB)

/* 6 GiB in two parts, like a PC; nodes have a place of their own in it. */
static struct world *machine(void)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	world_ram(&w, 64 << 10, 640 << 10);
	world_ram(&w, 1 * MiB, 3 * GiB + 512 * MiB);
	world_ram(&w, 4 * GiB, 6 * GiB + 512 * MiB);
	world_scratch(&w, 512 * MiB, 1 * GiB);
	w.min_gap = 2 * MiB;
	w.maps_left = -1;
	sim_next_node = NODES;
	w.root = kho_node_phys(kho_node_alloc());
	return &w;
}

static u64 *root(struct world *w)
{
	return sim_peek(w->root);
}

static void preserve(struct world *w, u64 phys, unsigned int order)
{
	u64 key = kho_map_key(phys >> PAGE_SHIFT, order);
	u64 *leaf;

	CHECK(!(phys & ((PAGE_SIZE << order) - 1)));
	CHECK_EQ(kho_map_make_leaf(root(w), key, &leaf), 0);
	kho_leaf_set(leaf, key);
}

static bool preserved(struct world *w, u64 phys, unsigned int order)
{
	u64 key = kho_map_key(phys >> PAGE_SHIFT, order);
	u64 *leaf = kho_map_leaf(root(w), key);

	return leaf && kho_leaf_test(leaf, key);
}

/* The table at a level on the way to a key; level 0 is the leaf. */
static u64 *node_at(struct world *w, u64 key, unsigned int level)
{
	u64 *node = root(w);
	unsigned int l;

	for (l = KHO_MAP_TABLE_LEVELS; l > level; l--) {
		unsigned int shift = (l - 1) * KHO_MAP_TABLE_BITS + KHO_MAP_LEAF_BITS;

		node = sim_peek(node[key >> shift & (KHO_MAP_TABLE_SLOTS - 1)]);
		CHECK(node);
	}
	return node;
}

static u64 *slot_at(struct world *w, u64 key, unsigned int level)
{
	unsigned int shift = (level - 1) * KHO_MAP_TABLE_BITS + KHO_MAP_LEAF_BITS;

	return &node_at(w, key, level)[key >> shift & (KHO_MAP_TABLE_SLOTS - 1)];
}

static void boot(struct world *w)
{
	CHECK_EQ(world_stage1(w), 0);
	world_check_stage1(w);
	CHECK_EQ(world_stage2(w), 0);
	world_check_stage2(w);
}

/*
 * Honest senders
 */

static void nothing_preserved(void)
{
	struct world *w = machine();

	boot(w);
	CHECK_EQ(w->r.pages, 0);
	CHECK_EQ(world_nodes(w), 1);
	/* All RAM but scratch and the chunk with the root; 640K are too small. */
	CHECK_EQ(w->gaps.nr, 4);
	CHECK_EQ(w->gaps.w[0].base, 1 * MiB);
	CHECK_EQ(w->gaps.w[0].end, 512 * MiB);
	CHECK_EQ(w->gaps.w[1].base, 1 * GiB);
	CHECK_EQ(w->gaps.w[1].end, 3 * GiB);
	CHECK_EQ(w->gaps.w[2].base, 3 * GiB + 2 * MiB);
	CHECK_EQ(w->gaps.w[3].base, 4 * GiB);
	CHECK_EQ(w->gaps.w[3].end, 6 * GiB + 512 * MiB);
	world_free(w);
}

/* Random blocks of all sizes that fit; every page is where it should be. */
static void honest(void)
{
	struct rnd r = RND(51);
	unsigned int round;

	for (round = 0; round < 10; round++) {
		struct world *w = machine();
		u64 pages = 0, at = 1 * MiB;
		unsigned int i, blocks = 0;

		while (at < world_end(w)) {
			unsigned int order = rnd_log(&r, 4);
			u64 size = PAGE_SIZE << order;
			bool fits = false;

			at = (at + rnd_log(&r, 26) + size - 1) & ~(size - 1);
			for (i = 0; i < w->nr_ram; i++)
				fits |= w->ram[i].base <= at && at + size <= w->ram[i].end;
			if (fits && !kho_windows_overlap(&w->scratch, at, at + size) &&
			    !(at < NODES + 256 * MiB && NODES < at + size)) {
				preserve(w, at, order);
				pages += 1UL << order;
				blocks++;
			}
			at += size;
		}
		CHECK(blocks > 30);
		CHECK_LE(sim_next_node, NODES + 256 * MiB);
		boot(w);
		CHECK_EQ(w->r.pages, pages);
		CHECK_EQ(w->losses, 0);
		CHECK_EQ(world_nodes(w), sim_pages);
		world_free(w);
	}
}

/* Blocks beyond any page order: a receiver must accept them. */
static void huge_blocks(void)
{
	struct world *w = machine();

	world_free(w);
	w = machine();
	w->nr_ram = 0;
	world_ram(w, 0, 8 * GiB);
	world_ram(w, 8 * GiB, 10 * TiB);	/* adjacent: a block may span both */
	preserve(w, 1 * TiB, 40 - PAGE_SHIFT);
	preserve(w, 4 * TiB, 42 - PAGE_SHIFT);
	preserve(w, 2 * TiB, 0);
	preserve(w, 8 * GiB, 33 - PAGE_SHIFT);
	preserve(w, 4 * GiB, 32 - PAGE_SHIFT);
	boot(w);
	CHECK_EQ(w->losses, 0);
	CHECK_EQ(w->r.pages, (5 * TiB + 12 * GiB + PAGE_SIZE) >> PAGE_SHIFT);
	/* All but the borders, and the pages of the map, cost no bitmap. */
	CHECK_LE(w->table.bitmaps, 4);
	world_free(w);
}

static void spanning_regions(void)
{
	struct world *w = machine();

	w->nr_ram = 0;
	world_ram(w, 1 * MiB, 2 * GiB + 5 * PAGE_SIZE);
	world_ram(w, 2 * GiB + 5 * PAGE_SIZE, 4 * GiB);
	preserve(w, 2 * GiB, 4);
	boot(w);
	CHECK_EQ(w->losses, 0);
	CHECK_EQ(w->r.pages, 16);
	world_free(w);
}

/* Empty tables and leaves are legal on the wire. */
static void empty_nodes(void)
{
	struct world *w = machine();
	unsigned int order;
	u64 *leaf;

	for (order = 0; order <= 20; order++)
		CHECK_EQ(kho_map_make_leaf(root(w), kho_map_key(0, order), &leaf), 0);
	preserve(w, 2 * GiB, 0);
	boot(w);
	CHECK_EQ(w->r.pages, 1);
	CHECK_EQ(world_nodes(w), sim_pages);
	world_free(w);
}

/* As many gaps as it takes: no more windows than there may be, none of them wrong. */
static void fragmented(void)
{
	struct world *w = machine();
	u64 at;

	for (at = 4 * GiB; at < 6 * GiB; at += 8 * MiB)
		preserve(w, at, 0);
	preserve(w, 6 * GiB + 64 * MiB, 0);
	boot(w);
	CHECK_EQ(w->gaps.nr, KHO_WINDOWS_MAX);
	CHECK_EQ(w->r.pages, 256 + 1);
	/* The large ones are among them. */
	CHECK_EQ(w->gaps.w[0].end, 512 * MiB);
	CHECK_EQ(w->gaps.w[KHO_WINDOWS_MAX - 1].end, 6 * GiB + 512 * MiB);
	world_free(w);
}

/* No gap at all: scratch has to do, and nothing is overwritten. */
static void no_gap(void)
{
	struct world *w = machine();
	u64 at;

	for (at = 1 * MiB; at < 6 * GiB + 512 * MiB; at += 1 * MiB) {
		if ((at < 512 * MiB || at >= 1 * GiB) && (at < NODES || at >= 4 * GiB))
			preserve(w, at, 0);
		else if (at >= NODES + 64 * MiB && at < NODES + 512 * MiB)
			preserve(w, at, 0);
	}
	/* where the nodes are */
	w->min_gap = 64 * MiB;
	boot(w);
	CHECK_EQ(w->gaps.nr, 0);
	CHECK_EQ(w->losses, 0);
	world_free(w);
}

/*
 * Nodes that cannot be nodes
 */

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
		NODES + 8,
		NODES + PAGE_SIZE / 2,
		NODES + PAGE_SIZE - 1,
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
 * Blocks that cannot be blocks: only they are lost
 */

static void blocks_outside_of_ram(void)
{
	struct world *w = machine();

	preserve(w, 2 * GiB, 0);
	preserve(w, 3 * GiB + 512 * MiB - PAGE_SIZE, 0);	/* the last page */
	preserve(w, 3 * GiB + 512 * MiB, 0);			/* the next */
	preserve(w, 0, 0);
	preserve(w, 3 * GiB + 768 * MiB, 3);
	preserve(w, 2 * GiB, 31 - PAGE_SHIFT);			/* partly */
	preserve(w, 6 * GiB, 30 - PAGE_SHIFT);
	preserve(w, 6 * GiB + 512 * MiB, 0);
	preserve(w, 5 * GiB, 3);
	boot(w);
	CHECK_EQ(w->r.pages, 1 + 1 + 8);
	CHECK_EQ(w->losses, 6);
	CHECK_EQ(w->r.dropped, 1 + 1 + 8 + (3 * GiB >> PAGE_SHIFT) + 1);
	CHECK(preserved(w, 2 * GiB, 0));
	CHECK(preserved(w, 3 * GiB + 512 * MiB - PAGE_SIZE, 0));
	CHECK(preserved(w, 5 * GiB, 3));
	CHECK(!preserved(w, 3 * GiB + 512 * MiB, 0));
	CHECK(!preserved(w, 0, 0));
	CHECK(!preserved(w, 2 * GiB, 31 - PAGE_SHIFT));
	CHECK(!preserved(w, 6 * GiB, 30 - PAGE_SHIFT));
	CHECK(!preserved(w, 6 * GiB + 512 * MiB, 0));
	world_free(w);
}

/* Whole leaves beyond memory are cut off without looking into them. */
static void far_beyond_ram(void)
{
	struct world *w = machine();
	unsigned int order;
	unsigned long before;

	preserve(w, 5 * GiB, 3);
	boot(w);
	before = w->visits;
	world_free(w);

	w = machine();
	preserve(w, 5 * GiB, 3);
	for (order = 0; order < 20; order++) {
		preserve(w, 1ULL << 50, order);
		preserve(w, 1ULL << 63, order);
		preserve(w, -(PAGE_SIZE << order), order);
	}
	boot(w);
	CHECK_EQ(w->r.pages, 8);
	/* Only the tables that all orders share with memory that is there. */
	CHECK_LE(w->visits, before + 20 * KHO_MAP_LEVELS);
	for (order = 0; order < 20; order++) {
		CHECK(!preserved(w, 1ULL << 50, order));
		CHECK(!preserved(w, 1ULL << 63, order));
		CHECK(!preserved(w, -(PAGE_SIZE << order), order));
	}
	world_free(w);
}

/*
 * How much was dropped: no more than there is memory for a block that could
 * never be, at least a block for what is not looked into.
 */
static void dropped_pages(void)
{
	struct world *w = machine();

	preserve(w, 0, KHO_MAP_MAX_ORDER);
	boot(w);
	CHECK_EQ(w->losses, 1);
	CHECK_EQ(w->r.dropped, world_end(w) >> PAGE_SHIFT);
	world_free(w);

	w = machine();
	preserve(w, 1ULL << 50, 3);
	boot(w);
	CHECK_EQ(w->losses, 1);
	CHECK_EQ(w->r.dropped, 8);
	world_free(w);

	/* Two of one leaf, and one of another order. */
	w = machine();
	preserve(w, 1ULL << 50, 3);
	preserve(w, (1ULL << 50) + (PAGE_SIZE << 3), 3);
	preserve(w, 1ULL << 50, 5);
	preserve(w, 5 * GiB, 2);
	boot(w);
	CHECK_EQ(w->losses, 2);
	CHECK_EQ(w->r.dropped, 8 + 32);
	CHECK_EQ(w->r.pages, 4);
	world_free(w);
}

static void blocks_in_scratch(void)
{
	struct world *w = machine();

	preserve(w, 512 * MiB - PAGE_SIZE, 0);
	preserve(w, 512 * MiB, 0);
	preserve(w, 512 * MiB + PAGE_SIZE, 0);
	preserve(w, 768 * MiB, 5);
	preserve(w, 1 * GiB - PAGE_SIZE, 0);
	preserve(w, 1 * GiB, 0);
	preserve(w, 256 * MiB, 28 - PAGE_SHIFT);
	preserve(w, 0, 30 - PAGE_SHIFT);
	boot(w);
	/* 256 MiB..512 MiB is a block, so the page at its end is another's. */
	CHECK_EQ(w->r.pages, (256 * MiB >> PAGE_SHIFT) + 1);
	CHECK(preserved(w, 256 * MiB, 28 - PAGE_SHIFT));
	CHECK(preserved(w, 1 * GiB, 0));
	CHECK(!preserved(w, 512 * MiB - PAGE_SIZE, 0));
	CHECK(!preserved(w, 512 * MiB, 0));
	CHECK(!preserved(w, 768 * MiB, 5));
	CHECK(!preserved(w, 1 * GiB - PAGE_SIZE, 0));
	CHECK_EQ(w->losses, 6);
	CHECK_EQ(w->r.dropped, 4 + 32 + (1 * GiB >> PAGE_SHIFT));
	world_free(w);
}

/* The larger one stays. */
static void overlapping_orders(void)
{
	struct world *w = machine();
	unsigned int order;

	for (order = 0; order <= 9; order++) {
		preserve(w, 2 * GiB, order);
		preserve(w, 2 * GiB + (PAGE_SIZE << order), order);
	}
	preserve(w, 2 * GiB + (PAGE_SIZE << 10), 0);
	boot(w);
	CHECK_EQ(w->r.pages, 2 * 512 + 1);
	CHECK_EQ(w->losses, 2 * 9);
	CHECK_EQ(w->r.dropped, 2 * (512 - 1));
	CHECK(preserved(w, 2 * GiB, 9));
	CHECK(preserved(w, 2 * GiB + (PAGE_SIZE << 9), 9));
	CHECK(!preserved(w, 2 * GiB, 8));
	CHECK(!preserved(w, 2 * GiB, 0));
	world_free(w);
}

/* In a run of many blocks only the bad ones go. */
static void some_of_a_run(void)
{
	struct world *w = machine();
	unsigned int i;

	for (i = 0; i < 1000; i++)
		preserve(w, 512 * MiB - 500 * PAGE_SIZE + i * PAGE_SIZE, 0);
	for (i = 0; i < 1000; i++)
		preserve(w, 5 * GiB + i * PAGE_SIZE, 0);
	preserve(w, 5 * GiB + 16 * PAGE_SIZE, 4);
	preserve(w, 5 * GiB + 512 * PAGE_SIZE, 3);
	boot(w);
	CHECK_EQ(w->losses, 500 + 16 + 8);
	CHECK_EQ(w->r.dropped, 500 + 16 + 8);
	CHECK_EQ(w->r.pages, 500 + 1000);
	CHECK(preserved(w, 5 * GiB + 15 * PAGE_SIZE, 0));
	CHECK(!preserved(w, 5 * GiB + 16 * PAGE_SIZE, 0));
	CHECK(!preserved(w, 5 * GiB + 31 * PAGE_SIZE, 0));
	CHECK(preserved(w, 5 * GiB + 32 * PAGE_SIZE, 0));
	world_free(w);
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

/* All small keys: blocks of half the address space, and of less. */
static void largest_orders(void)
{
	struct world *w = machine();
	unsigned int order, gaps;
	u64 *leaf;
	u64 key;

	CHECK_EQ(world_stage1(w), 0);
	gaps = w->gaps.nr;
	CHECK(gaps);
	for (key = 2; key < KHO_MAP_LEAF_KEYS; key++) {
		CHECK_EQ(kho_map_make_leaf(root(w), key, &leaf), 0);
		kho_leaf_set(leaf, key);
	}
	preserve(w, 5 * GiB, 2);
	CHECK_EQ(world_stage1(w), 0);
	/* They claim all there is, and get nothing: one gap is cut by a true block. */
	CHECK_EQ(w->gaps.nr, gaps + 1);
	CHECK_EQ(world_stage2(w), 0);
	world_check_stage2(w);
	CHECK_EQ(w->losses, KHO_MAP_LEAF_KEYS - 2);
	CHECK_EQ(w->r.pages, 4);
	world_free(w);

	/* One of each order, at the end of the address space: ends that are no number. */
	w = machine();
	for (order = 0; order <= KHO_MAP_MAX_ORDER; order++)
		preserve(w, -(PAGE_SIZE << order), order);
	preserve(w, 5 * GiB, 2);
	boot(w);
	CHECK_EQ(w->r.pages, 4);
	world_free(w);
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
			u64 *page = sim_page(NODES + i * PAGE_SIZE);

			for (n = rnd_below(&r, 40); n; n--) {
				u64 *word = &page[rnd_below(&r, rnd_one_in(&r, 2) ? 8 :
							    KHO_MAP_NODE_WORDS)];

				*word = rnd_one_in(&r, 20) ? rnd(&r) :
					NODES + rnd_below(&r, 200) * PAGE_SIZE;
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
	CASE(nothing_preserved),
	CASE(honest),
	CASE(huge_blocks),
	CASE(spanning_regions),
	CASE(empty_nodes),
	CASE(fragmented),
	CASE(no_gap),
	CASE(bad_node_address),
	CASE(shared_children),
	CASE(cycles),
	CASE(billions_of_paths),
	CASE(root_in_root),
	CASE(mapping_fails),
	CASE(no_memory_for_the_table),
	CASE(blocks_outside_of_ram),
	CASE(far_beyond_ram),
	CASE(dropped_pages),
	CASE(blocks_in_scratch),
	CASE(overlapping_orders),
	CASE(some_of_a_run),
	CASE(node_in_preserved_memory),
	CASE(largest_orders),
	CASE(keys_of_no_block),
	CASE(noise),
	{ }
};

const struct kho_suite boot_suite = { "boot", cases };
