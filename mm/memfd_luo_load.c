// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of memfds: the receiver's file
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../kernel/kho/internal.h"
#include "memfd_luo.h"

/* Get hold of the page that describes a file; NULL if it is not there, or in use. */
static void *borrow_page(u64 phys)
{
	if (!PAGE_ALIGNED(phys) || !kho_in_borrow(PHYS_PFN(phys), 0))
		return NULL;
	return phys_to_virt(phys);
}

static void return_page(u64 phys)
{
	kho_in_return(PHYS_PFN(phys), 0);
}

static void free_page_of(u64 phys)
{
	kho_in_return(PHYS_PFN(phys), 0);
	kho_in_discard_pages(PHYS_PFN(phys), 1);
}

static int read_meta(const struct memfd_kind *kind, const void *page, struct memfd_meta *m)
{
	const char *why;
	int err = kind->read(page, MAX_LFS_FILESIZE, m, &why);

	if (err)
		pr_warn_ratelimited("%s: a file cannot be retrieved: %s\n", kind->name, why);
	else if (why)
		pr_info_ratelimited("%s: a memfd comes back without mode, owner, times, name and flags: %s\n",
				    kind->name, why);
	return err;
}

static int load(const struct memfd_kind *kind, const void *page, struct memfd_load *l)
{
	int err = read_meta(kind, page, &l->meta);

	err = err ?: memfd_array_borrow(&l->array, &l->meta);
	if (err)
		return err;
	err = kind->load(l);
	/* Of an inode that could not be allocated */
	if (err == -ENOSPC)
		err = -ENOMEM;
	if (err)
		memfd_array_return(&l->array);
	else
		memfd_array_free(&l->array);
	return err;
}

/* Errors that the data are not to blame for, or that another kernel may not give. */
static bool transient(int err)
{
	return err != -EINVAL && err != -EIO;
}

/**
 * memfd_load - make a file of what the previous kernel preserved
 * @kind:	what kind of file it is
 * @phys:	address of the page that describes it
 * @retryable:	set to true if it failed, but the next try, or another kernel,
 *		may succeed
 *
 * Context: may sleep.
 * Returns: the file, and what travelled is used up; or an ERR_PTR: -EINVAL if
 * what travelled cannot be right, -EIO if memory is missing, -EOPNOTSUPP if
 * something is not known here, or there are no huge pages of that size, -ENOMEM,
 * -EINTR, -ENFILE.
 */
struct file *memfd_load(const struct memfd_kind *kind, u64 phys, bool *retryable)
{
	/* May fail; does not call the OOM killer. */
	gfp_t gfp = GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN;
	struct memfd_load *l = kzalloc(kind->load_size, gfp);
	struct file *file;
	void *page;
	int err;

	*retryable = !l;
	if (!l)
		return ERR_PTR(-ENOMEM);
	page = borrow_page(phys);
	if (!page)
		pr_warn_ratelimited("%s: a file cannot be retrieved: what describes it is not there, or had a memory error\n",
				    kind->name);
	err = page ? load(kind, page, l) : -EINVAL;
	if (page && err)
		return_page(phys);
	else if (page)
		free_page_of(phys);
	*retryable = err && transient(err);
	file = err ? ERR_PTR(err) : l->file;
	kfree(l);
	return file;
}

/* What is there to be read, also of a file that cannot be retrieved here */
static void *borrow(const struct memfd_kind *kind, u64 phys, struct memfd_meta *m,
		    struct memfd_array *a)
{
	void *page = borrow_page(phys);
	const char *why;

	if (!page)
		return NULL;
	kind->read(page, MAX_LFS_FILESIZE, m, &why);
	if (memfd_array_borrow(a, m))
		memset(a, 0, sizeof(*a));
	return page;
}

/**
 * memfd_discard - nobody wants the file
 * @kind:	what kind of file it is
 * @phys:	address of the page that describes it
 */
void memfd_discard(const struct memfd_kind *kind, u64 phys)
{
	struct memfd_meta *m = kmalloc(sizeof(*m), GFP_KERNEL | __GFP_NOFAIL);
	struct memfd_array a;

	if (borrow(kind, phys, m, &a)) {
		memfd_array_discard(&a);
		if (kind->discard)
			kind->discard(m);
		free_page_of(phys);
	} else if (PAGE_ALIGNED(phys)) {
		/* If it is there, but had a memory error: where the rest is, is lost. */
		kho_in_discard_pages(PHYS_PFN(phys), 1);
	}
	kfree(m);
}

/**
 * memfd_incoming_each - look at the entries of a file that came over
 * @kind:	what kind of file it is
 * @phys:	address of the page that describes it
 * @fn:		as of memfd_array_each(); not called if the file is being retrieved
 * @arg:	for @fn
 */
void memfd_incoming_each(const struct memfd_kind *kind, u64 phys, memfd_run_fn fn, void *arg)
{
	struct memfd_meta *m = kmalloc(sizeof(*m), GFP_KERNEL);
	struct memfd_array a;

	if (m && borrow(kind, phys, m, &a)) {
		memfd_array_each(&a, fn, arg);
		memfd_array_return(&a);
		return_page(phys);
	}
	kfree(m);
}

static int size_run(const struct memfd_luo_folio_ser *run, unsigned long n, void *arg)
{
	u64 *pages = arg;
	unsigned long i;

	for (i = 0; i < n; i++) {
		unsigned long pfn = run[i].pfn_flags & MEMFD_LUO_FOLIO_PFN;
		int order = pfn ? kho_in_order(pfn) : -ENOENT;

		*pages += order < 0 ? 0 : 1ULL << order;
	}
	return 0;
}

/**
 * memfd_incoming_size - how much memory came over with a file?
 * @kind:	what kind of file it is
 * @phys:	address of the page that describes it
 *
 * Returns: bytes; 0 also if the file is being retrieved.
 */
u64 memfd_incoming_size(const struct memfd_kind *kind, u64 phys)
{
	u64 pages = 0;

	memfd_incoming_each(kind, phys, size_run, &pages);
	return pages << PAGE_SHIFT;
}
