// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of memfds: the file handler
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
 * over.  Who needs a folio that is not there, or changes an attribute, waits:
 * until the reboot is aborted, or for ever.
 *
 * Locks, leases, watches, other open descriptions and mappings do not travel.
 */
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "memfd_luo.h"

static const struct memfd_kind *kind_of(struct liveupdate_file_handler *fh)
{
	return container_of(fh, struct memfd_handler, fh)->kind;
}

static bool memfd_can_preserve(struct liveupdate_file_handler *fh, struct file *file)
{
	return !file_inode(file)->i_nlink && kind_of(fh)->is_one(file);
}

static unsigned long memfd_get_id(struct file *file)
{
	return (unsigned long)file_inode(file);
}

/* Is it what the next kernel can make? */
static int check(const struct memfd_kind *kind, struct file *file)
{
	const char *why = kind->refuse(file);

	if (!why)
		return 0;
	pr_warn_ratelimited("%s: not preserved: %s\n", kind->name, why);
	return -EOPNOTSUPP;
}

static int write_meta(struct memfd_save *s, struct file *file)
{
	struct memfd_meta *m = kzalloc(sizeof(*m), GFP_KERNEL);
	int err;

	if (!m)
		return -ENOMEM;
	memfd_sample(file, m);
	m->nr_folios = s->entries.nr;
	m->folios = s->entries.array;
	m->nr_pages = s->nr_pages;
	err = s->kind->write(s, m);
	kfree(m);
	return err;
}

static int memfd_preserve(struct liveupdate_file_op_args *args)
{
	const struct memfd_kind *kind = kind_of(args->handler);
	struct memfd_save *s;
	int err;

	err = check(kind, args->file);
	if (err)
		return err;
	s = kzalloc(kind->save_size, GFP_KERNEL_ACCOUNT);
	if (!s)
		return -ENOMEM;
	s->kind = kind;
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
	kho_unpreserve_free(s->ser);
	kfree(s);
}

static void memfd_unfreeze(struct liveupdate_file_op_args *args)
{
	struct memfd_save *s = args->private_data;

	s->kind->set_live(s->inode, MEMFD_LIVE_PRESERVED);
}

static int memfd_freeze(struct liveupdate_file_op_args *args)
{
	struct memfd_save *s = args->private_data;
	int err;

	err = memfd_save_freeze(s);
	if (err)
		return err;
	/* What is changed from now on is not acknowledged. */
	err = check(s->kind, args->file);
	err = err ?: write_meta(s, args->file);
	if (err)
		memfd_unfreeze(args);
	return err;
}

static int memfd_retrieve(struct liveupdate_file_op_args *args)
{
	struct file *file = memfd_load(kind_of(args->handler), args->serialized_data,
				       &args->retryable);

	if (IS_ERR(file))
		return PTR_ERR(file);
	args->file = file;
	return 0;
}

static void memfd_finish(struct liveupdate_file_op_args *args)
{
	/* A file that was made owns all there was; else there may be some left. */
	if (args->retrieve_status <= 0)
		memfd_discard(kind_of(args->handler), args->serialized_data);
}

static u64 memfd_get_size(struct liveupdate_file_op_args *args)
{
	struct memfd_save *s = args->private_data;

	if (s)
		return s->nr_pages << PAGE_SHIFT;
	return memfd_incoming_size(kind_of(args->handler), args->serialized_data);
}

const struct liveupdate_file_ops memfd_file_ops = {
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

/**
 * memfd_luo_register - let live update know of a kind of memfds
 * @h:	its handler
 *
 * Returns: 0, also if it cannot be registered: that is logged.
 */
int memfd_luo_register(struct memfd_handler *h)
{
	int err = liveupdate_register_file_handler(&h->fh);

	if (err && err != -EOPNOTSUPP)
		pr_err("%s: cannot be registered (%d): no such memfd can be preserved\n",
		       h->kind->name, err);
	return 0;
}
