// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: reading the map of another kernel
 */

/**
 * DOC: Trust
 *
 * The map is read twice: coarsely, to find out where nothing lies, and exactly,
 * to find out what does. Both follow an address only if a node can be there:
 * page aligned, RAM, not in scratch.
 *
 * A tree in which nodes share children could have more paths than atoms. But a
 * path is a key's upper bits, and keys whose block would begin beyond the end
 * of RAM are not followed, so the number of visits is bounded by the size of
 * RAM. The exact reading sees every node once, or gives the map up.
 */
#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/minmax.h>

#include "receive.h"

struct walk {
	struct kho_map_walk w;
	struct kho_receive *r;
	const struct kho_node_access *access;
	struct kho_coarse *coarse;
	struct kho_table *table;
	struct kho_table *nodes;
	u64 root;
};

static struct walk *__init to_walk(struct kho_map_walk *w)
{
	return container_of(w, struct walk, w);
}

static bool __init node_allowed(const struct kho_receive *r, u64 phys)
{
	return phys && !(phys & (PAGE_SIZE - 1)) && r->is_ram(phys, phys + PAGE_SIZE) &&
	       !kho_windows_overlap(r->scratch, phys, phys + PAGE_SIZE);
}

static int __init bad_node(const struct kho_receive *r, u64 phys)
{
	r->bad_node(phys);
	return -EINVAL;
}

/* Where the first block of a key begins; 0 for keys that can be of any order. */
static u64 __init first_byte(u64 key)
{
	unsigned long pfn;
	unsigned int order;

	if (!key)
		return 0;
	return kho_map_decode(key, &pfn, &order) ? (u64)pfn << PAGE_SHIFT : ~0ULL;
}

/*
 * The coarse reading
 */

static u64 *__init scan_map(struct kho_map_walk *w, u64 phys)
{
	return to_walk(w)->access->map(phys);
}

static void __init scan_unmap(struct kho_map_walk *w, u64 *node)
{
	to_walk(w)->access->unmap(node);
}

static int __init scan_node(struct kho_map_walk *w, u64 phys)
{
	struct walk *k = to_walk(w);

	if (!node_allowed(k->r, phys))
		return bad_node(k->r, phys);
	kho_coarse_mark(k->coarse, phys, phys + PAGE_SIZE);
	return 0;
}

static enum kho_map_verdict __init scan_subtree(struct kho_map_walk *w, u64 first, u64 last)
{
	return first_byte(first) >= to_walk(w)->r->ram_end ? KHO_MAP_SKIP : KHO_MAP_FOLLOW;
}

/* Coarse by a word of the leaf: 256 KiB with 4 KiB pages, 4 MiB with 64 KiB. */
static int __init scan_leaf(struct kho_map_walk *w, u64 first, const u64 *leaf)
{
	struct kho_coarse *coarse = to_walk(w)->coarse;
	unsigned long pfn;
	unsigned int order, i;

	if (!kho_map_decode(first, &pfn, &order) || order)
		return 0;
	for (i = 0; i < KHO_MAP_NODE_WORDS; i++, pfn += 64) {
		u64 start = (u64)pfn << PAGE_SHIFT;

		if (leaf[i])
			kho_coarse_mark(coarse, start, start + 64 * PAGE_SIZE);
	}
	return 1;
}

/*
 * What the exact reading is going to refuse must not be marked: a single bad
 * block could cover all of memory, and the boot would find no gap.
 */
static bool __init scan_mark(struct walk *k, u64 start, u64 end)
{
	if (end <= start || !k->r->is_ram(start, end) ||
	    kho_windows_overlap(k->r->scratch, start, end))
		return false;
	kho_coarse_mark(k->coarse, start, end);
	return true;
}

static int __init scan_run(struct kho_map_walk *w, u64 key, unsigned long nr)
{
	struct walk *k = to_walk(w);
	unsigned int order;
	unsigned long pfn;
	u64 start, size;

	if (!kho_map_decode(key, &pfn, &order))
		return 0;
	start = (u64)pfn << PAGE_SHIFT;
	size = (u64)PAGE_SIZE << order;
	if (scan_mark(k, start, start + nr * size))
		return 0;
	for (; nr && start < k->r->ram_end; nr--, start += size)
		scan_mark(k, start, start + size);
	return 0;
}

/**
 * kho_receive_scan - find out roughly where something lies
 * @r:		what is being read; its results are not touched
 * @access:	how to look at a node
 * @root:	address of the map's root node
 * @coarse:	blocks and nodes are marked here
 *
 * Returns: 0; -EINVAL if the map cannot be trusted; -ENOMEM if a node could
 * not be looked at.
 */
int __init kho_receive_scan(struct kho_receive *r, const struct kho_node_access *access,
			    u64 root, struct kho_coarse *coarse)
{
	struct walk k = {
		.w.map = scan_map,
		.w.unmap = scan_unmap,
		.w.node = scan_node,
		.w.subtree = scan_subtree,
		.w.leaf = scan_leaf,
		.w.run = scan_run,
		.r = r,
		.access = access,
		.coarse = coarse,
	};

	return kho_map_walk(&k.w, root);
}

/*
 * The exact reading
 */

static int __init admit_node(struct kho_map_walk *w, u64 phys)
{
	struct walk *k = to_walk(w);
	unsigned long pfn = phys >> PAGE_SHIFT;

	if (!node_allowed(k->r, phys) || kho_table_any(k->nodes, pfn, 1))
		return bad_node(k->r, phys);
	return kho_table_set(k->nodes, pfn, 1) ?: kho_table_set(k->table, pfn, 1);
}

static void __init lose(struct kho_receive *r, u64 start, u64 end, unsigned int order,
			const char *why)
{
	r->lost(start, end, why);
	/* What could never have been RAM does not count. */
	r->dropped += min_t(u64, 1ULL << order, r->ram_end >> PAGE_SHIFT);
}

static enum kho_map_verdict __init admit_subtree(struct kho_map_walk *w, u64 first, u64 last)
{
	struct kho_receive *r = to_walk(w)->r;
	unsigned long pfn;
	unsigned int order;

	if (first_byte(first) < r->ram_end)
		return KHO_MAP_FOLLOW;
	/* How many blocks is not looked at: at least one. */
	if (kho_map_decode(first, &pfn, &order))
		lose(r, first_byte(first), 0, order, "not RAM in this kernel");
	return KHO_MAP_CUT;
}

static const char *__init objection(const struct walk *k, u64 start, u64 end)
{
	if (end <= start || !k->r->is_ram(start, end))
		return "not RAM in this kernel";
	if (kho_windows_overlap(k->r->scratch, start, end))
		return "it lies in scratch";
	if (kho_table_any(k->table, start >> PAGE_SHIFT, (end - start) >> PAGE_SHIFT))
		return "it overlaps with another preserved block";
	return NULL;
}

static int __init admit(struct walk *k, unsigned long pfn, unsigned int order, unsigned long nr)
{
	k->r->orders |= 1ULL << order;
	k->r->pages += nr << order;
	return kho_table_set(k->table, pfn, nr << order);
}

static bool __init range_allowed(const struct kho_receive *r, u64 start, u64 end)
{
	return start < end && r->is_ram(start, end) &&
	       !kho_windows_overlap(r->scratch, start, end);
}

/*
 * Most sections are RAM without scratch. But one of 64 KiB pages has 32 GiB:
 * then it is looked at what lies between the first and the last page of each word.
 */
static bool __init leaf_allowed(const struct kho_receive *r, u64 start, const u64 *leaf)
{
	unsigned int i;

	if (range_allowed(r, start, start + KHO_SECTION_PAGES * PAGE_SIZE))
		return true;
	for (i = 0; i < KHO_MAP_NODE_WORDS; i++, start += 64 * PAGE_SIZE) {
		if (leaf[i] && !range_allowed(r, start + __ffs64(leaf[i]) * PAGE_SIZE,
					      start + fls64(leaf[i]) * PAGE_SIZE))
			return false;
	}
	return true;
}

/*
 * Single pages, and many of them: a leaf of these is what the table has for a
 * section, and goes there as a whole unless there is something to object to.
 */
static int __init admit_leaf(struct kho_map_walk *w, u64 first, const u64 *leaf)
{
	struct walk *k = to_walk(w);
	unsigned long pfn;
	unsigned int order;
	long nr;

	BUILD_BUG_ON(KHO_MAP_LEAF_KEYS != KHO_SECTION_PAGES);

	if (!kho_map_decode(first, &pfn, &order) || order)
		return 0;
	if (!leaf_allowed(k->r, (u64)pfn << PAGE_SHIFT, leaf))
		return 0;
	nr = kho_table_merge(k->table, pfn, leaf);
	if (nr <= 0)
		return nr;
	k->r->orders |= 1;
	k->r->pages += nr;
	return 1;
}

static int __init admit_run(struct kho_map_walk *w, u64 key, unsigned long nr)
{
	struct walk *k = to_walk(w);
	unsigned long pfn;
	unsigned int order;
	u64 start, size;
	u64 *leaf;
	int err = 0;

	if (!kho_map_decode(key, &pfn, &order))
		return -EINVAL;
	start = (u64)pfn << PAGE_SHIFT;
	size = (u64)PAGE_SIZE << order;
	if (nr <= ~0ULL / size && !objection(k, start, start + nr * size))
		return admit(k, pfn, order, nr);

	/* One by one: what is in order stays. */
	leaf = kho_map_leaf(kho_node_virt(k->root), key);
	for (; nr && !err; nr--, key++, start += size, pfn += 1UL << order) {
		const char *why = objection(k, start, start + size);

		if (!why) {
			err = admit(k, pfn, order, 1);
			continue;
		}
		/* Whose bytes were they? This tree is not to be trusted. */
		if (k->r->is_ram(start, start + size) &&
		    kho_table_any(k->nodes, pfn, 1UL << order))
			return bad_node(k->r, start);
		lose(k->r, start, start + size, order, why);
		kho_leaf_clear(leaf, key);
	}
	return err;
}

/**
 * kho_receive_admit - find out exactly what is preserved
 * @r:		what is being read; its results are added to
 * @root:	address of the map's root node
 * @table:	set to the pages of nodes and of blocks that are kept
 * @nodes:	set to the pages of nodes
 *
 * Blocks that cannot be kept are taken out of the map. Of two that overlap the
 * larger one stays.
 *
 * Returns: 0; -EINVAL if the map cannot be trusted; -ENOMEM.
 */
int __init kho_receive_admit(struct kho_receive *r, u64 root, struct kho_table *table,
			     struct kho_table *nodes)
{
	struct walk structure = {
		.w.node = admit_node,
		.w.subtree = admit_subtree,
		.r = r,
		.table = table,
		.nodes = nodes,
	};
	struct walk blocks = {
		.w.leaf = admit_leaf,
		.w.run = admit_run,
		.r = r,
		.table = table,
		.nodes = nodes,
		.root = root,
	};

	/* Only a tree whose nodes are all different may be written to. */
	return kho_map_walk(&structure.w, root) ?: kho_map_walk(&blocks.w, root);
}
