/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A set of blocks that do not overlap, in a tree of keys.
 *
 * Blocks are added and removed by words: most neighbours of a block are in the
 * set too, or come and go with it.  Format code: no locks, no mm.
 */
#ifndef _KHO_BLOCKS_H
#define _KHO_BLOCKS_H

#include "map.h"

/**
 * struct kho_blocks - the set
 * @root:	root node of the tree; NULL: none yet, and the set is empty
 * @at:		where the tree was looked at last, by order
 * @nr:		number of blocks, by order
 * @orders:	those with blocks
 * @pages:	pages of all blocks
 * @removed:	blocks removed since the last pruning
 */
struct kho_blocks {
	u64 *root;
	struct kho_map_cursor at[KHO_MAP_ORDERS];
	unsigned long nr[KHO_MAP_ORDERS];
	u64 orders;
	unsigned long pages;
	unsigned long removed;
};

u64 kho_blocks_present(struct kho_blocks *b, const struct kho_word *w);
int kho_blocks_prepare(struct kho_blocks *b, const struct kho_word *w);
void kho_blocks_insert(struct kho_blocks *b, const struct kho_word *w);
u64 kho_blocks_remove(struct kho_blocks *b, const struct kho_word *w);

#endif /* _KHO_BLOCKS_H */
