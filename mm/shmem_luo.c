// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a memfd that is not hugetlb: which files, and what else they have
 */
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/rcupdate_wait.h>
#include <linux/sched/mm.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>

#include "shmem_luo.h"

static_assert((int)MEMFD_LIVE_PRESERVED == (int)SHMEM_LIVE_PRESERVED);
static_assert((int)MEMFD_LIVE_FROZEN == (int)SHMEM_LIVE_FROZEN);
static_assert((__force int)MEMFD_LIVE_MARK == (__force int)SHMEM_LIVE_MARK);

static struct shmem_save *shmem_save(struct memfd_save *s)
{
	return container_of(s, struct shmem_save, base);
}

static const char *refuse(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (IS_PRIVATE(inode))
		return "a SysV shm segment or shared anonymous mapping is no memfd";
	if (!(inode->i_sb->s_flags & SB_KERNMOUNT))
		return "an unlinked file of a mounted tmpfs is no memfd";
	if (SHMEM_I(inode)->seals & ~MEMFD_LUO_ALL_SEALS)
		return "it has a seal that no other kernel knows";
	return NULL;
}

static void set_live(struct inode *inode, enum memfd_live live)
{
	shmem_set_live(inode, (enum shmem_live)live);
}

/* Spares new folios the migration. */
static void begin(struct memfd_save *s)
{
	struct address_space *mapping = s->inode->i_mapping;

	shmem_save(s)->gfp = mapping_gfp_mask(mapping);
	mapping_set_gfp_mask(mapping, shmem_save(s)->gfp & ~__GFP_MOVABLE);
}

static void end(struct memfd_save *s)
{
	mapping_set_gfp_mask(s->inode->i_mapping, shmem_save(s)->gfp);
	shmem_extras_forget(shmem_save(s));
}

/* Does a node of the page cache have an entry for every index? */
static bool of_single_pages(struct xa_state *xas)
{
	return xas->xa_node && !xas->xa_node->shift && !xas_get_order(xas);
}

/*
 * Entries that the array will have, unless holes are filled meanwhile; a few
 * more if small folios and single pages are mixed.
 */
static unsigned long count_entries(struct memfd_save *s)
{
	XA_STATE(xas, &s->inode->i_mapping->i_pages, 0);
	unsigned long nr = 0;
	void *entry;

	rcu_read_lock();
	xas_for_each(&xas, entry, ULONG_MAX) {
		if (xas_retry(&xas, entry))
			continue;
		if (of_single_pages(&xas)) {
			nr += READ_ONCE(xas.xa_node->count);
			xas_set(&xas, (xas.xa_index | XA_CHUNK_MASK) + 1);
		} else {
			nr += xa_is_value(entry) ? 1UL << xas_get_order(&xas) : 1;
		}
		if (unlikely(need_resched())) {
			xas_pause(&xas);
			cond_resched_rcu();
		}
	}
	rcu_read_unlock();
	return nr;
}

/* Was something written to folios that had been allocated only? */
static int sample_unwritten(struct memfd_save *s)
{
	struct memfd_luo_folio_ser *e = NULL;
	unsigned long i, n = 0;
	int err;

	for (i = 0; s->nr_unwritten && i < s->entries.nr; i++, e++, n--) {
		struct folio *folio;

		if (!n)
			e = memfd_entries_at(&s->entries, i, &n);
		if (likely(e->pfn_flags & MEMFD_LUO_FOLIO_UPTODATE))
			continue;
		folio = pfn_folio(e->pfn_flags & MEMFD_LUO_FOLIO_PFN);
		/* Who has the lock may be the last to write to it. */
		err = folio_lock_killable(folio);
		if (err)
			return err;
		if (folio_test_uptodate(folio))
			e->pfn_flags |= MEMFD_LUO_FOLIO_UPTODATE;
		folio_unlock(folio);
		cond_resched();
	}
	return 0;
}

static int swap_in(struct memfd_save *s, pgoff_t index)
{
	struct folio *folio = NULL;
	unsigned int flags;
	int err;

	/* Cannot be, and would wait for ever. */
	if (WARN_ON_ONCE(shmem_live(s->inode) == SHMEM_LIVE_FROZEN))
		return -EBUSY;
	flags = memalloc_pin_save();
	/* SGP_WRITE: it may lie beyond the end of the file. */
	err = shmem_get_folio(s->inode, index, 0, &folio, SGP_WRITE);
	memalloc_pin_restore(flags);
	if (!err && folio) {
		folio_unlock(folio);
		folio_put(folio);
	}
	return err;
}

static void count_unwritten(struct memfd_save *s)
{
	unsigned long i, n = 0, nr = 0;
	struct memfd_luo_folio_ser *e = NULL;

	for (i = 0; s->nr_unwritten && i < s->entries.nr; i++, e++, n--) {
		if (!n)
			e = memfd_entries_at(&s->entries, i, &n);
		nr += !(e->pfn_flags & MEMFD_LUO_FOLIO_UPTODATE);
	}
	s->nr_unwritten = nr;
}

static int record_rest(struct memfd_save *s, bool frozen)
{
	int err = frozen ? sample_unwritten(s) : 0;

	if (!err && frozen)
		count_unwritten(s);
	return err;
}

static int write(struct memfd_save *s, struct memfd_meta *m)
{
	struct shmem_inode_info *info = SHMEM_I(s->inode);
	struct memfd_extras *extras = &shmem_save(s)->extras;
	int err = shmem_extras_save(shmem_save(s));

	if (err)
		return err;
	m->seals = info->seals;
	m->fsflags = info->fsflags;
	m->fallocend = info->fallocend;
	m->btime.sec = info->i_crtime.tv_sec;
	m->btime.nsec = info->i_crtime.tv_nsec;
	if (extras->len) {
		m->extras = virt_to_phys(extras->buf);
		m->extras_len = extras->len;
		m->extras_crc = memfd_extras_checksum(extras->buf, extras->len);
	}
	memfd_wire_write(s->ser, m);
	return 0;
}

static const struct memfd_kind shmem_kind = {
	.name		= "memfd_luo",
	.save_size	= sizeof(struct shmem_save),
	.load_size	= sizeof(struct shmem_load),
	.is_one		= shmem_file,
	.refuse		= refuse,
	.set_live	= set_live,
	.begin		= begin,
	.end		= end,
	.count		= count_entries,
	.may_stay	= folio_is_longterm_pinnable,
	.swap_in	= swap_in,
	.record_rest	= record_rest,
	.write		= write,
	.read		= memfd_wire_read,
	.load		= shmem_luo_load,
	.discard	= shmem_luo_discard,
};

static struct memfd_handler shmem_handler = {
	.fh = {
		.ops		= &memfd_file_ops,
		.compatible	= MEMFD_LUO_FH_COMPATIBLE,
	},
	.kind = &shmem_kind,
};

static int __init shmem_luo_init(void)
{
	return memfd_luo_register(&shmem_handler);
}
late_initcall(shmem_luo_init);
