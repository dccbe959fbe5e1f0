// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: the API for drivers
 *
 * The rooms behind it are in kernel/kho/: preserve.c is the sending side's
 * half of the API, incoming.c the receiving side.  Here is what needs both,
 * and what switches KHO on.
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/export.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kstrtox.h>
#include <linux/liveupdate.h>
#include <linux/mm.h>
#include <linux/mutex.h>

#include "kho/fdt.h"
#include "kho/internal.h"

bool kho_enable __ro_after_init = IS_ENABLED(CONFIG_KEXEC_HANDOVER_ENABLE_DEFAULT);
bool kho_off __initdata;

/*
 * The CPU that edits the tree may be stopped for a kexec at any moment, by an
 * interrupt: with interrupts off the next kernel never sees half an edit.
 */
static void *out_fdt;
static DEFINE_MUTEX(out_fdt_lock);

static int __init kho_parse_enable(char *arg)
{
	int err = kstrtobool(arg, &kho_enable);

	kho_off = !err && !kho_enable;
	return err;
}
early_param("kho", kho_parse_enable);

/**
 * kho_is_enabled - can memory be preserved in this kernel?
 *
 * Context: any.  The answer is final after fs_initcall.
 *
 * Returns: true if it can.
 */
bool kho_is_enabled(void)
{
	return kho_enable;
}
EXPORT_SYMBOL_GPL(kho_is_enabled);

/**
 * is_kho_boot - did the previous kernel hand something over?
 *
 * Context: any; meaningful once setup_arch() is done.
 *
 * Returns: true if it did, and what came is valid.
 */
bool is_kho_boot(void)
{
	return kho_in.fdt;
}
EXPORT_SYMBOL_GPL(is_kho_boot);

/**
 * kho_alloc_preserve - allocate memory and preserve it
 * @size:	bytes
 *
 * Context: may sleep.
 * Returns: zeroed memory of the linear map, contiguous and aligned to its size
 * rounded up to a power of two, at least a page.  It is the caller's: free it
 * with kho_unpreserve_free(), or in the next kernel with kho_restore_free().
 * Or an ERR_PTR: -EINVAL if @size is 0 or KHO is off, -E2BIG if @size is more
 * than the page allocator can give, -ENOMEM.
 */
void *kho_alloc_preserve(size_t size)
{
	struct folio *folio;
	struct page *page;
	int err;

	if (!size)
		return ERR_PTR(-EINVAL);
	if (get_order(size) > MAX_PAGE_ORDER)
		return ERR_PTR(-E2BIG);
	page = kho_alloc_pages(get_order(size));
	if (!page)
		return ERR_PTR(-ENOMEM);
	folio = page_folio(page);
	err = kho_preserve_folio(folio);
	if (err) {
		folio_put(folio);
		return ERR_PTR(err);
	}
	return folio_address(folio);
}
EXPORT_SYMBOL_GPL(kho_alloc_preserve);

/**
 * kho_unpreserve_free - undo kho_alloc_preserve()
 * @mem:	what it returned, or NULL
 *
 * Context: may sleep.
 */
void kho_unpreserve_free(void *mem)
{
	struct folio *folio;

	if (!mem)
		return;
	folio = virt_to_folio(mem);
	kho_unpreserve_folio(folio);
	folio_put(folio);
}
EXPORT_SYMBOL_GPL(kho_unpreserve_free);

static bool unaligned(phys_addr_t phys)
{
	if (offset_in_page(phys))
		pr_warn_ratelimited("claim of %pa: not the address of a page\n", &phys);
	return offset_in_page(phys);
}

/**
 * kho_restore_folio - claim a folio that the previous kernel preserved
 * @phys:	address of the folio
 *
 * The folio is as the page allocator would have returned it: one reference,
 * compound if it has more than one page, no flags.  It is the caller's.
 *
 * Context: any, from core_initcall on; with CONFIG_PREEMPT_RT it may sleep.
 * Returns: the folio; NULL, with a line in the log, if no preserved block
 * starts at @phys, it was claimed already, it had a memory error, or it can be
 * no folio here because it is too large or lies in two zones: that may still be
 * claimed with kho_restore_pages().
 */
struct folio *kho_restore_folio(phys_addr_t phys)
{
	return unaligned(phys) ? NULL : kho_in_claim_folio(PHYS_PFN(phys));
}
EXPORT_SYMBOL_GPL(kho_restore_folio);

/**
 * kho_restore_pages - claim a range of pages that the previous kernel preserved
 * @phys:	address of the first page
 * @nr_pages:	number of pages, as preserved
 *
 * Context: any, from core_initcall on; with CONFIG_PREEMPT_RT it may sleep.
 * Returns: the first page, each page with one reference of its own; NULL, with
 * a line in the log, if the range is not a whole number of preserved blocks
 * that are unclaimed, or one of its pages had a memory error.  Then nothing was
 * claimed.
 */
struct page *kho_restore_pages(phys_addr_t phys, unsigned long nr_pages)
{
	return unaligned(phys) ? NULL : kho_in_claim_pages(PHYS_PFN(phys), nr_pages);
}
EXPORT_SYMBOL_GPL(kho_restore_pages);

/**
 * kho_restore_free - claim what kho_alloc_preserve() gave, and free it
 * @mem:	its address in the linear map, or NULL
 *
 * Context: any, from core_initcall on; with CONFIG_PREEMPT_RT it may sleep.
 */
void kho_restore_free(void *mem)
{
	struct folio *folio;

	if (!mem)
		return;
	folio = kho_restore_folio(virt_to_phys(mem));
	if (folio)
		folio_put(folio);
}
EXPORT_SYMBOL_GPL(kho_restore_free);

/**
 * kho_forward - hand an unclaimed block on to the next kernel
 * @phys:	address of the block
 * @order:	its order
 *
 * The memory is not touched and cannot be claimed here any more.  Its owner
 * must also hand on whatever tells the next kernel about it.
 *
 * Context: may sleep; from fs_initcall on.
 * Returns: 0; -ENOENT if no such block is unclaimed; otherwise as
 * kho_preserve_folio().
 */
int kho_forward(phys_addr_t phys, unsigned int order)
{
	unsigned long pfn = PHYS_PFN(phys);
	int err;

	if (!kho_in.open || offset_in_page(phys) || order > KHO_MAP_MAX_ORDER ||
	    kho_in_order(pfn) != order)
		return -ENOENT;
	/* First, so that nobody else can own the block and preserve it himself. */
	if (!kho_in_lend(pfn, order))
		return -ENOENT;
	err = kho_out_add(pfn, order);
	if (err)
		kho_in_return(pfn, order);
	return err;
}
EXPORT_SYMBOL_GPL(kho_forward);

/**
 * kho_unforward - undo kho_forward()
 * @phys:	address of the block
 * @order:	its order
 *
 * Context: may sleep.
 * Returns: 0, and the block can be claimed again; -ENOENT if it was not
 * forwarded.
 */
int kho_unforward(phys_addr_t phys, unsigned int order)
{
	unsigned long pfn = PHYS_PFN(phys);

	if (!kho_in.open || order > KHO_MAP_MAX_ORDER || !kho_in_lent(pfn, order) ||
	    !kho_out_del(pfn, order))
		return -ENOENT;
	kho_in_return(pfn, order);
	return 0;
}
EXPORT_SYMBOL_GPL(kho_unforward);

/**
 * kho_add_subtree - tell the next kernel where something is
 * @name:	name to look it up by; unique
 * @blob:	what the next kernel finds, memory of the linear map.  The caller
 *		preserves it and keeps it until the subtree is removed.
 * @size:	bytes at @blob
 *
 * Possible at any time, also when an image is loaded already.
 *
 * Context: may sleep.
 * Returns: 0; -EEXIST if the name is taken; -EINVAL for a name that is empty
 * or has a slash, for no bytes, or for memory outside of the linear map;
 * -ENOMEM if the root FDT is full; -EOPNOTSUPP if KHO is off or not initialised
 * before fs_initcall.
 */
int kho_add_subtree(const char *name, void *blob, size_t size)
{
	struct kho_subtree st = { .name = name, .size = size };
	int err;

	if (!kho_enable || !out_fdt)
		return -EOPNOTSUPP;
	if (!size || !virt_addr_valid(blob))
		return -EINVAL;
	st.phys = virt_to_phys(blob);
	scoped_guard(mutex, &out_fdt_lock) {
		scoped_guard(irqsave)
			err = kho_fdt_add(out_fdt, &st);
		if (!err)
			kho_debugfs_add(name, blob, size);
	}
	if (err == -ENOMEM)
		pr_warn_ratelimited("no room for subtree '%s' in the root FDT\n", name);
	return err;
}
EXPORT_SYMBOL_GPL(kho_add_subtree);

static int find_by_phys(u64 phys, struct kho_subtree *st)
{
	int node = 0;

	while ((node = kho_fdt_next(out_fdt, node, st)) > 0) {
		if (st->name && st->phys == phys)
			return 0;
	}
	return -ENOENT;
}

/**
 * kho_remove_subtree - undo kho_add_subtree()
 * @blob:	the blob that was added; the memory is not touched
 *
 * Context: may sleep.
 */
void kho_remove_subtree(void *blob)
{
	struct kho_subtree st;

	if (!out_fdt || !virt_addr_valid(blob))
		return;
	guard(mutex)(&out_fdt_lock);
	if (find_by_phys(virt_to_phys(blob), &st))
		return;
	kho_debugfs_del(st.name);
	scoped_guard(irqsave)
		kho_fdt_del(out_fdt, st.name);
}
EXPORT_SYMBOL_GPL(kho_remove_subtree);

/**
 * kho_retrieve_subtree - look up what the previous kernel left
 * @name:	name it was added under
 * @phys:	set to the address of the blob
 * @size:	set to its size in bytes; may be NULL
 *
 * The blob lies in memory that the previous kernel preserved.  Looking it up
 * does not claim it.
 *
 * What KHO itself and live update have read ("kexec-metadata", "memblock", "LUO")
 * is used up, and found no more.
 *
 * Context: any, once the linear map is up.
 * Returns: 0; -ENOENT if nothing was handed over under this name; -EINVAL if
 * @phys is NULL or the entry is malformed.
 */
int kho_retrieve_subtree(const char *name, phys_addr_t *phys, size_t *size)
{
	struct kho_subtree st;
	int err;

	if (!phys)
		return -EINVAL;
	err = kho_in_find(name, &st);
	if (err)
		return err;
	*phys = st.phys;
	if (size)
		*size = st.size;
	return 0;
}
EXPORT_SYMBOL_GPL(kho_retrieve_subtree);

/**
 * kho_out_fdt - the root FDT of the next kernel
 *
 * Returns: the tree; NULL before it is created.
 */
void *kho_out_fdt(void)
{
	return out_fdt;
}

/* Sets *@luo if there is a subtree of live update. */
static bool others_have_state(bool *luo)
{
	struct kho_subtree st;
	int node = 0;

	guard(mutex)(&out_fdt_lock);
	while (out_fdt && (node = kho_fdt_next(out_fdt, node, &st)) > 0) {
		if (!st.name)
			continue;
		if (!strcmp(st.name, LUO_SUBTREE))
			*luo = true;
		else if (!kho_metadata_owns(st.name))
			return true;
	}
	return false;
}

/**
 * kho_out_has_state - would anybody miss what is preserved?
 *
 * Returns: true if there is a subtree besides KHO's own, and that of live update
 * without sessions; or if sessions arrived and live update is off.
 */
bool kho_out_has_state(void)
{
	bool luo = false;

	/* Live update waits for those who may just be adding a subtree. */
	return others_have_state(&luo) || (luo && liveupdate_has_state()) ||
	       kho_passes_sessions();
}

static int __init kho_create_fdt(void)
{
	void *fdt = kho_alloc_preserve(KHO_FDT_SIZE);
	int err;

	if (IS_ERR(fdt))
		return PTR_ERR(fdt);
	err = kho_fdt_create(fdt, KHO_FDT_SIZE, virt_to_phys(kho_out_map.root));
	if (err) {
		kho_unpreserve_free(fdt);
		return err;
	}
	out_fdt = fdt;
	return 0;
}

static int __init kho_init(void)
{
	int err = 0;

	if (kho_enable) {
		err = kho_out_init();
		err = err ?: kho_create_fdt();
		err = err ?: kho_metadata_publish();
	}
	if (err) {
		pr_err("cannot be initialised (%d): disabled\n", err);
		kho_enable = false;
	}
	kho_scratch_release();
	return 0;
}
fs_initcall(kho_init);
