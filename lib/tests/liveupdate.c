// SPDX-License-Identifier: GPL-2.0-only
/*
 * FLBs that every file depends on, whatever its handler
 *
 * For test kernels.  Mainline's CONFIG_LIVEUPDATE_TEST has FLBs of the same
 * names and with the same data, and says the same in the log.  So between any
 * two kernels that have this option the log shows whether FLBs arrive.
 */
#define pr_fmt(fmt) "liveupdate test: " fmt

#include <linux/kernel.h>
#include <linux/liveupdate.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>

#include "../../kernel/liveupdate/internal.h"

#define NAME	"liveupdate-test-flb-v"
#define DATA	0xfeedf00dcafebee0ULL

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "liveupdate_test."

static bool enabled = true;
module_param(enabled, bool, 0444);
MODULE_PARM_DESC(enabled, "let all files depend on the FLBs of the test");

static const struct liveupdate_flb_ops test_ops;

static struct liveupdate_flb flbs[] = {
	{ .ops = &test_ops, .compatible = NAME "0" },
	{ .ops = &test_ops, .compatible = NAME "1" },
	{ .ops = &test_ops, .compatible = NAME "2" },
};

/* Each FLB has data of its own. */
static u64 data_of(const struct liveupdate_flb *flb)
{
	return DATA + (flb - flbs);
}

static int test_preserve(struct liveupdate_flb_op_args *argp)
{
	pr_info("%s: preserve was triggered\n", argp->flb->compatible);
	argp->data = data_of(argp->flb);
	argp->obj = argp->flb;
	return 0;
}

static void test_unpreserve(struct liveupdate_flb_op_args *argp)
{
	pr_info("%s: unpreserve was triggered\n", argp->flb->compatible);
}

static int test_retrieve(struct liveupdate_flb_op_args *argp)
{
	if (argp->data != data_of(argp->flb)) {
		pr_err("%s: arrived with %#llx, not with %#llx\n", argp->flb->compatible,
		       argp->data, data_of(argp->flb));
		return -EINVAL;
	}
	argp->obj = argp->flb;
	return 0;
}

/* Kernels without files of their own in the way hand them on. */
static int test_forward(struct liveupdate_flb_op_args *argp)
{
	argp->data = data_of(argp->flb);
	return 0;
}

static void test_finish(struct liveupdate_flb_op_args *argp)
{
	pr_info("%s: finish was triggered\n", argp->flb->compatible);
}

static const struct liveupdate_flb_ops test_ops = {
	.preserve = test_preserve,
	.unpreserve = test_unpreserve,
	.retrieve = test_retrieve,
	.finish = test_finish,
	.forward = test_forward,
};

static void look_for_arrived(struct liveupdate_flb *flb)
{
	void *obj;
	int err = liveupdate_flb_get_incoming(flb, &obj);

	if (!err) {
		pr_info("%s: found flb data from the previous boot\n", flb->compatible);
		liveupdate_flb_put_incoming(flb);
	} else if (err != -ENOENT && err != -ENODATA) {
		pr_err("%s: the data from the previous boot cannot be had: %d\n",
		       flb->compatible, err);
	}
}

/**
 * liveupdate_test_register - let the files of a handler depend on all FLBs here
 * @fh:		a handler that was registered just now
 *
 * Unregistering the handler undoes it.
 *
 * Context: may sleep.
 */
void liveupdate_test_register(struct liveupdate_file_handler *fh)
{
	static DEFINE_MUTEX(lock);
	static bool looked;
	unsigned int i;
	int err;

	if (!enabled)
		return;
	for (i = 0; i < ARRAY_SIZE(flbs); i++) {
		err = liveupdate_register_flb(fh, &flbs[i]);
		if (err) {
			pr_err("%s: cannot be registered with file handler [%s]: %d\n",
			       flbs[i].compatible, fh->compatible, err);
			return;
		}
	}
	pr_info("Registered %zu FLBs with file handler: [%s]\n", ARRAY_SIZE(flbs),
		fh->compatible);

	guard(mutex)(&lock);
	for (i = 0; !looked && i < ARRAY_SIZE(flbs); i++)
		look_for_arrived(&flbs[i]);
	looked = true;
}
