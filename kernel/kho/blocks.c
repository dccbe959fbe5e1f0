// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: sets of blocks
 */

/**
 * DOC: Overlaps
 *
 * Blocks of one order cannot overlap, and whether blocks of another one are in
 * the way shows in a few words of that order's leaves: for 64 blocks at once,
 * if there is nothing near.  Only if there is, the runs of blocks are looked at
 * one by one.
 *
 * A word is prepared, which can fail, and then inserted, which cannot.  Whoever
 * prepares all words before the first one is inserted adds all or none.
 */
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "blocks.h"

/* Prune when that many blocks were removed: amortised it costs nothing. */
#define PRUNE_AFTER	(8 * KHO_MAP_LEAF_KEYS)

/* Where the word is; NULL: nowhere, and its blocks are not in the set. */
static u64 *find_word(struct kho_blocks *b, const struct kho_word *w)
{
	u64 *leaf;

	if (!b->root)
		return NULL;
	leaf = kho_map_leaf_at(b->root, &b->at[w->order], w->key);
	return leaf ? &leaf[kho_map_bit(w->key) / 64] : NULL;
}

/**
 * kho_blocks_present - which of these blocks are in the set?
 * @b:	the set
 * @w:	the blocks
 *
 * Returns: their bits.
 */
u64 kho_blocks_present(struct kho_blocks *b, const struct kho_word *w)
{
	u64 *word = find_word(b, w);

	return word ? *word & w->mask : 0;
}

/* Is any block of another order in [pfn, end)? */
static bool taken(struct kho_blocks *b, unsigned int order, unsigned long pfn, unsigned long end)
{
	u64 others = b->orders & ~BIT_ULL(order);

	for (; others; others &= others - 1) {
		unsigned int other = __ffs64(others);
		unsigned long first = pfn >> other;
		unsigned long last = (end - 1) >> other;

		if (kho_map_any(b->root, &b->at[other], kho_map_key(first << other, other),
				last - first + 1))
			return true;
	}
	return false;
}

/* From the first block of a mask to the last. */
static bool span_taken(struct kho_blocks *b, const struct kho_word *w, u64 mask)
{
	unsigned long pfn = kho_word_pfn(w, __ffs64(mask));
	unsigned long end = kho_word_pfn(w, fls64(mask) - 1) + (1UL << w->order);

	return taken(b, w->order, pfn, end);
}

static bool overlapped(struct kho_blocks *b, const struct kho_word *w, u64 mask)
{
	if (!span_taken(b, w, mask))
		return false;
	while (mask) {
		u64 rest = mask & (mask + (mask & -mask));	/* without the first run */

		if (span_taken(b, w, mask ^ rest))
			return true;
		mask = rest;
	}
	return false;
}

/**
 * kho_blocks_prepare - make room for blocks
 * @b:	the set
 * @w:	the blocks, some of which may be there
 *
 * Room that is not used does no harm, and is taken away some time.
 *
 * Returns: 0; -EEXIST if one of them overlaps with a block of another order;
 * -ENOMEM.
 */
int kho_blocks_prepare(struct kho_blocks *b, const struct kho_word *w)
{
	struct kho_map_cursor *at = &b->at[w->order];
	u64 fresh = w->mask & ~kho_blocks_present(b, w);
	int err;

	if (!fresh)
		return 0;
	if (overlapped(b, w, fresh))
		return -EEXIST;
	if (kho_map_leaf_at(b->root, at, w->key))
		return 0;
	err = kho_map_make_leaf(b->root, w->key, &at->leaf);
	at->tag = w->key >> KHO_MAP_LEAF_BITS;
	return err;
}

static void count(struct kho_blocks *b, unsigned int order, long nr)
{
	b->nr[order] += nr;
	if (b->nr[order])
		b->orders |= BIT_ULL(order);
	else
		b->orders &= ~BIT_ULL(order);
	/* Is read without the lock of the set. */
	WRITE_ONCE(b->pages, b->pages + nr * (1L << order));
}

/**
 * kho_blocks_insert - add blocks
 * @b:	the set
 * @w:	the blocks, for which there is room; those that are there stay
 */
void kho_blocks_insert(struct kho_blocks *b, const struct kho_word *w)
{
	u64 *word = find_word(b, w);
	u64 fresh = w->mask & ~*word;

	if (!fresh)
		return;
	*word |= fresh;
	count(b, w->order, hweight64(fresh));
}

/**
 * kho_blocks_remove - remove blocks
 * @b:	the set
 * @w:	the blocks
 *
 * Returns: the bits of those that were there.
 */
u64 kho_blocks_remove(struct kho_blocks *b, const struct kho_word *w)
{
	u64 *word = find_word(b, w);
	u64 gone = word ? *word & w->mask : 0;

	if (!gone)
		return 0;
	*word &= ~gone;
	count(b, w->order, -(long)hweight64(gone));
	b->removed += hweight64(gone);
	if (b->removed >= PRUNE_AFTER || !b->orders) {
		kho_map_prune(b->root);
		memset(b->at, 0, sizeof(b->at));
		b->removed = 0;
	}
	return gone;
}
