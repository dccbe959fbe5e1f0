// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: debugfs, the bytes that travel
 *
 * /sys/kernel/debug/kho/out shows what the next kernel would get at this
 * moment, in/ what this one got.  Blobs of in/ are copies, made before their
 * owners claim and free them.
 */
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/libfdt.h>
#include <linux/list.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "fdt.h"
#include "internal.h"

/* Larger blobs of in/ are not copied, nor is what is more than that in all. */
#define MAX_COPY	((size_t)SZ_1M)
#define MAX_COPIES	((size_t)SZ_4M)

struct view {
	struct list_head list;
	struct debugfs_blob_wrapper blob;
	struct dentry *dentry;
	char name[];
};

static DEFINE_MUTEX(out_lock);	/* out_views and out_dir */
static LIST_HEAD(out_views);
static LIST_HEAD(in_views);
static struct dentry *out_dir;

static struct view *new_view(struct list_head *list, const char *name,
			     const void *data, size_t size)
{
	size_t len = strlen(name) + 1;
	struct view *v = kzalloc(struct_size(v, name, len), GFP_KERNEL);

	if (!v)
		return NULL;
	memcpy(v->name, name, len);
	v->blob.data = (void *)data;
	v->blob.size = size;
	list_add_tail(&v->list, list);
	return v;
}

static void show(struct view *v, struct dentry *dir)
{
	v->dentry = debugfs_create_blob(v->name, 0400, dir, &v->blob);
}

/**
 * kho_debugfs_add - show a subtree of ours
 * @name:	name
 * @blob:	bytes, valid until kho_debugfs_del()
 * @size:	how many
 */
void kho_debugfs_add(const char *name, const void *blob, size_t size)
{
	struct view *v;

	guard(mutex)(&out_lock);
	v = new_view(&out_views, name, blob, size);
	if (v && out_dir)
		show(v, out_dir);
}

/**
 * kho_debugfs_del - a subtree of ours goes away
 * @name:	name
 */
void kho_debugfs_del(const char *name)
{
	struct view *v;

	guard(mutex)(&out_lock);
	list_for_each_entry(v, &out_views, list) {
		if (strcmp(v->name, name))
			continue;
		debugfs_remove(v->dentry);
		list_del(&v->list);
		kfree(v);
		return;
	}
}

static int scratch_phys_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	for (i = 0; i < kho_scratch_nr; i++)
		seq_printf(m, "0x%llx\n", (u64)kho_scratch[i].addr);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(scratch_phys);

static int scratch_len_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	for (i = 0; i < kho_scratch_nr; i++)
		seq_printf(m, "0x%llx\n", (u64)kho_scratch[i].size);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(scratch_len);

static int __init copy_incoming(void)
{
	size_t room = MAX_COPIES;
	struct kho_subtree st;
	int node = 0;

	while (kho_in.fdt && (node = kho_fdt_next(kho_in.fdt, node, &st)) > 0) {
		void *copy;

		if (!st.name || st.size > min(room, MAX_COPY))
			continue;
		room -= st.size;
		copy = kmemdup(phys_to_virt(st.phys), st.size,
			       GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN);
		if (copy && !new_view(&in_views, st.name, copy, st.size))
			kfree(copy);
	}
	return 0;
}

/* Before core_initcall, from where on owners claim. */
pure_initcall(copy_incoming);

static void __init show_incoming(struct dentry *root)
{
	static struct debugfs_blob_wrapper fdt;
	struct dentry *dir = debugfs_create_dir("in", root);
	struct dentry *sub = debugfs_create_dir("sub_fdts", dir);
	struct view *v;

	fdt.data = kho_in.fdt;
	fdt.size = fdt_totalsize(kho_in.fdt);
	debugfs_create_blob("fdt", 0400, dir, &fdt);
	list_for_each_entry(v, &in_views, list)
		show(v, sub);
}

static int __init kho_debugfs_init(void)
{
	static struct debugfs_blob_wrapper fdt;
	struct dentry *root, *dir;
	struct view *v;

	if (!kho_enable)
		return 0;
	root = debugfs_create_dir("kho", NULL);
	dir = debugfs_create_dir("out", root);
	debugfs_create_file("scratch_phys", 0400, dir, NULL, &scratch_phys_fops);
	debugfs_create_file("scratch_len", 0400, dir, NULL, &scratch_len_fops);
	fdt.data = kho_out_fdt();
	fdt.size = KHO_FDT_SIZE;
	debugfs_create_blob("fdt", 0400, dir, &fdt);
	scoped_guard(mutex, &out_lock) {
		out_dir = debugfs_create_dir("sub_fdts", dir);
		list_for_each_entry(v, &out_views, list)
			show(v, out_dir);
	}
	if (kho_in.fdt)
		show_incoming(root);
	return 0;
}
fs_initcall_sync(kho_debugfs_init);
