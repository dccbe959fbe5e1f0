// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: chains of blocks
 */

/**
 * DOC: Blocks
 *
 * An own chain is grown while there is still time to fail, and filled later
 * without any allocation.  Blocks get linked as entries are put in them: an
 * empty one is never part of what the next kernel sees.
 *
 * The blocks of an incoming chain are claimed one by one as they are found, so
 * no chain, however damaged, leads anywhere but to preserved pages, or twice to
 * the same.
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho_block.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "wire.h"

struct kho_block {
	struct list_head list;
	struct kho_block_header_ser *ser;
};

static unsigned long capacity(const struct kho_block_set *bs)
{
	return KHO_BLOCK_CAPACITY(bs->entry_size);
}

static void *entry(const struct kho_block_set *bs, struct kho_block *block, unsigned long i)
{
	return (void *)(block->ser + 1) + i * bs->entry_size;
}

/**
 * kho_block_set_init - an empty chain
 * @bs:		the chain
 * @entry_size:	bytes of an entry
 */
void kho_block_set_init(struct kho_block_set *bs, size_t entry_size)
{
	INIT_LIST_HEAD(&bs->blocks);
	bs->nr = 0;
	bs->entry_size = entry_size;
	bs->incoming = false;
}

static int add_block(struct kho_block_set *bs, struct kho_block_header_ser *ser)
{
	struct kho_block *block = kmalloc(sizeof(*block), GFP_KERNEL);

	if (!block)
		return -ENOMEM;
	block->ser = ser;
	list_add_tail(&block->list, &bs->blocks);
	bs->nr++;
	return 0;
}

static void free_ser(const struct kho_block_set *bs, struct kho_block_header_ser *ser)
{
	if (bs->incoming)
		free_page((unsigned long)ser);
	else
		kho_unpreserve_free(ser);
}

static void drop_last(struct kho_block_set *bs)
{
	struct kho_block *block = list_last_entry(&bs->blocks, struct kho_block, list);

	list_del(&block->list);
	bs->nr--;
	free_ser(bs, block->ser);
	kfree(block);
}

static void drop_to(struct kho_block_set *bs, unsigned long nr)
{
	while (bs->nr > nr)
		drop_last(bs);
}

/**
 * kho_block_set_grow - make room
 * @bs:		a chain of our own
 * @count:	number of entries there has to be room for
 *
 * Context: may sleep.
 * Returns: 0; -ENOSPC if receivers would not accept so long a chain; -EINVAL
 * for an incoming chain; -ENOMEM.  On error nothing has changed.
 */
int kho_block_set_grow(struct kho_block_set *bs, unsigned long count)
{
	unsigned long before = bs->nr;
	unsigned long nr = DIV_ROUND_UP(count, capacity(bs));

	if (bs->incoming)
		return -EINVAL;
	if (nr > KHO_BLOCK_MAX)
		return -ENOSPC;
	while (bs->nr < nr) {
		struct kho_block_header_ser *ser = kho_alloc_preserve(PAGE_SIZE);
		int err = PTR_ERR_OR_ZERO(ser);

		if (!err) {
			err = add_block(bs, ser);
			if (err)
				kho_unpreserve_free(ser);
		}
		if (err) {
			drop_to(bs, before);
			return err;
		}
	}
	return 0;
}

/**
 * kho_block_set_shrink - give back room
 * @bs:		the chain
 * @count:	number of entries there still has to be room for
 */
void kho_block_set_shrink(struct kho_block_set *bs, unsigned long count)
{
	drop_to(bs, DIV_ROUND_UP(count, capacity(bs)));
}

/**
 * kho_block_set_trim - give back the room that no entry took
 * @bs:		the chain
 *
 * What is not in the chain, no receiver would ever find and free.
 */
void kho_block_set_trim(struct kho_block_set *bs)
{
	while (bs->nr && !list_last_entry(&bs->blocks, struct kho_block, list)->ser->count)
		drop_last(bs);
}

/**
 * kho_block_set_restore - take over a chain of the previous kernel
 * @bs:		an empty chain, becomes an incoming one
 * @head_pa:	address of the first block; 0: no blocks
 *
 * Context: may sleep.
 * Returns: 0; -EINVAL for a damaged chain, -ENOMEM.  On error @bs is empty
 * again, and the blocks that were found are freed.
 */
int kho_block_set_restore(struct kho_block_set *bs, u64 head_pa)
{
	u64 pa = head_pa;
	int err = 0;

	bs->incoming = true;
	while (pa && !err) {
		struct folio *folio = bs->nr < KHO_BLOCK_MAX ? kho_restore_folio(pa) : NULL;
		struct kho_block_header_ser *ser;

		if (!folio) {
			err = -EINVAL;
			break;
		}
		ser = folio_address(folio);
		err = folio_test_large(folio) ? -EINVAL :
		      luo_wire_check_block(ser, bs->entry_size) ?: add_block(bs, ser);
		if (err)
			folio_put(folio);
		else
			pa = ser->next;
	}
	if (err)
		kho_block_set_destroy(bs);
	return err;
}

/**
 * kho_block_set_destroy - free all blocks
 * @bs:		the chain; empty afterwards, and fit to be grown
 */
void kho_block_set_destroy(struct kho_block_set *bs)
{
	drop_to(bs, 0);
	bs->incoming = false;
}

/**
 * kho_block_set_clear - forget all entries, keep the room
 * @bs:		a chain of our own
 */
void kho_block_set_clear(struct kho_block_set *bs)
{
	struct kho_block *block;

	list_for_each_entry(block, &bs->blocks, list)
		memset(block->ser, 0, PAGE_SIZE);
}

/**
 * kho_block_set_is_empty - is there no entry?
 * @bs:		the chain
 *
 * Returns: true if there is none; there may be room for some.
 */
bool kho_block_set_is_empty(struct kho_block_set *bs)
{
	struct kho_block *first = list_first_entry_or_null(&bs->blocks, struct kho_block, list);

	return !first || !first->ser->count;
}

/**
 * kho_block_set_head_pa - what leads the next kernel to the chain
 * @bs:		the chain
 *
 * Returns: address of the first block, 0 if there are no entries.
 */
u64 kho_block_set_head_pa(struct kho_block_set *bs)
{
	if (kho_block_set_is_empty(bs))
		return 0;
	return virt_to_phys(list_first_entry(&bs->blocks, struct kho_block, list)->ser);
}

static struct kho_block *next_block(struct kho_block_set *bs, struct kho_block *block)
{
	return list_is_last(&block->list, &bs->blocks) ? NULL : list_next_entry(block, list);
}

/**
 * kho_block_set_it_init - start at the first entry
 * @it:		the iterator
 * @bs:		the chain
 */
void kho_block_set_it_init(struct kho_block_set_it *it, struct kho_block_set *bs)
{
	it->bs = bs;
	it->block = list_first_entry_or_null(&bs->blocks, struct kho_block, list);
	it->index = 0;
}

/**
 * kho_block_set_it_reserve_entry - the next entry, to be written
 * @it:		an iterator over a chain of our own
 *
 * Returns: a zeroed entry, which counts from now on; NULL if the chain is full.
 */
void *kho_block_set_it_reserve_entry(struct kho_block_set_it *it)
{
	struct kho_block *block = it->block, *next;

	if (block && it->index == capacity(it->bs)) {
		next = next_block(it->bs, block);
		if (next)
			block->ser->next = virt_to_phys(next->ser);
		it->block = next;
		it->index = 0;
		block = next;
	}
	if (!block)
		return NULL;
	block->ser->count = it->index + 1;
	return entry(it->bs, block, it->index++);
}

/**
 * kho_block_set_it_read_entry - the next entry that is there
 * @it:		the iterator
 *
 * Returns: the entry, NULL behind the last one.
 */
void *kho_block_set_it_read_entry(struct kho_block_set_it *it)
{
	while (it->block && it->index >= it->block->ser->count) {
		struct kho_block *next = next_block(it->bs, it->block);

		if (!next)
			return NULL;
		it->block = next;
		it->index = 0;
	}
	return it->block ? entry(it->bs, it->block, it->index++) : NULL;
}

/**
 * kho_block_set_it_prev - one entry back
 * @it:		the iterator
 *
 * Returns: the entry that was read or reserved last, which is the next one
 * again; NULL if there is none before.
 */
void *kho_block_set_it_prev(struct kho_block_set_it *it)
{
	struct kho_block_set *bs = it->bs;

	while (it->block && !it->index) {
		if (list_is_first(&it->block->list, &bs->blocks))
			return NULL;
		it->block = list_prev_entry(it->block, list);
		it->index = it->block->ser->count;
	}
	return it->block ? entry(bs, it->block, --it->index) : NULL;
}
