/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exact table: which pages the page allocator must not get.
 *
 * One bit a page, but only where a section is partly preserved.  Format code:
 * no locks, no mm.  The user provides kho_table_alloc().
 */
#ifndef _KHO_TABLE_H
#define _KHO_TABLE_H

#include <linux/bits.h>
#include <linux/types.h>

#include <asm/page.h>

/* 128 MiB with 4 KiB pages: then the bitmap of a section is one page. */
#define KHO_SECTION_SHIFT	(PAGE_SHIFT + 3)
#define KHO_SECTION_PAGES	BIT(KHO_SECTION_SHIFT)
/* A directory page holds the sections of a group. */
#define KHO_GROUP_SHIFT		(PAGE_SHIFT - 3)
#define KHO_GROUP_SECTIONS	BIT(KHO_GROUP_SHIFT)

/**
 * struct kho_table - set of page frame numbers
 * @group:	directories, NULL where a group holds nothing
 * @nr_groups:	length of @group
 * @bitmaps:	bitmaps allocated, for the operator
 */
struct kho_table {
	unsigned long ***group;
	unsigned long nr_groups;
	unsigned long bitmaps;
};

/* Zeroed memory that is never preserved; NULL if there is none. */
void *kho_table_alloc(size_t size);

int kho_table_init(struct kho_table *t, unsigned long end_pfn);
bool kho_table_any(const struct kho_table *t, unsigned long pfn, unsigned long nr);
int kho_table_set(struct kho_table *t, unsigned long pfn, unsigned long nr);
int kho_table_clear(struct kho_table *t, unsigned long pfn, unsigned long nr);
long kho_table_merge(struct kho_table *t, unsigned long pfn, const u64 *bits);
unsigned long kho_table_next(const struct kho_table *t, unsigned long pfn,
			     unsigned long end, bool set);

/* A run of pages that are all members, or all not. */
typedef void (*kho_table_fn)(unsigned long pfn, unsigned long end, bool set, void *arg);
void kho_table_each(const struct kho_table *t, unsigned long pfn, unsigned long end,
		    kho_table_fn fn, void *arg);

void kho_table_each_bitmap(struct kho_table *t, void (*fn)(void *mem, size_t size));

#endif /* _KHO_TABLE_H */
