/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kexec HandOver: what the rest of the kernel calls on KHO's behalf
 *
 * Each of these is one line in an existing function, and nothing without
 * CONFIG_KEXEC_HANDOVER.  Drivers want <linux/kexec_handover.h>.
 */
#ifndef _LINUX_KHO_HOOKS_H
#define _LINUX_KHO_HOOKS_H

#include <linux/init.h>
#include <linux/memblock.h>
#include <linux/mmzone.h>
#include <linux/types.h>

struct kexec_buf;
struct kimage;
struct resource;

/* memblock's own search of a part of one window */
typedef phys_addr_t (*kho_memblock_find_t)(phys_addr_t start, phys_addr_t end,
					   phys_addr_t size, phys_addr_t align,
					   int nid, enum memblock_flags flags);

/**
 * struct kho_target - what the image to be loaded can do
 * @known:	the image could be looked into
 * @receives:	it knows how a handover is passed to it
 * @ours:	it carries our record: it needs scratch for image and initrd only
 * @wire:	its wire format; valid if @ours
 * @page_shift:	its page size; valid if @ours
 * @image_size:	bytes it needs in memory; 0: not known
 * @why:	why it cannot receive, for a reason that only the architecture knows
 */
struct kho_target {
	bool known;
	bool receives;
	bool ours;
	char wire[16];
	u32 page_shift;
	u64 image_size;
	const char *why;
};

#ifdef CONFIG_KEXEC_HANDOVER

/* A handover arrived and memblock has not been handed to the page allocator. */
extern bool kho_confined;

/* Sender, at a cold boot */
void kho_boot_scratch(void);

/* Receiver, in the order of the calls */
void kho_boot_windows(void);
void kho_boot_table(void);

/* mm/memblock.c */
phys_addr_t kho_find_in_windows(phys_addr_t start, phys_addr_t end,
				phys_addr_t size, phys_addr_t align, int nid,
				enum memblock_flags flags, bool top_down,
				kho_memblock_find_t find);
void kho_spare_scratch(bool spare);
void kho_withhold(unsigned long pfn, unsigned long nr_pages,
		  void (*release)(unsigned long pfn, unsigned long end));
bool kho_skip_memtest(void);
unsigned long kho_unclaimed_pages(void);
bool kho_reserve_mem_revive(const char *name, phys_addr_t size,
			    phys_addr_t align, phys_addr_t *start);
void kho_reserve_mem_release(const char *name, phys_addr_t start, phys_addr_t size);

/* mm/mm_init.c */
unsigned long kho_withhold_deferred(unsigned long pfn, unsigned long nr_pages);

/* kernel/kexec_file.c, kernel/kexec_core.c */
int kho_kexec_prepare(struct kimage *image);
bool kho_kexec_confined(const struct kimage *image);
int kho_kexec_locate(struct kexec_buf *kbuf, int (*func)(struct resource *, void *));
int kho_kexec_commit(const struct kimage *image);
int kho_kexec_by_hand(void);

#else

#define kho_confined	false

static inline void kho_boot_scratch(void) { }
static inline void kho_boot_windows(void) { }
static inline void kho_boot_table(void) { }

static inline phys_addr_t kho_find_in_windows(phys_addr_t start, phys_addr_t end,
					      phys_addr_t size, phys_addr_t align,
					      int nid, enum memblock_flags flags,
					      bool top_down, kho_memblock_find_t find)
{
	return 0;
}

static inline void kho_spare_scratch(bool spare) { }

static inline void kho_withhold(unsigned long pfn, unsigned long nr_pages,
				void (*release)(unsigned long pfn, unsigned long end))
{
	release(pfn, pfn + nr_pages);
}

static inline bool kho_skip_memtest(void)
{
	return false;
}

static inline unsigned long kho_unclaimed_pages(void)
{
	return 0;
}

static inline bool kho_reserve_mem_revive(const char *name, phys_addr_t size,
					  phys_addr_t align, phys_addr_t *start)
{
	return false;
}

static inline void kho_reserve_mem_release(const char *name, phys_addr_t start,
					   phys_addr_t size) { }

static inline unsigned long kho_withhold_deferred(unsigned long pfn, unsigned long nr_pages)
{
	return 0;
}

static inline int kho_kexec_prepare(struct kimage *image)
{
	return 0;
}

static inline bool kho_kexec_confined(const struct kimage *image)
{
	return false;
}

static inline int kho_kexec_locate(struct kexec_buf *kbuf,
				   int (*func)(struct resource *, void *))
{
	return 0;
}

static inline int kho_kexec_commit(const struct kimage *image)
{
	return 0;
}

static inline int kho_kexec_by_hand(void)
{
	return 0;
}

#endif /* CONFIG_KEXEC_HANDOVER */

#endif /* _LINUX_KHO_HOOKS_H */
