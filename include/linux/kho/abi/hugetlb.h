/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update: a memfd of huge pages, "x-memfd-hugetlb-v1".
 */
#ifndef _LINUX_KHO_ABI_HUGETLB_H
#define _LINUX_KHO_ABI_HUGETLB_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/kho/abi/memfd.h>
#include <linux/types.h>

#define HUGETLB_LUO_FH_COMPATIBLE	"x-memfd-hugetlb-v1"

#define HUGETLB_LUO_MAGIC		0x4c544878	/* "xHTL" */
#define HUGETLB_LUO_VERSION		1

/**
 * struct hugetlb_luo_ser - a memfd of huge pages, in a page that is preserved by itself
 * @magic:	HUGETLB_LUO_MAGIC
 * @crc:	crc32_le() with seed ~0 of all that follows, up to @length
 * @version:	HUGETLB_LUO_VERSION
 * @length:	bytes of this structure and the name that follows
 * @page_shift:	size of a huge page, as a power of two
 * @seals:	F_SEAL_* bits of MEMFD_LUO_ALL_SEALS
 * @f_flags:	O_* flags of the open file
 * @mode:	permission bits
 * @uid:	owner, in the initial user namespace
 * @gid:	group, in the initial user namespace
 * @name_len:	bytes of the name
 * @reserved:	0
 * @pos:	position of the open file
 * @size:	size in bytes
 * @nr_entries:	number of entries at @entries
 * @entries:	array of &struct memfd_luo_folio_ser; all zero if @nr_entries is 0
 * @atime:	last read
 * @mtime:	last write
 * @ctime:	last change
 * @name:	name of the file, without a NUL
 *
 * The serialized data of the file is the address of this.
 */
struct hugetlb_luo_ser {
	u32 magic;
	u32 crc;
	u32 version;
	u32 length;
	u32 page_shift;
	u32 seals;
	u32 f_flags;
	u32 mode;
	u32 uid;
	u32 gid;
	u32 name_len;
	u32 reserved;
	u64 pos;
	u64 size;
	u64 nr_entries;
	struct kho_vmalloc entries;
	struct memfd_luo_time atime;
	struct memfd_luo_time mtime;
	struct memfd_luo_time ctime;
	char name[];
} __packed;

static_assert(sizeof(struct hugetlb_luo_ser) == 136);
static_assert(offsetof(struct hugetlb_luo_ser, pos) == 48);
static_assert(offsetof(struct hugetlb_luo_ser, entries) == 72);

/**
 * DOC: Entries
 *
 * First come the huge pages that are there: PFN, both MEMFD_LUO_FOLIO_DIRTY and
 * MEMFD_LUO_FOLIO_UPTODATE, and the page index of the first page, in any order.
 * Then come, with HUGETLB_LUO_RESERVED alone and no PFN, the page indexes of
 * those that are not there but reserved: a shared mapping may rely on them.
 */
#define HUGETLB_LUO_PRESENT	(MEMFD_LUO_FOLIO_DIRTY | MEMFD_LUO_FOLIO_UPTODATE)
#define HUGETLB_LUO_RESERVED	BIT_ULL(54)

#endif /* _LINUX_KHO_ABI_HUGETLB_H */
