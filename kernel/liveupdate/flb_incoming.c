// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: state that files share, as it arrived
 *
 * It is kept by name: the FLB that uses it may come late, or go and come back.
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/kexec_handover.h>
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

/**
 * luo_flb_add_waiting - more files that depend on it wait to be retrieved
 * @flb:	the FLB
 * @files:	how many
 */
void luo_flb_add_waiting(struct liveupdate_flb *flb, long files)
{
	struct flb_arrived *a = find_arrived(flb->compatible);

	if (a)
		atomic_long_add(files, &a->waiting);
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
	if (a->st.finished || atomic_long_read(&a->left) <= 0)
		return -ENODATA;
	err = retrieve(flb, a);
	if (err)
		return err;
	atomic_long_inc(&a->left);
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
	struct liveupdate_flb_op_args args;

	if (!a)
		return;
	scoped_guard(mutex, &a->st.lock) {
		if (a->st.finished || !atomic_long_dec_and_test(&a->left))
			return;
		a->st.finished = true;
		/* To be freed it has to be looked at, if nobody has done so yet. */
		if (retrieve(flb, a))
			return;
		args = luo_flb_op_args(flb, &a->st);
		flb->ops->finish(&args);
		a->st.obj = NULL;
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
		luo_flb_add_waiting(link->flb, -1);
	atomic_long_inc(luo_flb_taken(fh));
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
	atomic_long_dec(luo_flb_taken(fh));
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
		mutex_init(&luo_flb_arrived[i].st.lock);
		atomic_long_set(&luo_flb_arrived[i].left, ser[i].count);
		atomic_long_set(&luo_flb_arrived[i].waiting, ser[i].count);
		luo_flb_arrived_nr++;
	}
	folio_put(folio);
	return err;
}
