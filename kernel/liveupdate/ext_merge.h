/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update: files of extension "x-luo" in the places they had
 *
 * Format code: no mm, also compiled in user space, see tools/testing/kho.
 */
#ifndef _LUO_EXT_MERGE_H
#define _LUO_EXT_MERGE_H

#include <linux/list.h>
#include <linux/types.h>

#include "ext.h"

/**
 * struct luo_ext_merge_ops - what there is to merge with
 * @find:	a session that arrived: the list of its files, and @session set; NULL if
 *		there is none
 * @add:	one more file of a session, before another one or the list's head
 */
struct luo_ext_merge_ops {
	struct list_head *(*find)(const struct luo_ext_session_ser *ser, void **session);
	int (*add)(void *session, const struct luo_ext_file_ser *ser, struct list_head *before);
};

void luo_ext_merge(struct luo_ext_arrived *arrived, const struct luo_ext_merge_ops *ops);

#endif /* _LUO_EXT_MERGE_H */
