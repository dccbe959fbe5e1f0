// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: hand on what nobody claimed
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "fdt.h"
#include "internal.h"

/* A subtree is foreign, and goes on, as long as nobody claimed its blob. */
static int forward_subtree(const struct kho_subtree *st)
{
	int order = offset_in_page(st->phys) ? -ENOENT : kho_in_order(PHYS_PFN(st->phys));
	int err;

	if (order < 0 || !st->size || st->size > PAGE_SIZE << order)
		return 0;
	err = kho_add_subtree(st->name, phys_to_virt(st->phys), st->size);
	return err == -EEXIST ? 0 : err;
}

static int forward_subtrees(void)
{
	struct kho_subtree st;
	int node = 0, err = 0;

	while (!err && (node = kho_fdt_next(kho_in.fdt, node, &st)) > 0) {
		if (st.name)
			err = forward_subtree(&st);
	}
	return err;
}

/**
 * kho_forward_unclaimed - hand on all that arrived and nobody claimed
 *
 * Blocks and subtrees alike: whoever understands them may find them in the next
 * kernel.  Everything that this kernel used up must have been claimed.
 *
 * Context: may sleep; right before a kexec, from where it does not return.
 * Returns: 0 or -ENOMEM.
 */
int kho_forward_unclaimed(void)
{
	int err;

	if (!kho_in.open || !kho_in_pin())
		return 0;
	err = kho_out_merge(kho_in.root);
	err = err ?: forward_subtrees();
	kho_in_unpin();
	return err;
}
