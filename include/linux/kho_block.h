/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kexec HandOver: a growing array of entries that travels, page by page
 *
 * Callers lock.  For built-in code.
 */
#ifndef _LINUX_KHO_BLOCK_H
#define _LINUX_KHO_BLOCK_H

#include <linux/kho/abi/block.h>
#include <linux/list.h>
#include <linux/types.h>

/**
 * struct kho_block_set - a chain of blocks
 * @blocks:	the blocks in order
 * @nr:		how many
 * @entry_size:	bytes of an entry
 * @incoming:	restored from the previous kernel: can only be read
 */
struct kho_block_set {
	struct list_head blocks;
	unsigned long nr;
	size_t entry_size;
	bool incoming;
};

#define KHO_BLOCK_SET_INIT(_name, _entry_size) {		\
	.blocks = LIST_HEAD_INIT((_name).blocks),		\
	.entry_size = (_entry_size),				\
}

struct kho_block;

/**
 * struct kho_block_set_it - a place in a chain
 * @bs:		the chain
 * @block:	block of the next entry; NULL: behind the last block
 * @index:	number of the next entry in it
 */
struct kho_block_set_it {
	struct kho_block_set *bs;
	struct kho_block *block;
	unsigned long index;
};

void kho_block_set_init(struct kho_block_set *bs, size_t entry_size);
int kho_block_set_grow(struct kho_block_set *bs, unsigned long count);
void kho_block_set_shrink(struct kho_block_set *bs, unsigned long count);
void kho_block_set_trim(struct kho_block_set *bs);
int kho_block_set_restore(struct kho_block_set *bs, u64 head_pa);
void kho_block_set_destroy(struct kho_block_set *bs);
void kho_block_set_clear(struct kho_block_set *bs);
u64 kho_block_set_head_pa(struct kho_block_set *bs);
bool kho_block_set_is_empty(struct kho_block_set *bs);

void kho_block_set_it_init(struct kho_block_set_it *it, struct kho_block_set *bs);
void *kho_block_set_it_reserve_entry(struct kho_block_set_it *it);
void *kho_block_set_it_read_entry(struct kho_block_set_it *it);
void *kho_block_set_it_prev(struct kho_block_set_it *it);

#endif /* _LINUX_KHO_BLOCK_H */
