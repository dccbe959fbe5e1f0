// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update exerciser: handlers and FLBs that do as they are told
 *
 * For test kernels.  /sys/kernel/debug/liveupdate_exerciser has
 *
 *	cmd	takes one command per write, see below; the write fails with the
 *		command's errno
 *	calls	the operations that were called since the last "clear", in order
 *	counts	how often each was, and how many files there are
 *
 * The files are those of /dev/liveupdate-test-a and -b, see files.c.
 *
 *	clear				forget the calls
 *	rule OP WHO ERR TIMES [MS [retryable]]
 *					WHO's next TIMES calls of OP take MS and
 *					fail with ERR; WHO * is everybody
 *	go				those that take their MS now do not take the rest
 *	norules				all succeed again
 *	register HANDLER		a, b; same, few and nameless are refused
 *	unregister HANDLER
 *	link HANDLER FLB		flb0, flb1, flb2; same has the name of flb0
 *	unlink HANDLER FLB
 *	leave FLB, stay FLB		its module is being unloaded; for flb1 and flb2
 *	fill HANDLER, unfill HANDLER	as many FLBs as there can be
 *	occupy NAME, vacate		one subtree that somebody else needs
 *	get-incoming FLB, put-incoming FLB, get-outgoing FLB, put-outgoing FLB
 *
 * From the start both handlers are registered, a with flb0 and flb1, b with
 * flb1 and flb2; liveupdate_exerciser.handlers= names others, a comma in
 * between, and with liveupdate_exerciser.flbs=0 they have no FLBs.
 */
#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/init.h>
#include <linux/kexec_handover.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "exerciser.h"

#define MAX_COMMAND	128
#define MAX_WORDS	8

static char *handlers = "a,b";
module_param(handlers, charp, 0444);
MODULE_PARM_DESC(handlers, "which handlers to register");

static bool flbs = true;
module_param(flbs, bool, 0644);
MODULE_PARM_DESC(flbs, "link FLBs to handlers that are registered");

static DEFINE_MUTEX(lock);	/* commands */
static struct dentry *dir;

static int run_clear(char **words)
{
	lux_clear_calls();
	return 0;
}

static int run_norules(char **words)
{
	lux_clear_rules();
	return 0;
}

static int run_rule(char **words)
{
	struct lux_rule rule = { .times = 1 };
	int op = lux_find_op(words[0]);
	int err;

	if (op < 0)
		return op;
	rule.op = op;
	if (strcmp(words[1], "*") && strscpy(rule.who, words[1]) < 0)
		return -EINVAL;
	err = kstrtoint(words[2], 0, &rule.err) ?: kstrtouint(words[3], 0, &rule.times);
	if (!err && words[4])
		err = kstrtouint(words[4], 0, &rule.ms);
	if (err || rule.err < 0 || !rule.times)
		return -EINVAL;
	rule.err = -rule.err;
	rule.retryable = words[4] && words[5];
	return lux_add_rule(&rule);
}

static int run_go(char **words)
{
	lux_go();
	return 0;
}

/* What the files of each handler share. */
static int link_flbs(const char *name)
{
	struct liveupdate_file_handler *fh = lux_handler(name);

	if (!flbs)
		return 0;
	if (!strcmp(name, "a"))
		return liveupdate_register_flb(fh, lux_flb("flb0")) ?:
		       liveupdate_register_flb(fh, lux_flb("flb1"));
	return liveupdate_register_flb(fh, lux_flb("flb1")) ?:
	       liveupdate_register_flb(fh, lux_flb("flb2"));
}

static int run_register(char **words)
{
	struct liveupdate_file_handler *fh = lux_handler(words[0]);

	if (!fh)
		return -EINVAL;
	return liveupdate_register_file_handler(fh) ?: link_flbs(words[0]);
}

static int run_unregister(char **words)
{
	struct liveupdate_file_handler *fh = lux_handler(words[0]);

	if (!fh)
		return -EINVAL;
	liveupdate_unregister_file_handler(fh);
	return 0;
}

static int run_link(char **words)
{
	struct liveupdate_file_handler *fh = lux_handler(words[0]);
	struct liveupdate_flb *flb = lux_flb(words[1]);

	return fh && flb ? liveupdate_register_flb(fh, flb) : -EINVAL;
}

static int run_unlink(char **words)
{
	struct liveupdate_file_handler *fh = lux_handler(words[0]);
	struct liveupdate_flb *flb = lux_flb(words[1]);

	if (!fh || !flb)
		return -EINVAL;
	liveupdate_unregister_flb(fh, flb);
	return 0;
}

static int leave(const char *name, bool leaves)
{
	struct liveupdate_flb *flb = lux_flb(name);

	if (!flb)
		return -EINVAL;
	lux_flb_leaves(flb, leaves);
	return 0;
}

static int run_leave(char **words)
{
	return leave(words[0], true);
}

static int run_stay(char **words)
{
	return leave(words[0], false);
}

static int run_fill(char **words)
{
	struct liveupdate_file_handler *fh = lux_handler(words[0]);

	return fh ? lux_flb_fill(fh) : -EINVAL;
}

static int run_unfill(char **words)
{
	struct liveupdate_file_handler *fh = lux_handler(words[0]);

	if (!fh)
		return -EINVAL;
	lux_flb_unfill(fh);
	return 0;
}

/* The object of an FLB is its name. */
static int check_obj(const struct liveupdate_flb *flb, const char *obj)
{
	return strcmp(obj, flb->compatible) ? -EILSEQ : 0;
}

static int run_get_incoming(char **words)
{
	struct liveupdate_flb *flb = lux_flb(words[0]);
	void *obj;

	if (!flb)
		return -EINVAL;
	return liveupdate_flb_get_incoming(flb, &obj) ?: check_obj(flb, obj);
}

static int run_put_incoming(char **words)
{
	struct liveupdate_flb *flb = lux_flb(words[0]);

	if (!flb)
		return -EINVAL;
	liveupdate_flb_put_incoming(flb);
	return 0;
}

static int run_get_outgoing(char **words)
{
	struct liveupdate_flb *flb = lux_flb(words[0]);
	void *obj;

	if (!flb)
		return -EINVAL;
	return liveupdate_flb_get_outgoing(flb, &obj) ?: check_obj(flb, obj);
}

static int run_put_outgoing(char **words)
{
	struct liveupdate_flb *flb = lux_flb(words[0]);

	if (!flb)
		return -EINVAL;
	liveupdate_flb_put_outgoing(flb);
	return 0;
}

static void *occupied;

static int run_occupy(char **words)
{
	void *page;
	int err;

	if (occupied)
		return -EBUSY;
	page = kho_alloc_preserve(PAGE_SIZE);
	if (IS_ERR(page))
		return PTR_ERR(page);
	err = kho_add_subtree(words[0], page, PAGE_SIZE);
	if (err)
		kho_unpreserve_free(page);
	else
		occupied = page;
	return err;
}

static int run_vacate(char **words)
{
	if (!occupied)
		return -ENOENT;
	kho_remove_subtree(occupied);
	kho_unpreserve_free(occupied);
	occupied = NULL;
	return 0;
}

static const struct {
	const char *verb;
	unsigned int words;	/* at least */
	int (*run)(char **words);
} commands[] = {
	{ "clear",		0, run_clear },
	{ "rule",		4, run_rule },
	{ "go",			0, run_go },
	{ "norules",		0, run_norules },
	{ "register",		1, run_register },
	{ "unregister",		1, run_unregister },
	{ "link",		2, run_link },
	{ "unlink",		2, run_unlink },
	{ "leave",		1, run_leave },
	{ "stay",		1, run_stay },
	{ "fill",		1, run_fill },
	{ "unfill",		1, run_unfill },
	{ "occupy",		1, run_occupy },
	{ "vacate",		0, run_vacate },
	{ "get-incoming",	1, run_get_incoming },
	{ "put-incoming",	1, run_put_incoming },
	{ "get-outgoing",	1, run_get_outgoing },
	{ "put-outgoing",	1, run_put_outgoing },
};

static int run(char *text)
{
	char *words[MAX_WORDS + 1] = {};
	unsigned int i, nr = 0;

	while (nr < MAX_WORDS && (words[nr] = strsep(&text, " ")))
		nr++;
	for (i = 0; nr && i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(words[0], commands[i].verb) && nr > commands[i].words)
			return commands[i].run(words + 1);
	}
	return -EINVAL;
}

static ssize_t cmd_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	char text[MAX_COMMAND];

	if (count >= sizeof(text))
		return -E2BIG;
	if (copy_from_user(text, buf, count))
		return -EFAULT;
	text[count] = '\0';
	guard(mutex)(&lock);
	return run(strim(text)) ?: count;
}

static const struct file_operations cmd_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = cmd_write,
	.llseek = noop_llseek,
};

static int calls_show(struct seq_file *m, void *unused)
{
	return lux_show_calls(m);
}
DEFINE_SHOW_ATTRIBUTE(calls);

static int counts_show(struct seq_file *m, void *unused)
{
	return lux_show_counts(m);
}
DEFINE_SHOW_ATTRIBUTE(counts);

static int register_handlers(void)
{
	char *names = kstrdup(handlers, GFP_KERNEL), *rest = names, *name;
	int err = 0;

	if (!names)
		return -ENOMEM;
	while (!err && (name = strsep(&rest, ","))) {
		if (*name)
			err = run_register(&name);
	}
	kfree(names);
	return err;
}

static void unregister_handlers(void)
{
	liveupdate_unregister_file_handler(lux_handler("a"));
	liveupdate_unregister_file_handler(lux_handler("b"));
}

static int __init exerciser_init(void)
{
	int err;

	if (!liveupdate_enabled())
		return -ENODEV;
	err = lux_files_init();
	if (err)
		return err;
	err = register_handlers();
	if (err) {
		unregister_handlers();
		lux_files_exit();
		return err;
	}
	dir = debugfs_create_dir("liveupdate_exerciser", NULL);
	debugfs_create_file("cmd", 0200, dir, NULL, &cmd_fops);
	debugfs_create_file("calls", 0400, dir, NULL, &calls_fops);
	debugfs_create_file("counts", 0400, dir, NULL, &counts_fops);
	return 0;
}
late_initcall(exerciser_init);

static void __exit exerciser_exit(void)
{
	debugfs_remove_recursive(dir);
	unregister_handlers();
	lux_files_exit();
}
module_exit(exerciser_exit);

MODULE_DESCRIPTION("Live update handlers and FLBs that do as they are told");
MODULE_LICENSE("GPL");
