// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: vmalloc areas
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/export.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kmemleak.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "../../mm/internal.h"

#include "internal.h"

/* Flags that say nothing about how the area can be used. */
#define IGNORED_FLAGS	(VM_UNINITIALIZED | VM_NO_GUARD | VM_DEFER_KMEMLEAK)

static struct kho_vmalloc_chunk *next_chunk(struct kho_vmalloc_chunk *prev,
					    struct kho_vmalloc *pres)
{
	struct kho_vmalloc_chunk *chunk = kho_alloc_preserve(PAGE_SIZE);

	if (IS_ERR(chunk))
		return chunk;
	if (prev)
		KHOSER_STORE_PTR(prev->next, chunk);
	else
		KHOSER_STORE_PTR(pres->first, chunk);
	return chunk;
}

static int add_blocks(const struct vm_struct *area, struct kho_vmalloc *pres)
{
	struct kho_vmalloc_chunk *chunk = NULL;
	unsigned long step = 1UL << pres->order;
	unsigned int slot = KHO_VMALLOC_SLOTS;
	unsigned long i;
	int err;

	for (i = 0; i < area->nr_pages; i += step) {
		if (slot == KHO_VMALLOC_SLOTS) {
			chunk = next_chunk(chunk, pres);
			if (IS_ERR(chunk))
				return PTR_ERR(chunk);
			slot = 0;
		}
		err = kho_preserve_pages(area->pages[i], step);
		if (err)
			return err;
		chunk->phys[slot++] = page_to_phys(area->pages[i]);
		pres->total_pages += step;
	}
	return 0;
}

/**
 * kho_preserve_vmalloc - preserve a vmalloc area
 * @ptr:		address in an area that vmalloc() or a relative made; the
 *			caller keeps the area until the kexec
 * @preservation:	filled in on success; the caller stores it in memory
 *			that is preserved, for kho_restore_vmalloc()
 *
 * Context: may sleep.
 * Returns: 0; -EINVAL if @ptr is not such an address, or for what
 * kho_preserve_pages() refuses; -EEXIST if the area is preserved already;
 * -EOPNOTSUPP for areas that are more than memory, such as ioremap()'s; -ENOMEM.
 * On an error nothing has changed.
 */
int kho_preserve_vmalloc(void *ptr, struct kho_vmalloc *preservation)
{
	struct kho_vmalloc pres = {};
	struct vm_struct *area = find_vm_area(ptr);
	unsigned long flags;
	int err;

	if (!area)
		return -EINVAL;
	flags = area->flags & ~IGNORED_FLAGS;
	if (flags & ~(VM_ALLOC | VM_ALLOW_HUGE_VMAP) || !(flags & VM_ALLOC) || !area->nr_pages)
		return -EOPNOTSUPP;

	/* A failure half-way must not undo what an earlier call did. */
	if (kho_out_order(page_to_pfn(area->pages[0])) >= 0)
		return -EEXIST;

	pres.flags = KHO_VMALLOC_ALLOC;
	if (flags & VM_ALLOW_HUGE_VMAP)
		pres.flags |= KHO_VMALLOC_HUGE_VMAP;
	pres.order = get_vm_area_page_order(area);

	err = add_blocks(area, &pres);
	if (err)
		kho_unpreserve_vmalloc(&pres);
	else
		*preservation = pres;
	return err;
}
EXPORT_SYMBOL_GPL(kho_preserve_vmalloc);

/**
 * kho_unpreserve_vmalloc - undo kho_preserve_vmalloc()
 * @preservation:	what it filled in; cleared.  The area stays the caller's.
 *
 * Context: may sleep.
 */
void kho_unpreserve_vmalloc(struct kho_vmalloc *preservation)
{
	struct kho_vmalloc_chunk *chunk = KHOSER_LOAD_PTR(preservation->first);

	while (chunk) {
		struct kho_vmalloc_chunk *next = KHOSER_LOAD_PTR(chunk->next);
		unsigned int i;

		for (i = 0; i < KHO_VMALLOC_SLOTS && chunk->phys[i]; i++)
			kho_unpreserve_pages(pfn_to_page(PHYS_PFN(chunk->phys[i])),
					     1UL << preservation->order);
		kho_unpreserve_free(chunk);
		chunk = next;
	}
	memset(preservation, 0, sizeof(*preservation));
}
EXPORT_SYMBOL_GPL(kho_unpreserve_vmalloc);

/* The pages in virtual order; the chunks are used up and freed as they are read. */
struct restore {
	struct page **pages;
	unsigned long nr;
	unsigned long total;
	unsigned int order;
};

static int restore_block(struct restore *r, phys_addr_t phys)
{
	unsigned long i;
	struct page *page;

	if (r->nr + (1UL << r->order) > r->total)
		return -EINVAL;
	page = kho_restore_pages(phys, 1UL << r->order);
	if (!page)
		return -EINVAL;
	for (i = 0; i < 1UL << r->order; i++)
		r->pages[r->nr++] = nth_page(page, i);
	return 0;
}

/* A chunk is claimed before it is read: an address that is none goes no further. */
static struct kho_vmalloc_chunk *claim_chunk(phys_addr_t phys)
{
	struct folio *folio = kho_restore_folio(phys);

	return folio ? folio_address(folio) : NULL;
}

static int restore_blocks(struct restore *r, const struct kho_vmalloc *pres)
{
	phys_addr_t phys = pres->first.phys;
	int err = 0;

	while (phys && !err) {
		struct kho_vmalloc_chunk *chunk = claim_chunk(phys);
		unsigned int i;

		if (!chunk)
			return -EINVAL;
		for (i = 0; i < KHO_VMALLOC_SLOTS && chunk->phys[i] && !err; i++)
			err = restore_block(r, chunk->phys[i]);
		phys = chunk->next.phys;
		folio_put(virt_to_folio(chunk));
	}
	return err ?: r->nr == r->total ? 0 : -EINVAL;
}

static void *map_pages(struct restore *r, unsigned int flags)
{
	unsigned int shift = PAGE_SHIFT + r->order;
	unsigned long size = r->total << PAGE_SHIFT;
	unsigned long vm_flags = VM_ALLOC | VM_UNINITIALIZED;
	struct vm_struct *area;
	unsigned long addr;

	if (flags & KHO_VMALLOC_HUGE_VMAP)
		vm_flags |= VM_ALLOW_HUGE_VMAP;
	area = __get_vm_area_node(size, 1UL << shift, shift, vm_flags, VMALLOC_START,
				  VMALLOC_END, NUMA_NO_NODE, GFP_KERNEL,
				  __builtin_return_address(0));
	if (!area)
		return NULL;
	addr = (unsigned long)area->addr;
	if (vmap_pages_range(addr, addr + size, PAGE_KERNEL, r->pages, shift)) {
		free_vm_area(area);
		return NULL;
	}
	area->pages = r->pages;
	area->nr_pages = r->total;
	set_vm_area_page_order(area, r->order);
	account_vmalloc_pages(r->total);
	area->addr = kasan_unpoison_vmalloc(area->addr, size, KASAN_VMALLOC_PROT_NORMAL);
	clear_vm_uninitialized_flag(area);
	kmemleak_vmalloc(area, size, GFP_KERNEL);
	return area->addr;
}

/**
 * kho_restore_vmalloc - claim a vmalloc area that the previous kernel preserved
 * @preservation:	as kho_preserve_vmalloc() filled it in
 *
 * The area has a new address.  Claiming it is possible once.
 *
 * Context: may sleep; from core_initcall on.
 * Returns: the area, to be freed with vfree(); NULL on any error, then what had
 * been claimed is freed.
 */
void *kho_restore_vmalloc(const struct kho_vmalloc *preservation)
{
	struct restore r = {
		.total = preservation->total_pages,
		.order = preservation->order,
	};
	void *addr = NULL;
	int err;

	if (!r.total || r.total > totalram_pages() + PHYS_PFN(kho_scratch_bytes()) ||
	    r.order > MAX_PAGE_ORDER || r.total & ((1UL << r.order) - 1)) {
		pr_warn_ratelimited("a vmalloc area of %lu pages of order %u cannot be\n",
				    r.total, r.order);
		return NULL;
	}
	r.pages = vcalloc(r.total, sizeof(*r.pages));
	if (!r.pages)
		return NULL;
	err = restore_blocks(&r, preservation);
	if (err)
		pr_warn_ratelimited("of a vmalloc area of %lu pages no more than %lu are where they should be: those are freed\n",
				    r.total, r.nr);
	else
		addr = map_pages(&r, preservation->flags);
	if (!addr) {
		while (r.nr)
			__free_page(r.pages[--r.nr]);
		vfree(r.pages);
	}
	return addr;
}
EXPORT_SYMBOL_GPL(kho_restore_vmalloc);
