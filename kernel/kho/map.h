/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Preserved-memory map: keys, the radix tree that holds them, walks.
 *
 * Format code: no locks, no mm.  It compiles in the kernel and in user space
 * (tools/testing/kho).  Whoever uses it provides the four node functions.
 */
#ifndef _KHO_MAP_H
#define _KHO_MAP_H

#include <linux/bits.h>
#include <linux/kho/abi/kexec_handover.h>

#define KHO_MAP_LEAF_KEYS	BIT(KHO_MAP_LEAF_BITS)
#define KHO_MAP_TABLE_SLOTS	BIT(KHO_MAP_TABLE_BITS)
#define KHO_MAP_LEVELS		(KHO_MAP_TABLE_LEVELS + 1)
#define KHO_MAP_NODE_WORDS	(PAGE_SIZE / sizeof(u64))
#define KHO_MAP_ORDERS		(KHO_MAP_MAX_ORDER + 1)

/**
 * kho_map_key - the key of a block: 2^order pages, naturally aligned
 * @pfn:	first page, a multiple of 2^@order
 * @order:	at most KHO_MAP_MAX_ORDER
 *
 * Returns: the key.
 */
static inline u64 kho_map_key(unsigned long pfn, unsigned int order)
{
	return 1ULL << (64 - PAGE_SHIFT - order) | (u64)pfn >> order;
}

/* Anything may call these. */
bool kho_map_decode(u64 key, unsigned long *pfn, unsigned int *order);
unsigned int kho_map_cut(unsigned long pfn, unsigned long nr_pages);

/* Nodes: a zeroed page or NULL; conversions to and from the wire's address. */
u64 *kho_node_alloc(void);
void kho_node_free(u64 *node);
u64 kho_node_phys(const u64 *node);
u64 *kho_node_virt(u64 phys);

/*
 * The tree.  A leaf is the bitmap of the KHO_MAP_LEAF_KEYS keys that share
 * their upper bits; kho_map_bit() is a key's place in it.
 */
u64 *kho_map_leaf(u64 *root, u64 key);
int kho_map_make_leaf(u64 *root, u64 key, u64 **leaf);
unsigned long kho_map_prune(u64 *root);
void kho_map_free(u64 *root);

static inline unsigned int kho_map_bit(u64 key)
{
	return key & (KHO_MAP_LEAF_KEYS - 1);
}

static inline bool kho_leaf_test(const u64 *leaf, u64 key)
{
	unsigned int bit = kho_map_bit(key);

	return leaf[bit / 64] >> (bit % 64) & 1;
}

static inline void kho_leaf_set(u64 *leaf, u64 key)
{
	unsigned int bit = kho_map_bit(key);

	leaf[bit / 64] |= 1ULL << (bit % 64);
}

static inline void kho_leaf_clear(u64 *leaf, u64 key)
{
	unsigned int bit = kho_map_bit(key);

	leaf[bit / 64] &= ~(1ULL << (bit % 64));
}

/* Remembers the leaf of the last key: neighbours are found without a descent. */
struct kho_map_cursor {
	u64 tag;
	u64 *leaf;
};

static inline u64 *kho_map_leaf_at(u64 *root, struct kho_map_cursor *c, u64 key)
{
	u64 tag = key >> KHO_MAP_LEAF_BITS;

	if (!c->leaf || c->tag != tag) {
		c->leaf = kho_map_leaf(root, key);
		c->tag = tag;
	}
	return c->leaf;
}

bool kho_map_any(u64 *root, struct kho_map_cursor *c, u64 first, u64 nr);

/**
 * struct kho_word - blocks of one order that are in the same word of a leaf
 * @key:	key of bit 0
 * @mask:	the blocks; 0: none yet
 * @order:	their order
 */
struct kho_word {
	u64 key;
	u64 mask;
	unsigned int order;
};

/* Returns false if this block is in another word, or was added already. */
static inline bool kho_word_add(struct kho_word *w, unsigned long pfn, unsigned int order)
{
	u64 key = kho_map_key(pfn, order);
	u64 bit = 1ULL << (key % 64);

	if (!w->mask) {
		w->key = key & ~63ULL;
		w->order = order;
	} else if ((key ^ w->key) >> 6 || w->order != order || w->mask & bit) {
		return false;
	}
	w->mask |= bit;
	return true;
}

static inline struct kho_word kho_word_of(unsigned long pfn, unsigned int order)
{
	struct kho_word w = {};

	kho_word_add(&w, pfn, order);
	return w;
}

/* First page of the block of a bit; without the marker of the key. */
static inline unsigned long kho_word_pfn(const struct kho_word *w, unsigned int bit)
{
	u64 marker = 1ULL << (64 - PAGE_SHIFT - w->order);

	return ((w->key | bit) & (marker - 1)) << w->order;
}

/* What a walk does with an entry of a table. */
enum kho_map_verdict {
	KHO_MAP_FOLLOW,
	KHO_MAP_SKIP,	/* not followed */
	KHO_MAP_CUT,	/* not followed, and taken out of the table */
};

/**
 * struct kho_map_walk - a walk over every key of a tree, in ascending order
 * @map:	makes a node readable (and, for KHO_MAP_CUT, writable); NULL: as
 *		kho_node_virt().  Returns NULL when it cannot.
 * @unmap:	undoes @map; may be NULL
 * @node:	called for every node before it is mapped, parents before their
 *		children; non-zero ends the walk.  May be NULL.
 * @subtree:	called for every present table entry with the first and last
 *		key below it, before @node; says whether to follow.  May be NULL.
 * @leaf:	called for every leaf with its first key, before @run for it; a
 *		positive value spares @run, a negative one ends the walk.  May be
 *		NULL.
 * @run:	called for every run of adjacent keys of one leaf and one order;
 *		non-zero ends the walk.  May be NULL.
 *
 * The walk visits a node once for every path to it.  Callers that read a
 * foreign tree bound that with @subtree and @node.
 */
struct kho_map_walk {
	u64 *(*map)(struct kho_map_walk *w, u64 phys);
	void (*unmap)(struct kho_map_walk *w, u64 *node);
	int (*node)(struct kho_map_walk *w, u64 phys);
	enum kho_map_verdict (*subtree)(struct kho_map_walk *w, u64 first, u64 last);
	int (*leaf)(struct kho_map_walk *w, u64 first, const u64 *leaf);
	int (*run)(struct kho_map_walk *w, u64 key, unsigned long nr);
};

int kho_map_walk(struct kho_map_walk *w, u64 root_phys);

#endif /* _KHO_MAP_H */
