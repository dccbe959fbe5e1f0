// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a memfd: the file handler
 */

/**
 * DOC: Preserving a memfd
 *
 * A preserved memfd keeps its size: truncate(2), fallocate(2) and writes beyond
 * the end fail with EPERM.  Its contents may change, holes may be filled, and
 * mappings keep working.  F_SEAL_WRITE cannot be added (EBUSY), because the
 * folios are pinned.  Mode, owner, times, seals, flags, position, extended
 * attributes and memory policy are those of the moment at which the file is
 * frozen, in reboot(2).
 *
 * While the file is frozen memory that is there can be written to, and goes
 * over.  Who needs a folio that is not there waits: until the reboot is
 * aborted, or for ever.
 *
 * Locks, leases, watches, other open descriptions and mappings do not travel.
 */
#define pr_fmt(fmt) "memfd_luo: " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/liveupdate.h>
#include <linux/memfd.h>
#include <linux/mm.h>
#include <linux/posix_acl.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

#include "memfd_luo.h"

static bool memfd_can_preserve(struct liveupdate_file_handler *handler, struct file *file)
{
	return shmem_file(file) && !file_inode(file)->i_nlink;
}

static unsigned long memfd_get_id(struct file *file)
{
	return (unsigned long)file_inode(file);
}

static int refuse(const char *why)
{
	pr_warn_ratelimited("not preserved: %s\n", why);
	return -EOPNOTSUPP;
}

/* Of a file in memory it is nowhere else. */
static bool has_acl(struct inode *inode)
{
#ifdef CONFIG_FS_POSIX_ACL
	struct posix_acl *acl = READ_ONCE(inode->i_acl);

	return acl && !is_uncached_acl(acl);
#else
	return false;
#endif
}

/* Is it what the next kernel can make? */
static int check(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (IS_PRIVATE(inode))
		return refuse("a SysV shm segment or shared anonymous mapping is no memfd");
	if (!(inode->i_sb->s_flags & SB_KERNMOUNT))
		return refuse("an unlinked file of a mounted tmpfs is no memfd");
	if (SHMEM_I(inode)->seals & ~MEMFD_LUO_ALL_SEALS)
		return refuse("it has a seal that no other kernel knows");
	if (has_acl(inode))
		return refuse("it has an access control list");
	return 0;
}

static int write_meta(struct memfd_save *s, struct file *file)
{
	struct memfd_meta *m = kzalloc(sizeof(*m), GFP_KERNEL);
	struct shmem_inode_info *info = SHMEM_I(s->inode);
	int err = m ? memfd_extras_save(s) : -ENOMEM;

	if (err)
		goto out;
	memfd_sample(file, m);
	m->seals = info->seals;
	m->nr_folios = s->nr;
	m->folios = s->array;
	m->fsflags = info->fsflags;
	m->fallocend = info->fallocend;
	m->nr_pages = s->nr_pages;
	m->btime.sec = info->i_crtime.tv_sec;
	m->btime.nsec = info->i_crtime.tv_nsec;
	if (s->extras.len) {
		m->extras = virt_to_phys(s->extras.buf);
		m->extras_len = s->extras.len;
		m->extras_crc = memfd_extras_checksum(s->extras.buf, s->extras.len);
	}
	memfd_wire_write(s->ser, m);
out:
	kfree(m);
	return err;
}

static int memfd_preserve(struct liveupdate_file_op_args *args)
{
	struct memfd_save *s;
	int err;

	err = check(args->file);
	if (err)
		return err;
	s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);
	if (!s)
		return -ENOMEM;
	s->inode = file_inode(args->file);
	s->ser = kho_alloc_preserve(PAGE_SIZE);
	if (IS_ERR(s->ser)) {
		err = PTR_ERR(s->ser);
		goto fail_save;
	}
	err = memfd_save_begin(s);
	if (err)
		goto fail_ser;
	err = write_meta(s, args->file);
	if (err)
		goto fail_begin;
	args->serialized_data = virt_to_phys(s->ser);
	args->private_data = s;
	return 0;

fail_begin:
	memfd_extras_forget(s);
	memfd_save_end(s);
fail_ser:
	kho_unpreserve_free(s->ser);
fail_save:
	kfree(s);
	return err;
}

static void memfd_unpreserve(struct liveupdate_file_op_args *args)
{
	struct memfd_save *s = args->private_data;

	memfd_save_end(s);
	memfd_extras_forget(s);
	kho_unpreserve_free(s->ser);
	kfree(s);
}

static void memfd_unfreeze(struct liveupdate_file_op_args *args)
{
	struct memfd_save *s = args->private_data;

	shmem_set_live(s->inode, SHMEM_LIVE_PRESERVED);
}

static int memfd_freeze(struct liveupdate_file_op_args *args)
{
	struct memfd_save *s = args->private_data;
	int err;

	if (has_acl(s->inode))
		return refuse("it has an access control list");
	err = memfd_save_freeze(s);
	if (err)
		return err;
	err = write_meta(s, args->file);
	if (err)
		memfd_unfreeze(args);
	return err;
}

static int memfd_retrieve(struct liveupdate_file_op_args *args)
{
	struct file *file = memfd_load_file(args->serialized_data, &args->retryable);

	if (IS_ERR(file))
		return PTR_ERR(file);
	args->file = file;
	return 0;
}

static void memfd_finish(struct liveupdate_file_op_args *args)
{
	/* A file that was made owns all there was; else there may be some left. */
	if (args->retrieve_status <= 0)
		memfd_discard(args->serialized_data);
}

static u64 memfd_get_size(struct liveupdate_file_op_args *args)
{
	struct memfd_save *s = args->private_data;

	if (s)
		return s->nr_pages << PAGE_SHIFT;
	return memfd_incoming_size(args->serialized_data);
}

static const struct liveupdate_file_ops memfd_file_ops = {
	.can_preserve	= memfd_can_preserve,
	.preserve	= memfd_preserve,
	.unpreserve	= memfd_unpreserve,
	.freeze		= memfd_freeze,
	.unfreeze	= memfd_unfreeze,
	.retrieve	= memfd_retrieve,
	.finish		= memfd_finish,
	.get_id		= memfd_get_id,
	.get_size	= memfd_get_size,
	.owner		= THIS_MODULE,
};

static struct liveupdate_file_handler memfd_handler = {
	.ops		= &memfd_file_ops,
	.compatible	= MEMFD_LUO_FH_COMPATIBLE,
};

static int __init memfd_luo_init(void)
{
	int err = liveupdate_register_file_handler(&memfd_handler);

	if (err && err != -EOPNOTSUPP)
		pr_err("cannot be registered (%d): no memfd can be preserved\n", err);
	return 0;
}
late_initcall(memfd_luo_init);
