// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: a set of files that arrived
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/fs.h>
#include <linux/security.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "file.h"
#include "wire.h"

/**
 * luo_files_add - put a file that arrived into a set
 * @set:	the set
 * @token:	the user's name for it
 * @data:	what travelled
 * @compatible:	who understands that
 * @before:	the file it comes before, or the list's head
 *
 * Returns: 0; -EINVAL if there is such a token already; -ENOMEM.
 */
int luo_files_add(struct luo_files *set, u64 token, u64 data, const char *compatible,
		  struct list_head *before)
{
	struct luo_file *f = kzalloc(sizeof(*f), GFP_KERNEL);
	int err;

	if (!f)
		return -ENOMEM;
	strscpy(f->compatible, compatible);
	f->data = data;
	f->token = token;
	err = xa_insert(&set->by_token, token, f, GFP_KERNEL);
	if (err) {
		kfree(f);
		return err == -EBUSY ? -EINVAL : err;
	}
	err = luo_flb_file_arrived(compatible);
	if (err) {
		xa_erase(&set->by_token, token);
		kfree(f);
		return err;
	}
	luo_files_insert(set, f, before);
	return 0;
}

static int receive_file(struct luo_files *set, const struct luo_file_ser *ser)
{
	return luo_wire_check_file(ser) ?:
	       luo_files_add(set, ser->token, ser->data, ser->compatible, &set->list);
}

/**
 * luo_files_receive - fill an empty set with what arrived
 * @set:	the set
 * @ser:	the session
 *
 * Context: may sleep.
 * Returns: 0; -EINVAL if it is damaged, -ENOMEM; then the set is empty again.
 */
int luo_files_receive(struct luo_files *set, const struct luo_session_ser *ser)
{
	struct kho_block_set arrived;
	struct kho_block_set_it it;
	struct luo_file_ser *file;
	struct luo_file *f, *next;
	int err;

	kho_block_set_init(&arrived, sizeof(*file));
	err = kho_block_set_restore(&arrived, ser->files);
	kho_block_set_it_init(&it, &arrived);
	while (!err && (file = kho_block_set_it_read_entry(&it)))
		err = receive_file(set, file);
	kho_block_set_destroy(&arrived);
	if (!err && ser->files && set->nr != ser->count)
		err = -EINVAL;
	if (err) {
		list_for_each_entry_safe(f, next, &set->list, node) {
			luo_flb_file_lost();
			luo_file_remove(set, f);
		}
	}
	return err;
}

static bool find_handler(struct luo_file *f)
{
	if (!f->fh)
		f->fh = luo_handler_by_name(f->compatible);
	return f->fh;
}

/**
 * luo_files_retrieve - make a file of what arrived
 * @set:	a set that arrived
 * @token:	which file
 *
 * Context: may sleep.
 * Returns: the open file with a reference, the same one each time; an ERR_PTR:
 * -ENOENT if there is no such token, -EAGAIN if its handler is not there, or
 * what the handler says, once and for all unless it says that trying again
 * makes sense.
 */
struct file *luo_files_retrieve(struct luo_files *set, u64 token)
{
	struct luo_file *f = xa_load(&set->by_token, token);
	struct liveupdate_file_op_args args;
	int err;

	if (!f)
		return ERR_PTR(-ENOENT);
	if (f->retrieve_status < 0)
		return ERR_PTR(f->retrieve_status);
	if (f->file) {
		err = security_file_receive(f->file);
		return err ? ERR_PTR(err) : get_file(f->file);
	}
	if (!find_handler(f)) {
		pr_warn_ratelimited("token %#llx cannot be retrieved: there is no handler of '%s'\n",
				    token, f->compatible);
		return ERR_PTR(-EAGAIN);
	}
	args = luo_file_args(f);
	err = f->fh->ops->retrieve(&args);
	if (err > 0 || (!err && !args.file))
		err = -EINVAL;
	if (err && args.retryable)
		return ERR_PTR(err);
	luo_file_becomes(set, f, err ?: 1, f->stashed);
	luo_flb_file_take(f->fh);
	if (err)
		return ERR_PTR(err);
	f->file = args.file;
	/* If this fails the file can be preserved while it is in this set. */
	if (luo_file_identify(f))
		pr_warn_ratelimited("token %#llx (%s) is not known by its identity\n",
				    token, f->compatible);
	return get_file(f->file);
}

/**
 * luo_file_may_finish - may a file that arrived be given up, or used freely?
 * @f:		the file
 *
 * Context: may sleep.
 * Returns: true if its handler is there, and does not refuse.
 */
bool luo_file_may_finish(struct luo_file *f)
{
	struct liveupdate_file_op_args args;

	if (f->finished)
		return true;
	if (!find_handler(f))
		return false;
	args = luo_file_args(f);
	return !f->fh->ops->can_finish || f->fh->ops->can_finish(&args);
}

/* The handler is told once: what it had to free may be somebody else's by now. */
static void give_up(struct luo_file *f)
{
	struct liveupdate_file_op_args args = luo_file_args(f);

	if (!f->finished)
		f->fh->ops->finish(&args);
	f->finished = true;
}

/**
 * luo_file_finish - a file that arrived is given up, or used freely
 * @f:		a file that may be finished
 *
 * Afterwards it is removed, or what was retrieved is a file like any other.
 */
void luo_file_finish(struct luo_file *f)
{
	give_up(f);
	if (!f->retrieve_status)
		luo_flb_file_take(f->fh);
	luo_flb_file_finish(f->fh);
}

/**
 * luo_files_free_failed - free what came for files that cannot be retrieved
 * @set:	a set, files of which arrived
 * @session:	name for the log
 * @sum:	they are counted; of many, only the first ones are named
 *
 * They do not go over, so what is left of them would be nobody's in the next
 * kernel.  If there is none after all they are in the set, failed as before.
 *
 * Context: may sleep.
 */
void luo_files_free_failed(struct luo_files *set, const char *session, struct luo_summary *sum)
{
	struct luo_file *f;

	list_for_each_entry(f, &set->list, node) {
		if (f->retrieve_status >= 0 || f->finished || !luo_file_may_finish(f))
			continue;
		if (sum->failed++ < LUO_REPORT_MAX)
			pr_warn("session '%s': token %#llx could not be retrieved (%d) and ends here\n",
				session, f->token, f->retrieve_status);
		give_up(f);
	}
}

static int finish(struct luo_files *set, bool all)
{
	struct luo_file *f, *prev;

	list_for_each_entry(f, &set->list, node) {
		if ((all || f->retrieve_status) && !luo_file_may_finish(f))
			return -EBUSY;
	}
	list_for_each_entry_safe_reverse(f, prev, &set->list, node) {
		if (!all && !f->retrieve_status)
			continue;
		luo_file_finish(f);
		luo_file_remove(set, f);
	}
	luo_files_trim(set);
	return 0;
}

/**
 * luo_files_finish - be done with all files that arrived
 * @set:	a set that arrived; empty afterwards
 *
 * Those that were retrieved become files like any other, the rest is freed.
 *
 * Context: may sleep.
 * Returns: 0; -EBUSY if a handler refuses or is not there, and nothing is done.
 */
int luo_files_finish(struct luo_files *set)
{
	return finish(set, true);
}

/**
 * luo_files_finish_retrieved - be done with the files somebody asked for
 * @set:	a set that arrived; those nobody asked for remain
 *
 * Context: may sleep.
 * Returns: 0; -EBUSY if a handler refuses, and nothing is done.
 */
int luo_files_finish_retrieved(struct luo_files *set)
{
	return finish(set, false);
}
