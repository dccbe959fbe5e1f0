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

#include "internal.h"
#include "wire.h"

/* In the list of a file handler. */
struct flb_link {
	struct list_head node;
	struct liveupdate_flb *flb;
};

/* What arrived under a name.  @left: files that depend on it still. */
struct flb_arrived {
	struct luo_flb_ser ser;
	atomic_long_t left;
	struct liveupdate_flb *flb;	/* who retrieved it */
};

/* The FLBs that are linked, in order of registration, under the registry's lock. */
static LIST_HEAD(flbs);
static unsigned int flbs_nr;

static struct flb_arrived *arrived;
static unsigned int arrived_nr;

static struct luo_flb_header_ser *out_page;

static struct liveupdate_flb_private *priv(struct liveupdate_flb *flb)
{
	return &ACCESS_PRIVATE(flb, state);
}

static struct liveupdate_flb_op_args op_args(struct liveupdate_flb *flb,
					     const struct liveupdate_flb_state *st)
{
	return (struct liveupdate_flb_op_args) {
		.flb = flb,
		.data = st->data,
		.obj = st->obj,
	};
}

/*
 * Registration
 */

static struct liveupdate_flb *flb_of(struct list_head *node)
{
	return container_of(node, struct liveupdate_flb, state.list);
}

static struct liveupdate_flb *find(const char *compatible)
{
	struct list_head *node;

	list_for_each(node, &flbs) {
		if (!strcmp(flb_of(node)->compatible, compatible))
			return flb_of(node);
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
	struct liveupdate_flb *known = find(flb->compatible);

	if (known)
		return known == flb ? 0 : -EEXIST;
	if (flbs_nr == LUO_FLB_MAX)
		return -ENOSPC;
	if (!priv(flb)->initialized) {
		mutex_init(&priv(flb)->outgoing.lock);
		mutex_init(&priv(flb)->incoming.lock);
		priv(flb)->initialized = true;
	}
	list_add_tail(&priv(flb)->list, &flbs);
	flbs_nr++;
	return 0;
}

/**
 * liveupdate_register_flb - let a kind of files depend on an FLB
 * @fh:		the handler of the files, registered
 * @flb:	the FLB; static, it may be linked to several handlers
 *
 * Context: may sleep.
 * Returns: 0; -EOPNOTSUPP if live update is off; -EINVAL, with a warning, if
 * the handler is not registered or one of the four mandatory operations is
 * missing; -EEXIST if they are linked already, or another FLB has the name;
 * -ENOSPC if there are too many FLBs; -ENOMEM.
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
		priv(flb)->users++;
		link->flb = flb;
		list_add_tail(&no_free_ptr(link)->node, luo_handler_flbs(fh));
	}
	luo_registry_unlock(true);
	return err;
}
EXPORT_SYMBOL_GPL(liveupdate_register_flb);

static void unlink_flb(struct flb_link *link)
{
	struct liveupdate_flb *flb = link->flb;

	list_del(&link->node);
	kfree(link);
	if (--priv(flb)->users)
		return;
	list_del_init(&priv(flb)->list);
	flbs_nr--;
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
		unlink_flb(link);
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
		unlink_flb(link);
}

/*
 * Outgoing
 */

static int preserve(struct liveupdate_flb *flb)
{
	struct liveupdate_flb_state *st = &priv(flb)->outgoing;
	struct liveupdate_flb_op_args args = { .flb = flb };
	int err;

	guard(mutex)(&st->lock);
	if (refcount_read(&st->count)) {
		refcount_inc(&st->count);
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
	refcount_set(&st->count, 1);
	return 0;
}

/**
 * liveupdate_flb_put_outgoing - undo liveupdate_flb_get_outgoing()
 * @flb:	the FLB
 *
 * Context: may sleep.
 */
void liveupdate_flb_put_outgoing(struct liveupdate_flb *flb)
{
	struct liveupdate_flb_state *st = &priv(flb)->outgoing;
	struct liveupdate_flb_op_args args;

	scoped_guard(mutex, &st->lock) {
		if (!refcount_dec_and_test(&st->count))
			return;
		args = op_args(flb, st);
		flb->ops->unpreserve(&args);
		st->data = 0;
		st->obj = NULL;
	}
	module_put(flb->ops->owner);
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
	struct liveupdate_flb_state *st = &priv(flb)->outgoing;

	if (!liveupdate_enabled())
		return -EOPNOTSUPP;
	if (!priv(flb)->initialized)
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
		liveupdate_flb_put_outgoing(link->flb);
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
		err = preserve(link->flb);
		if (err) {
			unpreserve_from(fh, list_prev_entry(link, node));
			break;
		}
	}
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
	unpreserve_from(fh, list_last_entry(luo_handler_flbs(fh), struct flb_link, node));
	luo_registry_unlock(false);
}

/*
 * Incoming
 */

static struct flb_arrived *find_arrived(const char *compatible)
{
	unsigned int i;

	for (i = 0; i < arrived_nr; i++) {
		if (!strcmp(arrived[i].ser.name, compatible))
			return &arrived[i];
	}
	return NULL;
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
	struct liveupdate_flb_state *st = &priv(flb)->incoming;
	struct flb_arrived *a;
	int err;

	if (!liveupdate_enabled())
		return -EOPNOTSUPP;
	if (!arrived)
		return -ENODATA;
	a = find_arrived(flb->compatible);
	if (!a || !priv(flb)->initialized)
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
	struct liveupdate_flb_state *st = &priv(flb)->incoming;
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
		args = op_args(flb, st);
		flb->ops->finish(&args);
		st->obj = NULL;
		a->flb = NULL;
	}
	module_put(flb->ops->owner);
}
EXPORT_SYMBOL_GPL(liveupdate_flb_put_incoming);

/**
 * luo_flb_file_finish - a file that arrived is finished
 * @fh:		its handler
 */
void luo_flb_file_finish(struct liveupdate_file_handler *fh)
{
	struct flb_link *link;

	luo_registry_lock(false);
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
		arrived = kcalloc(page->count + 1, sizeof(*arrived), GFP_KERNEL);
		err = arrived ? 0 : -ENOMEM;
	}
	for (i = 0; !err && i < page->count; i++) {
		arrived[i].ser = ser[i];
		atomic_long_set(&arrived[i].left, ser[i].count);
		arrived_nr++;
	}
	folio_put(folio);
	return err;
}

/*
 * The reboot
 */

/**
 * luo_flb_init_outgoing - allocate the page of FLBs
 *
 * Returns: 0 or an error.
 */
int luo_flb_init_outgoing(void)
{
	struct luo_flb_header_ser *page = kho_alloc_preserve(PAGE_SIZE);

	if (IS_ERR(page))
		return PTR_ERR(page);
	page->pgcnt = 1;
	out_page = page;
	luo_out->flbs_pa = virt_to_phys(page);
	return 0;
}

static int add_to_page(const char *name, u64 data, u64 count)
{
	struct luo_flb_ser *ser = (void *)(out_page + 1);

	if (out_page->count == LUO_FLB_MAX) {
		pr_err("FLB '%s': there are more than %zu\n", name, (size_t)LUO_FLB_MAX);
		return -ENOSPC;
	}
	ser += out_page->count++;
	strscpy(ser->name, name);
	ser->data = data;
	ser->count = count;
	return 0;
}

static int freeze(struct liveupdate_flb *flb)
{
	struct liveupdate_flb_state *st = &priv(flb)->outgoing;
	struct liveupdate_flb_op_args args;
	int err;

	guard(mutex)(&st->lock);
	if (!refcount_read(&st->count))
		return 0;
	args = op_args(flb, st);
	if (flb->ops->freeze) {
		err = flb->ops->freeze(&args);
		if (err) {
			pr_err("FLB '%s' cannot be frozen: %d\n", flb->compatible, err);
			return err;
		}
		st->data = args.data;
	}
	err = add_to_page(flb->compatible, st->data, refcount_read(&st->count));
	if (err && flb->ops->unfreeze)
		flb->ops->unfreeze(&args);
	return err;
}

static void unfreeze_until(struct list_head *end)
{
	struct list_head *node;

	for (node = flbs.next; node != end; node = node->next) {
		struct liveupdate_flb *flb = flb_of(node);
		struct liveupdate_flb_state *st = &priv(flb)->outgoing;
		struct liveupdate_flb_op_args args;

		guard(mutex)(&st->lock);
		args = op_args(flb, st);
		if (refcount_read(&st->count) && flb->ops->unfreeze)
			flb->ops->unfreeze(&args);
	}
}

/* What files that are handed on depend on goes with them. */
static int forward(struct flb_arrived *a)
{
	struct liveupdate_flb *flb = find(a->ser.name);
	long left = atomic_long_read(&a->left);

	if (left <= 0)
		return 0;
	if (a->flb || (flb && refcount_read(&priv(flb)->outgoing.count))) {
		pr_err("FLB '%s' cannot be handed on: it is in use here, and %ld files that were not retrieved depend on it\n",
		       a->ser.name, left);
		return -EBUSY;
	}
	return add_to_page(a->ser.name, a->ser.data, left);
}

/**
 * luo_flb_freeze - write down all FLBs, after all files are frozen
 *
 * Returns: 0 or an error, and no FLB is frozen.
 */
int luo_flb_freeze(void)
{
	struct list_head *node;
	unsigned int i;
	int err = 0;

	out_page->count = 0;
	luo_registry_lock(false);
	list_for_each(node, &flbs) {
		err = freeze(flb_of(node));
		if (err)
			break;
	}
	for (i = 0; !err && i < arrived_nr; i++)
		err = forward(&arrived[i]);
	if (err)
		unfreeze_until(node);
	luo_registry_unlock(false);
	return err;
}

/**
 * luo_flb_unfreeze - undo luo_flb_freeze()
 */
void luo_flb_unfreeze(void)
{
	luo_registry_lock(false);
	unfreeze_until(&flbs);
	luo_registry_unlock(false);
	out_page->count = 0;
}
