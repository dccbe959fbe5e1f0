// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: the root device tree
 */
#include <linux/align.h>
#include <linux/errno.h>
#include <linux/libfdt.h>
#include <linux/string.h>
#include <linux/unaligned.h>
#include <linux/kho/abi/kexec_handover.h>

#include "fdt.h"

/**
 * kho_fdt_create - an empty root device tree
 * @fdt:	where
 * @size:	room at @fdt; the tree never outgrows it
 * @map_root:	address of the preserved-memory map's root node
 *
 * Returns: 0 or -ENOMEM.
 */
int kho_fdt_create(void *fdt, size_t size, u64 map_root)
{
	int err;

	err = fdt_create_empty_tree(fdt, size);
	err = err ?: fdt_setprop_string(fdt, 0, "compatible", KHO_FDT_COMPATIBLE);
	err = err ?: fdt_setprop(fdt, 0, KHO_FDT_MEMORY_MAP_PROP_NAME,
				 &map_root, sizeof(map_root));
	return err ? -ENOMEM : 0;
}

/* The whole name counts: "x@1" is not "x". */
static int find_name(const void *fdt, const char *name, size_t len)
{
	int node;

	fdt_for_each_subnode(node, fdt, 0) {
		const char *have = fdt_get_name(fdt, node, NULL);

		if (have && !strncmp(have, name, len) && !have[len])
			return node;
	}
	return -FDT_ERR_NOTFOUND;
}

static int find_node(const void *fdt, const char *name)
{
	return find_name(fdt, name, strlen(name));
}

/**
 * kho_fdt_add - add a subtree
 * @fdt:	root device tree
 * @st:		what to add
 *
 * Returns: 0; -EINVAL for a name that no node can have; -EEXIST if the name is
 * taken, also when it is "x" beside "x@1": some receivers take the one for the
 * other; -ENOMEM if the tree is full.  On an error nothing was added.
 */
int kho_fdt_add(void *fdt, const struct kho_subtree *st)
{
	int node, err;

	if (!*st->name || strchr(st->name, '/'))
		return -EINVAL;
	if (find_name(fdt, st->name, strchrnul(st->name, '@') - st->name) >= 0)
		return -EEXIST;

	/* This finds "x@1" when it is asked for "x". */
	node = fdt_add_subnode(fdt, 0, st->name);
	if (node == -FDT_ERR_EXISTS)
		return -EEXIST;
	if (node < 0)
		return -ENOMEM;

	err = fdt_setprop(fdt, node, KHO_SUB_TREE_PROP_NAME,
			  &st->phys, sizeof(st->phys));
	err = err ?: fdt_setprop(fdt, node, KHO_SUB_TREE_SIZE_PROP_NAME,
				 &st->size, sizeof(st->size));
	if (err) {
		fdt_del_node(fdt, node);
		return -ENOMEM;
	}
	return 0;
}

/**
 * kho_fdt_del - remove a subtree
 * @fdt:	root device tree
 * @name:	which
 *
 * Returns: 0; -ENOENT; -EINVAL for a tree that kho_fdt_check() refuses.
 */
int kho_fdt_del(void *fdt, const char *name)
{
	int node = find_node(fdt, name);

	if (node < 0)
		return -ENOENT;
	return kho_fdt_del_node(fdt, node);
}

/**
 * kho_fdt_del_node - remove a subtree by its place
 * @fdt:	root device tree
 * @node:	what kho_fdt_next() returned for it
 *
 * Places of subtrees before it remain valid.
 *
 * Returns: 0; -EINVAL for a tree that kho_fdt_check() refuses.
 */
int kho_fdt_del_node(void *fdt, int node)
{
	return fdt_del_node(fdt, node) ? -EINVAL : 0;
}

static int read_u64(const void *fdt, int node, const char *name, u64 *val)
{
	int len;
	const void *prop = fdt_getprop(fdt, node, name, &len);

	if (!prop || len != sizeof(*val))
		return -EINVAL;
	*val = get_unaligned((const u64 *)prop);
	return 0;
}

/* libfdt reads more than it can edit; the receiver takes bad subtrees out. */
static bool editable(const void *fdt)
{
	u32 reservations = fdt_off_mem_rsvmap(fdt);
	u32 structure = fdt_off_dt_struct(fdt);

	return fdt_version(fdt) >= 17 &&
	       IS_ALIGNED(reservations, 8) && IS_ALIGNED(structure, 4) &&
	       structure >= reservations + sizeof(struct fdt_reserve_entry) &&
	       fdt_off_dt_strings(fdt) >= structure + fdt_size_dt_struct(fdt);
}

/*
 * Are nodes closed, and do properties, with names, come first in them?  A
 * property behind a child would appear when the child is taken out.
 */
static int check_structure(const void *fdt)
{
	int offset, next, tag, depth = 0;
	bool children = true;
	const char *name;

	for (offset = 0; offset >= 0; offset = next) {
		tag = fdt_next_tag(fdt, offset, &next);
		if (!depth && tag != FDT_BEGIN_NODE)
			break;
		switch (tag) {
		case FDT_BEGIN_NODE:
			if (!fdt_get_name(fdt, offset, NULL))
				return -EINVAL;
			children = false;
			depth++;
			break;
		case FDT_PROP:
			if (children || !fdt_getprop_by_offset(fdt, offset, &name, NULL))
				return -EINVAL;
			break;
		case FDT_END_NODE:
			children = true;
			if (!--depth)
				return 0;
			break;
		case FDT_NOP:
			break;
		default:
			return -EINVAL;
		}
	}
	return -EINVAL;
}

/**
 * kho_fdt_check - is this a root device tree we can read?
 * @fdt:	bytes from another kernel
 * @size:	how many may be looked at
 *
 * Returns: 0; -EINVAL if it is no well-formed device tree of at most @size
 * bytes that can be edited, or has no map; -EPROTO if it is one of another version.
 */
int kho_fdt_check(const void *fdt, size_t size)
{
	if (size < sizeof(struct fdt_header) || fdt_check_header(fdt) ||
	    fdt_totalsize(fdt) > size || !editable(fdt) || check_structure(fdt))
		return -EINVAL;
	if (fdt_node_check_compatible(fdt, 0, KHO_FDT_COMPATIBLE))
		return -EPROTO;
	return kho_fdt_map_root(fdt) ? 0 : -EINVAL;
}

/**
 * kho_fdt_map_root - address of the preserved-memory map's root node
 * @fdt:	root device tree
 *
 * Returns: the address; 0 if there is none.
 */
u64 kho_fdt_map_root(const void *fdt)
{
	u64 root;

	return read_u64(fdt, 0, KHO_FDT_MEMORY_MAP_PROP_NAME, &root) ? 0 : root;
}

static int read_subtree(const void *fdt, int node, struct kho_subtree *st)
{
	st->name = fdt_get_name(fdt, node, NULL);
	if (!st->name || read_u64(fdt, node, KHO_SUB_TREE_PROP_NAME, &st->phys) ||
	    read_u64(fdt, node, KHO_SUB_TREE_SIZE_PROP_NAME, &st->size))
		return -EINVAL;
	return 0;
}

/**
 * kho_fdt_find - look a subtree up
 * @fdt:	root device tree
 * @name:	name
 * @st:		set on success
 *
 * Returns: 0; -ENOENT; -EINVAL if the node is malformed.
 */
int kho_fdt_find(const void *fdt, const char *name, struct kho_subtree *st)
{
	int node = find_node(fdt, name);

	return node < 0 ? -ENOENT : read_subtree(fdt, node, st);
}

/**
 * kho_fdt_next - iterate over the subtrees
 * @fdt:	root device tree
 * @node:	0 for the first one, then what the last call returned
 * @st:		set to the subtree; its name is NULL if the node is malformed
 *
 * Returns: a cursor for the next call, or -ENOENT after the last one.
 */
int kho_fdt_next(const void *fdt, int node, struct kho_subtree *st)
{
	node = node ? fdt_next_subnode(fdt, node) : fdt_first_subnode(fdt, 0);
	if (node < 0)
		return -ENOENT;
	if (read_subtree(fdt, node, st))
		st->name = NULL;
	return node;
}
