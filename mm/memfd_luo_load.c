// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a memfd: the receiver's file
 */
#define pr_fmt(fmt) "memfd_luo: " fmt

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/memfd.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

#include "../kernel/kho/internal.h"
#include "memfd_luo_fill.h"

/*
 * The file owns so many pages.  They exist, so nobody is asked whether there
 * are enough; whatever does not make it into the page cache is given back when
 * the inode is freed.
 */
static void account(struct memfd_load *l)
{
	struct inode *inode = l->mapping->host;
	struct shmem_inode_info *info = SHMEM_I(inode);

	vm_acct_memory(l->nr_pages);
	inode_add_bytes(inode, l->nr_pages << PAGE_SHIFT);
	spin_lock(&info->lock);
	info->alloced += l->nr_pages;
	spin_unlock(&info->lock);
}

static int reopen(struct memfd_load *l)
{
	struct file *file;

	if (!l->meta.extended)
		return 0;
	file = memfd_reopen(l->file, l->meta.f_flags);
	if (IS_ERR(file))
		return PTR_ERR(file);
	l->file = file;
	return 0;
}

static void set_fsflags(struct inode *inode, unsigned int fsflags)
{
	unsigned int flags = 0;

	if (!IS_ENABLED(CONFIG_TMPFS_XATTR))
		return;
	fsflags &= SHMEM_FL_USER_MODIFIABLE;
	if (fsflags & FS_NOATIME_FL)
		flags |= S_NOATIME;
	if (fsflags & FS_APPEND_FL)
		flags |= S_APPEND;
	if (fsflags & FS_IMMUTABLE_FL)
		flags |= S_IMMUTABLE;
	SHMEM_I(inode)->fsflags = fsflags;
	inode_set_flags(inode, flags, S_NOATIME | S_APPEND | S_IMMUTABLE);
}

static void set_extended(struct inode *inode, const struct memfd_meta *m)
{
	struct shmem_inode_info *info = SHMEM_I(inode);

	memfd_apply(inode, m);
	set_fsflags(inode, m->fsflags);
	info->fallocend = m->fallocend;
	info->i_crtime.tv_sec = m->btime.sec;
	info->i_crtime.tv_nsec = m->btime.nsec;
}

static void guess_extended(struct inode *inode, const struct memfd_load *l)
{
	/* MFD_NOEXEC_SEAL is the only way to this combination. */
	if ((l->meta.seals & (F_SEAL_EXEC | F_SEAL_WRITE)) == F_SEAL_EXEC)
		inode->i_mode &= ~0111;
	if (l->end > DIV_ROUND_UP_ULL(l->meta.size, PAGE_SIZE))
		SHMEM_I(inode)->fallocend = l->end;
}

static int set_properties(struct memfd_load *l)
{
	struct inode *inode = l->mapping->host;
	int err;

	err = reopen(l);
	err = err ?: memfd_restore_seals(l->file, l->meta.seals);
	if (err)
		return err;
	err = l->extras ? memfd_extras_restore(l->file, l->extras, l->meta.extras_len) : 0;
	if (err)
		return err;
	i_size_write(inode, l->meta.size);
	l->file->f_pos = l->meta.pos;
	if (l->meta.extended)
		set_extended(inode, &l->meta);
	else
		guess_extended(inode, l);
	return 0;
}

/* Errors that the data are not to blame for. */
static bool transient(int err)
{
	return err != -EINVAL && err != -EIO && err != -EOPNOTSUPP;
}

static int load_file(struct memfd_load *l, bool *retryable)
{
	const char *name = l->meta.extended ? l->meta.name : "memfd:";
	int err;

	l->file = memfd_alloc_file(name, 0);
	if (IS_ERR(l->file)) {
		*retryable = true;
		return PTR_ERR(l->file);
	}
	l->mapping = l->file->f_mapping;

	err = memfd_make_places(l);
	err = err ?: memfd_charge(l);
	err = err ?: set_properties(l);
	if (err) {
		memfd_drop_places(l);
		*retryable = transient(err);
	} else {
		account(l);
		err = memfd_fill_places(l);
	}
	memfd_settle_charge(l);
	if (err)
		fput(l->file);
	return err;
}

static int read_meta(const void *page, struct memfd_meta *m)
{
	const char *why;
	int err = memfd_wire_read(page, MAX_LFS_FILESIZE, m, &why);

	if (why)
		pr_info_ratelimited("a memfd comes back without mode, owner, times, name and flags: %s\n",
				    why);
	return err;
}

/*
 * Extras are a folio of their own.
 */

static unsigned int extras_order(const struct memfd_meta *m)
{
	return get_order(m->extras_len);
}

static const void *borrow_extras(const struct memfd_meta *m)
{
	unsigned long pfn = PHYS_PFN(m->extras);
	void *extras = phys_to_virt(m->extras);

	if (!m->extended || !m->extras || !m->extras_len)
		return NULL;
	if (!PAGE_ALIGNED(m->extras) || extras_order(m) > KHO_MAP_MAX_ORDER ||
	    !kho_in_lend(pfn, extras_order(m))) {
		pr_warn_ratelimited("a memfd comes back without extended attributes and memory policy: they are not in preserved memory\n");
		return NULL;
	}
	if (memfd_extras_checksum(extras, m->extras_len) == m->extras_crc)
		return extras;
	pr_warn_ratelimited("a memfd comes back without extended attributes and memory policy: bad checksum\n");
	kho_in_return(pfn, extras_order(m));
	return NULL;
}

static void return_extras(const struct memfd_meta *m, const void *extras)
{
	if (extras)
		kho_in_return(PHYS_PFN(m->extras), extras_order(m));
}

/* Also those with a bad checksum. */
static void free_extras(const struct memfd_meta *m, const void *extras)
{
	unsigned long pfn = PHYS_PFN(m->extras);

	return_extras(m, extras);
	if (m->extended && m->extras && m->extras_len && PAGE_ALIGNED(m->extras) &&
	    kho_in_order(pfn) == extras_order(m))
		kho_in_discard_pages(pfn, 1UL << extras_order(m));
}

/**
 * memfd_load_file - make a file of what the previous kernel preserved
 * @phys:	address of the page that describes it
 * @retryable:	set to true if it failed, but the next try may succeed
 *
 * Context: may sleep.
 * Returns: the file, and what travelled is used up; or an ERR_PTR: -EINVAL if
 * what travelled cannot be right, -EIO if memory is missing, -EOPNOTSUPP if
 * something is not known here, -ENOMEM, -EINTR, -ENFILE.
 */
struct file *memfd_load_file(u64 phys, bool *retryable)
{
	struct memfd_load *l = kzalloc(sizeof(*l), MEMFD_GFP);
	struct file *file;
	void *page;
	int err;

	*retryable = !l;
	if (!l)
		return ERR_PTR(-ENOMEM);
	page = memfd_page_borrow(phys);
	err = page ? read_meta(page, &l->meta) : -EINVAL;
	err = err ?: memfd_array_borrow(&l->array, &l->meta);
	if (!err) {
		l->extras = borrow_extras(&l->meta);
		err = load_file(l, retryable);
		if (err) {
			return_extras(&l->meta, l->extras);
			memfd_array_return(&l->array);
		} else {
			free_extras(&l->meta, l->extras);
			memfd_array_free(&l->array);
		}
	}
	if (page && err)
		memfd_page_return(phys);
	else if (page)
		memfd_page_free(phys);
	file = err ? ERR_PTR(err) : l->file;
	kfree(l);
	return file;
}

/**
 * memfd_discard - nobody wants the file
 * @phys:	address of the page that describes it
 */
void memfd_discard(u64 phys)
{
	struct memfd_meta *m = kmalloc(sizeof(*m), GFP_KERNEL | __GFP_NOFAIL);
	void *page = memfd_page_borrow(phys);
	struct memfd_array a;
	const char *why;

	if (page) {
		memfd_wire_read(page, MAX_LFS_FILESIZE, m, &why);
		if (!memfd_array_borrow(&a, m))
			memfd_array_discard(&a);
		free_extras(m, NULL);
		memfd_page_free(phys);
	}
	kfree(m);
}

/**
 * memfd_incoming_size - how much memory came over with a file?
 * @phys:	address of the page that describes it
 *
 * Returns: bytes; 0 also if the file is being retrieved.
 */
u64 memfd_incoming_size(u64 phys)
{
	struct memfd_meta *m = kmalloc(sizeof(*m), GFP_KERNEL);
	void *page = m ? memfd_page_borrow(phys) : NULL;
	struct memfd_array a;
	const char *why;
	u64 pages = 0;

	if (page) {
		memfd_wire_read(page, MAX_LFS_FILESIZE, m, &why);
		if (!memfd_array_borrow(&a, m)) {
			pages = memfd_array_pages(&a);
			memfd_array_return(&a);
		}
		memfd_page_return(phys);
	}
	kfree(m);
	return pages << PAGE_SHIFT;
}
