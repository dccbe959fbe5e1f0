// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a hugetlb memfd: the receiver's file
 */
#define pr_fmt(fmt) "hugetlb_luo: " fmt

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/memfd.h>
#include <linux/mm.h>

#include <uapi/linux/memfd.h>

#include "hugetlb_luo.h"

static int set_properties(struct memfd_load *l)
{
	int err = memfd_reopen(l);

	err = err ?: memfd_restore_seals(l->file, l->meta.seals);
	if (err)
		return err;
	i_size_write(file_inode(l->file), l->meta.size);
	l->file->f_pos = l->meta.pos;
	memfd_apply(file_inode(l->file), &l->meta);
	return 0;
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

static int fill(struct hugetlb_load *l)
{
	int err = hugetlb_make_places(l);

	err = err ?: hugetlb_charge(l);
	err = err ?: set_properties(&l->base);
	if (err)
		hugetlb_drop_places(l);
	else
		err = hugetlb_fill_places(l);
	hugetlb_settle_charge(l);
	return err;
}

/**
 * hugetlb_luo_load - make a hugetlb memfd of what the previous kernel preserved
 * @base:	what it said about it; its file is set
 *
 * Context: may sleep.
 * Returns: 0, or an error: as memfd_load().
 */
int hugetlb_luo_load(struct memfd_load *base)
{
	struct hugetlb_load *l = container_of(base, struct hugetlb_load, base);
	unsigned int shift = base->meta.page_shift;
	int err;

	l->h = size_to_hstate(1UL << shift);
	if (!l->h) {
		pr_warn_ratelimited("a file cannot be retrieved: this kernel has no huge pages of %lu KiB\n",
				    1UL << shift >> 10);
		return -EOPNOTSUPP;
	}
	base->file = memfd_alloc_file(base->meta.name, MFD_HUGETLB | shift << MFD_HUGE_SHIFT);
	if (IS_ERR(base->file))
		return PTR_ERR(base->file);
	err = fill(l);
	if (err)
		fput(base->file);
	else
		report(l);
	return err;
}
