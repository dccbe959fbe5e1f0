// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a hugetlb memfd: the receiver's file
 */
#define pr_fmt(fmt) "hugetlb_luo: " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/kexec_handover.h>
#include <linux/memfd.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <uapi/linux/memfd.h>

#include "hugetlb_luo_fill.h"

static int set_properties(struct hugetlb_load *l)
{
	struct file *file = memfd_reopen(l->file, l->meta.f_flags);
	int err;

	if (IS_ERR(file))
		return PTR_ERR(file);
	l->file = file;
	err = memfd_restore_seals(file, l->meta.seals);
	if (err)
		return err;
	i_size_write(file_inode(file), l->meta.size);
	file->f_pos = l->meta.pos;
	memfd_apply(file_inode(file), &l->meta);
	return 0;
}

/* Errors that the data are not to blame for, or that another kernel may not give. */
static bool transient(int err)
{
	return err != -EINVAL && err != -EIO;
}

static void report(struct hugetlb_load *l)
{
	unsigned long kib = huge_page_size(l->h) >> 10;
	unsigned long surplus, allowed;

	spin_lock_irq(&hugetlb_lock);
	surplus = l->h->surplus_huge_pages;
	allowed = l->h->nr_overcommit_huge_pages;
	spin_unlock_irq(&hugetlb_lock);
	/* The first file too many */
	if (surplus > allowed && surplus - l->nr_folios <= allowed)
		pr_info_ratelimited("%lu huge pages of %lu KiB came over: %lu are surplus now, nr_overcommit_hugepages is %lu\n",
				    l->nr_folios, kib, surplus, allowed);
	if (l->denied)
		pr_warn_ratelimited("a file comes back without %lu reserved huge pages of %lu KiB: the pool has not as many\n",
				    l->denied, kib);
}

static int load_file(struct hugetlb_load *l, bool *retryable)
{
	unsigned int flags = MFD_HUGETLB | l->page_shift << MFD_HUGE_SHIFT;
	int err;

	l->file = memfd_alloc_file(l->meta.name, flags);
	if (IS_ERR(l->file)) {
		*retryable = true;
		return PTR_ERR(l->file);
	}

	err = hugetlb_make_places(l);
	err = err ?: hugetlb_charge(l);
	err = err ?: set_properties(l);
	if (err) {
		hugetlb_drop_places(l);
		*retryable = transient(err);
	} else {
		err = hugetlb_fill_places(l);
	}
	hugetlb_settle_charge(l);
	if (err)
		fput(l->file);
	else
		report(l);
	return err;
}

static int read_meta(const void *page, struct hugetlb_load *l, bool *retryable)
{
	const char *why;
	int err = hugetlb_wire_read(page, MAX_LFS_FILESIZE, &l->meta, &l->page_shift, &why);

	if (err) {
		pr_warn_ratelimited("a file cannot be retrieved: %s\n", why);
		*retryable = transient(err);
		return err;
	}
	l->h = size_to_hstate(1UL << l->page_shift);
	if (l->h)
		return 0;
	pr_warn_ratelimited("a file cannot be retrieved: this kernel has no huge pages of %llu KiB\n",
			    1ULL << l->page_shift >> 10);
	*retryable = true;
	return -EOPNOTSUPP;
}

/**
 * hugetlb_load_file - make a file of what the previous kernel preserved
 * @phys:	address of the page that describes it
 * @retryable:	set to true if it failed, but the next try, or another kernel,
 *		may succeed
 *
 * Context: may sleep.
 * Returns: the file, and what travelled is used up; or an ERR_PTR: -EINVAL if
 * what travelled cannot be right, -EIO if memory is missing, -EOPNOTSUPP if
 * something is not known here or there are no huge pages of that size, -ENOMEM,
 * -EINTR, -ENFILE.
 */
struct file *hugetlb_load_file(u64 phys, bool *retryable)
{
	struct hugetlb_load *l = kzalloc(sizeof(*l), GFP_KERNEL);
	struct file *file;
	void *page;
	int err;

	*retryable = !l;
	if (!l)
		return ERR_PTR(-ENOMEM);
	page = memfd_page_borrow(phys);
	err = page ? read_meta(page, l, retryable) : -EINVAL;
	err = err ?: memfd_array_borrow(&l->array, &l->meta);
	if (!err) {
		err = load_file(l, retryable);
		if (err)
			memfd_array_return(&l->array);
		else
			memfd_array_free(&l->array);
	}
	if (page && err)
		memfd_page_return(phys);
	else if (page)
		memfd_page_free(phys);
	file = err ? ERR_PTR(err) : l->file;
	kfree(l);
	return file;
}

/* What is there to be read, also of a file that cannot be retrieved here. */
static bool borrow(u64 phys, struct memfd_array *a)
{
	struct memfd_meta *m = kmalloc(sizeof(*m), GFP_KERNEL | __GFP_NOFAIL);
	void *page = memfd_page_borrow(phys);
	unsigned int shift;
	const char *why;

	memset(a, 0, sizeof(*a));
	if (page) {
		hugetlb_wire_read(page, MAX_LFS_FILESIZE, m, &shift, &why);
		if (memfd_array_borrow(a, m))
			memset(a, 0, sizeof(*a));
	}
	kfree(m);
	return page;
}

/**
 * hugetlb_discard - nobody wants the file
 * @phys:	address of the page that describes it
 */
void hugetlb_discard(u64 phys)
{
	struct memfd_array a;

	if (!borrow(phys, &a))
		return;
	memfd_array_discard(&a);
	memfd_page_free(phys);
}

/**
 * hugetlb_incoming_size - how much memory came over with a file?
 * @phys:	address of the page that describes it
 *
 * Returns: bytes; 0 also if the file is being retrieved.
 */
u64 hugetlb_incoming_size(u64 phys)
{
	struct memfd_array a;
	u64 pages;

	if (!borrow(phys, &a))
		return 0;
	pages = memfd_array_pages(&a);
	memfd_array_return(&a);
	memfd_page_return(phys);
	return pages << PAGE_SHIFT;
}
