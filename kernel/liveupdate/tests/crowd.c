// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update exerciser: as if there were many more
 *
 * TEST ONLY.  The limits of what can travel are far away.  Lines written to
 * /sys/kernel/debug/liveupdate_crowd bring them near, while nothing else happens
 * to sessions and boxes:
 *
 *	sessions N	N more sessions; less if N is negative
 *	records N	N more records of files whose format is none of mainline's
 *	names N		N more records of names of boxes, and of files in them
 *	last BOX	the last file that was put there has the last token there is
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/kstrtox.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../box.h"
#include "../ext.h"
#include "../session.h"

static int add(unsigned long *nr, const char *text)
{
	long more;
	int err = kstrtol(text, 0, &more);

	if (!err)
		*nr += more;
	return err;
}

static int crowd_sessions(const char *text)
{
	guard(mutex)(&luo_sessions_lock);
	return add(&luo_outgoing.nr, text);
}

static int crowd_records(const char *text)
{
	return add(&luo_xluo.room, text);
}

static int crowd_names(const char *text)
{
	return add(&luo_fdbox_ext.room, text);
}

/* Tokens are in order, so it is free. */
static int make_last(struct luo_files *set)
{
	struct luo_file *f;

	if (list_empty(&set->list))
		return -ENOENT;
	f = list_last_entry(&set->list, struct luo_file, node);
	xa_erase(&set->by_token, f->token);
	f->token = U64_MAX;
	return xa_insert(&set->by_token, f->token, f, GFP_KERNEL);
}

static int crowd_last(const char *box)
{
	struct luo_session *s;
	int err = -ENOENT;
	u64 id = 0;

	while (err == -ENOENT && (s = luo_session_next(id))) {
		id = s->id;
		if (s->box && !strcmp(s->box_name, box)) {
			guard(mutex)(&s->lock);
			err = make_last(&s->files);
		}
		luo_session_put(s);
	}
	return err;
}

static const struct {
	const char *verb;
	int (*run)(const char *word);
} commands[] = {
	{ "sessions",	crowd_sessions },
	{ "records",	crowd_records },
	{ "names",	crowd_names },
	{ "last",	crowd_last },
};

static int run(char *text)
{
	const char *verb = strsep(&text, " ");
	unsigned int i;

	for (i = 0; text && i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(verb, commands[i].verb))
			return commands[i].run(text);
	}
	return -EINVAL;
}

static ssize_t crowd_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	char text[64];

	if (count >= sizeof(text))
		return -E2BIG;
	if (copy_from_user(text, buf, count))
		return -EFAULT;
	text[count] = '\0';
	return run(strim(text)) ?: count;
}

static const struct file_operations crowd_fops = {
	.open = simple_open,
	.write = crowd_write,
	.llseek = noop_llseek,
};

static int __init crowd_init(void)
{
	if (liveupdate_enabled())
		debugfs_create_file("liveupdate_crowd", 0200, NULL, NULL, &crowd_fops);
	return 0;
}
late_initcall(crowd_init);
