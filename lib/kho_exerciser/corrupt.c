// SPDX-License-Identifier: GPL-2.0-only
/*
 * KHO exerciser: damage what travels
 *
 * TEST ONLY.  Plays the hostile, or broken, previous kernel: the receiver must
 * boot, with one line in the log, whatever arrives.
 *
 * Most of it happens at the last moment before the jump, because this kernel
 * trusts its own state.  Scratch is damaged at once: the array is copied when
 * an image is loaded.
 */
#include <linux/bits.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/libfdt.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/reboot.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "../../kernel/kho/fdt.h"
#include "../../kernel/kho/internal.h"
#include "../../kernel/kho/map.h"

#include "corrupt.h"
#include "exerciser.h"

static struct fdt_header *fdt(void)
{
	return kho_out_fdt();
}

static int magic_zero(void)
{
	fdt()->magic = 0;
	return 0;
}

static int totalsize_huge(void)
{
	fdt()->totalsize = cpu_to_fdt32(1U << 30);
	return 0;
}

static int strings_outside(void)
{
	fdt()->off_dt_strings = cpu_to_fdt32(1U << 28);
	return 0;
}

static int compatible_other(void)
{
	return fdt_setprop_inplace(fdt(), 0, "compatible", "kho-v9", sizeof("kho-v9"));
}

static int set_root(u64 phys)
{
	return fdt_setprop_inplace(fdt(), 0, KHO_FDT_MEMORY_MAP_PROP_NAME, &phys, sizeof(phys));
}

static int root_beyond(void)
{
	return set_root(BEYOND_MEMORY);
}

static int root_odd(void)
{
	return set_root(kho_node_phys((u64 *)kho_out_map.root) + 8);
}

static int root_scratch(void)
{
	return set_root(kho_scratch[0].addr);
}

/*
 * The last used slot of the last table of a level; 1 is right above leaves.
 * The last keys are those of single pages.
 */
static u64 *used_slot(unsigned int level)
{
	u64 *node = (u64 *)kho_out_map.root;
	unsigned int at = KHO_MAP_TABLE_LEVELS;
	int i;

	for (;;) {
		for (i = KHO_MAP_TABLE_SLOTS - 1; i >= 0 && !node[i]; i--)
			;
		if (i < 0)
			return NULL;
		if (at-- == level)
			return &node[i];
		node = kho_node_virt(node[i]);
	}
}

static int set_slot(unsigned int level, u64 phys)
{
	u64 *slot = used_slot(level);

	if (!slot)
		return -ENOENT;
	*slot = phys;
	return 0;
}

/* A second way to a leaf that exists, for keys that can exist. */
static int node_shared(void)
{
	u64 *slot = used_slot(1);
	u64 *table = (u64 *)((unsigned long)slot & PAGE_MASK);

	if (!slot)
		return -ENOENT;
	table[slot == table ? 1 : 0] = *slot;
	return 0;
}

/* All keys there can be, and all of them again and again: memory is full. */
static int node_everywhere(void)
{
	u64 *slot = used_slot(1);
	u64 *table = (u64 *)((unsigned long)slot & PAGE_MASK);
	unsigned int i;

	if (!slot)
		return -ENOENT;
	memset(kho_node_virt(*slot), 0xff, PAGE_SIZE);
	for (i = 0; i < KHO_MAP_TABLE_SLOTS; i++)
		table[i] = *slot;
	return 0;
}

static int node_cyclic(void)
{
	return set_slot(2, kho_node_phys((u64 *)kho_out_map.root));
}

static int node_beyond(void)
{
	return set_slot(1, BEYOND_MEMORY);
}

static int node_odd(void)
{
	u64 *slot = used_slot(1);

	return slot ? set_slot(1, *slot + 1) : -ENOENT;
}

static int node_scratch(void)
{
	return set_slot(1, kho_scratch[0].addr);
}

/* A block of ours as a node: its owner could write to it. */
static int node_preserved(void)
{
	unsigned long i;

	for (i = 0; i < ex_nr; i++) {
		if (ex_blocks[i].preserved && ex_blocks[i].rec.phys)
			return set_slot(1, ex_blocks[i].rec.phys);
	}
	return -ENOENT;
}

static int add_key(unsigned long pfn, unsigned int order)
{
	return kho_radix_add_page(&kho_out_map, pfn, order);
}

/*
 * Pages of our own that carry three keys on top of one another, and one key
 * inside every larger block of the plan.  A block around pages of the plan
 * would do as well, but it could hit a node of the map, and that is block_node.
 */
static int block_overlap(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 4);
	unsigned long i, pfn;
	int err;

	if (!page)
		return -ENOMEM;
	pfn = page_to_pfn(page);
	err = add_key(pfn, 4) ?: add_key(pfn + 4, 2) ?: add_key(pfn + 15, 0);
	for (i = 0; i < ex_nr && !err; i++) {
		if (ex_blocks[i].preserved && ex_blocks[i].rec.nr_pages > 1)
			err = add_key(PHYS_PFN(ex_blocks[i].rec.phys), 0);
	}
	return err;
}

/* A block that lies on the map itself. */
static int block_node(void)
{
	return add_key(PHYS_PFN(kho_node_phys((u64 *)kho_out_map.root)), 0);
}

static int block_largest(void)
{
	return add_key(0, KHO_MAP_MAX_ORDER);
}

/* The widest key there is; the order it stands for cannot be. */
static int block_order_63(void)
{
	u64 *leaf;
	int err = kho_map_make_leaf((u64 *)kho_out_map.root, 1, &leaf);

	if (err)
		return err;
	leaf[0] |= 3;
	return 0;
}

static int block_scratch(void)
{
	return add_key(PHYS_PFN(kho_scratch[0].addr) + 16, 2);
}

static int block_beyond(void)
{
	return add_key(BEYOND_MEMORY >> PAGE_SHIFT, 3);
}

/* Below 1 MiB every kernel reserves everything. */
static int block_low(void)
{
	return add_key(0x9f, 0);
}

static int subtree_unpreserved(void)
{
	void *page = (void *)get_zeroed_page(GFP_KERNEL);

	return page ? kho_add_subtree("kho_exerciser-bad", page, PAGE_SIZE) : -ENOMEM;
}

/* The key of a block of ours, of this order. */
static int find_key(unsigned int order, u64 *key)
{
	unsigned long i;

	for (i = 0; i < ex_nr; i++) {
		if (!ex_blocks[i].preserved || ex_blocks[i].rec.nr_pages != 1UL << order)
			continue;
		*key = kho_map_key(PHYS_PFN(ex_blocks[i].rec.phys), order);
		return 0;
	}
	return -ENOENT;
}

/* Nobody can see what is gone; only who wants it. */
static int bit_cleared(void)
{
	u64 key;
	int err = find_key(4, &key);

	if (!err)
		kho_leaf_clear(kho_map_leaf((u64 *)kho_out_map.root, key), key);
	return err;
}

static int slot_zeroed(void)
{
	unsigned int level = KHO_MAP_TABLE_LEVELS;
	u64 *node = (u64 *)kho_out_map.root;
	u64 key;
	int err = find_key(9, &key);

	for (; !err; level--) {
		unsigned int shift = (level - 1) * KHO_MAP_TABLE_BITS + KHO_MAP_LEAF_BITS;
		u64 *slot = &node[key >> shift & (KHO_MAP_TABLE_SLOTS - 1)];

		if (level == 1) {
			*slot = 0;
			break;
		}
		node = kho_node_virt(*slot);
	}
	return err;
}

static int plan_magic(void)
{
	phys_addr_t phys;
	struct kho_subtree st;
	int err = kho_fdt_find(kho_out_fdt(), "kho_exerciser", &st);

	if (err)
		return err;
	phys = st.phys;
	memset(phys_to_virt(phys), 0, sizeof(u64));
	return 0;
}

/*
 * Scratch
 */

static int scratch_odd(void)
{
	kho_scratch[0].addr += PAGE_SIZE;
	kho_scratch[0].size -= KHO_SCRATCH_ALIGN;
	return 0;
}

static int scratch_overlap(void)
{
	if (kho_scratch_nr < 2)
		return -ENOENT;
	kho_scratch[1].addr = kho_scratch[0].addr;
	kho_scratch[1].size = kho_scratch[0].size - KHO_SCRATCH_ALIGN;
	return 0;
}

static int scratch_not_ram(void)
{
	if (kho_scratch_nr < 2)
		return -ENOENT;
	kho_scratch[1].addr = BEYOND_MEMORY;
	kho_scratch[1].size = KHO_SCRATCH_ALIGN;
	return 0;
}

/* So large that KASLR would like it best. */
static int scratch_not_ram_large(void)
{
	int err = scratch_not_ram();

	if (!err)
		kho_scratch[1].size = SZ_256M;
	return err;
}

static int scratch_wraps(void)
{
	if (kho_scratch_nr < 2)
		return -ENOENT;
	kho_scratch[1].addr = -KHO_SCRATCH_ALIGN;
	kho_scratch[1].size = 2 * KHO_SCRATCH_ALIGN;
	return 0;
}

/* What is read-only by now is written to through another mapping. */
static int write_read_only(void *where, const void *what, size_t size)
{
	struct page *page = virt_to_page(lm_alias(where));
	void *map = vmap(&page, 1, VM_MAP, PAGE_KERNEL);

	if (!map)
		return -ENOMEM;
	memcpy(map + offset_in_page(where), what, size);
	vunmap(map);
	return 0;
}

static int use_array(struct kho_scratch *array, unsigned int nr)
{
	return write_read_only(&kho_scratch, &array, sizeof(array)) ?:
	       write_read_only(&kho_scratch_nr, &nr, sizeof(nr));
}

static struct kho_scratch *right_array;
static unsigned int right_nr;

/* More than any machine has nodes; all but ours empty. */
static int scratch_many(void)
{
	unsigned int nr = 2000;
	struct kho_scratch *array = kcalloc(nr, sizeof(*array), GFP_KERNEL);

	if (!array)
		return -ENOMEM;
	memcpy(array, kho_scratch, kho_scratch_nr * sizeof(*array));
	right_array = kho_scratch;
	right_nr = kho_scratch_nr;
	return use_array(array, nr);
}

/* After the image was loaded, so that this kernel goes on to work. */
static int scratch_restore(void)
{
	return right_nr ? use_array(right_array, right_nr) : -ENOENT;
}

static const struct ex_way ways[] = {
	{ "fdt-magic",		magic_zero },
	{ "fdt-totalsize",	totalsize_huge },
	{ "fdt-strings",	strings_outside },
	{ "fdt-compatible",	compatible_other },
	{ "root-beyond",	root_beyond },
	{ "root-odd",		root_odd },
	{ "root-scratch",	root_scratch },
	{ "node-shared",	node_shared },
	{ "node-everywhere",	node_everywhere },
	{ "node-cyclic",	node_cyclic },
	{ "node-beyond",	node_beyond },
	{ "node-odd",		node_odd },
	{ "node-scratch",	node_scratch },
	{ "node-preserved",	node_preserved },
	{ "block-overlap",	block_overlap },
	{ "block-node",		block_node },
	{ "block-largest",	block_largest },
	{ "block-order-63",	block_order_63 },
	{ "block-scratch",	block_scratch },
	{ "block-beyond",	block_beyond },
	{ "block-low",		block_low },
	{ "subtree-unpreserved", subtree_unpreserved },
	{ "bit-cleared",	bit_cleared },
	{ "slot-zeroed",	slot_zeroed },
	{ "plan-magic",		plan_magic },
	{ "scratch-odd",	scratch_odd, true },
	{ "scratch-overlap",	scratch_overlap, true },
	{ "scratch-not-ram",	scratch_not_ram, true },
	{ "scratch-not-ram-large", scratch_not_ram_large, true },
	{ "scratch-wraps",	scratch_wraps, true },
	{ "scratch-many",	scratch_many, true },
	{ "scratch-restore",	scratch_restore, true },
	{ }
};

static const struct ex_way *armed;

static int corrupt_armed(struct notifier_block *nb, unsigned long action, void *data)
{
	int err = armed->corrupt();

	pr_info("kho_exerciser: corrupt %s: %d\n", armed->what, err);
	return NOTIFY_DONE;
}

static struct notifier_block reboot_nb = { .notifier_call = corrupt_armed };

static int arm(const struct ex_way *way)
{
	if (!armed)
		register_reboot_notifier(&reboot_nb);
	armed = way;
	return 0;
}

static const struct ex_way *find_way(const struct ex_way *way, const char *what)
{
	while (way->what && strcmp(way->what, what))
		way++;
	return way->what ? way : NULL;
}

/* corrupt what= */
int ex_corrupt(const struct ex_args *a)
{
	const struct ex_way *way;

	if (!kho_is_enabled())
		return -EOPNOTSUPP;
	way = find_way(ways, a->what) ?: find_way(ex_blob_ways, a->what);
	if (!way)
		return -EINVAL;
	return way->at_once ? way->corrupt() : arm(way);
}
