// SPDX-License-Identifier: GPL-2.0-only
/*
 * Machines that boot with a handover: honest senders, and blocks that cannot be.
 */
#include "machine.h"
#include "sim.h"
#include "test.h"
#include "world.h"

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
			    !(at < MACHINE_NODES + 256 * MiB && MACHINE_NODES < at + size)) {
				preserve(w, at, order);
				pages += 1UL << order;
				blocks++;
			}
			at += size;
		}
		CHECK(blocks > 30);
		CHECK_LE(sim_next_node, MACHINE_NODES + 256 * MiB);
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
		if ((at < 512 * MiB || at >= 1 * GiB) && (at < MACHINE_NODES || at >= 4 * GiB))
			preserve(w, at, 0);
		else if (at >= MACHINE_NODES + 64 * MiB && at < MACHINE_NODES + 512 * MiB)
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

static const struct kho_case cases[] = {
	CASE(nothing_preserved),
	CASE(honest),
	CASE(huge_blocks),
	CASE(spanning_regions),
	CASE(empty_nodes),
	CASE(fragmented),
	CASE(no_gap),
	CASE(blocks_outside_of_ram),
	CASE(far_beyond_ram),
	CASE(dropped_pages),
	CASE(blocks_in_scratch),
	CASE(overlapping_orders),
	CASE(some_of_a_run),
	CASE(largest_orders),
	{ }
};

const struct kho_suite boot_suite = { "boot", cases };
