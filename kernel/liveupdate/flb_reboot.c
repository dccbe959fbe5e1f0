// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: state that files share, at a reboot
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/cleanup.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "flb.h"
#include "internal.h"

static struct luo_flb_header_ser *out_page;

/* Under the registry's lock */
static bool frozen;

/**
 * luo_flbs_frozen - are all FLBs written down?
 *
 * Context: the registry is locked.
 * Returns: true if they are: none can be preserved, or no longer so, any more.
 */
bool luo_flbs_frozen(void)
{
	return frozen;
}

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
	struct liveupdate_flb_state *st = &luo_flb_priv(flb)->outgoing;
	struct liveupdate_flb_op_args args;
	int err;

	guard(mutex)(&st->lock);
	/* A user of the object alone is no reason to hand it over. */
	if (!luo_flb_priv(flb)->files)
		return 0;
	args = luo_flb_op_args(flb, st);
	if (flb->ops->freeze) {
		err = flb->ops->freeze(&args);
		if (err) {
			pr_err("FLB '%s' cannot be frozen: %d\n", flb->compatible, err);
			return err;
		}
		st->data = args.data;
	}
	err = add_to_page(flb->compatible, st->data, luo_flb_priv(flb)->files);
	if (err && flb->ops->unfreeze)
		flb->ops->unfreeze(&args);
	return err;
}

static void unfreeze_until(struct list_head *end)
{
	struct list_head *node;

	for (node = luo_flbs.next; node != end; node = node->next) {
		struct liveupdate_flb *flb = luo_flb_of(node);
		struct liveupdate_flb_state *st = &luo_flb_priv(flb)->outgoing;
		struct liveupdate_flb_op_args args;

		guard(mutex)(&st->lock);
		args = luo_flb_op_args(flb, st);
		if (luo_flb_priv(flb)->files && flb->ops->unfreeze)
			flb->ops->unfreeze(&args);
	}
}

/* The object was retrieved, so its owner has to see to it that it travels. */
static int forward_object(struct flb_arrived *a, u64 *data)
{
	struct liveupdate_flb *flb = a->flb;
	struct liveupdate_flb_op_args args = luo_flb_op_args(flb, &a->st);
	int err = -EBUSY;

	if (flb->ops->forward)
		err = flb->ops->forward(&args);
	a->forwarded = !err;
	*data = args.data;
	return err;
}

static void unforward(struct flb_arrived *a)
{
	struct liveupdate_flb_op_args args;

	guard(mutex)(&a->st.lock);
	a->frozen = false;
	if (!a->forwarded)
		return;
	a->forwarded = false;
	args = luo_flb_op_args(a->flb, &a->st);
	if (a->flb->ops->unforward)
		a->flb->ops->unforward(&args);
}

static void unforward_all(void)
{
	unsigned int i;

	for (i = 0; i < luo_flb_arrived_nr; i++)
		unforward(&luo_flb_arrived[i]);
}

/* What files that are handed on depend on goes with them. */
static int forward(struct flb_arrived *a)
{
	struct liveupdate_flb *flb = luo_flb_find(a->ser.name);
	unsigned int files = flb ? luo_flb_priv(flb)->files : 0;
	u64 data = a->ser.data;
	unsigned long waiting;
	int err = 0;

	/* From here on nobody can retrieve it who has not done so already. */
	guard(mutex)(&a->st.lock);
	a->frozen = true;
	waiting = luo_flb_waiting(a);
	if (!waiting)
		return 0;
	/* As with files: who failed may have used up, and freed, what arrived. */
	if (a->st.retrieve_status < 0) {
		pr_warn("FLB '%s' is not handed on for %lu files that were not retrieved: its own retrieval failed here: %d\n",
			a->ser.name, waiting, a->st.retrieve_status);
		return 0;
	}
	if (files) {
		pr_err("FLB '%s' cannot be handed on for %lu files that were not retrieved: %u files of this kernel depend on one of that name\n",
		       a->ser.name, waiting, files);
		return -EBUSY;
	}
	if (a->flb)
		err = forward_object(a, &data);
	if (err)
		pr_err("FLB '%s' cannot be handed on for %lu files that were not retrieved: it is in use here: %d\n",
		       a->ser.name, waiting, err);
	return err ?: add_to_page(a->ser.name, data, waiting);
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
	list_for_each(node, &luo_flbs) {
		err = freeze(luo_flb_of(node));
		if (err)
			break;
	}
	for (i = 0; !err && i < luo_flb_arrived_nr; i++)
		err = forward(&luo_flb_arrived[i]);
	if (err) {
		unforward_all();
		unfreeze_until(node);
	}
	frozen = !err;
	luo_registry_unlock(false);
	return err;
}

/**
 * luo_flb_unfreeze - undo luo_flb_freeze()
 */
void luo_flb_unfreeze(void)
{
	luo_registry_lock(true);
	frozen = false;
	unforward_all();
	unfreeze_until(&luo_flbs);
	luo_flb_drop_abandoned();
	luo_registry_unlock(true);
	out_page->count = 0;
}
