/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update of a hugetlb memfd: what the rooms share.
 *
 *	hugetlb_luo.c		which files, and what is reserved for them
 *	hugetlb_luo_load.c	the receiver's file
 *	hugetlb_luo_fill.c	its page cache, and what its pages are charged to
 *	hugetlb_luo_wire.c	the page that travels
 *
 * What they have in common with other memfds is in memfd_luo*.c.
 */
#ifndef _MM_HUGETLB_LUO_H
#define _MM_HUGETLB_LUO_H

#include <linux/types.h>

#include "hugetlb_luo_wire.h"
#include "memfd_luo.h"

struct hstate;
struct hugetlb_cgroup;
struct mem_cgroup;

#define HUGETLB_FILL_BATCH	32

/**
 * struct hugetlb_load - a file that is being made
 * @base:	what every kind of file has
 * @h:		size of its huge pages
 * @memcg:	who pays; NULL: nobody counts
 * @h_cg:	whose huge pages they are
 * @h_cg_rsvd:	whose reservation; has a reference
 * @nr_folios:	huge pages that are there
 * @prepared:	of these, prepared in the reserve map and not committed
 * @paid:	of these, charged to @memcg and not in the page cache
 * @charged:	of these, charged to @h_cg and not in the page cache
 * @charged_rsvd: of these, charged to @h_cg_rsvd and not in the page cache
 * @reserved:	there was an entry of a reserved one
 * @from:	index of the first reserved one that was not asked for yet
 * @to:		index after the last one
 * @denied:	reserved ones that the pool does not have
 * @folios:	claimed, but not in the page cache yet
 * @index:	where they belong
 */
struct hugetlb_load {
	struct memfd_load base;
	struct hstate *h;
	struct mem_cgroup *memcg;
	struct hugetlb_cgroup *h_cg;
	struct hugetlb_cgroup *h_cg_rsvd;
	unsigned long nr_folios;
	unsigned long prepared;
	unsigned long paid;
	unsigned long charged;
	unsigned long charged_rsvd;
	bool reserved;
	long from;
	long to;
	unsigned long denied;
	struct folio *folios[HUGETLB_FILL_BATCH];
	pgoff_t index[HUGETLB_FILL_BATCH];
};

int hugetlb_luo_load(struct memfd_load *base);

int hugetlb_make_places(struct hugetlb_load *l);
void hugetlb_drop_places(struct hugetlb_load *l);
int hugetlb_charge(struct hugetlb_load *l);
void hugetlb_settle_charge(struct hugetlb_load *l);
int hugetlb_fill_places(struct hugetlb_load *l);

#endif /* _MM_HUGETLB_LUO_H */
