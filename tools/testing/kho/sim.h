/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Simulated physical memory: only pages that are used exist.
 */
#ifndef _KHO_SIM_H
#define _KHO_SIM_H

#include <linux/types.h>

/* Where kho_node_alloc() takes its next page from; it counts up. */
extern u64 sim_next_node;
/* How many more allocations succeed; negative: all. */
extern long sim_allocs_left;
/* Do pages appear when they are looked at?  If not, looking is a failure. */
extern bool sim_all_memory;
/* Pages that exist. */
extern unsigned long sim_pages;
/* How often an address was turned into a pointer. */
extern unsigned long sim_lookups;

/* The page at an address, a zeroed one if there was none. */
u64 *sim_page(u64 phys);
/* The same, but NULL if there is none. */
u64 *sim_peek(u64 phys);
void sim_drop(u64 phys);
void sim_drop_all(void);

#endif /* _KHO_SIM_H */
