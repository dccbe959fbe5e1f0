// SPDX-License-Identifier: GPL-2.0-only
/*
 * KHO exerciser: preserve, check, forward and discard memory in all layouts
 *
 * For test kernels.  /sys/kernel/debug/kho_exerciser has
 *
 *	cmd	takes one command per write: a verb and name=value words; the
 *		write fails with the command's errno
 *	status	what the last command did, and how many ns each part took
 *	blocks	our blocks and those that arrived, one per line
 *
 * The verbs are in the table below, each explained at its function.  Contents
 * are computed from a seed that travels with the block, so the next kernel
 * compares every byte.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/kexec_handover.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched/clock.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/timex.h>
#include <linux/uaccess.h>

#include "exerciser.h"

#define MAX_COMMAND	256

struct ex_stats ex_stats;

static DEFINE_MUTEX(lock);	/* everything here */
static char last_command[MAX_COMMAND];
static int last_error;

/* preserve: our blocks that are not preserved */
static int preserve(const struct ex_args *a)
{
	return ex_preserve_from(0, true) ?: ex_publish();
}

/* unpreserve: all our blocks, and keep them */
static int unpreserve(const struct ex_args *a)
{
	unsigned long i;

	for (i = 0; i < ex_nr; i++)
		ex_unpreserve(&ex_blocks[i]);
	return ex_publish();
}

/* check: compare every byte of our blocks */
static int check(const struct ex_args *a)
{
	unsigned long i;

	ex_timed(&ex_stats.check_ns) {
		for (i = 0; i < ex_nr; i++) {
			ex_stats.blocks++;
			ex_stats.pages += ex_blocks[i].rec.nr_pages;
			ex_stats.bad += !ex_check(&ex_blocks[i]);
		}
	}
	return ex_stats.bad ? -EILSEQ : 0;
}

/* free: all our blocks */
static int free_all(const struct ex_args *a)
{
	ex_stats.blocks = ex_nr;
	ex_free_from(0);
	return ex_publish();
}

/* lookup what=: use a region of reserve_mem=, as its owner would */
static int lookup(const struct ex_args *a)
{
	phys_addr_t start, size;

	return reserve_mem_find_by_name(a->what, &start, &size) ? 0 : -ENOENT;
}

/* name: a subtree of a page that is not preserved, and away with it */
static int name_page(const struct ex_args *a)
{
	void *page = (void *)get_zeroed_page(GFP_KERNEL);
	int err;

	if (!page)
		return -ENOMEM;
	err = kho_add_subtree("kho_exerciser-name", page, PAGE_SIZE);
	if (!err)
		kho_remove_subtree(page);
	free_page((unsigned long)page);
	return err;
}

static const struct {
	const char *verb;
	int (*run)(const struct ex_args *a);
} commands[] = {
	{ "folios",	ex_folios },
	{ "pages",	ex_pages },
	{ "at",		ex_at },
	{ "vmalloc",	ex_vmalloc },
	{ "subtrees",	ex_subtrees },
	{ "scatter",	ex_scatter },
	{ "fill",	ex_fill_zone },
	{ "everywhere",	ex_everywhere },
	{ "random",	ex_random },
	{ "shrink",	ex_shrink },
	{ "preserve",	preserve },
	{ "unpreserve",	unpreserve },
	{ "check",	check },
	{ "free",	free_all },
	{ "verify",	ex_verify },
	{ "peek",	ex_peek },
	{ "race",	ex_race },
	{ "forward",	ex_forward },
	{ "unforward",	ex_unforward },
	{ "corrupt",	ex_corrupt },
	{ "lookup",	lookup },
	{ "name",	name_page },
};

#define NUMBER(_name)	{ #_name, offsetof(struct ex_args, _name) }

static const struct {
	const char *name;
	size_t offset;
} numbers[] = {
	NUMBER(n), NUMBER(nr), NUMBER(order), NUMBER(offset), NUMBER(span), NUMBER(pfn),
	NUMBER(keep), NUMBER(huge), NUMBER(each), NUMBER(seed), NUMBER(node),
};

static int parse_word(char *word, struct ex_args *a)
{
	char *value = strchr(word, '=');
	unsigned int i;

	if (!value)
		return -EINVAL;
	*value++ = '\0';
	if (!strcmp(word, "zone"))
		return strscpy(a->zone, value) < 0 ? -EINVAL : 0;
	if (!strcmp(word, "what"))
		return strscpy(a->what, value) < 0 ? -EINVAL : 0;
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (!strcmp(word, numbers[i].name))
			return kstrtoul(value, 0, (void *)a + numbers[i].offset);
	}
	return -EINVAL;
}

static int run(char *text)
{
	struct ex_args a = { .n = 0, .node = NUMA_NO_NODE };
	char *verb = strsep(&text, " ");
	unsigned int i;
	char *word;
	int err;

	while ((word = strsep(&text, " "))) {
		err = *word ? parse_word(word, &a) : 0;
		if (err)
			return err;
	}
	if (a.node != NUMA_NO_NODE &&
	    (a.node < 0 || a.node >= MAX_NUMNODES || !node_online(a.node)))
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(verb, commands[i].verb))
			return commands[i].run(&a);
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
	strscpy(last_command, strim(text));
	memset(&ex_stats, 0, sizeof(ex_stats));
	last_error = run(strim(text));
	return last_error ?: count;
}

static const struct file_operations cmd_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = cmd_write,
	.llseek = noop_llseek,
};

static int status_show(struct seq_file *m, void *unused)
{
	unsigned long i, pages = 0, preserved = 0;

	guard(mutex)(&lock);
	for (i = 0; i < ex_nr; i++) {
		pages += ex_blocks[i].rec.nr_pages;
		preserved += ex_blocks[i].preserved;
	}
	seq_printf(m, "command: %s\nerror: %d\n", last_command, last_error);
	seq_printf(m, "blocks: %lu\npages: %lu\nparts: %lu\n", ex_stats.blocks,
		   ex_stats.pages, ex_stats.parts);
	seq_printf(m, "bad: %lu\nmissing: %lu\n", ex_stats.bad, ex_stats.missing);
	seq_printf(m, "own_blocks: %lu\nown_pages: %lu\nown_preserved: %lu\n",
		   ex_nr, pages, preserved);
	seq_printf(m, "alloc_ns: %llu\nfill_ns: %llu\npreserve_ns: %llu\n",
		   ex_stats.alloc_ns, ex_stats.fill_ns, ex_stats.preserve_ns);
	seq_printf(m, "claim_ns: %llu\nforward_ns: %llu\ncheck_ns: %llu\nfree_ns: %llu\n",
		   ex_stats.claim_ns, ex_stats.forward_ns, ex_stats.check_ns,
		   ex_stats.free_ns);
	/* The latter goes on over a kexec. */
	seq_printf(m, "clock_ns: %llu\ncycles: %llu\n", local_clock(), (u64)get_cycles());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(status);

static void show_record(struct seq_file *m, const char *whose, const struct ex_record *rec)
{
	seq_printf(m, "%s %s %#llx %llu %u\n", whose, ex_kind_name(rec->kind),
		   rec->phys, rec->nr_pages, rec->seed);
}

static int show_arrived(const struct ex_record *rec, void *m)
{
	show_record(m, "arrived", rec);
	return 0;
}

static int blocks_show(struct seq_file *m, void *unused)
{
	unsigned long i;

	guard(mutex)(&lock);
	for (i = 0; i < ex_nr; i++)
		show_record(m, ex_blocks[i].preserved ? "preserved" : "own", &ex_blocks[i].rec);
	ex_each_arrived(show_arrived, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(blocks);

static int __init count_arrived(const struct ex_record *rec, void *nr)
{
	(*(unsigned long *)nr)++;
	return 0;
}

static int __init exerciser_init(void)
{
	struct dentry *dir = debugfs_create_dir("kho_exerciser", NULL);
	unsigned long nr = 0;

	if (!ex_each_arrived(count_arrived, &nr))
		pr_info("kho_exerciser: %lu blocks arrived\n", nr);

	debugfs_create_file("cmd", 0200, dir, NULL, &cmd_fops);
	debugfs_create_file("status", 0400, dir, NULL, &status_fops);
	debugfs_create_file("blocks", 0400, dir, NULL, &blocks_fops);
	return 0;
}
late_initcall(exerciser_init);
