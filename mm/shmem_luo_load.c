// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a memfd: the receiver's file
 */
#define pr_fmt(fmt) "memfd_luo: " fmt

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/memcontrol.h>
#include <linux/memfd.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/signal.h>
#include <linux/security.h>
#include <linux/shmem_fs.h>

#include "../kernel/kho/internal.h"
#include "internal.h"
#include "shmem_luo.h"
#ifdef CONFIG_MEMCG
#include "memcontrol-v1.h"
#endif

#define CHARGE_STEP	BIT(14)

/*
 * The file owns so many pages.  They exist, so nobody is asked whether there
 * are enough; whatever does not make it into the page cache is given back when
 * the inode is freed.
 */
static void account(struct shmem_load *l)
{
	struct inode *inode = l->mapping->host;
	struct shmem_inode_info *info = SHMEM_I(inode);

	vm_acct_memory(l->nr_pages);
	inode_add_bytes(inode, l->nr_pages << PAGE_SHIFT);
	spin_lock(&info->lock);
	info->alloced += l->nr_pages;
	spin_unlock(&info->lock);
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
	shmem_acl_to_mode(inode);
	set_fsflags(inode, m->fsflags);
	info->fallocend = m->fallocend;
	info->i_crtime.tv_sec = m->btime.sec;
	info->i_crtime.tv_nsec = m->btime.nsec;
}

static void guess_extended(struct inode *inode, const struct shmem_load *l)
{
	/* MFD_NOEXEC_SEAL is the only way to this combination. */
	if ((l->base.meta.seals & (F_SEAL_EXEC | F_SEAL_WRITE)) == F_SEAL_EXEC)
		inode->i_mode &= ~0111;
	if (l->end > DIV_ROUND_UP_ULL(l->base.meta.size, PAGE_SIZE))
		SHMEM_I(inode)->fallocend = l->end;
}

static int set_properties(struct shmem_load *l)
{
	struct inode *inode = l->mapping->host;
	int err;

	err = l->base.meta.extended ? memfd_reopen(&l->base) : 0;
	err = err ?: memfd_restore_seals(l->base.file, l->base.meta.seals);
	if (err)
		return err;
	if (l->extras)
		err = shmem_extras_restore(l->base.file, l->extras, l->base.meta.extras_len);
	if (err)
		return err;
	i_size_write(inode, l->base.meta.size);
	l->base.file->f_pos = l->base.meta.pos;
	if (l->base.meta.extended)
		set_extended(inode, &l->base.meta);
	else
		guess_extended(inode, l);
	/* It is somebody else's label, and nothing is used up yet. */
	return security_file_receive(l->base.file);
}

/*
 * Between the passes of shmem_luo_fill.c: whose memory it is
 */

#ifdef CONFIG_MEMCG
/* Charges all folios to the current task's cgroup; settle_charge() has to be called. */
static int charge(struct shmem_load *l)
{
	if (mem_cgroup_disabled())
		return 0;
	l->memcg = get_mem_cgroup_from_mm(NULL);
	while (l->charged < l->nr_pages) {
		unsigned int n = min_t(u64, CHARGE_STEP, l->nr_pages - l->charged);
		int err = try_charge(l->memcg, SHMEM_LUO_GFP, n);

		if (!err)
			l->charged += n;
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		if (err)
			return err;
		cond_resched();
	}
	return 0;
}

/* Gives back what was not needed. */
static void settle_charge(struct shmem_load *l)
{
	if (!l->memcg)
		return;
	while (l->charged) {
		unsigned int n = min_t(u64, CHARGE_STEP, l->charged);

		mem_cgroup_cancel_charge(l->memcg, n);
		l->charged -= n;
	}
	mem_cgroup_put(l->memcg);
	l->memcg = NULL;
}
#else
static int charge(struct shmem_load *l)
{
	return 0;
}

static void settle_charge(struct shmem_load *l) { }
#endif

/*
 * Extras are a folio of their own, which may be larger than what is in it.
 */

/* Its order; -ENOENT if it is not there, or not all of it. */
static int extras_order(const struct memfd_meta *m)
{
	int order = -ENOENT;

	if (m->extended && m->extras && m->extras_len && PAGE_ALIGNED(m->extras))
		order = kho_in_order(PHYS_PFN(m->extras));
	return order >= 0 && PAGE_SIZE << order >= m->extras_len ? order : -ENOENT;
}

static void borrow_extras(struct shmem_load *l)
{
	const struct memfd_meta *m = &l->base.meta;
	void *extras = phys_to_virt(m->extras);
	int order = extras_order(m);

	if (!m->extended || !m->extras || !m->extras_len)
		return;
	if (order < 0 || !kho_in_borrow(PHYS_PFN(m->extras), order)) {
		pr_warn_ratelimited("a memfd comes back without extended attributes and memory policy: they are not in preserved memory\n");
		return;
	}
	if (memfd_extras_checksum(extras, m->extras_len) == m->extras_crc) {
		l->extras = extras;
		l->extras_order = order;
		return;
	}
	pr_warn_ratelimited("a memfd comes back without extended attributes and memory policy: bad checksum\n");
	kho_in_return(PHYS_PFN(m->extras), order);
}

static void return_extras(struct shmem_load *l)
{
	if (l->extras)
		kho_in_return(PHYS_PFN(l->base.meta.extras), l->extras_order);
	l->extras = NULL;
}

/* Also those with a bad checksum. */
static void free_extras(const struct memfd_meta *m)
{
	int order = extras_order(m);

	if (order >= 0)
		kho_in_discard_pages(PHYS_PFN(m->extras), 1UL << order);
}

/**
 * shmem_luo_discard - free extended attributes and the like
 * @m:	says where they are
 */
void shmem_luo_discard(const struct memfd_meta *m)
{
	free_extras(m);
}

static int fill(struct shmem_load *l)
{
	int err = shmem_make_places(l);

	err = err ?: charge(l);
	err = err ?: set_properties(l);
	if (err) {
		shmem_drop_places(l);
	} else {
		account(l);
		err = shmem_fill_places(l);
	}
	settle_charge(l);
	return err;
}

/**
 * shmem_luo_load - make a memfd of what the previous kernel preserved
 * @base:	what it said about it; its file is set
 *
 * Context: may sleep.
 * Returns: 0, or an error: as memfd_load().
 */
int shmem_luo_load(struct memfd_load *base)
{
	struct shmem_load *l = container_of(base, struct shmem_load, base);
	const char *name = base->meta.extended ? base->meta.name : "memfd:";
	int err;

	base->file = memfd_alloc_file(name, 0);
	if (IS_ERR(base->file))
		return PTR_ERR(base->file);
	l->mapping = base->file->f_mapping;
	borrow_extras(l);
	err = fill(l);
	return_extras(l);
	if (err)
		fput(base->file);
	else
		free_extras(&base->meta);
	return err;
}
