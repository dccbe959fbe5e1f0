// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of memfds: the array of folios for the next kernel
 */

/**
 * DOC: An array that grows
 *
 * The next kernel gets the array as if it had been made by vmalloc(), and may map
 * it as a whole.  Here it is nothing but its pages, each preserved when it is
 * added, and the chunks that list them.  So no allocation depends on how large the
 * file is, and what is added to a file before the kexec costs as much as there is
 * of it.
 */
#include <linux/err.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/string.h>

#include "memfd_luo.h"

/* The chunk that lists a page there is; mostly the same one as before, or the next. */
static struct kho_vmalloc_chunk *chunk_of(struct memfd_entries *es, unsigned long page)
{
	if (!es->chunk || page < es->chunk_page) {
		es->chunk = KHOSER_LOAD_PTR(es->array.first);
		es->chunk_page = 0;
	}
	while (page - es->chunk_page >= KHO_VMALLOC_SLOTS) {
		es->chunk = KHOSER_LOAD_PTR(es->chunk->next);
		es->chunk_page += KHO_VMALLOC_SLOTS;
	}
	return es->chunk;
}

static int add_chunk(struct memfd_entries *es)
{
	struct kho_vmalloc_chunk *chunk = kho_alloc_preserve(PAGE_SIZE);
	unsigned long page = es->array.total_pages;

	if (IS_ERR(chunk))
		return PTR_ERR(chunk);
	if (page)
		KHOSER_STORE_PTR(chunk_of(es, page - 1)->next, chunk);
	else
		KHOSER_STORE_PTR(es->array.first, chunk);
	return 0;
}

/* With the first page of a chunk it goes, too. */
static void drop_chunk(struct memfd_entries *es, unsigned long page)
{
	kho_unpreserve_free(chunk_of(es, page));
	es->chunk = NULL;
	if (page)
		chunk_of(es, page - 1)->next.phys = 0;
}

static int add_page(struct memfd_entries *es)
{
	unsigned long page = es->array.total_pages;
	void *mem;
	int err;

	mem = kho_alloc_preserve(PAGE_SIZE);
	if (IS_ERR(mem))
		return PTR_ERR(mem);
	err = page % KHO_VMALLOC_SLOTS ? 0 : add_chunk(es);
	if (err) {
		kho_unpreserve_free(mem);
		return err;
	}
	es->array.flags = KHO_VMALLOC_ALLOC;
	es->array.total_pages++;
	chunk_of(es, page)->phys[page % KHO_VMALLOC_SLOTS] = virt_to_phys(mem);
	return 0;
}

static void drop_page(struct memfd_entries *es)
{
	unsigned long page = es->array.total_pages - 1;
	u64 *slot = &chunk_of(es, page)->phys[page % KHO_VMALLOC_SLOTS];

	kho_unpreserve_free(phys_to_virt(*slot));
	*slot = 0;
	if (!(page % KHO_VMALLOC_SLOTS))
		drop_chunk(es, page);
	/* Of no entries there is no array. */
	if (!--es->array.total_pages)
		es->array = (struct kho_vmalloc){};
}

static void drop_to(struct memfd_entries *es, unsigned long pages)
{
	while (es->array.total_pages > pages) {
		drop_page(es);
		cond_resched();
	}
}

/**
 * memfd_entries_reserve - make room
 * @es:	the array
 * @nr:	entries there have to be at least
 *
 * Context: may sleep.
 * Returns: 0; -EFBIG if the next kernel could not be told of so many; -ENOMEM;
 * -EINTR.  On an error there may be more room than before.
 */
int memfd_entries_reserve(struct memfd_entries *es, unsigned long nr)
{
	unsigned long pages = DIV_ROUND_UP(nr, MEMFD_ENTRIES_PER_PAGE);
	int err = 0;

	if (pages > U32_MAX)
		return -EFBIG;
	while (!err && es->array.total_pages < pages) {
		err = fatal_signal_pending(current) ? -EINTR : add_page(es);
		cond_resched();
	}
	return err;
}

/**
 * memfd_entries_trim - give back room that no entry took
 * @es:	the array
 */
void memfd_entries_trim(struct memfd_entries *es)
{
	drop_to(es, DIV_ROUND_UP(es->nr, MEMFD_ENTRIES_PER_PAGE));
}

/**
 * memfd_entries_at - a run of entries
 * @es:	the array
 * @i:	number of the first one; there is room for it
 * @n:	set to how many there is room for, from there on in one piece
 *
 * Returns: the first one.
 */
struct memfd_luo_folio_ser *memfd_entries_at(struct memfd_entries *es, unsigned long i,
					     unsigned long *n)
{
	unsigned long page = i / MEMFD_ENTRIES_PER_PAGE;
	struct memfd_luo_folio_ser *run;

	run = phys_to_virt(chunk_of(es, page)->phys[page % KHO_VMALLOC_SLOTS]);
	i %= MEMFD_ENTRIES_PER_PAGE;
	*n = MEMFD_ENTRIES_PER_PAGE - i;
	return run + i;
}

static void release_folios(struct memfd_entries *es)
{
	struct folio *folios[64];	/* a word of the map, mostly */
	unsigned long i = 0, n;
	unsigned int nr = 0;

	while (i < es->nr_folios) {
		struct memfd_luo_folio_ser *e = memfd_entries_at(es, i, &n);

		for (n = min(n, es->nr_folios - i); n; n--, e++, i++) {
			folios[nr++] = pfn_folio(e->pfn_flags & MEMFD_LUO_FOLIO_PFN);
			if (nr < ARRAY_SIZE(folios) && i + 1 < es->nr_folios)
				continue;
			kho_unpreserve_folios(folios, nr);
			unpin_folios(folios, nr);
			nr = 0;
			cond_resched();
		}
	}
}

/**
 * memfd_entries_release - neither the array nor its folios travel any more
 * @es:	the array; empty afterwards
 */
void memfd_entries_release(struct memfd_entries *es)
{
	release_folios(es);
	drop_to(es, 0);
	memset(es, 0, sizeof(*es));
}
