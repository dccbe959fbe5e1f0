// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: state that files of a kind share
 */

/**
 * DOC: File-Lifecycle-Bound state
 *
 * An FLB is linked to one or more file handlers.  It is preserved when the
 * first file of any of them is, and no longer when the last one is not.  In the
 * next kernel it is finished with the last file that depends on it, or with the
 * last user of its object, whichever comes later.
 *
 * What arrived is kept in a table by name, so that an FLB that is registered
 * late, or never, loses nothing: what nobody took over is handed on.
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "flb.h"
#include "internal.h"
#include "wire.h"

LIST_HEAD(luo_flbs);
static unsigned int flbs_nr;	/* under the registry's lock */

/*
 * Registration
 */

/**
 * luo_flb_find - an FLB that is linked
 * @compatible:	its name
 *
 * Context: the registry is locked.
 * Returns: the FLB, or NULL.
 */
struct liveupdate_flb *luo_flb_find(const char *compatible)
{
	struct list_head *node;

	list_for_each(node, &luo_flbs) {
		if (!strcmp(luo_flb_of(node)->compatible, compatible))
			return luo_flb_of(node);
	}
	return NULL;
}

static struct flb_link *find_link(struct liveupdate_file_handler *fh, struct liveupdate_flb *flb)
{
	struct flb_link *link;

	list_for_each_entry(link, luo_handler_flbs(fh), node) {
		if (link->flb == flb)
			return link;
	}
	return NULL;
}

/* The first link of an FLB makes it known. */
static int make_known(struct liveupdate_flb *flb)
{
	struct liveupdate_flb *known = luo_flb_find(flb->compatible);

	if (known)
		return known == flb ? 0 : -EEXIST;
	if (flbs_nr == LUO_FLB_MAX)
		return -ENOSPC;
	if (!luo_flb_priv(flb)->initialized) {
		mutex_init(&luo_flb_priv(flb)->outgoing.lock);
		luo_flb_priv(flb)->initialized = true;
	}
	list_add_tail(&luo_flb_priv(flb)->list, &luo_flbs);
	flbs_nr++;
	return 0;
}

/* Files of a handler that are preserved. */
static atomic_long_t *preserved_of(struct liveupdate_file_handler *fh)
{
	return &ACCESS_PRIVATE(fh, preserved);
}

static void forget_unused(struct liveupdate_flb *flb)
{
	if (luo_flb_priv(flb)->users || luo_flb_priv(flb)->abandoned)
		return;
	list_del_init(&luo_flb_priv(flb)->list);
	flbs_nr--;
}

static int preserve(struct liveupdate_flb *flb, unsigned int files);
static void unpreserve(struct liveupdate_flb *flb, unsigned int files);

/* Files that were there before the link depend on it as those that come. */
static int adopt_files(struct liveupdate_file_handler *fh, struct liveupdate_flb *flb)
{
	long files = atomic_long_read(preserved_of(fh));

	if (!files)
		return 0;
	return luo_flbs_frozen() ? -EBUSY : preserve(flb, files);
}

static void abandon_files(struct liveupdate_file_handler *fh, struct liveupdate_flb *flb)
{
	long files = atomic_long_read(preserved_of(fh));

	/* What is frozen stays: the next kernel is told about it, unless there is none. */
	if (luo_flbs_frozen())
		luo_flb_priv(flb)->abandoned += files;
	else if (files)
		unpreserve(flb, files);
}

/**
 * liveupdate_register_flb - let a kind of files depend on an FLB
 * @fh:		the handler of the files, registered
 * @flb:	the FLB; static, it may be linked to several handlers
 *
 * Files of the handler that are preserved already depend on it, too: then its
 * preserve operation is called from here.  So do files that arrived: if all of
 * them are finished its retrieve and finish operations are called from here.
 *
 * Context: may sleep.
 * Returns: 0; -EOPNOTSUPP if live update is off; -EINVAL, with a warning, if
 * the handler is not registered or one of the four mandatory operations is
 * missing; -EEXIST if they are linked already, or another FLB has the name;
 * -ENOSPC if there are too many FLBs; -ENOMEM; -EBUSY if there are preserved
 * files, and they are frozen for a kexec; what the preserve operation returns.
 */
int liveupdate_register_flb(struct liveupdate_file_handler *fh, struct liveupdate_flb *flb)
{
	const struct liveupdate_flb_ops *ops = flb->ops;
	struct flb_link *link __free(kfree) = NULL;
	int err;

	if (!liveupdate_enabled())
		return -EOPNOTSUPP;
	if (WARN_ON(!ops || !ops->preserve || !ops->unpreserve || !ops->retrieve ||
		    !ops->finish ||
		    !luo_wire_name_ok(flb->compatible, sizeof(flb->compatible))))
		return -EINVAL;
	link = kzalloc(sizeof(*link), GFP_KERNEL);
	if (!link)
		return -ENOMEM;
	luo_registry_lock(true);
	if (WARN_ON(!luo_handler_registered(fh)))
		err = -EINVAL;
	else if (find_link(fh, flb))
		err = -EEXIST;
	else
		err = make_known(flb);
	if (!err) {
		err = adopt_files(fh, flb);
		if (err)
			forget_unused(flb);
	}
	if (!err) {
		luo_flb_priv(flb)->users++;
		link->flb = flb;
		list_add_tail(&no_free_ptr(link)->node, luo_handler_flbs(fh));
		luo_flb_linked(fh, flb);
	}
	luo_registry_unlock(true);
	return err;
}
EXPORT_SYMBOL_GPL(liveupdate_register_flb);

static void unlink_flb(struct liveupdate_file_handler *fh, struct flb_link *link)
{
	struct liveupdate_flb *flb = link->flb;

	abandon_files(fh, flb);
	list_del(&link->node);
	kfree(link);
	luo_flb_priv(flb)->users--;
	forget_unused(flb);
}

/**
 * liveupdate_unregister_flb - undo liveupdate_register_flb()
 * @fh:		the handler
 * @flb:	the FLB
 *
 * Context: may sleep.
 */
void liveupdate_unregister_flb(struct liveupdate_file_handler *fh, struct liveupdate_flb *flb)
{
	struct flb_link *link;

	if (!liveupdate_enabled())
		return;
	luo_registry_lock(true);
	link = luo_handler_registered(fh) ? find_link(fh, flb) : NULL;
	if (!WARN_ON(!link))
		unlink_flb(fh, link);
	luo_registry_unlock(true);
}
EXPORT_SYMBOL_GPL(liveupdate_unregister_flb);

/**
 * luo_flb_unlink_all - a file handler goes away
 * @fh:		the handler
 *
 * Context: the registry is locked for writing.
 */
void luo_flb_unlink_all(struct liveupdate_file_handler *fh)
{
	struct flb_link *link, *next;

	list_for_each_entry_safe(link, next, luo_handler_flbs(fh), node)
		unlink_flb(fh, link);
}

/**
 * luo_flb_drop_abandoned - end what was unlinked while it was frozen
 *
 * Context: the registry is locked for writing.
 */
void luo_flb_drop_abandoned(void)
{
	struct list_head *node, *next;

	list_for_each_safe(node, next, &luo_flbs) {
		struct liveupdate_flb *flb = luo_flb_of(node);
		unsigned int files = luo_flb_priv(flb)->abandoned;

		luo_flb_priv(flb)->abandoned = 0;
		forget_unused(flb);
		if (files)
			unpreserve(flb, files);
	}
}

/*
 * Outgoing
 */

/* For so many more files. */
static int preserve(struct liveupdate_flb *flb, unsigned int files)
{
	struct liveupdate_flb_state *st = &luo_flb_priv(flb)->outgoing;
	struct liveupdate_flb_op_args args = { .flb = flb };
	int err;

	guard(mutex)(&st->lock);
	if (refcount_read(&st->count)) {
		refcount_add(files, &st->count);
		luo_flb_priv(flb)->files += files;
		return 0;
	}
	if (!try_module_get(flb->ops->owner))
		return -ENODEV;
	err = flb->ops->preserve(&args);
	if (err) {
		module_put(flb->ops->owner);
		return err;
	}
	st->data = args.data;
	st->obj = args.obj;
	refcount_set(&st->count, files);
	luo_flb_priv(flb)->files = files;
	return 0;
}

/* With @files fewer files and @users fewer users */
static void release(struct liveupdate_flb *flb, unsigned int files, unsigned int users)
{
	struct liveupdate_flb_state *st = &luo_flb_priv(flb)->outgoing;
	struct liveupdate_flb_op_args args;

	scoped_guard(mutex, &st->lock) {
		luo_flb_priv(flb)->files -= files;
		if (!refcount_sub_and_test(files + users, &st->count))
			return;
		args = luo_flb_op_args(flb, st);
		flb->ops->unpreserve(&args);
		st->data = 0;
		st->obj = NULL;
	}
	module_put(flb->ops->owner);
}

static void unpreserve(struct liveupdate_flb *flb, unsigned int files)
{
	release(flb, files, 0);
}

/**
 * liveupdate_flb_put_outgoing - undo liveupdate_flb_get_outgoing()
 * @flb:	the FLB
 *
 * Context: may sleep.
 */
void liveupdate_flb_put_outgoing(struct liveupdate_flb *flb)
{
	release(flb, 0, 1);
}
EXPORT_SYMBOL_GPL(liveupdate_flb_put_outgoing);

/**
 * liveupdate_flb_get_outgoing - the object that is being preserved
 * @flb:	the FLB
 * @objp:	set to the object
 *
 * Context: may sleep.
 * Returns: 0, to be followed by liveupdate_flb_put_outgoing(); -ENOENT if the
 * FLB is not preserved or has no object; -EOPNOTSUPP if live update is off.
 */
int liveupdate_flb_get_outgoing(struct liveupdate_flb *flb, void **objp)
{
	struct liveupdate_flb_state *st = &luo_flb_priv(flb)->outgoing;

	if (!liveupdate_enabled())
		return -EOPNOTSUPP;
	if (!luo_flb_priv(flb)->initialized)
		return -ENOENT;
	guard(mutex)(&st->lock);
	if (!refcount_read(&st->count) || !st->obj)
		return -ENOENT;
	refcount_inc(&st->count);
	*objp = st->obj;
	return 0;
}
EXPORT_SYMBOL_GPL(liveupdate_flb_get_outgoing);

static void unpreserve_from(struct liveupdate_file_handler *fh, struct flb_link *link)
{
	list_for_each_entry_from_reverse(link, luo_handler_flbs(fh), node)
		unpreserve(link->flb, 1);
}

/**
 * luo_flb_file_preserve - a file is about to be preserved
 * @fh:		its handler
 *
 * Returns: 0; -ENODEV if the module of an FLB goes away; or what an FLB says.
 */
int luo_flb_file_preserve(struct liveupdate_file_handler *fh)
{
	struct flb_link *link;
	int err = 0;

	luo_registry_lock(false);
	list_for_each_entry(link, luo_handler_flbs(fh), node) {
		err = preserve(link->flb, 1);
		if (err) {
			unpreserve_from(fh, list_prev_entry(link, node));
			break;
		}
	}
	if (!err)
		atomic_long_inc(preserved_of(fh));
	luo_registry_unlock(false);
	return err;
}

/**
 * luo_flb_file_unpreserve - undo luo_flb_file_preserve()
 * @fh:		the handler
 */
void luo_flb_file_unpreserve(struct liveupdate_file_handler *fh)
{
	luo_registry_lock(false);
	atomic_long_dec(preserved_of(fh));
	unpreserve_from(fh, list_last_entry(luo_handler_flbs(fh), struct flb_link, node));
	luo_registry_unlock(false);
}
