/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update: what box.c, box_handover.c and stash.c share.
 */
#ifndef _LUO_BOX_H
#define _LUO_BOX_H

#include <linux/types.h>

#include "internal.h"
#include "names.h"

struct luo_session;

/**
 * struct luo_box - what makes a box of a session
 * @name:	its name, in the table of all boxes
 * @files:	names of its files
 * @owner:	what FDBox made for it; NULL: nothing yet
 * @sealed:	nothing is put in or taken out; it goes over
 * @deleted:	it is no box any more
 */
struct luo_box {
	struct luo_name name;
	struct luo_names files;
	void *owner;
	bool sealed;
	bool deleted;
};

/* box.c */
int luo_box_make(struct luo_session *s);

/* box_handover.c */
extern struct luo_ext luo_fdbox_ext;

void luo_box_release(struct luo_session *s);

/* stash.c: callers lock the session */
int luo_stash_put(struct luo_files *set, struct luo_names *names, const char *name,
		  struct file *file);
void luo_stash_undo_put(struct luo_files *set, struct luo_names *names);
struct file *luo_stash_take(struct luo_files *set, struct luo_names *names, const char *name);
int luo_stash_preserve(struct luo_files *set);
void luo_stash_unpreserve(struct luo_files *set);
int luo_stash_empty(struct luo_files *set, struct luo_names *names);
void luo_stash_report_dropped(struct luo_files *set, const char *box);

#endif /* _LUO_BOX_H */
