/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update of a memfd: what the rooms share.
 *
 *	memfd_luo.c		the handler: which files, and what is done when
 *	memfd_luo_save.c	the sender's folios
 *	memfd_luo_load.c	the receiver's file
 *	memfd_luo_fill.c	its page cache
 *	memfd_luo_extra.c	extended attributes and memory policy
 *	memfd_luo_wire.c	the page that leads to them
 *
 * and with hugetlb_luo.h
 *
 *	memfd_luo_array.c	the receiver's view of the array of folios
 *	memfd_luo_props.c	what every open file has
 */
#ifndef _MM_MEMFD_LUO_H
#define _MM_MEMFD_LUO_H

#include <linux/types.h>

#include "memfd_luo_wire.h"

struct file;
struct inode;

/**
 * struct memfd_save - a memfd that is preserved
 * @inode:		the file
 * @gfp:		how its folios were allocated before
 * @ser:		the page for the next kernel
 * @folios:		the array for the next kernel; all of these are pinned
 *			and preserved
 * @nr:			entries in use
 * @room:		entries allocated
 * @array:		where the next kernel finds @folios; zero: not preserved
 * @nr_pages:		pages of all folios
 * @nr_unwritten:	entries of folios that are not uptodate
 * @extras:		extended attributes and the like
 */
struct memfd_save {
	struct inode *inode;
	gfp_t gfp;
	void *ser;
	struct memfd_luo_folio_ser *folios;
	unsigned long nr;
	unsigned long room;
	struct kho_vmalloc array;
	u64 nr_pages;
	unsigned long nr_unwritten;
	struct memfd_extras extras;
};

int memfd_save_begin(struct memfd_save *s);
int memfd_save_freeze(struct memfd_save *s);
void memfd_save_end(struct memfd_save *s);

/**
 * struct memfd_array - the array of folios of the previous kernel, borrowed
 * @desc:	where it is
 * @nr:		entries
 * @steps:	pages and blocks of it that are borrowed
 */
struct memfd_array {
	struct kho_vmalloc desc;
	u64 nr;
	u64 steps;
};

typedef int (*memfd_run_fn)(const struct memfd_luo_folio_ser *run, unsigned long n, void *arg);

int memfd_array_borrow(struct memfd_array *a, const struct memfd_meta *m);
int memfd_array_each(struct memfd_array *a, memfd_run_fn fn, void *arg);
void memfd_array_return(struct memfd_array *a);
void memfd_array_free(struct memfd_array *a);
void memfd_array_discard(struct memfd_array *a);
u64 memfd_array_pages(struct memfd_array *a);
void *memfd_page_borrow(u64 phys);
void memfd_page_return(u64 phys);
void memfd_page_free(u64 phys);

void memfd_sample(struct file *file, struct memfd_meta *m);
struct file *memfd_reopen(struct file *file, unsigned int f_flags);
void memfd_apply(struct inode *inode, const struct memfd_meta *m);

int memfd_extras_save(struct memfd_save *s);
void memfd_extras_forget(struct memfd_save *s);
int memfd_extras_restore(struct file *file, const void *blob, u32 len);

struct file *memfd_load_file(u64 phys, bool *retryable);
void memfd_discard(u64 phys);
u64 memfd_incoming_size(u64 phys);

#endif /* _MM_MEMFD_LUO_H */
