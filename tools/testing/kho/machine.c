// SPDX-License-Identifier: GPL-2.0-only
#include "machine.h"
#include "sim.h"
#include "test.h"

struct world *machine(void)
{
	static struct world w;

	memset(&w, 0, sizeof(w));
	world_ram(&w, 64 << 10, 640 << 10);
	world_ram(&w, 1 * MiB, 3 * GiB + 512 * MiB);
	world_ram(&w, 4 * GiB, 6 * GiB + 512 * MiB);
	world_scratch(&w, 512 * MiB, 1 * GiB);
	w.min_gap = 2 * MiB;
	w.maps_left = -1;
	sim_next_node = MACHINE_NODES;
	w.root = kho_node_phys(kho_node_alloc());
	return &w;
}

u64 *root(struct world *w)
{
	return sim_peek(w->root);
}

void preserve(struct world *w, u64 phys, unsigned int order)
{
	u64 key = kho_map_key(phys >> PAGE_SHIFT, order);
	u64 *leaf;

	CHECK(!(phys & ((PAGE_SIZE << order) - 1)));
	CHECK_EQ(kho_map_make_leaf(root(w), key, &leaf), 0);
	kho_leaf_set(leaf, key);
}

bool preserved(struct world *w, u64 phys, unsigned int order)
{
	u64 key = kho_map_key(phys >> PAGE_SHIFT, order);
	u64 *leaf = kho_map_leaf(root(w), key);

	return leaf && kho_leaf_test(leaf, key);
}

u64 *node_at(struct world *w, u64 key, unsigned int level)
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

u64 *slot_at(struct world *w, u64 key, unsigned int level)
{
	unsigned int shift = (level - 1) * KHO_MAP_TABLE_BITS + KHO_MAP_LEAF_BITS;

	return &node_at(w, key, level)[key >> shift & (KHO_MAP_TABLE_SLOTS - 1)];
}

void boot(struct world *w)
{
	CHECK_EQ(world_stage1(w), 0);
	world_check_stage1(w);
	CHECK_EQ(world_stage2(w), 0);
	world_check_stage2(w);
}
