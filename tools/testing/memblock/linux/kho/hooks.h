/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * No handover: what mm/memblock.c calls does nothing here.
 */
#ifndef _KHO_HOOKS_H
#define _KHO_HOOKS_H

#include <linux/types.h>

/* There is one thread. */
static inline void guard_mutex(int *lock) { }

#define DEFINE_MUTEX(_name)	int _name
#define guard(_class)		guard_##_class

#define kho_confined		false
#define kho_find_in_windows(...)	0
#define kho_reserve_mem_revive(...)	false
#define kho_reserve_mem_release(...)	do { } while (0)
#define free_reserved_area(_start, ...)	((void)(_start))

static inline void kho_spare_scratch(bool spare) { }

static inline unsigned long
kho_withhold(unsigned long pfn, unsigned long nr_pages,
	     void (*release)(unsigned long pfn, unsigned long end))
{
	release(pfn, pfn + nr_pages);
	return 0;
}

#endif
