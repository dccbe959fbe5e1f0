/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages that are handed over, for code that preserves and claims them: what it
 * calls of the kernel.  Claims of anything else fail, as they do there.
 */
#ifndef _KHO_HANDED_H
#define _KHO_HANDED_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/kernel.h>
#include <linux/types.h>

#include <asm/page.h>

/* How many more allocations succeed; negative: all. */
extern long handed_allocs_left;

struct folio {
	u64 phys;
	void *page;		/* an allocation of its own */
	bool preserved;
	bool claimed;
	bool large;
};

/* A preserved page of the previous kernel, zeroed.  Not at 0. */
struct folio *handed_page(u64 phys);
/* The page that is there, or NULL. */
struct folio *handed_find(u64 phys);
/* The jump: what was preserved in this kernel arrives in the next one. */
void handed_jump(void);
/* Pages that are preserved; pages that were claimed and not freed. */
unsigned long handed_preserved(void);
unsigned long handed_claimed(void);
void handed_free_all(void);

#define GFP_KERNEL	0
#define PTR_ERR(ptr)	((long)(ptr))
#define IS_ERR(ptr)	((unsigned long)(ptr) >= -4095UL)
#define PTR_ERR_OR_ZERO(ptr)	(IS_ERR(ptr) ? PTR_ERR(ptr) : 0)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))

void *kmalloc(size_t size, int gfp);
void kfree(const void *mem);

void *kho_alloc_preserve(size_t size);
void kho_unpreserve_free(void *mem);
struct folio *kho_restore_folio(phys_addr_t phys);
void *folio_address(const struct folio *folio);
bool folio_test_large(const struct folio *folio);
void folio_put(struct folio *folio);
void free_page(unsigned long addr);
phys_addr_t virt_to_phys(const void *mem);

#endif /* _KHO_HANDED_H */
