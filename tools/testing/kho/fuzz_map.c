// SPDX-License-Identifier: GPL-2.0-only
/*
 * A map from a hostile sender, on a machine that boots with it.
 */
#include "fuzz.h"
#include "sim.h"
#include "test.h"
#include "world.h"

#define NODES	(256 * MiB)

static u64 page_address(unsigned int nr)
{
	return NODES + nr % FUZZ_MAP_PAGES * PAGE_SIZE;
}

static void machine(struct world *w)
{
	world_ram(w, PAGE_SIZE, 640 << 10);
	world_ram(w, 1 * MiB, 1 * GiB);
	world_ram(w, 1 * GiB, 2 * GiB);
	world_ram(w, 4 * GiB, 5 * GiB);
	world_scratch(w, 64 * MiB, 96 * MiB);
	world_scratch(w, 4 * GiB + 512 * MiB, 4 * GiB + 576 * MiB);
	w->min_gap = 2 * MiB;
	w->maps_left = -1;
	w->root = NODES;
}

/* As kho_map_make_leaf(), but the tree may be anything by now. */
static void add_block(unsigned int order, u64 block)
{
	u64 key = kho_map_key(0, order);
	unsigned int level;
	u64 *node;

	key |= block & (key - 1);
	node = sim_page(NODES);
	for (level = KHO_MAP_TABLE_LEVELS; level; level--) {
		unsigned int shift = (level - 1) * KHO_MAP_TABLE_BITS + KHO_MAP_LEAF_BITS;
		u64 *slot = &node[key >> shift & (KHO_MAP_TABLE_SLOTS - 1)];

		if (!*slot)
			*slot = kho_node_phys(kho_node_alloc());
		node = sim_peek(*slot);
		if (!node)
			return;
	}
	kho_leaf_set(node, key);
}

static void follow_instructions(const u8 *data, size_t size)
{
	struct fuzz_map_op op;
	unsigned int current = 0, n;
	u64 *page;

	sim_next_node = page_address(FUZZ_MAP_PAGES - 1) + PAGE_SIZE;
	for (; size >= sizeof(op); data += sizeof(op), size -= sizeof(op)) {
		memcpy(&op, data, sizeof(op));
		op.word %= KHO_MAP_NODE_WORDS;
		page = sim_page(page_address(op.page + current));
		switch (op.what % FUZZ_MAP_OPS) {
		case FUZZ_MAP_POINT:
			page[op.word] = page_address(op.arg);
			break;
		case FUZZ_MAP_FOLLOW:
			page[op.word] = page_address(op.arg);
			current = op.arg % FUZZ_MAP_PAGES;
			break;
		case FUZZ_MAP_ADDRESS:
			page[op.word] = (u64)op.arg << PAGE_SHIFT;
			break;
		case FUZZ_MAP_RAW:
			page[op.word] = (u64)op.arg << op.page % 64;
			break;
		case FUZZ_MAP_FILL:
			for (n = op.word; n < KHO_MAP_NODE_WORDS && op.arg; n++, op.arg--)
				page[n] = ~0ULL;
			break;
		case FUZZ_MAP_BLOCK:
			add_block(op.word % KHO_MAP_ORDERS, op.arg);
			break;
		}
	}
}

void fuzz_map(const u8 *data, size_t size)
{
	static struct world w;

	machine(&w);
	sim_page(w.root);
	follow_instructions(data, size);
	if (!world_stage1(&w)) {
		world_check_stage1(&w);
		if (!world_stage2(&w))
			world_check_stage2(&w);
	}
	world_free(&w);
}
