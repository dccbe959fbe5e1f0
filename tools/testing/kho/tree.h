/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Single keys of a radix tree.
 */
#ifndef _KHO_TREE_H
#define _KHO_TREE_H

#include "../../../kernel/kho/map.h"

#include "test.h"

static inline void tree_add(u64 *root, u64 key)
{
	u64 *leaf;

	CHECK_EQ(kho_map_make_leaf(root, key, &leaf), 0);
	kho_leaf_set(leaf, key);
}

static inline bool tree_test(u64 *root, u64 key)
{
	u64 *leaf = kho_map_leaf(root, key);

	return leaf && kho_leaf_test(leaf, key);
}

static inline void tree_del(u64 *root, u64 key)
{
	u64 *leaf = kho_map_leaf(root, key);

	if (leaf)
		kho_leaf_clear(leaf, key);
}
#endif /* _KHO_TREE_H */
