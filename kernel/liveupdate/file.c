// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: a set of files
 */

/**
 * DOC: Files
 *
 * A set holds what travels together: the files of a session.  What it means to
 * preserve a file is the business of the file's handler; here is kept which
 * files there are, that each is preserved once, and in which order the handlers
 * are called.
 *
 * A file that arrived has no handler until it is needed: the handler's module
 * may be loaded later, or never.
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ext_wire.h"
#include "file.h"

/* All files that are preserved or were retrieved, by what identifies them. */
static DEFINE_XARRAY(identities);

/**
 * luo_files_init - an empty set
 * @set:	the set
 */
void luo_files_init(struct luo_files *set)
{
	INIT_LIST_HEAD(&set->list);
	xa_init(&set->by_token);
	set->nr = 0;
	kho_block_set_init(&set->blocks, sizeof(struct luo_file_ser));
}

/*
 * Room for what may have to be handed over: in a chain of the set's own, or in
 * the extension.
 */

static bool is_ext(const struct luo_file *f)
{
	return luo_ext_name_is_ours(f->compatible);
}

static int reserve(struct luo_files *set, unsigned long nr, unsigned long nr_ext)
{
	return kho_block_set_grow(&set->blocks, nr - nr_ext) ?: luo_xluo_reserve(set, nr_ext);
}

/**
 * luo_files_reserve - make room to hand on all files of a set
 * @set:	a set that arrived
 *
 * Returns: 0, -ENOMEM or -ENOSPC.
 */
int luo_files_reserve(struct luo_files *set)
{
	return reserve(set, set->nr, set->nr_ext);
}

/**
 * luo_files_trim - give back room for files that do not go over
 * @set:	the set
 */
void luo_files_trim(struct luo_files *set)
{
	kho_block_set_shrink(&set->blocks, set->over - set->over_ext);
	luo_xluo_release(set, set->over_ext);
}

/* One that goes over, if it does, more or less */
static void count_over(struct luo_files *set, const struct luo_file *f, int more)
{
	if (!luo_file_travels(f))
		return;
	set->over += more;
	if (is_ext(f))
		set->over_ext += more;
}

/**
 * luo_file_becomes - change what decides whether a file goes over
 * @set:		its set
 * @f:			the file
 * @retrieve_status:	from now on
 * @stashed:		from now on
 */
void luo_file_becomes(struct luo_files *set, struct luo_file *f, int retrieve_status, bool stashed)
{
	count_over(set, f, -1);
	f->retrieve_status = retrieve_status;
	f->stashed = stashed;
	count_over(set, f, 1);
}

/**
 * luo_files_insert - put a file into a set
 * @set:	the set
 * @f:		the file
 * @before:	the file it comes before, or the list's head
 */
void luo_files_insert(struct luo_files *set, struct luo_file *f, struct list_head *before)
{
	list_add_tail(&f->node, before);
	set->nr++;
	set->nr_ext += is_ext(f);
	count_over(set, f, 1);
}

/**
 * luo_files_append - put a file at the end of a set
 * @set:	the set
 * @f:		the file, whose handler is known
 */
void luo_files_append(struct luo_files *set, struct luo_file *f)
{
	luo_files_insert(set, f, &set->list);
}

/**
 * luo_files_destroy - free what a set without files still has
 * @set:	the set
 */
void luo_files_destroy(struct luo_files *set)
{
	kho_block_set_destroy(&set->blocks);
	luo_xluo_destroy(set);
}

/**
 * luo_file_identify - keep others from a file
 * @f:		an open file, whose handler is known
 *
 * Returns: 0; -EBUSY if the file is in a set already; -ENOMEM.
 */
int luo_file_identify(struct luo_file *f)
{
	unsigned long id = f->fh->ops->get_id ? f->fh->ops->get_id(f->file) :
						(unsigned long)f->file;
	int err = xa_insert(&identities, id, f, GFP_KERNEL);

	f->id = id;
	f->identified = !err;
	return err;
}

/**
 * luo_file_free - let go of a file and its handler
 * @f:		a file in no set
 */
void luo_file_free(struct luo_file *f)
{
	if (f->identified)
		xa_erase(&identities, f->id);
	if (f->fh)
		luo_handler_put(f->fh);
	if (f->file)
		fput(f->file);
	kfree(f->name.text);
	kfree(f);
}

/**
 * luo_file_remove - take a file out of its set, and free it
 * @set:	the set
 * @f:		the file, which no handler has to be told about any more
 */
void luo_file_remove(struct luo_files *set, struct luo_file *f)
{
	xa_erase(&set->by_token, f->token);
	list_del(&f->node);
	set->nr--;
	set->nr_ext -= is_ext(f);
	count_over(set, f, -1);
	luo_file_free(f);
}

/*
 * Preserving
 */

/**
 * luo_file_claim - find the handler of a file, and keep others from the file
 * @f:		the file
 *
 * Context: may sleep.
 * Returns: 0; -ENOENT if no handler wants the file; -EBUSY if the file is in a
 * set already; -ENOMEM.
 */
int luo_file_claim(struct luo_file *f)
{
	f->fh = luo_handler_for_file(f->file);
	if (!f->fh)
		return -ENOENT;
	strscpy(f->compatible, f->fh->compatible);
	return luo_file_identify(f);
}

/**
 * luo_file_preserve - let the handler preserve a file
 * @f:		a file that was claimed
 *
 * Context: may sleep.
 * Returns: 0; the error of the handler or of an FLB, and the file is as before.
 */
int luo_file_preserve(struct luo_file *f)
{
	struct liveupdate_file_op_args args;
	int err;

	err = luo_flb_file_preserve(f->fh);
	if (err)
		return err;
	args = luo_file_args(f);
	err = f->fh->ops->preserve(&args);
	if (err) {
		luo_flb_file_unpreserve(f->fh);
		return err;
	}
	f->data = args.serialized_data;
	f->private_data = args.private_data;
	return 0;
}

/**
 * luo_files_preserve - put a file into a set
 * @set:	the set
 * @token:	to know it by in the next kernel
 * @fd:		descriptor of the current task
 *
 * Context: may sleep.
 * Returns: 0; -EEXIST if the token is in use; -EBADF; -ENOENT if no handler
 * wants the file; -EBUSY if the file is in a set already; -ENOSPC, -ENOMEM;
 * or what the handler says.
 */
int luo_files_preserve(struct luo_files *set, u64 token, int fd)
{
	struct luo_file *f;
	int err;

	if (xa_load(&set->by_token, token))
		return -EEXIST;
	f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	if (!f)
		return -ENOMEM;
	f->token = token;
	f->file = fget(fd);
	err = f->file ? 0 : -EBADF;
	err = err ?: xa_insert(&set->by_token, token, f, GFP_KERNEL_ACCOUNT);
	if (err)
		goto fail;
	err = luo_file_claim(f);
	/* Before the handler: after it nothing may fail any more. */
	err = err ?: reserve(set, set->nr + 1, set->nr_ext + is_ext(f));
	err = err ?: luo_file_preserve(f);
	if (err) {
		xa_erase(&set->by_token, token);
		goto fail;
	}
	luo_files_append(set, f);
	return 0;

fail:
	luo_file_free(f);
	luo_files_trim(set);
	return err;
}

/**
 * luo_file_unpreserve - undo luo_file_preserve()
 * @f:		a file that is preserved
 */
void luo_file_unpreserve(struct luo_file *f)
{
	struct liveupdate_file_op_args args = luo_file_args(f);

	f->fh->ops->unpreserve(&args);
	luo_flb_file_unpreserve(f->fh);
	f->data = 0;
	f->private_data = NULL;
}

/**
 * luo_files_unpreserve - let all files of a set go
 * @set:	a set of this kernel's files; empty afterwards
 */
void luo_files_unpreserve(struct luo_files *set)
{
	struct luo_file *f, *prev;

	list_for_each_entry_safe_reverse(f, prev, &set->list, node) {
		luo_file_unpreserve(f);
		luo_file_remove(set, f);
	}
	luo_files_destroy(set);
}

/*
 * Before the jump
 */

/**
 * luo_file_preserved - is this a file of this kernel that goes over?
 * @f:		the file
 *
 * Returns: true if it is.
 */
bool luo_file_preserved(const struct luo_file *f)
{
	return f->file && !f->retrieve_status && !f->stashed;
}

static void unfreeze_until(struct luo_files *set, struct luo_file *end)
{
	struct luo_file *f;

	list_for_each_entry(f, &set->list, node) {
		struct liveupdate_file_op_args args = luo_file_args(f);

		if (f == end)
			return;
		if (luo_file_preserved(f) && f->fh->ops->unfreeze)
			f->fh->ops->unfreeze(&args);
	}
}

/**
 * luo_files_freeze - nothing of the files may change any more
 * @set:	a set of this kernel's files
 *
 * Context: may sleep.
 * Returns: 0; the error of the handler that failed, and no file is frozen.
 */
int luo_files_freeze(struct luo_files *set)
{
	struct luo_file *f;

	list_for_each_entry(f, &set->list, node) {
		struct liveupdate_file_op_args args = luo_file_args(f);
		int err;

		if (!luo_file_preserved(f) || !f->fh->ops->freeze)
			continue;
		err = f->fh->ops->freeze(&args);
		if (err < 0) {
			pr_err("token %#llx (%s) cannot be frozen: %d\n",
			       f->token, f->compatible, err);
			unfreeze_until(set, f);
			return err;
		}
		f->data = args.serialized_data;
	}
	return 0;
}

/**
 * luo_files_unfreeze - the reboot was aborted
 * @set:	a set that was frozen
 */
void luo_files_unfreeze(struct luo_files *set)
{
	unfreeze_until(set, NULL);
}

/**
 * luo_file_travels - does this file go over?
 * @f:		the file
 *
 * Returns: true if it is preserved or waits; what was retrieved, or is just kept
 * in a box, belongs to this kernel.
 */
bool luo_file_travels(const struct luo_file *f)
{
	return !f->retrieve_status && !f->stashed;
}

/**
 * luo_files_serialize - write down a set for the next kernel
 * @set:	a set, frozen if it is of this kernel's files
 * @sum:	what goes over is added, all of it
 * @count:	set to the number of files in the chain
 *
 * Files of formats that other kernels do not know are left to
 * luo_xluo_add_session().
 *
 * Returns: address of the chain; 0 if no file is in it.
 */
u64 luo_files_serialize(struct luo_files *set, struct luo_summary *sum, unsigned long *count)
{
	struct kho_block_set_it it;
	struct luo_file *f;

	*count = 0;
	kho_block_set_clear(&set->blocks);
	kho_block_set_it_init(&it, &set->blocks);
	list_for_each_entry(f, &set->list, node) {
		struct liveupdate_file_op_args args = luo_file_args(f);
		struct luo_file_ser *ser;

		if (!luo_file_travels(f))
			continue;
		if (f->fh && f->fh->ops->get_size)
			sum->bytes += f->fh->ops->get_size(&args);
		sum->files++;
		if (is_ext(f))
			continue;
		ser = kho_block_set_it_reserve_entry(&it);
		strscpy(ser->compatible, f->compatible);
		ser->data = f->data;
		ser->token = f->token;
		++*count;
	}
	return kho_block_set_head_pa(&set->blocks);
}

/**
 * luo_files_report_lost - say which files end with this kernel
 * @set:	a set that arrived
 * @session:	name for the log
 * @sum:	they are counted; of many, only the first ones are named
 */
void luo_files_report_lost(struct luo_files *set, const char *session, struct luo_summary *sum)
{
	struct luo_file *f;

	list_for_each_entry(f, &set->list, node) {
		if (!f->file || xa_load(&identities, f->id) != f)
			continue;
		if (sum->lost++ < LUO_REPORT_MAX)
			pr_warn("session '%s': token %#llx was retrieved and is not preserved again\n",
				session, f->token);
	}
}
