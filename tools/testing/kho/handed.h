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

/* test_luo.c: forgets a chain, as a jump does; the pages stay. */
struct kho_block_set;
void forget_chain(struct kho_block_set *bs);

/* Subtrees for the next kernel: the one of a name, or NULL; how many. */
void *handed_subtree(const char *name, size_t *size);
unsigned int handed_subtrees(void);
/* The next kho_add_subtree() fails with this. */
extern int handed_subtree_err;

/* Lines of the log so far. */
extern unsigned int handed_lines;
/* All checksums are 0: for fuzzers, which would hardly ever find a right one. */
extern bool handed_no_checksums;

#define GFP_KERNEL	0
#define PTR_ERR(ptr)	((long)(ptr))
#define IS_ERR(ptr)	((unsigned long)(ptr) >= -4095UL)
#define PTR_ERR_OR_ZERO(ptr)	(IS_ERR(ptr) ? PTR_ERR(ptr) : 0)
#define ERR_PTR(err)	((void *)(long)(err))
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
int kho_add_subtree(const char *name, void *blob, size_t size);
void kho_remove_subtree(void *blob);
u32 crc32_le(u32 crc, const void *data, size_t len);
void __printf(1, 2) handed_log(const char *format, ...);

#define pr_warn(...)	handed_log(__VA_ARGS__)
#define pr_err(...)	handed_log(__VA_ARGS__)

#endif /* _KHO_HANDED_H */
