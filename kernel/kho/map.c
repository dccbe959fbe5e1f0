// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: the preserved-memory map
 */

/**
 * DOC: How the map is searched and changed
 *
 * A key is a marker bit, whose place says the order, followed by the number
 * of the block at that order.  So the keys of one order are adjacent and in
 * the order of their addresses, and all larger orders sort below: a walk in
 * key order meets large blocks first, and 2^n adjacent small blocks are 2^n
 * adjacent bits of a leaf.
 *
 * No function here trusts the *content* of a tree further than its own walk
 * needs; whether an address may be followed at all is decided by the
 * callbacks of &struct kho_map_walk.
 */
#include <linux/bits.h>
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "map.h"

/* How far a key is shifted to get the index into a table of this level. */
static unsigned int level_shift(unsigned int level)
{
	return (level - 1) * KHO_MAP_TABLE_BITS + KHO_MAP_LEAF_BITS;
}

static unsigned int level_index(u64 key, unsigned int level)
{
	return key >> level_shift(level) & (KHO_MAP_TABLE_SLOTS - 1);
}

/**
 * kho_map_decode - the block of a key
 * @key:	any number
 * @pfn:	set to the first page
 * @order:	set to the order
 *
 * Returns: false if no block has this key.
 */
bool kho_map_decode(u64 key, unsigned long *pfn, unsigned int *order)
{
	unsigned int marker;

	if (!key)
		return false;
	marker = fls64(key) - 1;
	if (marker > 64 - PAGE_SHIFT || marker < 64 - PAGE_SHIFT - KHO_MAP_MAX_ORDER)
		return false;
	*order = 64 - PAGE_SHIFT - marker;
	*pfn = (key ^ 1ULL << marker) << *order;
	return true;
}

/**
 * kho_map_cut - order of the first block a page range is cut into
 * @pfn:	first page of the range
 * @nr_pages:	pages left, not 0
 *
 * Returns: the order of the largest naturally aligned block that starts at
 * @pfn and fits.
 */
unsigned int kho_map_cut(unsigned long pfn, unsigned long nr_pages)
{
	unsigned int order = min_t(unsigned int, ilog2(nr_pages), KHO_MAP_MAX_ORDER);

	return pfn ? min_t(unsigned int, order, __ffs(pfn)) : order;
}

/**
 * kho_map_leaf - find the leaf of a key
 * @root:	root node
 * @key:	key
 *
 * Returns: the leaf, or NULL if there is none.
 */
u64 *kho_map_leaf(u64 *root, u64 key)
{
	u64 *node = root;
	unsigned int level;

	for (level = KHO_MAP_TABLE_LEVELS; level; level--) {
		u64 child = node[level_index(key, level)];

		if (!child)
			return NULL;
		node = kho_node_virt(child);
	}
	return node;
}

/**
 * kho_map_make_leaf - find the leaf of a key, adding what is missing
 * @root:	root node
 * @key:	key
 * @leaf:	set to the leaf
 *
 * Tables that were added stay when a later allocation fails: a table without
 * entries is as good as none, and kho_map_prune() takes it away.
 *
 * Returns: 0 or -ENOMEM.
 */
int kho_map_make_leaf(u64 *root, u64 key, u64 **leaf)
{
	u64 *node = root;
	unsigned int level;

	for (level = KHO_MAP_TABLE_LEVELS; level; level--) {
		u64 *slot = &node[level_index(key, level)];

		if (*slot) {
			node = kho_node_virt(*slot);
			continue;
		}
		node = kho_node_alloc();
		if (!node)
			return -ENOMEM;
		*slot = kho_node_phys(node);
	}
	*leaf = node;
	return 0;
}

static bool leaf_any(const u64 *leaf, unsigned int bit, unsigned int nr)
{
	unsigned int last = bit + nr - 1;
	unsigned int i = bit / 64;
	u64 mask = ~0ULL << (bit % 64);

	for (; i < last / 64; i++, mask = ~0ULL) {
		if (leaf[i] & mask)
			return true;
	}
	return leaf[i] & mask & ~0ULL >> (63 - last % 64);
}

/**
 * kho_map_any - is any key of a range in the tree?
 * @root:	root node
 * @c:		remembers where it looked
 * @first:	first key
 * @nr:		number of keys, not 0
 *
 * Returns: true if one is.
 */
bool kho_map_any(u64 *root, struct kho_map_cursor *c, u64 first, u64 nr)
{
	while (nr) {
		unsigned int bit = kho_map_bit(first);
		unsigned long n = min_t(u64, nr, KHO_MAP_LEAF_KEYS - bit);
		u64 *leaf = kho_map_leaf_at(root, c, first);

		if (leaf && leaf_any(leaf, bit, n))
			return true;
		first += n;
		nr -= n;
	}
	return false;
}

static bool node_empty(const u64 *node)
{
	unsigned int i;

	for (i = 0; i < KHO_MAP_NODE_WORDS; i++) {
		if (node[i])
			return false;
	}
	return true;
}

static unsigned long prune_node(u64 *node, unsigned int level)
{
	unsigned long freed = 0;
	unsigned int i;

	for (i = 0; i < KHO_MAP_TABLE_SLOTS; i++) {
		u64 *child;

		if (!node[i])
			continue;
		child = kho_node_virt(node[i]);
		if (level > 1)
			freed += prune_node(child, level - 1);
		if (!node_empty(child))
			continue;
		node[i] = 0;
		kho_node_free(child);
		freed++;
	}
	return freed;
}

/**
 * kho_map_prune - free the nodes below which there is no key
 * @root:	root node; stays
 *
 * Invalidates every cursor.
 *
 * Returns: the number of nodes freed.
 */
unsigned long kho_map_prune(u64 *root)
{
	return prune_node(root, KHO_MAP_TABLE_LEVELS);
}

static void free_node(u64 *node, unsigned int level)
{
	unsigned int i;

	for (i = 0; level && i < KHO_MAP_TABLE_SLOTS; i++) {
		if (node[i])
			free_node(kho_node_virt(node[i]), level - 1);
	}
	kho_node_free(node);
}

/**
 * kho_map_free - free a tree, its root included
 * @root:	root node, or NULL
 */
void kho_map_free(u64 *root)
{
	if (root)
		free_node(root, KHO_MAP_TABLE_LEVELS);
}

static int walk_leaf(struct kho_map_walk *w, const u64 *leaf, u64 first)
{
	unsigned int bit = 0;
	int err;

	err = w->leaf ? w->leaf(w, first, leaf) : 0;
	if (err)
		return min(err, 0);

	while (w->run && bit < KHO_MAP_LEAF_KEYS) {
		u64 word = leaf[bit / 64] >> (bit % 64);
		unsigned int start, end;

		if (!word) {
			bit = (bit | 63) + 1;
			continue;
		}
		bit += __ffs64(word);
		start = bit;
		/* The leaf of the smallest keys has many orders: where is the next? */
		end = first ? KHO_MAP_LEAF_KEYS : 1U << fls(start);
		do {
			u64 zeros = ~leaf[bit / 64] >> (bit % 64);

			if (zeros) {
				bit += __ffs64(zeros);
				break;
			}
			bit = (bit | 63) + 1;
		} while (bit < end);
		bit = min(bit, end);

		err = w->run(w, first + start, bit - start);
		if (err)
			return err;
	}
	return 0;
}

static int walk_node(struct kho_map_walk *w, u64 phys, u64 first, unsigned int level)
{
	unsigned int i;
	u64 *node;
	int err;

	err = w->node ? w->node(w, phys) : 0;
	if (err)
		return err;
	node = w->map ? w->map(w, phys) : kho_node_virt(phys);
	if (!node)
		return -ENOMEM;

	if (!level)
		err = walk_leaf(w, node, first);

	for (i = 0; level && !err && i < KHO_MAP_TABLE_SLOTS; i++) {
		u64 from = first | (u64)i << level_shift(level);
		u64 to = from + ((1ULL << level_shift(level)) - 1);
		enum kho_map_verdict verdict = KHO_MAP_FOLLOW;

		if (!node[i])
			continue;
		if (w->subtree)
			verdict = w->subtree(w, from, to);
		if (verdict == KHO_MAP_FOLLOW)
			err = walk_node(w, node[i], from, level - 1);
		else if (verdict == KHO_MAP_CUT)
			node[i] = 0;
	}

	if (w->unmap)
		w->unmap(w, node);
	return err;
}

/**
 * kho_map_walk - visit every key of a tree in ascending order
 * @w:		what to do on the way
 * @root_phys:	address of the root node
 *
 * Returns: 0, -ENOMEM when a node could not be mapped, or what a callback
 * ended the walk with.
 */
int kho_map_walk(struct kho_map_walk *w, u64 root_phys)
{
	return walk_node(w, root_phys, 0, KHO_MAP_TABLE_LEVELS);
}
