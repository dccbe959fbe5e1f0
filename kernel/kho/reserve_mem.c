// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: reserve_mem= regions
 */

/**
 * DOC: Life of a region
 *
 * A region that the command line names again is *revived*: reserved at the same
 * address, with its contents.  One that it does not name any more is *kept*:
 * it stays preserved and is handed on, until it is named again or discarded.
 * Discarding gives the memory back, at boot with reserve_mem_discard=NAME or at
 * run time through sysfs; a region that somebody has looked up stays.
 */
#define pr_fmt(fmt) "KHO: reserve_mem: " fmt

#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/memblock.h>
#include <linux/kho/hooks.h>
#include <linux/libfdt.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/unaligned.h>

#include "internal.h"

#define MAX_KEPT	8
#define NAME_LEN	16

struct region {
	char name[NAME_LEN];
	phys_addr_t start;
	phys_addr_t size;
};

/* Regions of the previous kernels that ours does not name. */
static struct region kept[MAX_KEPT];
static unsigned int nr_kept;
static void *blob;
static DEFINE_MUTEX(lock);	/* kept, blob */

static char discard_at_boot[256] __initdata;

static int __init parse_discard(char *arg)
{
	return arg && strscpy(discard_at_boot, arg) >= 0 ? 0 : -EINVAL;
}
early_param("reserve_mem_discard", parse_discard);

static unsigned long nr_pages(phys_addr_t size)
{
	return PFN_UP(size);
}

static bool read_prop(const void *fdt, int node, const char *name, phys_addr_t *val)
{
	int len;
	const void *prop = fdt_getprop(fdt, node, name, &len);

	if (!prop || len != sizeof(u64))
		return false;
	*val = get_unaligned((const u64 *)prop);
	return true;
}

/* The regions' tree of the previous kernel, or NULL. */
static const void *__init incoming_fdt(size_t *size)
{
	phys_addr_t phys;
	const void *fdt;

	if (kho_retrieve_subtree(MEMBLOCK_KHO_FDT, &phys, size))
		return NULL;
	fdt = phys_to_virt(phys);
	if (*size < sizeof(struct fdt_header) || fdt_check_header(fdt) ||
	    fdt_totalsize(fdt) > *size ||
	    fdt_node_check_compatible(fdt, 0, MEMBLOCK_KHO_NODE_COMPATIBLE)) {
		pr_warn("description of the regions is damaged or of another version: ignored\n");
		return NULL;
	}
	return fdt;
}

/* False if the node is no region, or no region we could use. */
static bool __init read_region(const void *fdt, int node, struct region *r)
{
	const char *name = fdt_get_name(fdt, node, NULL);

	if (!name || !*name || strscpy(r->name, name) < 0 ||
	    fdt_node_check_compatible(fdt, node, RESERVE_MEM_KHO_NODE_COMPATIBLE) ||
	    !read_prop(fdt, node, RESERVE_MEM_KHO_START_PROP_NAME, &r->start) ||
	    !read_prop(fdt, node, RESERVE_MEM_KHO_SIZE_PROP_NAME, &r->size) ||
	    !PAGE_ALIGNED(r->start) || r->start + r->size < r->start) {
		pr_warn("region '%s' of the previous kernel is malformed\n", name ?: "?");
		return false;
	}
	return true;
}

static bool __init find_incoming(const char *name, struct region *r)
{
	size_t size;
	const void *fdt = incoming_fdt(&size);
	int node;

	if (!fdt)
		return false;
	fdt_for_each_subnode(node, fdt, 0) {
		if (read_region(fdt, node, r) && !strcmp(r->name, name))
			return true;
	}
	return false;
}

static bool __init named_in(const char *list, const char *name)
{
	size_t len = strlen(name);
	const char *at = list;

	while ((at = strstr(at, name))) {
		if ((at == list || at[-1] == ',') && (!at[len] || at[len] == ','))
			return true;
		at += len;
	}
	return false;
}

/**
 * kho_reserve_mem_revive - reserve a region where it was in the last kernel
 * @name:	name of the region
 * @size:	size the command line asks for
 * @align:	alignment it asks for
 * @start:	set on success
 *
 * Returns: true if the region came over and is reserved now.
 */
bool __init kho_reserve_mem_revive(const char *name, phys_addr_t size,
				   phys_addr_t align, phys_addr_t *start)
{
	struct region r;

	if (!find_incoming(name, &r) || named_in(discard_at_boot, name))
		return false;
	if (r.size != size || !IS_ALIGNED(r.start, align)) {
		pr_warn("'%s' came with %pa bytes at %pa, which is not what is asked for now: not revived\n",
			name, &r.size, &r.start);
		return false;
	}
	if (!kho_in_covers(PHYS_PFN(r.start), nr_pages(r.size))) {
		pr_warn("'%s' at %pa was not preserved as a whole: not revived\n", name, &r.start);
		return false;
	}
	/* By somebody who had to have this place: it is lost, which is said in the end. */
	if (memblock_is_region_reserved(r.start, PAGE_ALIGN(r.size))) {
		pr_err("'%s' at %pa: something else was reserved there: not revived\n", name,
		       &r.start);
		return false;
	}
	if (memblock_reserve(r.start, PAGE_ALIGN(r.size))) {
		pr_err("'%s' at %pa cannot be reserved: not revived\n", name, &r.start);
		return false;
	}
	kho_early_release(PHYS_PFN(r.start), nr_pages(r.size));
	*start = r.start;
	pr_info("Revived memory reservation '%s' from KHO\n", name);
	return true;
}

/*
 * What we hand on
 */

/* By its whole name: libfdt takes "x@1" for "x". */
static int find_region(const void *fdt, const char *name)
{
	int node;

	fdt_for_each_subnode(node, fdt, 0) {
		const char *have = fdt_get_name(fdt, node, NULL);

		if (have && !strcmp(have, name))
			return node;
	}
	return -FDT_ERR_NOTFOUND;
}

static int add_region(void *fdt, const struct region *r)
{
	u64 start = r->start, size = r->size;
	int node = fdt_add_subnode(fdt, 0, r->name);

	if (node == -FDT_ERR_EXISTS) {
		pr_warn("'%s' is not handed over: its name is too like that of another region\n",
			r->name);
		return 0;
	}
	if (node < 0)
		return node;
	return fdt_setprop_string(fdt, node, "compatible", RESERVE_MEM_KHO_NODE_COMPATIBLE) ?:
	       fdt_setprop(fdt, node, RESERVE_MEM_KHO_START_PROP_NAME, &start, sizeof(start)) ?:
	       fdt_setprop(fdt, node, RESERVE_MEM_KHO_SIZE_PROP_NAME, &size, sizeof(size));
}

/* The regions of our own command line; false after the last one. */
static bool own_region(unsigned int i, struct region *r)
{
	const char *name;

	if (!reserve_mem_entry(i, &name, &r->start, &r->size))
		return false;
	strscpy(r->name, name);
	return true;
}

static int describe_regions(void *fdt)
{
	struct region r;
	unsigned int i;
	int err;

	err = fdt_create_empty_tree(fdt, PAGE_SIZE);
	err = err ?: fdt_setprop_string(fdt, 0, "compatible", MEMBLOCK_KHO_NODE_COMPATIBLE);
	for (i = 0; !err && own_region(i, &r); i++) {
		/* Released ones are not there, others may not be preserved. */
		if (r.size && kho_out_order(PHYS_PFN(r.start)) >= 0)
			err = add_region(fdt, &r);
	}
	for (i = 0; !err && i < nr_kept; i++)
		err = add_region(fdt, &kept[i]);
	return err ? -ENOMEM : 0;
}

/* The machine may be stopped for a kexec at any moment: never half a blob. */
static int update_blob(void)
{
	void *fdt = kzalloc(PAGE_SIZE, GFP_KERNEL);
	int err;

	if (!fdt)
		return -ENOMEM;
	err = describe_regions(fdt);
	if (!err) {
		guard(irqsave)();
		memcpy(blob, fdt, PAGE_SIZE);
	}
	kfree(fdt);
	return err;
}

static void unforward_range(phys_addr_t start, phys_addr_t end)
{
	while (start < end) {
		int order = kho_out_order(PHYS_PFN(start));

		if (order < 0 || kho_unforward(start, order))
			break;
		start += PAGE_SIZE << order;
	}
}

/* All blocks of a range go on to the next kernel, or none. */
static int forward_range(phys_addr_t start, phys_addr_t end)
{
	phys_addr_t at = start;

	while (at < end) {
		int order = kho_in_order(PHYS_PFN(at));
		int err = order < 0 ? -ENOENT : kho_forward(at, order);

		if (err) {
			unforward_range(start, at);
			return err;
		}
		at += PAGE_SIZE << order;
	}
	return 0;
}

static bool __init is_own(const char *name)
{
	struct region r;
	unsigned int i;

	for (i = 0; own_region(i, &r); i++) {
		if (!strcmp(r.name, name))
			return true;
	}
	return false;
}

static void __init keep_region(const struct region *r)
{
	bool replaced = is_own(r->name);

	if (replaced || named_in(discard_at_boot, r->name)) {
		kho_in_discard_pages(PHYS_PFN(r->start), nr_pages(r->size));
		pr_info("discarded '%s', %pa bytes at %pa%s\n", r->name, &r->size, &r->start,
			replaced ? ": the command line wants another one" : "");
		return;
	}
	if (nr_kept == MAX_KEPT || forward_range(r->start, r->start + PAGE_ALIGN(r->size))) {
		pr_warn("'%s' of the previous kernel cannot be kept for the next one\n", r->name);
		return;
	}
	kept[nr_kept++] = *r;
}

static void __init keep_unnamed(void)
{
	struct region r;
	const void *fdt;
	size_t size;
	int node;

	fdt = incoming_fdt(&size);
	if (!fdt)
		return;
	fdt_for_each_subnode(node, fdt, 0) {
		if (read_region(fdt, node, &r) &&
		    kho_in_covers(PHYS_PFN(r.start), nr_pages(r.size)))
			keep_region(&r);
	}
	kho_in_forget(MEMBLOCK_KHO_FDT);
	kho_in_discard_pages(PHYS_PFN(__pa(fdt)), PFN_UP(size));
}

static void __init preserve_own(void)
{
	struct region r;
	unsigned int i;

	for (i = 0; own_region(i, &r); i++) {
		int err = kho_preserve_pages(pfn_to_page(PHYS_PFN(r.start)), nr_pages(r.size));

		if (err)
			pr_err("'%s' cannot be preserved (%d)\n", r.name, err);
	}
}

static int __init publish(void)
{
	struct region r;
	void *fdt;
	int err;

	keep_unnamed();
	if (!kho_is_enabled() || (!own_region(0, &r) && !nr_kept))
		return 0;

	guard(mutex)(&lock);
	preserve_own();
	fdt = kho_alloc_preserve(PAGE_SIZE);
	err = PTR_ERR_OR_ZERO(fdt);
	if (!err) {
		blob = fdt;
		err = update_blob();
	}
	err = err ?: kho_add_subtree(MEMBLOCK_KHO_FDT, blob, PAGE_SIZE);
	if (err) {
		pr_err("regions cannot be handed over (%d)\n", err);
		if (blob)
			kho_unpreserve_free(blob);
		blob = NULL;
		/* Unclaimed again: the reboot says that they are dropped. */
		for (; nr_kept; nr_kept--)
			unforward_range(kept[nr_kept - 1].start, kept[nr_kept - 1].start +
					PAGE_ALIGN(kept[nr_kept - 1].size));
	}
	return err;
}
late_initcall(publish);

/* In place, so that it cannot fail. */
static void forget_region(const char *name)
{
	int node = blob ? find_region(blob, name) : -ENOENT;

	guard(irqsave)();
	if (node >= 0)
		fdt_del_node(blob, node);
}

/**
 * kho_reserve_mem_release - a region of our command line is about to be freed
 * @name:	its name
 * @start:	start
 * @size:	bytes
 */
void kho_reserve_mem_release(const char *name, phys_addr_t start, phys_addr_t size)
{
	guard(mutex)(&lock);
	forget_region(name);
	/* Also what was preserved before publishing failed. */
	if (kho_out_order(PHYS_PFN(start)) >= 0)
		kho_unpreserve_pages(pfn_to_page(PHYS_PFN(start)), nr_pages(size));
}

static int discard_kept(const char *name)
{
	unsigned int i;

	for (i = 0; i < nr_kept; i++) {
		struct region r = kept[i];

		if (strcmp(r.name, name))
			continue;
		forget_region(name);
		unforward_range(r.start, r.start + PAGE_ALIGN(r.size));
		kho_in_discard_pages(PHYS_PFN(r.start), nr_pages(r.size));
		kept[i] = kept[--nr_kept];
		return 0;
	}
	return -ENOENT;
}

/**
 * kho_reserve_mem_discard - free a region, wherever it comes from
 * @name:	its name
 *
 * Returns: 0; -ENOENT if there is no such region; -EBUSY if somebody uses it.
 */
int kho_reserve_mem_discard(const char *name)
{
	int ret = reserve_mem_release_by_name(name);

	if (ret)
		return min(ret, 0);
	guard(mutex)(&lock);
	return discard_kept(name);
}

/**
 * kho_reserve_mem_show - list the regions
 * @buf:	a page; filled with a line for each region
 *
 * Returns: the number of bytes.
 */
ssize_t kho_reserve_mem_show(char *buf)
{
	struct region r;
	ssize_t len = 0;
	unsigned int i;

	guard(mutex)(&lock);
	for (i = 0; own_region(i, &r); i++) {
		if (r.size)
			len += sysfs_emit_at(buf, len, "%s %pa %pa named\n",
					     r.name, &r.start, &r.size);
	}
	for (i = 0; i < nr_kept; i++)
		len += sysfs_emit_at(buf, len, "%s %pa %pa kept\n",
				     kept[i].name, &kept[i].start, &kept[i].size);
	return len;
}
