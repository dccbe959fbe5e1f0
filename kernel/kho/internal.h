/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rooms of kernel/kho share.
 */
#ifndef _KHO_INTERNAL_H
#define _KHO_INTERNAL_H

#include <linux/atomic.h>
#include <linux/kexec_handover.h>
#include <linux/kho_radix_tree.h>
#include <linux/mm_types.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include <asm/kexec_handover.h>

#include "map.h"

struct kho_subtree;
struct kimage;

/* Alignment of scratch areas: no free block of the page allocator crosses one. */
#define KHO_SCRATCH_ALIGN	((u64)PAGE_SIZE * MAX_ORDER_NR_PAGES)
/* The root FDT cannot move or grow once an image is loaded. */
#define KHO_FDT_SIZE		(64UL << 10)
#ifndef ARCH_KHO_LOW_WINDOW
#define ARCH_KHO_LOW_WINDOW	0	/* below it nothing is ever preserved */
#endif
#ifndef ARCH_KHO_LARGEST_GAP
#define ARCH_KHO_LARGEST_GAP 0	/* only one gap can be used before the linear map is there */
#endif
/* What any kernel needs to boot, besides its memmap, and more for every CPU. */
#define KHO_BOOT_MEMORY		SZ_32M
#define KHO_CPU_MEMORY		SZ_512K
/* What receivers can map early. */
#define KHO_FDT_MAX_SIZE	(256UL << 10)

/* What a kernel needs before it can use memory as it likes. */
static inline u64 kho_boot_bytes(u64 pages, unsigned int cpus)
{
	u64 ram = pages << PAGE_SHIFT;

	return pages * sizeof(struct page) + KHO_BOOT_MEMORY +
	       (u64)cpus * KHO_CPU_MEMORY + ram / 512 +
	       (IS_ENABLED(CONFIG_KASAN_GENERIC) ? ram / 8 : 0);
}

#ifndef arch_kho_has_tags
/* Can memory of this machine have tags, and which page of a range has them first? */
static inline bool arch_kho_has_tags(void)
{
	return false;
}

static inline unsigned long arch_kho_find_tags(unsigned long pfn, unsigned long end)
{
	return end;
}
#endif

/* kernel/kexec_handover.c */
extern bool kho_enable;		/* final after fs_initcall */
extern bool kho_off;		/* kho=off was said */

/**
 * struct kho_incoming - what the previous kernel handed over
 * @fdt:	our copy of its root FDT; NULL: no handover, or none that is valid
 * @root:	root node of its map; a key is in it until the block is claimed
 * @orders:	orders that occur
 * @open:	claims are possible
 * @pages:	preserved pages nobody has claimed yet
 * @pins:	these, and those that were lent; with the last one @root is freed
 * @dropped:	pages that were preserved and could not be kept
 * @forwarded:	what nobody claimed goes over with the kexec that is under way
 */
struct kho_incoming {
	void *fdt;
	u64 *root;
	u64 orders;
	bool open;
	atomic_long_t pages;
	atomic_long_t pins;
	unsigned long dropped;
	bool forwarded;
};

extern struct kho_incoming kho_in;

/* incoming.c */
void kho_in_settle(void);
bool kho_in_pin(void);
void kho_in_unpin(void);
int kho_in_find(const char *name, struct kho_subtree *st);
void kho_in_forget(const char *name);
bool kho_in_covers(unsigned long pfn, unsigned long nr_pages);
int kho_in_order(unsigned long pfn);
bool kho_in_take(unsigned long pfn, unsigned int order);
bool kho_in_lend(unsigned long pfn, unsigned int order);
bool kho_in_borrow(unsigned long pfn, unsigned int order);
bool kho_in_lent(unsigned long pfn, unsigned int order);
void kho_in_return(unsigned long pfn, unsigned int order);
struct page *kho_in_claim_pages(unsigned long pfn, unsigned long nr_pages);
struct folio *kho_in_claim_folio(unsigned long pfn);
u64 kho_in_claim_word(const struct kho_word *w);
void kho_in_discard_pages(unsigned long pfn, unsigned long nr_pages);

/* forward.c */
bool kho_passes_sessions(void);
int kho_forward_unclaimed(void);
int kho_forward_walk(struct kho_map_walk *w);

/* image.c */
int kho_kexec_check(const struct kimage *image);
int kho_kexec_would(void);
int kho_walk_early_ram(int (*fn)(unsigned long pfn, unsigned long nr_pages, void *arg),
		       void *arg);

/* early.c */
void kho_early_release(unsigned long pfn, unsigned long nr_pages);

/* scratch.c */
extern struct kho_scratch *kho_scratch;
extern unsigned int kho_scratch_nr;

bool kho_scratch_reserve(void);
bool kho_scratch_inherit(const struct kho_scratch *areas, unsigned int nr);
u64 kho_scratch_bytes(void);
u64 kho_scratch_free_bytes(void);
void kho_scratch_release(void);

/* preserve.c */
extern struct kho_radix_tree kho_out_map;

int kho_out_init(void);
int kho_out_walk(struct kho_map_walk *w);
int kho_out_merge(u64 *other);
int kho_out_add(unsigned long pfn, unsigned int order);
int kho_out_order(unsigned long pfn);
bool kho_out_del(unsigned long pfn, unsigned int order);
unsigned long kho_out_pages(void);
bool kho_any_poison(void);
unsigned long kho_find_poison(unsigned long pfn, unsigned long end);
bool kho_all_early(unsigned long pfn, unsigned long nr_pages);
struct page *kho_alloc_pages(unsigned int order);
#ifdef CONFIG_KEXEC_HANDOVER_DEBUG
void kho_out_check(void);
#else
static inline void kho_out_check(void) { }
#endif
void *kho_out_fdt(void);
bool kho_out_has_state(void);

/* metadata.c */
int kho_metadata_publish(void);
const char *kho_previous_release(void);
u32 kho_kexec_count(void);
bool kho_metadata_owns(const char *name);

/* reserve_mem.c */
int kho_reserve_mem_discard(const char *name);
ssize_t kho_reserve_mem_show(char *buf);

/* image.c */
extern bool kho_allow_loss;

/* debugfs.c */
#ifdef CONFIG_KEXEC_HANDOVER_DEBUGFS
void kho_debugfs_add(const char *name, const void *blob, size_t size);
void kho_debugfs_del(const char *name);
#else
static inline void kho_debugfs_add(const char *name, const void *blob, size_t size) { }
static inline void kho_debugfs_del(const char *name) { }
#endif

#endif /* _KHO_INTERNAL_H */
