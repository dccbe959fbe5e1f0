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
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "flb.h"
#include "internal.h"
#include "wire.h"

/* In the list of a file handler. */
struct flb_link {
	struct list_head node;
	struct liveupdate_flb *flb;
};

LIST_HEAD(luo_flbs);
static unsigned int flbs_nr;	/* under the registry's lock */

struct flb_arrived *luo_flb_arrived;
unsigned int luo_flb_arrived_nr;

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
		mutex_init(&luo_flb_priv(flb)->incoming.lock);
		luo_flb_priv(flb)->initialized = true;
	}
	list_add_tail(&luo_flb_priv(flb)->list, &luo_flbs);
	flbs_nr++;
	return 0;
}

/* Files of a handler that are preserved, and those that were retrieved. */
static atomic_long_t *preserved_of(struct liveupdate_file_handler *fh)
{
	return &ACCESS_PRIVATE(fh, preserved);
}

static atomic_long_t *taken_of(struct liveupdate_file_handler *fh)
{
	return &ACCESS_PRIVATE(fh, taken);
}

static void forget_unused(struct liveupdate_flb *flb)
{
	if (luo_flb_priv(flb)->users)
		return;
	list_del_init(&luo_flb_priv(flb)->list);
	flbs_nr--;
}

static int preserve(struct liveupdate_flb *flb, unsigned int files);
static void unpreserve(struct liveupdate_flb *flb, unsigned int files);
static void add_waiting(struct liveupdate_flb *flb, long files);

/* Files that were there before the link depend on it as those that come. */
static int adopt_files(struct liveupdate_file_handler *fh, struct liveupdate_flb *flb)
{
	long files = atomic_long_read(preserved_of(fh));
	int err = 0;

	if (files)
		err = luo_flbs_frozen() ? -EBUSY : preserve(flb, files);
	if (!err)
		add_waiting(flb, -atomic_long_read(taken_of(fh)));
	return err;
}

static void abandon_files(struct liveupdate_file_handler *fh, struct liveupdate_flb *flb)
{
	long files = atomic_long_read(preserved_of(fh));

	/* What is frozen stays: the next kernel is told about it. */
	if (files && !luo_flbs_frozen())
		unpreserve(flb, files);
	add_waiting(flb, atomic_long_read(taken_of(fh)));
}

/**
 * liveupdate_register_flb - let a kind of files depend on an FLB
 * @fh:		the handler of the files, registered
 * @flb:	the FLB; static, it may be linked to several handlers
 *
 * Files of the handler that are preserved already depend on it, too: then its
 * preserve operation is called from here.
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

/*
 * Incoming
 */

static struct flb_arrived *find_arrived(const char *compatible)
{
	unsigned int i;

	for (i = 0; i < luo_flb_arrived_nr; i++) {
		if (!strcmp(luo_flb_arrived[i].ser.name, compatible))
			return &luo_flb_arrived[i];
	}
	return NULL;
}

/* @files more of those that arrived have not been retrieved. */
static void add_waiting(struct liveupdate_flb *flb, long files)
{
	struct flb_arrived *a = find_arrived(flb->compatible);

	if (a)
		atomic_long_add(files, &a->waiting);
}

/* The first use of what arrived; @st is locked. */
static int retrieve(struct liveupdate_flb *flb, struct flb_arrived *a,
		    struct liveupdate_flb_state *st)
{
	struct liveupdate_flb_op_args args = { .flb = flb, .data = a->ser.data };

	if (st->retrieve_status)
		return min(st->retrieve_status, 0);
	if (!try_module_get(flb->ops->owner))
		return -ENODEV;
	st->retrieve_status = flb->ops->retrieve(&args);
	if (st->retrieve_status > 0)
		st->retrieve_status = -EINVAL;
	if (st->retrieve_status) {
		module_put(flb->ops->owner);
		return st->retrieve_status;
	}
	st->retrieve_status = 1;
	st->data = args.data;
	st->obj = args.obj;
	a->flb = flb;
	return 0;
}

/**
 * liveupdate_flb_get_incoming - the object that arrived
 * @flb:	the FLB
 * @objp:	set to the object
 *
 * Context: may sleep.
 * Returns: 0, to be followed by liveupdate_flb_put_incoming(); -EOPNOTSUPP if
 * live update is off; -ENODATA if nothing arrived or it is finished already;
 * -ENOENT if other FLBs arrived, but not this one; -ENODEV if its module goes
 * away; the error of its retrieve operation, once and for all.
 */
int liveupdate_flb_get_incoming(struct liveupdate_flb *flb, void **objp)
{
	struct liveupdate_flb_state *st = &luo_flb_priv(flb)->incoming;
	struct flb_arrived *a;
	int err;

	if (!liveupdate_enabled())
		return -EOPNOTSUPP;
	if (!luo_flb_arrived)
		return -ENODATA;
	a = find_arrived(flb->compatible);
	if (!a || !luo_flb_priv(flb)->initialized)
		return -ENOENT;
	guard(mutex)(&st->lock);
	/* Finished, maybe by another FLB of that name: a module that was unloaded. */
	if (st->finished || atomic_long_read(&a->left) <= 0)
		return -ENODATA;
	err = retrieve(flb, a, st);
	if (err)
		return err;
	atomic_long_inc(&a->left);
	*objp = st->obj;
	return 0;
}
EXPORT_SYMBOL_GPL(liveupdate_flb_get_incoming);

/**
 * liveupdate_flb_put_incoming - undo liveupdate_flb_get_incoming()
 * @flb:	the FLB
 *
 * When neither files nor users are left, the FLB is finished.
 *
 * Context: may sleep.
 */
void liveupdate_flb_put_incoming(struct liveupdate_flb *flb)
{
	struct liveupdate_flb_state *st = &luo_flb_priv(flb)->incoming;
	struct flb_arrived *a = find_arrived(flb->compatible);
	struct liveupdate_flb_op_args args;

	if (!a)
		return;
	scoped_guard(mutex, &st->lock) {
		if (st->finished || !atomic_long_dec_and_test(&a->left))
			return;
		st->finished = true;
		/* To be freed it has to be looked at, if nobody has done so yet. */
		if (retrieve(flb, a, st))
			return;
		args = luo_flb_op_args(flb, st);
		flb->ops->finish(&args);
		st->obj = NULL;
		a->flb = NULL;
	}
	module_put(flb->ops->owner);
}
EXPORT_SYMBOL_GPL(liveupdate_flb_put_incoming);

/**
 * luo_flb_file_take - a file that arrived was retrieved, or that failed for good
 * @fh:		its handler
 *
 * It will not be handed on, and none of its FLBs for its sake.
 */
void luo_flb_file_take(struct liveupdate_file_handler *fh)
{
	struct flb_link *link;

	luo_registry_lock(false);
	list_for_each_entry(link, luo_handler_flbs(fh), node)
		add_waiting(link->flb, -1);
	atomic_long_inc(taken_of(fh));
	luo_registry_unlock(false);
}

/**
 * luo_flb_file_finish - a file that arrived is finished
 * @fh:		its handler
 *
 * After luo_flb_file_take(), also for a file that nobody asked for.
 */
void luo_flb_file_finish(struct liveupdate_file_handler *fh)
{
	struct flb_link *link;

	luo_registry_lock(false);
	atomic_long_dec(taken_of(fh));
	list_for_each_entry_reverse(link, luo_handler_flbs(fh), node)
		liveupdate_flb_put_incoming(link->flb);
	luo_registry_unlock(false);
}

/**
 * luo_flb_receive - take over the page of FLBs
 * @pa:		its address, 0 if there is none
 *
 * Returns: 0; -EINVAL if it is damaged, -ENOMEM.
 */
int luo_flb_receive(u64 pa)
{
	struct luo_flb_header_ser *page;
	struct luo_flb_ser *ser;
	struct folio *folio;
	unsigned int i;
	int err;

	if (!pa)
		return 0;
	folio = kho_restore_folio(pa);
	if (!folio)
		return -EINVAL;
	page = folio_address(folio);
	ser = (void *)(page + 1);
	err = luo_wire_check_flbs(page);
	if (!err) {
		/* Not NULL even if it is empty: other kernels' answer is -ENOENT then. */
		luo_flb_arrived = kcalloc(page->count + 1, sizeof(*luo_flb_arrived), GFP_KERNEL);
		err = luo_flb_arrived ? 0 : -ENOMEM;
	}
	for (i = 0; !err && i < page->count; i++) {
		luo_flb_arrived[i].ser = ser[i];
		atomic_long_set(&luo_flb_arrived[i].left, ser[i].count);
		atomic_long_set(&luo_flb_arrived[i].waiting, ser[i].count);
		luo_flb_arrived_nr++;
	}
	folio_put(folio);
	return err;
}
