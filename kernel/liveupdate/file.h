/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update: one file, what file*.c, describe.c and stash.c share.  Callers lock the set.
 */
#ifndef _LUO_FILE_H
#define _LUO_FILE_H

#include "internal.h"

static inline struct liveupdate_file_op_args luo_file_args(const struct luo_file *f)
{
	return (struct liveupdate_file_op_args) {
		.handler = f->fh,
		.retrieve_status = f->retrieve_status,
		.file = f->file,
		.serialized_data = f->data,
		.private_data = f->private_data,
	};
}

/* file.c */
int luo_file_identify(struct luo_file *f);
int luo_file_claim(struct luo_file *f);
int luo_file_preserve(struct luo_file *f);
void luo_file_unpreserve(struct luo_file *f);
bool luo_file_preserved(const struct luo_file *f);
void luo_file_becomes(struct luo_files *set, struct luo_file *f, int retrieve_status,
		      bool stashed);
void luo_file_free(struct luo_file *f);
void luo_files_insert(struct luo_files *set, struct luo_file *f, struct list_head *before);
void luo_files_append(struct luo_files *set, struct luo_file *f);
void luo_file_remove(struct luo_files *set, struct luo_file *f);

/* file_incoming.c */
bool luo_file_may_finish(struct luo_file *f);
void luo_file_finish(struct luo_file *f);

#endif /* _LUO_FILE_H */
