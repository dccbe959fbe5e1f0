/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update of a memfd: what memfd_luo_load.c and memfd_luo_fill.c share.
 */
#ifndef _MM_MEMFD_LUO_FILL_H
#define _MM_MEMFD_LUO_FILL_H

#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/xarray.h>

#include "../kernel/kho/map.h"
#include "memfd_luo.h"

struct mem_cgroup;

#define MEMFD_FILL_BATCH	256

/* May fail; does not call the OOM killer. */
#define MEMFD_GFP		(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/**
 * struct memfd_load - a file that is being made
 * @meta:	what the previous kernel said about it
 * @array:	its folios
 * @extras:	what @meta.extras leads to, borrowed; NULL: nothing
 * @file:	the file
 * @mapping:	its page cache
 * @at:		where the map of what was preserved was looked at, by order
 * @xas:	where the last place was made
 * @ascending:	so are the indexes
 * @last:	where the last page belongs, as long as it has no place
 * @memcg:	who pays; NULL: nobody counts
 * @nr_pages:	pages of all folios
 * @charged:	of these charged to @memcg, but not in the page cache yet
 * @end:	index after the last folio
 * @folios:	claimed and in the page cache, but not on an LRU list yet
 * @nr:		how many
 */
struct memfd_load {
	struct memfd_meta meta;
	struct memfd_array array;
	const void *extras;
	struct file *file;
	struct address_space *mapping;
	struct kho_map_cursor at[KHO_MAP_ORDERS];
	struct xa_state xas;
	bool ascending;
	pgoff_t last;
	struct mem_cgroup *memcg;
	u64 nr_pages;
	u64 charged;
	u64 end;
	struct folio *folios[MEMFD_FILL_BATCH];
	unsigned int nr;
};

int memfd_make_places(struct memfd_load *l);
void memfd_drop_places(struct memfd_load *l);
int memfd_charge(struct memfd_load *l);
void memfd_settle_charge(struct memfd_load *l);
int memfd_fill_places(struct memfd_load *l);

#endif /* _MM_MEMFD_LUO_FILL_H */
