// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of memfds: the array of folios for the next kernel
 */
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "memfd_luo.h"

static void forget_array(struct memfd_entries *es)
{
	if (es->array.first.phys)
		kho_unpreserve_vmalloc(&es->array);
}

/**
 * memfd_entries_reserve - make room
 * @es:	the array, which may move, and is not preserved then
 * @nr:	entries there have to be at least
 *
 * Returns: 0; -EFBIG if the next kernel could not be told of so many; -ENOMEM.
 */
int memfd_entries_reserve(struct memfd_entries *es, unsigned long nr)
{
	struct memfd_luo_folio_ser *e;
	unsigned long room;

	if (nr <= es->room)
		return 0;
	room = round_up(nr + es->nr / 8, MEMFD_ENTRIES_PER_PAGE);
	if (room / MEMFD_ENTRIES_PER_PAGE > U32_MAX)
		return -EFBIG;
	e = __vmalloc(array_size(room, sizeof(*e)), GFP_KERNEL | __GFP_NOWARN);
	if (!e)
		return -ENOMEM;
	if (es->nr)
		memcpy(e, es->e, es->nr * sizeof(*e));
	forget_array(es);
	vfree(es->e);
	es->e = e;
	es->room = room;
	return 0;
}

/**
 * memfd_entries_preserve - let the array travel
 * @es:	the array
 *
 * Returns: 0, also if it did before; -ENOMEM.
 */
int memfd_entries_preserve(struct memfd_entries *es)
{
	if (!es->nr || es->array.first.phys)
		return 0;
	memset(es->e + es->nr, 0, (es->room - es->nr) * sizeof(*es->e));
	return kho_preserve_vmalloc(es->e, &es->array);
}

static void release_folios(struct memfd_entries *es)
{
	struct folio *folios[64];	/* a word of the map, mostly */
	unsigned long i;
	unsigned int n = 0;

	for (i = 0; i < es->nr_folios; i++) {
		folios[n++] = pfn_folio(es->e[i].pfn_flags & MEMFD_LUO_FOLIO_PFN);
		if (n < ARRAY_SIZE(folios) && i + 1 < es->nr_folios)
			continue;
		kho_unpreserve_folios(folios, n);
		unpin_folios(folios, n);
		n = 0;
		cond_resched();
	}
}

/**
 * memfd_entries_release - neither the array nor its folios travel any more
 * @es:	the array; empty afterwards
 */
void memfd_entries_release(struct memfd_entries *es)
{
	forget_array(es);
	release_folios(es);
	vfree(es->e);
	memset(es, 0, sizeof(*es));
}
