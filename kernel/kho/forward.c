// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: hand on what nobody claimed
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/liveupdate.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "fdt.h"
#include "internal.h"

/*
 * A subtree is foreign, and goes on, as long as nobody claimed its blob.
 */
static bool is_unclaimed(const struct kho_subtree *st)
{
	int order;

	if (offset_in_page(st->phys))
		return false;
	order = kho_in_order(PHYS_PFN(st->phys));
	return order >= 0 && st->size && st->size <= PAGE_SIZE << order;
}

static bool is_foreign(const struct kho_subtree *st)
{
	return st->name && is_unclaimed(st);
}

/**
 * kho_passes_sessions - did sessions arrive where live update is off?
 *
 * They are nobody's here, but somebody's: they are handed on as they are, and
 * with them, as nobody here can tell what belongs to them, all that was not
 * claimed.  If their format is not known there may be some.
 *
 * Returns: true if a kexec hands sessions on that this kernel did not look at.
 */
bool kho_passes_sessions(void)
{
	const struct luo_ser *ser;
	struct kho_subtree st;

	if (liveupdate_enabled() || !kho_in.open || kho_in_find(LUO_SUBTREE, &st) ||
	    !is_unclaimed(&st) || st.size < sizeof(ser->compatible))
		return false;
	ser = phys_to_virt(st.phys);
	if (strncmp(ser->compatible, LUO_COMPATIBLE, sizeof(ser->compatible)))
		return true;
	return st.size >= sizeof(*ser) && ser->sessions_pa;
}

/* Somebody may be looking for them. */
static int __init tell_of_sessions(void)
{
	if (kho_is_enabled() && kho_passes_sessions())
		pr_warn("sessions of live update arrived, and live update is off here: they are handed on to the next kernel untouched\n");
	return 0;
}
late_initcall_sync(tell_of_sessions);

/* A name that is used here stands for something newer, and that was not read here. */
static int forward_subtrees(void)
{
	struct kho_subtree st;
	int node = 0, err = 0;

	while (!err && (node = kho_fdt_next(kho_in.fdt, node, &st)) > 0) {
		if (is_foreign(&st))
			err = kho_add_subtree(st.name, phys_to_virt(st.phys), st.size);
		if (err == -EEXIST) {
			pr_warn("subtree '%s' of the previous kernel, which nobody took, ends here: there is a new one of that name\n",
				st.name);
			err = 0;
		}
	}
	return err;
}

static void unforward_subtrees(void)
{
	struct kho_subtree st;
	int node = 0;

	while ((node = kho_fdt_next(kho_in.fdt, node, &st)) > 0) {
		if (is_foreign(&st))
			kho_remove_subtree(phys_to_virt(st.phys));
	}
}

/**
 * kho_forward_unclaimed - hand on all that arrived and nobody claimed
 *
 * Blocks and subtrees alike: whoever understands them may find them in the next
 * kernel.  A subtree whose name is in use here stays behind.  Everything that
 * this kernel used up must have been claimed.
 *
 * Context: may sleep; the last step before a kexec, from where it does not
 * return.
 * Returns: 0; -ENOMEM, and nothing is handed on.
 */
int kho_forward_unclaimed(void)
{
	int err;

	if (!kho_in.open || !kho_in_pin())
		return 0;
	err = forward_subtrees();
	err = err ?: kho_out_merge(kho_in.root);
	if (err)
		unforward_subtrees();
	kho_in.forwarded = !err;
	kho_in_unpin();
	return err;
}

/**
 * kho_forward_walk - walk what a kexec is going to hand on
 * @w:		what to do on the way; must not change the map
 *
 * Without live update, or sessions that arrived, nothing is: memory that nobody
 * claimed is dropped.
 *
 * Returns: 0, or what a callback ended the walk with.
 */
int kho_forward_walk(struct kho_map_walk *w)
{
	int err;

	if (!liveupdate_enabled() && !kho_passes_sessions())
		return 0;
	if (!kho_in.open || !kho_in_pin())
		return 0;
	err = kho_map_walk(w, kho_node_phys(kho_in.root));
	kho_in_unpin();
	return err;
}
