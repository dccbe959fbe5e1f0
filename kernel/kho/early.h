/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rooms of the booting receiver share: early.c finds out what is
 * preserved, confine.c keeps memblock off it, handoff.c the page allocator.
 */
#ifndef _KHO_EARLY_H
#define _KHO_EARLY_H

#include <linux/memblock.h>

#include "table.h"
#include "windows.h"

/* Where memblock may allocate: gaps first, scratch last. */
extern struct kho_windows kho_gap_windows __initdata_memblock;
extern struct kho_windows kho_scratch_windows __initdata_memblock;
/* What was reserved when gaps began to be used. */
extern phys_addr_t kho_reserved_before __initdata_memblock;

/* Pages that must not become free: blocks, and nodes of the map. */
extern struct kho_table kho_withheld;
/* Those of them that are nodes. */
extern struct kho_table kho_map_nodes;

/* The areas that came with the handover. */
const struct kho_scratch *kho_early_areas(unsigned int *nr);

void kho_drop_block(u64 start, u64 end, const char *why);
void kho_abandon(const char *why);
void kho_check_subtrees(void);

#endif /* _KHO_EARLY_H */
