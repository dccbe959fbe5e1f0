/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update: things that are found by a name
 */
#ifndef _LUO_NAMES_H
#define _LUO_NAMES_H

#include <linux/xarray.h>

/**
 * struct luo_name - the name of something
 * @text:	the name, which has to stay as long as it is in a table
 * @next:	another one with the same hash
 */
struct luo_name {
	const char *text;
	struct luo_name *next;
};

/**
 * struct luo_names - a table of names; callers lock
 * @by_hash:	lists of them
 */
struct luo_names {
	struct xarray by_hash;
};

#define LUO_NAMES_INIT(_name)	{ .by_hash = XARRAY_INIT((_name).by_hash, 0) }

void luo_names_init(struct luo_names *names);
int luo_names_add(struct luo_names *names, struct luo_name *name);
void luo_names_remove(struct luo_names *names, struct luo_name *name);
struct luo_name *luo_names_find(struct luo_names *names, const char *text);

#endif /* _LUO_NAMES_H */
