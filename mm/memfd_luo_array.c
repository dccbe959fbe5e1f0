// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of memfds: the receiver's view of the array of folios
 */

/**
 * DOC: Reading in place
 *
 * The array is read where the previous kernel left it, so that a file that
 * could not be made can be tried again.  While it is read its pages and those
 * that lead to it are borrowed from the map of what was preserved: an address
 * that is not in the map is not followed, and nobody else can claim, free or
 * borrow what is in use here.
 */
#include <linux/errno.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/sched.h>

#include "../kernel/kho/internal.h"
#include "memfd_luo.h"

typedef int (*step_fn)(unsigned long pfn, unsigned int order);

static int borrow(unsigned long pfn, unsigned int order)
{
	return IS_ALIGNED(pfn, 1UL << order) && kho_in_borrow(pfn, order) ? 0 : -EINVAL;
}

static int give_back(unsigned long pfn, unsigned int order)
{
	kho_in_return(pfn, order);
	return 0;
}

static int give_up(unsigned long pfn, unsigned int order)
{
	kho_in_return(pfn, order);
	kho_in_discard_pages(pfn, 1UL << order);
	return 0;
}

static int step(struct memfd_array *a, u64 phys, unsigned int order, step_fn fn)
{
	int err;

	if (!PAGE_ALIGNED(phys))
		return -EINVAL;
	err = fn(PHYS_PFN(phys), order);
	if (!err)
		a->steps++;
	return err;
}

/*
 * One chunk: the blocks, of which at most *@blocks are left.  A chunk that is
 * not the last one is full.
 */
static int borrow_chunk(struct memfd_array *a, u64 *phys, u64 *blocks)
{
	struct kho_vmalloc_chunk *chunk;
	unsigned int i;
	int err;

	err = step(a, *phys, 0, borrow);
	if (err)
		return err;
	chunk = phys_to_virt(*phys);
	for (i = 0; i < KHO_VMALLOC_SLOTS && chunk->phys[i]; i++) {
		if (!*blocks)
			return -EINVAL;
		err = step(a, chunk->phys[i], a->desc.order, borrow);
		if (err)
			return err;
		(*blocks)--;
	}
	*phys = chunk->next.phys;
	return *phys && i < KHO_VMALLOC_SLOTS ? -EINVAL : 0;
}

/**
 * memfd_array_borrow - get hold of the array of folios
 * @a:		filled in
 * @m:		says where it is; was checked by memfd_wire_read()
 *
 * Returns: 0, and the array must be returned or freed; -EINVAL if it is not
 * there, or not as it should be.
 */
int memfd_array_borrow(struct memfd_array *a, const struct memfd_meta *m)
{
	u64 phys = m->nr_folios ? m->folios.first.phys : 0;
	u64 blocks = m->folios.total_pages >> m->folios.order;
	int err = 0;

	a->desc = m->folios;
	a->nr = m->nr_folios;
	a->steps = 0;
	while (phys && !err)
		err = borrow_chunk(a, &phys, &blocks);
	if (!err && a->nr && blocks)
		err = -EINVAL;
	if (err)
		memfd_array_return(a);
	return err;
}

/* All that is borrowed, in order: what was borrowed can be relied on. */
static void give(struct memfd_array *a, step_fn fn)
{
	u64 phys = a->desc.first.phys;

	while (a->steps) {
		struct kho_vmalloc_chunk *chunk = phys_to_virt(phys);
		u64 next = chunk->next.phys;
		unsigned int i;

		a->steps--;
		for (i = 0; i < KHO_VMALLOC_SLOTS && a->steps && chunk->phys[i]; i++) {
			fn(PHYS_PFN(chunk->phys[i]), a->desc.order);
			a->steps--;
		}
		fn(PHYS_PFN(phys), 0);
		phys = next;
	}
}

/**
 * memfd_array_return - undo memfd_array_borrow()
 * @a:	the array
 */
void memfd_array_return(struct memfd_array *a)
{
	give(a, give_back);
}

/**
 * memfd_array_free - the array is used up
 * @a:	the array; borrowed
 */
void memfd_array_free(struct memfd_array *a)
{
	give(a, give_up);
}

/**
 * memfd_array_each - read the entries
 * @a:		the array; borrowed
 * @fn:		called for one run of entries after another
 * @arg:	for @fn
 *
 * Returns: 0, or what @fn ended it with.
 */
int memfd_array_each(struct memfd_array *a, memfd_run_fn fn, void *arg)
{
	u64 run = MEMFD_ENTRIES_PER_PAGE << a->desc.order;
	u64 phys = a->desc.first.phys;
	u64 left = a->nr;
	int err = 0;

	while (left && !err) {
		struct kho_vmalloc_chunk *chunk = phys_to_virt(phys);
		unsigned int i;

		for (i = 0; i < KHO_VMALLOC_SLOTS && left && !err; i++) {
			u64 n = min(run, left);

			err = fn(phys_to_virt(chunk->phys[i]), n, arg);
			left -= n;
			cond_resched();
		}
		phys = chunk->next.phys;
	}
	return err;
}

static int discard_run(const struct memfd_luo_folio_ser *run, unsigned long n, void *arg)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		unsigned long pfn = run[i].pfn_flags & MEMFD_LUO_FOLIO_PFN;
		int order = pfn ? kho_in_order(pfn) : -ENOENT;

		if (order >= 0)
			kho_in_discard_pages(pfn, 1UL << order);
	}
	return 0;
}

/**
 * memfd_array_discard - nobody wants the folios, nor the array
 * @a:	the array; borrowed
 */
void memfd_array_discard(struct memfd_array *a)
{
	memfd_array_each(a, discard_run, NULL);
	memfd_array_free(a);
}
