// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a hugetlb memfd: the file handler
 */

/**
 * DOC: Preserving a hugetlb memfd
 *
 * The rules are those of other memfds: the size is fixed, also for mmap(2) that
 * would make the file larger, contents may change, holes may be filled.  Huge
 * pages are not split, merged or exchanged for others, and the next kernel has
 * them at the same addresses.  There they are surplus pages of the pool, also
 * beyond what nr_overcommit_hugepages allows, and leave it when they are freed.
 *
 * Huge pages that are reserved but not there yet travel as a wish: if the pool
 * of the next kernel cannot fulfil it, the file comes back without.
 */
#define pr_fmt(fmt) "hugetlb_luo: " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/liveupdate.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "hugetlb_luo.h"
#include "memfd_luo.h"

static bool hugetlb_can_preserve(struct liveupdate_file_handler *handler, struct file *file)
{
	return is_file_hugepages(file) && !file_inode(file)->i_nlink;
}

static unsigned long hugetlb_get_id(struct file *file)
{
	return (unsigned long)file_inode(file);
}

static int refuse(const char *why)
{
	pr_warn_ratelimited("not preserved: %s\n", why);
	return -EOPNOTSUPP;
}

/* Is it what the next kernel can make? */
static int check(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (IS_PRIVATE(inode))
		return refuse("a SysV shm segment is no memfd");
	if (!(inode->i_sb->s_flags & SB_KERNMOUNT))
		return refuse("an unlinked file of a mounted hugetlbfs is no memfd");
	if (!strcmp(file->f_path.dentry->d_name.name, HUGETLB_ANON_FILE))
		return refuse("an anonymous mapping is no memfd");
	if (HUGETLBFS_I(inode)->seals & ~MEMFD_LUO_ALL_SEALS)
		return refuse("it has a seal that no other kernel knows");
	return 0;
}

static int write_meta(struct hugetlb_save *s, struct file *file)
{
	struct memfd_meta *m = kzalloc(sizeof(*m), GFP_KERNEL);

	if (!m)
		return -ENOMEM;
	memfd_sample(file, m);
	m->seals = HUGETLBFS_I(s->inode)->seals;
	m->nr_folios = s->nr;
	m->folios = s->array;
	hugetlb_wire_write(s->ser, m, huge_page_shift(s->h));
	kfree(m);
	return 0;
}

static int hugetlb_preserve(struct liveupdate_file_op_args *args)
{
	struct hugetlb_save *s;
	int err;

	err = check(args->file);
	if (err)
		return err;
	s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	if (!s)
		return -ENOMEM;
	s->inode = file_inode(args->file);
	s->h = hstate_inode(s->inode);
	s->ser = kho_alloc_preserve(PAGE_SIZE);
	if (IS_ERR(s->ser)) {
		err = PTR_ERR(s->ser);
		goto fail_save;
	}
	err = hugetlb_save_begin(s);
	if (err)
		goto fail_ser;
	err = write_meta(s, args->file);
	if (err)
		goto fail_begin;
	args->serialized_data = virt_to_phys(s->ser);
	args->private_data = s;
	return 0;

fail_begin:
	hugetlb_save_end(s);
fail_ser:
	kho_unpreserve_free(s->ser);
fail_save:
	kfree(s);
	return err;
}

static void hugetlb_unpreserve(struct liveupdate_file_op_args *args)
{
	struct hugetlb_save *s = args->private_data;

	hugetlb_save_end(s);
	kho_unpreserve_free(s->ser);
	kfree(s);
}

static void hugetlb_unfreeze(struct liveupdate_file_op_args *args)
{
	struct hugetlb_save *s = args->private_data;

	hugetlb_set_live(s->inode, HUGETLB_LIVE_PRESERVED);
}

static int hugetlb_freeze(struct liveupdate_file_op_args *args)
{
	struct hugetlb_save *s = args->private_data;
	int err;

	err = hugetlb_save_freeze(s);
	if (err)
		return err;
	err = write_meta(s, args->file);
	if (err)
		hugetlb_unfreeze(args);
	return err;
}

static int hugetlb_retrieve(struct liveupdate_file_op_args *args)
{
	struct file *file = hugetlb_load_file(args->serialized_data, &args->retryable);

	if (IS_ERR(file))
		return PTR_ERR(file);
	args->file = file;
	return 0;
}

static void hugetlb_finish(struct liveupdate_file_op_args *args)
{
	/* A file that was made owns all there was; else there may be some left. */
	if (args->retrieve_status <= 0)
		hugetlb_discard(args->serialized_data);
}

static u64 hugetlb_get_size(struct liveupdate_file_op_args *args)
{
	struct hugetlb_save *s = args->private_data;

	if (s)
		return (u64)s->nr_folios << huge_page_shift(s->h);
	return hugetlb_incoming_size(args->serialized_data);
}

static const struct liveupdate_file_ops hugetlb_file_ops = {
	.can_preserve	= hugetlb_can_preserve,
	.preserve	= hugetlb_preserve,
	.unpreserve	= hugetlb_unpreserve,
	.freeze		= hugetlb_freeze,
	.unfreeze	= hugetlb_unfreeze,
	.retrieve	= hugetlb_retrieve,
	.finish		= hugetlb_finish,
	.get_id		= hugetlb_get_id,
	.get_size	= hugetlb_get_size,
	.owner		= THIS_MODULE,
};

static struct liveupdate_file_handler hugetlb_handler = {
	.ops		= &hugetlb_file_ops,
	.compatible	= HUGETLB_LUO_FH_COMPATIBLE,
};

static int __init hugetlb_luo_init(void)
{
	int err = liveupdate_register_file_handler(&hugetlb_handler);

	if (err && err != -EOPNOTSUPP)
		pr_err("cannot be registered (%d): no hugetlb memfd can be preserved\n", err);
	return 0;
}
late_initcall(hugetlb_luo_init);
