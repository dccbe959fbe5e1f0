// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update exerciser: state that its files share
 *
 * Each FLB has a page with its name.
 */
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "exerciser.h"

static int flb_preserve(struct liveupdate_flb_op_args *argp)
{
	const char *name = argp->flb->compatible;
	int err = lux_call(LUX_FLB_PRESERVE, name, NULL, "%s",
			   argp->data || argp->obj ? " BAD ARGUMENTS" : "");
	char *page;

	if (err)
		return err;
	page = kho_alloc_preserve(PAGE_SIZE);
	if (IS_ERR(page))
		return PTR_ERR(page);
	strscpy(page, name, PAGE_SIZE);
	argp->obj = page;
	argp->data = virt_to_phys(page);
	return 0;
}

static const char *verdict(const struct liveupdate_flb_op_args *argp)
{
	if (!argp->obj || (argp->data & PAGE_MASK) != virt_to_phys(argp->obj) ||
	    strcmp(argp->obj, argp->flb->compatible))
		return " BAD ARGUMENTS";
	return "";
}

static void flb_unpreserve(struct liveupdate_flb_op_args *argp)
{
	lux_call(LUX_FLB_UNPRESERVE, argp->flb->compatible, NULL, "%s", verdict(argp));
	kho_unpreserve_free(argp->obj);
}

static int flb_freeze(struct liveupdate_flb_op_args *argp)
{
	int err = lux_call(LUX_FLB_FREEZE, argp->flb->compatible, NULL, "%s", verdict(argp));

	argp->data = err ? ~0ULL : virt_to_phys(argp->obj) | lux_freeze_number();
	return err;
}

static void flb_unfreeze(struct liveupdate_flb_op_args *argp)
{
	lux_call(LUX_FLB_UNFREEZE, argp->flb->compatible, NULL, "%s", verdict(argp));
}

static int flb_retrieve(struct liveupdate_flb_op_args *argp)
{
	int err = lux_call(LUX_FLB_RETRIEVE, argp->flb->compatible, NULL, " freeze=%u%s",
			   (unsigned int)(argp->data & ~PAGE_MASK),
			   argp->obj ? " BAD ARGUMENTS" : "");
	struct folio *folio = kho_restore_folio(argp->data & PAGE_MASK);

	if (!folio)
		return -EIO;
	/* The error is final: nobody else is going to free it. */
	if (err) {
		folio_put(folio);
		return err;
	}
	argp->obj = folio_address(folio);
	if (!strcmp(argp->obj, argp->flb->compatible))
		return 0;
	folio_put(folio);
	return -EILSEQ;
}

static void flb_finish(struct liveupdate_flb_op_args *argp)
{
	lux_call(LUX_FLB_FINISH, argp->flb->compatible, NULL, "%s", verdict(argp));
	free_page((unsigned long)argp->obj);
}

static int flb_forward(struct liveupdate_flb_op_args *argp)
{
	int err = lux_call(LUX_FLB_FORWARD, argp->flb->compatible, NULL, "%s",
			   strcmp(argp->obj, argp->flb->compatible) ? " BAD ARGUMENTS" : "");

	err = err ?: kho_preserve_folio(virt_to_folio(argp->obj));
	argp->data = err ? ~0ULL : virt_to_phys(argp->obj) | lux_freeze_number();
	return err;
}

static void flb_unforward(struct liveupdate_flb_op_args *argp)
{
	lux_call(LUX_FLB_UNFORWARD, argp->flb->compatible, NULL, "%s", "");
	kho_unpreserve_folio(virt_to_folio(argp->obj));
}

static const struct liveupdate_flb_ops all_ops = {
	.preserve = flb_preserve,
	.unpreserve = flb_unpreserve,
	.retrieve = flb_retrieve,
	.finish = flb_finish,
	.owner = THIS_MODULE,
	.freeze = flb_freeze,
	.unfreeze = flb_unfreeze,
	.forward = flb_forward,
	.unforward = flb_unforward,
};

static const struct liveupdate_flb_ops mandatory_ops = {
	.preserve = flb_preserve,
	.unpreserve = flb_unpreserve,
	.retrieve = flb_retrieve,
	.finish = flb_finish,
	.owner = THIS_MODULE,
};

/* Of a module that somebody is unloading */
static struct module leaving = { .state = MODULE_STATE_GOING };
static struct liveupdate_flb_ops leaving_ops;

#define FLB(_ops, _name)	{ .ops = &(_ops), .compatible = _name }

static struct liveupdate_flb flbs[] = {
	FLB(mandatory_ops, "x-flb0"),
	FLB(all_ops, "x-flb1"),
	FLB(all_ops, "x-flb2"),
	FLB(all_ops, "x-flb0"),
};

static const char *const flb_names[] = { "flb0", "flb1", "flb2", "same" };

struct liveupdate_flb *lux_flb(const char *name)
{
	int i = match_string(flb_names, ARRAY_SIZE(flb_names), name);

	return i < 0 ? NULL : &flbs[i];
}

/**
 * lux_flb_leaves - is the module of an FLB being unloaded?
 * @flb:	one that is not in use, and has all operations
 * @leaves:	from now on
 */
void lux_flb_leaves(struct liveupdate_flb *flb, bool leaves)
{
	leaving_ops = all_ops;
	leaving_ops.owner = &leaving;
	flb->ops = leaves ? &leaving_ops : &all_ops;
}

/*
 * As many as there can be
 */

static struct liveupdate_flb *many;
static unsigned int many_nr;

/* Links new FLBs to a handler until that fails; says why it did. */
int lux_flb_fill(struct liveupdate_file_handler *fh)
{
	int err = 0;

	if (many)
		return -EEXIST;
	many = kcalloc(LUO_FLB_MAX + 1, sizeof(*many), GFP_KERNEL);
	if (!many)
		return -ENOMEM;
	while (!err && many_nr <= LUO_FLB_MAX) {
		struct liveupdate_flb *flb = &many[many_nr];

		flb->ops = &mandatory_ops;
		snprintf((char *)flb->compatible, sizeof(flb->compatible), "x-many-%u", many_nr);
		err = liveupdate_register_flb(fh, flb);
		if (!err)
			many_nr++;
	}
	pr_info("liveupdate_exerciser: %u more FLBs\n", many_nr);
	return err;
}

void lux_flb_unfill(struct liveupdate_file_handler *fh)
{
	while (many_nr)
		liveupdate_unregister_flb(fh, &many[--many_nr]);
	kfree(many);
	many = NULL;
}
