/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rooms of the exerciser share.
 */
#ifndef _KHO_EXERCISER_H
#define _KHO_EXERCISER_H

#include <linux/kho/abi/kexec_handover.h>
#include <linux/types.h>

enum ex_kind {
	EX_FOLIO,	/* one folio of any order */
	EX_PAGES,	/* contiguous pages, each with its own reference */
	EX_VMALLOC,	/* a vmalloc area */
	EX_SUBTREE,	/* one page that a subtree of its own points to */
	EX_KINDS
};

/**
 * struct ex_record - a block as it is described to the next kernel
 * @kind:	one of enum ex_kind
 * @seed:	what its contents are computed from; unique among all blocks
 * @nr_pages:	its size
 * @phys:	its address, 0 for vmalloc areas
 * @vmalloc:	the area
 */
struct ex_record {
	u32 kind;
	u32 seed;
	u64 nr_pages;
	u64 phys;
	struct kho_vmalloc vmalloc;
};

/**
 * struct ex_block - a block of ours
 * @rec:	its description
 * @area:	address of a vmalloc area
 * @preserved:	the next kernel gets it
 */
struct ex_block {
	struct ex_record rec;
	void *area;
	bool preserved;
};

/* The arguments of a command; what is not given is 0, and NUMA_NO_NODE. */
struct ex_args {
	unsigned long n, nr, order, offset, span, pfn, keep, huge, each, seed;
	long node;
	char zone[16];
	char what[32];
};

/* What the last command did; shown in status. */
struct ex_stats {
	unsigned long blocks, pages;	/* that it worked on */
	unsigned long parts;		/* that the map has for them; forward only */
	unsigned long bad;		/* wrong contents */
	unsigned long missing;		/* could not be claimed, or twice */
	u64 alloc_ns, fill_ns, preserve_ns, claim_ns, forward_ns, check_ns, free_ns;
};

/* All of it is protected by the lock of the command file. */
extern struct ex_block *ex_blocks;
extern unsigned long ex_nr;
extern u32 ex_next_seed;
extern struct ex_stats ex_stats;

/* Adds the time of the statement or block that follows. */
#define ex_timed(sum)							\
	for (u64 __start = local_clock(), __once = 1; __once;		\
	     __once = 0, *(sum) += local_clock() - __start)

/* blocks.c: one block, and the list of ours */
const char *ex_kind_name(u32 kind);
struct ex_block *ex_new(u32 kind, u64 phys, u64 nr_pages);
struct ex_block *ex_adopt(const struct ex_record *rec);
void ex_drop(struct ex_block *b);
void ex_fill(const struct ex_block *b);
bool ex_check(const struct ex_block *b);
bool ex_check_page(const struct ex_record *rec, unsigned long i, const void *page);
int ex_preserve(struct ex_block *b);
void ex_unpreserve(struct ex_block *b);
int ex_claim(struct ex_block *b);
void ex_free(struct ex_block *b);
int ex_preserve_from(unsigned long first, bool each);
void ex_free_from(unsigned long first);

/* layouts.c: commands that make blocks */
int ex_folios(const struct ex_args *a);
int ex_pages(const struct ex_args *a);
int ex_at(const struct ex_args *a);
int ex_vmalloc(const struct ex_args *a);
int ex_subtrees(const struct ex_args *a);
int ex_scatter(const struct ex_args *a);
int ex_fill_zone(const struct ex_args *a);
int ex_everywhere(const struct ex_args *a);
int ex_random(const struct ex_args *a);
int ex_shrink(const struct ex_args *a);

/* plan.c: how blocks travel, and commands for those that arrived */
int ex_publish(void);
struct kho_vmalloc *ex_sent_vmalloc(void);
int ex_each_arrived(int (*fn)(const struct ex_record *rec, void *arg), void *arg);
int ex_verify(const struct ex_args *a);
int ex_peek(const struct ex_args *a);
int ex_race(const struct ex_args *a);
int ex_forward(const struct ex_args *a);
int ex_unforward(const struct ex_args *a);

/* corrupt.c */
int ex_corrupt(const struct ex_args *a);

#endif /* _KHO_EXERCISER_H */
