// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: state that files share, as it arrived
 *
 * It is kept by name: the FLB that uses it may come late, or go and come back.
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/atomic.h>
#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/kexec_handover.h>
#include <linux/list.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "flb.h"
#include "internal.h"
#include "wire.h"

struct flb_arrived *luo_flb_arrived;
unsigned int luo_flb_arrived_nr;

static struct flb_arrived *find_arrived(const char *compatible)
{
	unsigned int i;

	for (i = 0; i < luo_flb_arrived_nr; i++) {
		if (!strcmp(luo_flb_arrived[i].ser.name, compatible))
			return &luo_flb_arrived[i];
	}
	return NULL;
}

/*
 * Which files depend on it?  The previous kernel said how many there are.  This
 * one has links, which may come when some of the files are finished.
 */

/* Files of one format */
struct arrived_kind {
	struct list_head node;
	char compatible[LIVEUPDATE_HNDL_COMPAT_LENGTH];
	atomic_long_t taken;			/* retrieved, and not finished */
	atomic_long_t finished;
	DECLARE_BITMAP(flbs, LUO_FLB_MAX);	/* that they depend on, once linked */
};

/* Filled while files arrive. */
static LIST_HEAD(kinds);

/* Of all kinds: those not finished, and of these, those that nobody retrieved */
static atomic_long_t files_left, files_waiting;

static struct arrived_kind *find_kind(const char *compatible)
{
	struct arrived_kind *kind;

	list_for_each_entry(kind, &kinds, node) {
		if (!strcmp(kind->compatible, compatible))
			return kind;
	}
	return NULL;
}

/**
 * luo_flb_file_arrived - a file waits to be retrieved
 * @compatible:	its format
 *
 * Context: at boot.
 * Returns: 0 or -ENOMEM.
 */
int luo_flb_file_arrived(const char *compatible)
{
	struct arrived_kind *kind;

	if (!find_kind(compatible)) {
		kind = kzalloc(sizeof(*kind), GFP_KERNEL);
		if (!kind)
			return -ENOMEM;
		strscpy(kind->compatible, compatible);
		list_add(&kind->node, &kinds);
	}
	atomic_long_inc(&files_left);
	atomic_long_inc(&files_waiting);
	return 0;
}

/**
 * luo_flb_file_lost - undo luo_flb_file_arrived()
 */
void luo_flb_file_lost(void)
{
	atomic_long_dec(&files_left);
	atomic_long_dec(&files_waiting);
}

/*
 * There cannot be more than all that there are: the others were finished before
 * the link came, or when there was none, in a kernel without such an FLB.
 */
static unsigned long at_most(long nr, const atomic_long_t *all)
{
	return clamp(nr, 0, atomic_long_read(all));
}

/**
 * luo_flb_waiting - for how many files is it to be handed on?
 * @a:		what arrived
 *
 * Returns: the number of files that depend on it and were not retrieved.
 */
unsigned long luo_flb_waiting(const struct flb_arrived *a)
{
	return at_most(atomic_long_read(&a->waiting), &files_waiting);
}

static bool is_needed(const struct flb_arrived *a)
{
	return a->users || at_most(atomic_long_read(&a->files), &files_left);
}

/* The first use of what arrived, which is locked. */
static int retrieve(struct liveupdate_flb *flb, struct flb_arrived *a)
{
	struct liveupdate_flb_state *st = &a->st;
	struct liveupdate_flb_op_args args = { .flb = flb, .data = a->ser.data };

	if (st->retrieve_status)
		return min(st->retrieve_status, 0);
	/* It is handed on as it is: neither claim its memory nor free it. */
	if (a->frozen)
		return -EBUSY;
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

/* Without files and users: free it, by means of what retrieved it or else @flb. */
static void finish_unneeded(struct flb_arrived *a, struct liveupdate_flb *flb)
{
	struct liveupdate_flb_op_args args;
	int err;

	scoped_guard(mutex, &a->st.lock) {
		flb = a->flb ?: flb;
		if (!flb || a->st.finished || is_needed(a))
			return;
		/* To be freed it has to be looked at, if nobody has done so yet. */
		err = retrieve(flb, a);
		/* If that was not possible now it is left for the next link. */
		a->st.finished = a->st.retrieve_status;
		if (err)
			return;
		args = luo_flb_op_args(flb, &a->st);
		flb->ops->finish(&args);
		a->st.obj = NULL;
		a->flb = NULL;
	}
	module_put(flb->ops->owner);
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
 * away; -EBUSY if nobody asked before, and a reboot has frozen all FLBs; the
 * error of its retrieve operation, once and for all.
 */
int liveupdate_flb_get_incoming(struct liveupdate_flb *flb, void **objp)
{
	struct flb_arrived *a;
	int err;

	if (!liveupdate_enabled())
		return -EOPNOTSUPP;
	if (!luo_flb_arrived)
		return -ENODATA;
	a = find_arrived(flb->compatible);
	if (!a || !luo_flb_priv(flb)->initialized)
		return -ENOENT;
	guard(mutex)(&a->st.lock);
	if (a->st.finished || !is_needed(a))
		return -ENODATA;
	err = retrieve(flb, a);
	if (err)
		return err;
	a->users++;
	*objp = a->st.obj;
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
	struct flb_arrived *a = find_arrived(flb->compatible);

	if (!a)
		return;
	scoped_guard(mutex, &a->st.lock) {
		if (WARN_ON(!a->users))
			return;
		a->users--;
	}
	finish_unneeded(a, flb);
}
EXPORT_SYMBOL_GPL(liveupdate_flb_put_incoming);

/**
 * luo_flb_linked - files of a handler depend on an FLB from now on
 * @fh:		the handler
 * @flb:	the FLB
 *
 * It is as if they had from the start.  This outlasts the link.
 *
 * Context: the registry is locked for writing.
 */
void luo_flb_linked(struct liveupdate_file_handler *fh, struct liveupdate_flb *flb)
{
	struct flb_arrived *a = find_arrived(flb->compatible);
	struct arrived_kind *kind = find_kind(fh->compatible);
	long finished;

	if (!a)
		return;
	if (kind && !__test_and_set_bit(a - luo_flb_arrived, kind->flbs)) {
		finished = atomic_long_read(&kind->finished);
		atomic_long_sub(finished, &a->files);
		atomic_long_sub(finished + atomic_long_read(&kind->taken), &a->waiting);
	}
	finish_unneeded(a, flb);
}

/**
 * luo_flb_file_take - a file that arrived was retrieved, or that failed for good
 * @fh:		its handler
 *
 * It will not be handed on, and none of its FLBs for its sake.
 */
void luo_flb_file_take(struct liveupdate_file_handler *fh)
{
	struct arrived_kind *kind = find_kind(fh->compatible);
	unsigned int i;

	luo_registry_lock(false);
	for_each_set_bit(i, kind->flbs, luo_flb_arrived_nr)
		atomic_long_dec(&luo_flb_arrived[i].waiting);
	atomic_long_inc(&kind->taken);
	atomic_long_dec(&files_waiting);
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
	struct arrived_kind *kind = find_kind(fh->compatible);
	struct flb_arrived *a;
	struct flb_link *link;
	unsigned int i;

	luo_registry_lock(false);
	for_each_set_bit(i, kind->flbs, luo_flb_arrived_nr)
		atomic_long_dec(&luo_flb_arrived[i].files);
	atomic_long_dec(&kind->taken);
	atomic_long_inc(&kind->finished);
	atomic_long_dec(&files_left);
	list_for_each_entry_reverse(link, luo_handler_flbs(fh), node) {
		a = find_arrived(link->flb->compatible);
		if (a)
			finish_unneeded(a, link->flb);
	}
	/* With the last file of all, also those that counted others. */
	for (i = 0; i < luo_flb_arrived_nr; i++) {
		a = &luo_flb_arrived[i];
		finish_unneeded(a, luo_flb_find(a->ser.name));
	}
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
		mutex_init(&luo_flb_arrived[i].st.lock);
		atomic_long_set(&luo_flb_arrived[i].files, min(ser[i].count, LONG_MAX));
		atomic_long_set(&luo_flb_arrived[i].waiting, min(ser[i].count, LONG_MAX));
		luo_flb_arrived_nr++;
	}
	folio_put(folio);
	return err;
}
