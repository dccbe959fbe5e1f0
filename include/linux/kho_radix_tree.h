/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Radix tree of 64-bit keys in the format of the preserved-memory map
 *
 * Anyone may have one: its nodes are pages that can be preserved and walked
 * in the next kernel.  The tree itself does not preserve them.
 */
#ifndef _LINUX_KHO_RADIX_TREE_H
#define _LINUX_KHO_RADIX_TREE_H

#include <linux/errno.h>
#include <linux/mutex.h>
#include <linux/types.h>

struct kho_radix_node;

/**
 * struct kho_radix_tree - a tree
 * @root:	root node, a zeroed page at first
 * @lock:	taken by all functions below
 */
struct kho_radix_tree {
	struct kho_radix_node *root;
	struct mutex lock;	/* everything below @root */
};

/**
 * struct kho_radix_walk_cb - what a walk calls; either may be NULL
 * @leaf:	for every key, in ascending order
 * @node:	for every node page, parents before their children
 *
 * A return value other than 0 ends the walk.
 */
struct kho_radix_walk_cb {
	int (*leaf)(unsigned long key, void *data);
	int (*node)(phys_addr_t phys, void *data);
};

#ifdef CONFIG_KEXEC_HANDOVER

int kho_radix_init_tree(struct kho_radix_tree *tree, struct kho_radix_node *root);
void kho_radix_destroy_tree(struct kho_radix_tree *tree);
int kho_radix_add_key(struct kho_radix_tree *tree, unsigned long key);
void kho_radix_del_key(struct kho_radix_tree *tree, unsigned long key);
int kho_radix_add_page(struct kho_radix_tree *tree, unsigned long pfn, unsigned int order);
void kho_radix_del_page(struct kho_radix_tree *tree, unsigned long pfn, unsigned int order);
int kho_radix_walk_tree(struct kho_radix_tree *tree,
			const struct kho_radix_walk_cb *cb, void *data);

#else

static inline int kho_radix_init_tree(struct kho_radix_tree *tree,
				      struct kho_radix_node *root)
{
	return 0;
}

static inline void kho_radix_destroy_tree(struct kho_radix_tree *tree) { }

static inline int kho_radix_add_key(struct kho_radix_tree *tree, unsigned long key)
{
	return -EOPNOTSUPP;
}

static inline void kho_radix_del_key(struct kho_radix_tree *tree, unsigned long key) { }

static inline int kho_radix_add_page(struct kho_radix_tree *tree,
				     unsigned long pfn, unsigned int order)
{
	return -EOPNOTSUPP;
}

static inline void kho_radix_del_page(struct kho_radix_tree *tree,
				      unsigned long pfn, unsigned int order) { }

static inline int kho_radix_walk_tree(struct kho_radix_tree *tree,
				      const struct kho_radix_walk_cb *cb, void *data)
{
	return -EOPNOTSUPP;
}

#endif /* CONFIG_KEXEC_HANDOVER */

#endif /* _LINUX_KHO_RADIX_TREE_H */
