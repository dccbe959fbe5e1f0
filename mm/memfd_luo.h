/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update of memfds: what the rooms share.
 *
 *	memfd_luo.c		the handler: what is done when
 *	memfd_luo_save.c	the sender's folios
 *	memfd_luo_entries.c	the array that says which they are
 *	memfd_luo_load.c	the receiver's file
 *	memfd_luo_array.c	its view of the array
 *	memfd_luo_props.c	what every open file has
 *
 * There are two kinds of memfds, shmem_luo*.c and hugetlb_luo*.c: which files
 * these are, what else they have, and the receiver's page cache.
 */
#ifndef _MM_MEMFD_LUO_H
#define _MM_MEMFD_LUO_H

#include <linux/container_of.h>
#include <linux/liveupdate.h>
#include <linux/types.h>

#include "memfd_luo_wire.h"

struct address_space;
struct file;
struct folio;
struct inode;
struct memfd_kind;

/* As enum shmem_live and enum hugetlb_live */
enum memfd_live {
	MEMFD_LIVE_NONE,
	MEMFD_LIVE_PRESERVED,
	MEMFD_LIVE_FROZEN,
};

#define MEMFD_LIVE_MARK		XA_MARK_0

/**
 * struct memfd_entries - the array of folios for the next kernel
 * @nr_folios:	entries of folios; all of these are pinned and preserved
 * @nr:		entries in use: there may be others behind those of folios
 * @array:	where the next kernel finds it
 * @chunk:	the part of @array that was looked at last, or NULL
 * @chunk_page:	number of its first page
 */
struct memfd_entries {
	unsigned long nr_folios;
	unsigned long nr;
	struct kho_vmalloc array;
	struct kho_vmalloc_chunk *chunk;
	unsigned long chunk_page;
};

int memfd_entries_reserve(struct memfd_entries *es, unsigned long nr);
void memfd_entries_trim(struct memfd_entries *es);
struct memfd_luo_folio_ser *memfd_entries_at(struct memfd_entries *es, unsigned long i,
					     unsigned long *n);
void memfd_entries_release(struct memfd_entries *es);

/**
 * struct memfd_save - a file that is preserved
 * @kind:		what kind of file it is
 * @inode:		the file
 * @ser:		the page for the next kernel
 * @entries:		its folios
 * @nr_pages:		pages of all folios
 * @nr_unwritten:	entries of folios that are not uptodate
 */
struct memfd_save {
	const struct memfd_kind *kind;
	struct inode *inode;
	void *ser;
	struct memfd_entries entries;
	u64 nr_pages;
	unsigned long nr_unwritten;
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

/**
 * struct memfd_load - a file that is being made
 * @meta:	what the previous kernel said about it
 * @array:	its folios
 * @file:	the file
 */
struct memfd_load {
	struct memfd_meta meta;
	struct memfd_array array;
	struct file *file;
};

struct file *memfd_load(const struct memfd_kind *kind, u64 phys, bool *retryable);
void memfd_discard(const struct memfd_kind *kind, u64 phys);
void memfd_incoming_each(const struct memfd_kind *kind, u64 phys, memfd_run_fn fn, void *arg);
u64 memfd_incoming_size(const struct memfd_kind *kind, u64 phys);

void memfd_sample(struct file *file, struct memfd_meta *m);
int memfd_reopen(struct memfd_load *l);
void memfd_apply(struct inode *inode, const struct memfd_meta *m);

/**
 * struct memfd_kind - what differs between kinds of memfds
 * @name:	for the log
 * @save_size:	bytes of a struct that begins with a struct memfd_save
 * @load_size:	bytes of a struct that begins with a struct memfd_load
 * @is_one:	is this a file of the kind?
 * @refuse:	NULL, or why such a file cannot travel
 * @set_live:	what may happen to it from now on; out of %MEMFD_LIVE_NONE only with
 *		the inode locked
 * @begin:	optional: it is preserved from now on
 * @end:	optional: no longer
 * @count:	entries that it will need, more or less
 * @may_stay:	can the folio be preserved where it is?  All folios that begin in
 *		one pageblock are alike.
 * @swap_in:	optional: bring a folio back
 * @record_rest:	all folios are recorded: the rest; called when it is preserved and
 *		again when it is frozen
 * @write:	complete what every file has, and write @s->ser
 * @read:	read that page, as memfd_wire_read()
 * @load:	make @l->file; fails with -EIO if something was used up, and may
 *		not fail with that or -EINVAL if the next try may succeed
 * @discard:	optional: free what the page leads to besides the array
 *
 * None of these is called for every folio.
 */
struct memfd_kind {
	const char *name;
	size_t save_size;
	size_t load_size;

	bool (*is_one)(struct file *file);
	const char *(*refuse)(struct file *file);
	void (*set_live)(struct inode *inode, enum memfd_live live);
	void (*begin)(struct memfd_save *s);
	void (*end)(struct memfd_save *s);
	unsigned long (*count)(struct memfd_save *s);
	bool (*may_stay)(struct folio *folio);
	int (*swap_in)(struct memfd_save *s, pgoff_t index);
	int (*record_rest)(struct memfd_save *s, bool frozen);
	int (*write)(struct memfd_save *s, struct memfd_meta *m);

	int (*read)(const void *page, u64 max_size, struct memfd_meta *m, const char **why);
	int (*load)(struct memfd_load *l);
	void (*discard)(const struct memfd_meta *m);
};

/**
 * struct memfd_handler - the handler of a kind
 * @fh:		what live update knows of it
 * @kind:	the kind
 */
struct memfd_handler {
	struct liveupdate_file_handler fh;
	const struct memfd_kind *kind;
};

extern const struct liveupdate_file_ops memfd_file_ops;

int memfd_luo_register(struct memfd_handler *h);

#endif /* _MM_MEMFD_LUO_H */
