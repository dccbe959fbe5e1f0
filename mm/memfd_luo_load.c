// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a memfd: the receiver's file
 */
#define pr_fmt(fmt) "memfd_luo: " fmt

#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/memfd.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/uidgid.h>

#include "../kernel/kho/internal.h"
#include "memfd_luo_fill.h"

#define OPEN_FLAGS	(O_ACCMODE | O_APPEND | O_NONBLOCK | O_DSYNC | __O_SYNC | \
			 O_DIRECT | O_LARGEFILE | O_NOATIME)

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

/* The file as it was opened: other flags than memfd_create() uses need an open. */
static int reopen(struct memfd_load *l)
{
	unsigned int flags = l->meta.f_flags & OPEN_FLAGS;
	struct file *file = l->file;

	if (!l->meta.extended)
		return 0;
	if ((flags & O_ACCMODE) == O_RDWR && !(flags & O_DIRECT)) {
		file->f_flags = flags;
		file->f_iocb_flags = iocb_flags(file);
		return 0;
	}
	file = dentry_open(&l->file->f_path, flags, current_cred());
	if (IS_ERR(file))
		return PTR_ERR(file);
	fput(l->file);
	l->file = file;
	return 0;
}

static void set_owner(struct inode *inode, const struct memfd_meta *m)
{
	kuid_t uid = make_kuid(&init_user_ns, m->uid);
	kgid_t gid = make_kgid(&init_user_ns, m->gid);

	if (uid_valid(uid))
		inode->i_uid = uid;
	if (gid_valid(gid))
		inode->i_gid = gid;
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

static struct timespec64 to_timespec(const struct memfd_luo_time *t)
{
	return (struct timespec64){ .tv_sec = t->sec, .tv_nsec = t->nsec };
}

static void set_extended(struct inode *inode, const struct memfd_meta *m)
{
	struct shmem_inode_info *info = SHMEM_I(inode);

	inode->i_mode = S_IFREG | m->mode;
	set_owner(inode, m);
	set_fsflags(inode, m->fsflags);
	info->fallocend = m->fallocend;
	inode_set_atime_to_ts(inode, to_timespec(&m->atime));
	inode_set_mtime_to_ts(inode, to_timespec(&m->mtime));
	inode_set_ctime_to_ts(inode, to_timespec(&m->ctime));
	info->i_crtime = to_timespec(&m->btime);
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

static void *borrow_page(u64 phys)
{
	if (!PAGE_ALIGNED(phys) || !kho_in_lend(PHYS_PFN(phys), 0))
		return NULL;
	return phys_to_virt(phys);
}

static void free_page_of(u64 phys)
{
	kho_in_return(PHYS_PFN(phys), 0);
	kho_in_discard_pages(PHYS_PFN(phys), 1);
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
	page = borrow_page(phys);
	err = page ? read_meta(page, &l->meta) : -EINVAL;
	err = err ?: memfd_array_borrow(&l->array, &l->meta);
	if (!err) {
		err = load_file(l, retryable);
		if (err)
			memfd_array_return(&l->array);
		else
			memfd_array_free(&l->array);
	}
	if (page && err)
		kho_in_return(PHYS_PFN(phys), 0);
	else if (page)
		free_page_of(phys);
	file = err ? ERR_PTR(err) : l->file;
	kfree(l);
	return file;
}

static int discard_run(const struct memfd_luo_folio_ser *run, unsigned long n, void *arg)
{
	unsigned long i;

	for (i = 0; i < n; i++) {
		unsigned long pfn = run[i].pfn_flags & MEMFD_LUO_FOLIO_PFN;
		int order = pfn ? kho_in_order(pfn) : -ENOENT;

		if (order >= 0)
			kho_in_discard_pages(pfn, 1UL << order);
	}
	return 0;
}

static int size_run(const struct memfd_luo_folio_ser *run, unsigned long n, void *arg)
{
	u64 *pages = arg;
	unsigned long i;

	for (i = 0; i < n; i++) {
		unsigned long pfn = run[i].pfn_flags & MEMFD_LUO_FOLIO_PFN;
		int order = pfn ? kho_in_order(pfn) : -ENOENT;

		*pages += order < 0 ? 0 : 1ULL << order;
	}
	return 0;
}

/**
 * memfd_discard - nobody wants the file
 * @phys:	address of the page that describes it
 */
void memfd_discard(u64 phys)
{
	struct memfd_meta *m = kmalloc(sizeof(*m), GFP_KERNEL | __GFP_NOFAIL);
	void *page = borrow_page(phys);
	struct memfd_array a;
	const char *why;

	if (page) {
		memfd_wire_read(page, MAX_LFS_FILESIZE, m, &why);
		if (!memfd_array_borrow(&a, m)) {
			memfd_array_each(&a, discard_run, NULL);
			memfd_array_free(&a);
		}
		free_page_of(phys);
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
	void *page = m ? borrow_page(phys) : NULL;
	struct memfd_array a;
	const char *why;
	u64 pages = 0;

	if (page) {
		memfd_wire_read(page, MAX_LFS_FILESIZE, m, &why);
		if (!memfd_array_borrow(&a, m)) {
			memfd_array_each(&a, size_run, &pages);
			memfd_array_return(&a);
		}
		kho_in_return(PHYS_PFN(phys), 0);
	}
	kfree(m);
	return pages << PAGE_SHIFT;
}
