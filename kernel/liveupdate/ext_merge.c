// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: files of extension "x-luo" in the places they had
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/printk.h>

#include "ext_merge.h"
#include "ext_wire.h"

/**
 * struct merge - putting files back in their places
 * @ops:	what there is to merge with
 * @name:	of the session
 * @session:	the session
 * @files:	all its files; NULL: there is none, or it got all it will get
 * @next:	the file, or the list's head, that is looked at next
 * @position:	its number
 */
struct merge {
	const struct luo_ext_merge_ops *ops;
	const char *name;
	void *session;
	struct list_head *files;
	struct list_head *next;
	u64 position;
};

static void merge_session(struct merge *m, const struct luo_ext_session_ser *ser)
{
	m->files = NULL;
	if (luo_ext_check_session(ser)) {
		pr_err("files are lost: their session has no valid name\n");
		return;
	}
	m->name = ser->name;
	m->files = m->ops->find(ser, &m->session);
	if (!m->files) {
		pr_err("files are lost: their session '%s' did not arrive\n", ser->name);
		return;
	}
	m->next = m->files->next;
	m->position = 0;
}

static int place_file(struct merge *m, const struct luo_ext_file_ser *ser)
{
	if (luo_ext_check_file(ser, m->position))
		return -EINVAL;
	for (; m->position < ser->position; m->position++) {
		if (m->next == m->files)
			return -EINVAL;
		m->next = m->next->next;
	}
	m->position++;
	return m->ops->add(m->session, ser, m->next);
}

/* What is behind a damaged file cannot be trusted. */
static void merge_file(struct merge *m, const struct luo_ext_file_ser *ser)
{
	int err;

	if (!m->files)
		return;
	err = place_file(m, ser);
	if (!err)
		return;
	pr_err("session '%s': files are lost, from token %#llx on: %d\n", m->name,
	       (unsigned long long)ser->token, err);
	m->files = NULL;
}

/**
 * luo_ext_merge - put files back between those that are listed with their sessions
 * @arrived:	the extension
 * @ops:	the sessions
 */
void luo_ext_merge(struct luo_ext_arrived *arrived, const struct luo_ext_merge_ops *ops)
{
	struct merge m = { .ops = ops };
	const u32 *type;

	while ((type = luo_ext_next(arrived))) {
		if (*type == LUO_EXT_SESSION)
			merge_session(&m, (const void *)type);
		else if (*type == LUO_EXT_FILE)
			merge_file(&m, (const void *)type);
	}
}
