// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: the files of a box
 */

/**
 * DOC: Files of a box
 *
 * A file in a box is stashed, preserved or pending.  It was put in and is just
 * kept; or the box is sealed, and it goes over; or it arrived, and goes over
 * again unless it is taken.  A box may have both, files that wait and files
 * that were put beside them.
 *
 * From when it is put the file is claimed: its handler stays, and it is in no
 * other box or session.
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/security.h>
#include <linux/seq_buf.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "box.h"
#include "file.h"

/* What a line of the log says of the names of files. */
#define REPORT_LENGTH	640

static struct luo_file *find(struct luo_names *names, const char *name)
{
	struct luo_name *found = luo_names_find(names, name);

	return found ? container_of(found, struct luo_file, name) : NULL;
}

static void remove(struct luo_files *set, struct luo_names *names, struct luo_file *f)
{
	luo_names_remove(names, &f->name);
	luo_file_remove(set, f);
}

/* Tokens are in the order in which files were put. */
static int give_token(struct luo_files *set, struct luo_file *f)
{
	struct luo_file *last;

	if (!list_empty(&set->list)) {
		last = list_last_entry(&set->list, struct luo_file, node);
		if (last->token == U64_MAX)
			return -ENOSPC;
		f->token = last->token + 1;
	}
	return xa_insert(&set->by_token, f->token, f, GFP_KERNEL_ACCOUNT);
}

/**
 * luo_stash_put - put a file into a box
 * @set:	files of the box
 * @names:	their names
 * @name:	name of the new one
 * @file:	the file; a reference is taken
 *
 * Context: may sleep.
 * Returns: 0; -EEXIST if there is one of that name; -EOPNOTSUPP if no handler
 * wants the file; -EBUSY if it is in a box or session already; -ENOSPC, -ENOMEM.
 */
int luo_stash_put(struct luo_files *set, struct luo_names *names, const char *name,
		  struct file *file)
{
	struct luo_file *f = kzalloc(sizeof(*f), GFP_KERNEL_ACCOUNT);
	int err;

	if (!f)
		return -ENOMEM;
	f->file = get_file(file);
	f->stashed = true;
	f->name.text = kstrdup(name, GFP_KERNEL_ACCOUNT);
	err = f->name.text ? luo_names_add(names, &f->name) : -ENOMEM;
	if (err)
		goto fail;
	err = luo_file_claim(f);
	if (err == -ENOENT)
		err = -EOPNOTSUPP;
	err = err ?: give_token(set, f);
	if (err)
		goto fail_name;
	luo_files_append(set, f);
	return 0;

fail_name:
	luo_names_remove(names, &f->name);
fail:
	luo_file_free(f);
	return err;
}

/**
 * luo_stash_undo_put - the last put was one too many
 * @set:	files of the box
 * @names:	their names
 */
void luo_stash_undo_put(struct luo_files *set, struct luo_names *names)
{
	remove(set, names, list_last_entry(&set->list, struct luo_file, node));
}

/**
 * luo_stash_take - take a file out of a box
 * @set:	files of the box
 * @names:	their names
 * @name:	its name
 *
 * Context: may sleep.
 * Returns: the open file with a reference; an ERR_PTR, and it is still there:
 * -ENOENT if there is no such file, -EAGAIN if its handler is not there, -EBUSY
 * if that refuses to let it go, what it says when it makes a file of what
 * arrived, or what a security module says of who takes another's file.
 */
struct file *luo_stash_take(struct luo_files *set, struct luo_names *names, const char *name)
{
	struct luo_file *f = find(names, name);
	struct file *file;

	if (!f)
		return ERR_PTR(-ENOENT);
	if (f->stashed) {
		int err = security_file_receive(f->file);

		if (err)
			return ERR_PTR(err);
		file = get_file(f->file);
	} else {
		file = luo_files_retrieve(set, f->token);
		if (IS_ERR(file))
			return file;
		if (!luo_file_may_finish(f)) {
			fput(file);
			return ERR_PTR(-EBUSY);
		}
		luo_file_finish(f);
	}
	remove(set, names, f);
	luo_files_trim(set);
	return file;
}

/*
 * What was retrieved and could not be taken is a file of this kernel; what cannot
 * be retrieved any more nobody shall miss in the next one.
 */
static int settle(struct luo_files *set, struct luo_file *f)
{
	if (f->retrieve_status < 0) {
		pr_warn("'%s' could not be retrieved: its box cannot be sealed with it: %d\n",
			f->name.text, f->retrieve_status);
		return f->retrieve_status;
	}
	if (!f->retrieve_status)
		return 0;
	if (!f->identified || !luo_file_may_finish(f))
		return -EBUSY;
	luo_file_finish(f);
	f->data = 0;
	f->finished = false;
	luo_file_becomes(set, f, 0, true);
	return 0;
}

/**
 * luo_stash_preserve - preserve all files of a box
 * @set:	files of the box
 *
 * In the order in which they were put.
 *
 * Context: may sleep.
 * Returns: 0; -EBUSY if the handler of a file that arrived does not let it go;
 * -ENOSPC, -ENOMEM; the error of the first file that cannot be preserved.  On
 * an error none is.
 */
int luo_stash_preserve(struct luo_files *set)
{
	struct luo_file *f;
	int err = 0;

	list_for_each_entry(f, &set->list, node)
		err = err ?: settle(set, f);
	err = err ?: luo_files_reserve(set);
	if (err) {
		luo_files_trim(set);
		return err;
	}
	list_for_each_entry(f, &set->list, node) {
		if (!f->stashed)
			continue;
		err = luo_file_preserve(f);
		if (err) {
			pr_warn("'%s' cannot be preserved: %d\n", f->name.text, err);
			luo_stash_unpreserve(set);
			return err;
		}
		luo_file_becomes(set, f, 0, false);
	}
	return 0;
}

/**
 * luo_stash_unpreserve - undo luo_stash_preserve()
 * @set:	files of the box
 *
 * Context: may sleep.
 */
void luo_stash_unpreserve(struct luo_files *set)
{
	struct luo_file *f;

	list_for_each_entry_reverse(f, &set->list, node) {
		if (!luo_file_preserved(f))
			continue;
		luo_file_unpreserve(f);
		luo_file_becomes(set, f, 0, true);
	}
	luo_files_trim(set);
}

/**
 * luo_stash_empty - give up all files of a box that is not sealed
 * @set:	files of the box
 * @names:	their names
 *
 * Context: may sleep.
 * Returns: 0; -EBUSY if a handler refuses or is not there, and nothing is done.
 */
int luo_stash_empty(struct luo_files *set, struct luo_names *names)
{
	struct luo_file *f, *prev;

	list_for_each_entry(f, &set->list, node) {
		if (!f->stashed && !luo_file_may_finish(f))
			return -EBUSY;
	}
	list_for_each_entry_safe_reverse(f, prev, &set->list, node) {
		if (!f->stashed)
			luo_file_finish(f);
		remove(set, names, f);
	}
	luo_files_destroy(set);
	return 0;
}

/**
 * luo_stash_report_dropped - say which files end with this kernel
 * @set:	files of the box
 * @box:	its name
 */
void luo_stash_report_dropped(struct luo_files *set, const char *box)
{
	char text[REPORT_LENGTH], more[32] = "";
	struct seq_buf files;
	struct luo_file *f;
	unsigned long nr = 0, left = 0;

	seq_buf_init(&files, text, sizeof(text));
	list_for_each_entry(f, &set->list, node) {
		if (luo_file_travels(f))
			continue;
		if (files.len + strlen(f->name.text) + 4 < sizeof(text))
			seq_buf_printf(&files, "%s'%s'", nr ? ", " : "", f->name.text);
		else
			left++;
		nr++;
	}
	if (!nr)
		return;
	if (left)
		snprintf(more, sizeof(more), " and %lu more", left);
	/* What arrived goes on. */
	if (set->over)
		pr_warn("box '%s' is not sealed: what was put into it ends here, the files %s%s\n",
			box, seq_buf_str(&files), more);
	else
		pr_warn("box '%s' is not sealed and ends here, with its files %s%s\n",
			box, seq_buf_str(&files), more);
}
