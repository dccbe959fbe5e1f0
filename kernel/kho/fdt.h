/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The root device tree: build, edit, validate, read.
 *
 * Format code: no locks, no mm.  Errors are errno values.
 */
#ifndef _KHO_FDT_H
#define _KHO_FDT_H

#include <linux/types.h>

/* A subtree of the root: a named blob. */
struct kho_subtree {
	const char *name;
	u64 phys;
	u64 size;
};

int kho_fdt_create(void *fdt, size_t size, u64 map_root);
int kho_fdt_add(void *fdt, const struct kho_subtree *st);
int kho_fdt_del(void *fdt, const char *name);
int kho_fdt_del_node(void *fdt, int node);

int kho_fdt_check(const void *fdt, size_t size);
u64 kho_fdt_map_root(const void *fdt);
int kho_fdt_find(const void *fdt, const char *name, struct kho_subtree *st);
int kho_fdt_next(const void *fdt, int node, struct kho_subtree *st);

#endif /* _KHO_FDT_H */
