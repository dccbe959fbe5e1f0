// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: the exported radix tree, and the nodes of all of them
 */
#include <linux/bug.h>
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kho_radix_tree.h>
#include <linux/kmemleak.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "internal.h"
#include "map.h"

/* Private trees may be filled before the page allocator is up. */
u64 *__ref kho_node_alloc(void)
{
	struct page *page;

	if (!slab_is_available())
		return memblock_alloc(PAGE_SIZE, PAGE_SIZE);
	page = kho_alloc_pages(0);
	return page ? page_address(page) : NULL;
}

void __ref kho_node_free(u64 *node)
{
	if (!slab_is_available()) {
		memblock_free(node, PAGE_SIZE);
	} else if (PageReserved(virt_to_page(node))) {
		kmemleak_free_part_phys(virt_to_phys(node), PAGE_SIZE);
		free_reserved_page(virt_to_page(node));
	} else {
		free_page((unsigned long)node);
	}
}

u64 kho_node_phys(const u64 *node)
{
	return virt_to_phys((void *)node);
}

u64 *kho_node_virt(u64 phys)
{
	return phys_to_virt(phys);
}

static u64 *root_of(struct kho_radix_tree *tree)
{
	return (u64 *)tree->root;
}

/**
 * kho_radix_init_tree - make a tree usable
 * @tree:	the tree
 * @root:	root node to take over, for example one that was restored; NULL
 *		for an empty tree
 *
 * Context: may sleep.
 * Returns: 0 or -ENOMEM.
 */
int kho_radix_init_tree(struct kho_radix_tree *tree, struct kho_radix_node *root)
{
	if (!root)
		root = (struct kho_radix_node *)kho_node_alloc();
	if (!root)
		return -ENOMEM;
	tree->root = root;
	mutex_init(&tree->lock);
	return 0;
}
EXPORT_SYMBOL_GPL(kho_radix_init_tree);

/**
 * kho_radix_destroy_tree - free all nodes of a tree
 * @tree:	the tree; unusable afterwards
 *
 * Context: may sleep.
 */
void kho_radix_destroy_tree(struct kho_radix_tree *tree)
{
	kho_map_free(root_of(tree));
	tree->root = NULL;
	mutex_destroy(&tree->lock);
}
EXPORT_SYMBOL_GPL(kho_radix_destroy_tree);

/**
 * kho_radix_add_key - add a key
 * @tree:	the tree
 * @key:	less than 2^(65 - PAGE_SHIFT)
 *
 * Adding a key again changes nothing.
 *
 * Context: may sleep; takes the tree's lock.
 * Returns: 0; -EINVAL if the tree has no root; -ERANGE for a key that is too
 * large; -ENOMEM.
 */
int kho_radix_add_key(struct kho_radix_tree *tree, unsigned long key)
{
	u64 *leaf;
	int err;

	if (WARN_ON_ONCE(!tree->root))
		return -EINVAL;
	if ((u64)key >> KHO_MAP_KEY_BITS)
		return -ERANGE;
	guard(mutex)(&tree->lock);
	err = kho_map_make_leaf(root_of(tree), key, &leaf);
	if (!err)
		kho_leaf_set(leaf, key);
	return err;
}
EXPORT_SYMBOL_GPL(kho_radix_add_key);

/**
 * kho_radix_del_key - remove a key
 * @tree:	the tree
 * @key:	a key that was added
 *
 * Context: may sleep; takes the tree's lock.
 */
void kho_radix_del_key(struct kho_radix_tree *tree, unsigned long key)
{
	u64 *leaf;

	if (WARN_ON_ONCE(!tree->root || (u64)key >> KHO_MAP_KEY_BITS))
		return;
	guard(mutex)(&tree->lock);
	leaf = kho_map_leaf(root_of(tree), key);
	if (!WARN_ON_ONCE(!leaf))
		kho_leaf_clear(leaf, key);
}
EXPORT_SYMBOL_GPL(kho_radix_del_key);

/**
 * kho_radix_add_page - add the key of a block of pages
 * @tree:	the tree
 * @pfn:	first page of the block, a multiple of 2^@order
 * @order:	order of the block
 *
 * The spelling of mainline 7.2; see kho_radix_add_key().
 *
 * Context: may sleep; takes the tree's lock.
 * Returns: as kho_radix_add_key(); -ERANGE for an order that cannot be.
 */
int kho_radix_add_page(struct kho_radix_tree *tree, unsigned long pfn, unsigned int order)
{
	if (order > KHO_MAP_MAX_ORDER)
		return -ERANGE;
	return kho_radix_add_key(tree, kho_map_key(pfn, order));
}
EXPORT_SYMBOL_GPL(kho_radix_add_page);

/**
 * kho_radix_del_page - remove the key of a block of pages
 * @tree:	the tree
 * @pfn:	first page of the block
 * @order:	order of the block
 *
 * Context: may sleep; takes the tree's lock.
 */
void kho_radix_del_page(struct kho_radix_tree *tree, unsigned long pfn, unsigned int order)
{
	if (!WARN_ON_ONCE(order > KHO_MAP_MAX_ORDER))
		kho_radix_del_key(tree, kho_map_key(pfn, order));
}
EXPORT_SYMBOL_GPL(kho_radix_del_page);

struct user_walk {
	struct kho_map_walk w;
	const struct kho_radix_walk_cb *cb;
	void *data;
};

static int user_run(struct kho_map_walk *w, u64 key, unsigned long nr)
{
	struct user_walk *u = container_of(w, struct user_walk, w);
	int err = 0;

	for (; nr && !err; nr--, key++)
		err = u->cb->leaf(key, u->data);
	return err;
}

static int user_node(struct kho_map_walk *w, u64 phys)
{
	struct user_walk *u = container_of(w, struct user_walk, w);

	return u->cb->node(phys, u->data);
}

/**
 * kho_radix_walk_tree - visit all keys and nodes
 * @tree:	the tree
 * @cb:		what to call
 * @data:	passed to the callbacks
 *
 * Context: may sleep; the callbacks run under the tree's lock and must not
 * change the tree.
 * Returns: 0, or the first non-zero value that a callback returned; -EINVAL if
 * the tree has no root.
 */
int kho_radix_walk_tree(struct kho_radix_tree *tree,
			const struct kho_radix_walk_cb *cb, void *data)
{
	struct user_walk u = {
		.w.run = cb->leaf ? user_run : NULL,
		.w.node = cb->node ? user_node : NULL,
		.cb = cb,
		.data = data,
	};

	if (WARN_ON_ONCE(!tree->root))
		return -EINVAL;
	guard(mutex)(&tree->lock);
	return kho_map_walk(&u.w, kho_node_phys(root_of(tree)));
}
EXPORT_SYMBOL_GPL(kho_radix_walk_tree);
