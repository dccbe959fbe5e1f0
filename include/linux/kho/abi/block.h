/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kexec HandOver: chains of pages full of entries of one size.
 */
#ifndef _LINUX_KHO_ABI_BLOCK_H
#define _LINUX_KHO_ABI_BLOCK_H

#include <linux/build_bug.h>
#include <linux/types.h>

#include <asm/page.h>

/**
 * struct kho_block_header_ser - start of every page of a chain
 * @next:	address of the next page; 0: this is the last
 * @count:	number of entries in this page, never 0
 *
 * The entries follow back to back.  Each page is preserved by itself.
 */
struct kho_block_header_ser {
	u64 next;
	u64 count;
} __packed;

static_assert(sizeof(struct kho_block_header_ser) == 16);

/* A longer chain is taken for a damaged one. */
#define KHO_BLOCK_MAX			10000

/* Entries of @size bytes in a page of a chain. */
#define KHO_BLOCK_CAPACITY(size)	\
	((PAGE_SIZE - sizeof(struct kho_block_header_ser)) / (size))

#endif /* _LINUX_KHO_ABI_BLOCK_H */
