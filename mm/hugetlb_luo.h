/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update of a hugetlb memfd: what the rooms share.
 *
 *	hugetlb_luo.c		the handler: which files, and what is done when
 *	hugetlb_luo_save.c	the sender's huge pages
 *	hugetlb_luo_load.c	the receiver's file
 *	hugetlb_luo_fill.c	its page cache, and what its pages are charged to
 *	hugetlb_luo_wire.c	the page that travels
 *
 * What they have in common with other memfds is in memfd_luo_*.c.
 */
#ifndef _MM_HUGETLB_LUO_H
#define _MM_HUGETLB_LUO_H

#include <linux/types.h>

#include "hugetlb_luo_wire.h"

struct file;
struct hstate;
struct inode;

/**
 * struct hugetlb_save - a file that is preserved
 * @inode:	the file
 * @h:		size of its huge pages
 * @ser:	the page for the next kernel
 * @entries:	the array for the next kernel
 * @nr_folios:	entries of huge pages that are there; all of these are pinned
 *		and preserved
 * @nr:		entries in use, those of reserved huge pages included
 * @room:	entries allocated
 * @array:	where the next kernel finds @entries; zero: not preserved
 */
struct hugetlb_save {
	struct inode *inode;
	struct hstate *h;
	void *ser;
	struct memfd_luo_folio_ser *entries;
	unsigned long nr_folios;
	unsigned long nr;
	unsigned long room;
	struct kho_vmalloc array;
};

int hugetlb_save_begin(struct hugetlb_save *s);
int hugetlb_save_freeze(struct hugetlb_save *s);
void hugetlb_save_end(struct hugetlb_save *s);

struct file *hugetlb_load_file(u64 phys, bool *retryable);
void hugetlb_discard(u64 phys);
u64 hugetlb_incoming_size(u64 phys);

#endif /* _MM_HUGETLB_LUO_H */
