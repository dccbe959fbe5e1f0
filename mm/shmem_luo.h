/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update of a memfd that is not hugetlb: what the rooms share.
 *
 *	shmem_luo.c		which files, what else they have, and their seals
 *	shmem_luo_extra.c	extended attributes, access control list and memory policy
 *	shmem_luo_load.c	the receiver's file
 *	shmem_luo_fill.c	its page cache
 *	memfd_luo_wire.c	the page that travels
 */
#ifndef _MM_SHMEM_LUO_H
#define _MM_SHMEM_LUO_H

#include <linux/bits.h>
#include <linux/gfp.h>
#include <linux/xarray.h>

#include "../kernel/kho/map.h"
#include "memfd_luo.h"

struct mem_cgroup;

#define SHMEM_FILL_BATCH	256

/* May fail; does not call the OOM killer. */
#define SHMEM_LUO_GFP		(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/**
 * struct shmem_save - a memfd that is preserved
 * @base:	what every kind of file has
 * @gfp:	how its folios were allocated before
 * @extras:	extended attributes and the like
 */
struct shmem_save {
	struct memfd_save base;
	gfp_t gfp;
	struct memfd_extras extras;
};

int shmem_extras_save(struct shmem_save *s);
void shmem_extras_forget(struct shmem_save *s);
int shmem_extras_restore(struct file *file, const void *blob, u32 len);
void shmem_acl_to_mode(struct inode *inode);

/**
 * struct shmem_load - a file that is being made
 * @base:	what every kind of file has
 * @extras:	what @base.meta.extras leads to, borrowed; NULL: nothing
 * @extras_order: order of the folio that it is in
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
struct shmem_load {
	struct memfd_load base;
	const void *extras;
	unsigned int extras_order;
	struct address_space *mapping;
	struct kho_map_cursor at[KHO_MAP_ORDERS];
	struct xa_state xas;
	bool ascending;
	pgoff_t last;
	struct mem_cgroup *memcg;
	u64 nr_pages;
	u64 charged;
	u64 end;
	struct folio *folios[SHMEM_FILL_BATCH];
	unsigned int nr;
};

int shmem_luo_load(struct memfd_load *base);
void shmem_luo_discard(const struct memfd_meta *m);

int shmem_make_places(struct shmem_load *l);
void shmem_drop_places(struct shmem_load *l);
int shmem_fill_places(struct shmem_load *l);

#endif /* _MM_SHMEM_LUO_H */
