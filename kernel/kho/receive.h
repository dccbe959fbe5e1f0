/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading the map of another kernel: what may be followed, what may be kept.
 *
 * Format code: no locks, no mm.
 */
#ifndef _KHO_RECEIVE_H
#define _KHO_RECEIVE_H

#include "map.h"
#include "table.h"
#include "windows.h"

/**
 * struct kho_receive - a map that is being read
 * @scratch:	the scratch areas: nothing of the map or in it may lie there
 * @ram_end:	no RAM at or above
 * @is_ram:	is all of [start, end) RAM?
 * @bad_node:	told about the node for which the map is given up
 * @lost:	told about every block that cannot be kept, and why; an end of 0
 *		stands for everything above start
 * @orders:	orders of the blocks that are kept
 * @pages:	pages that are kept
 * @dropped:	pages that are not, as far as they were counted
 */
struct kho_receive {
	const struct kho_windows *scratch;
	u64 ram_end;
	bool (*is_ram)(u64 start, u64 end);
	void (*bad_node)(u64 phys);
	void (*lost)(u64 start, u64 end, const char *why);

	u64 orders;
	unsigned long pages;
	unsigned long dropped;
};

/* Makes a node readable before there is a linear map. */
struct kho_node_access {
	u64 *(*map)(u64 phys);
	void (*unmap)(u64 *node);
};

int kho_receive_scan(struct kho_receive *r, const struct kho_node_access *access,
		     u64 root, struct kho_coarse *coarse);
int kho_receive_admit(struct kho_receive *r, u64 root, struct kho_table *table,
		      struct kho_table *nodes);

#endif /* _KHO_RECEIVE_H */
