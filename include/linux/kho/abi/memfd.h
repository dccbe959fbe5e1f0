/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update: a memfd, "memfd-v2".
 */
#ifndef _LINUX_KHO_ABI_MEMFD_H
#define _LINUX_KHO_ABI_MEMFD_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/types.h>
#include <uapi/linux/fcntl.h>

#define MEMFD_LUO_FH_COMPATIBLE		"memfd-v2"

/* Seals that can travel. */
#define MEMFD_LUO_ALL_SEALS	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | \
				 F_SEAL_WRITE | F_SEAL_FUTURE_WRITE | F_SEAL_EXEC)

/**
 * struct memfd_luo_ser - a memfd, the start of a page that is preserved by itself
 * @pos:	position of the open file
 * @size:	size in bytes
 * @seals:	F_SEAL_* bits of MEMFD_LUO_ALL_SEALS
 * @flags:	0
 * @nr_folios:	number of struct memfd_luo_folio_ser at @folios
 * @folios:	the array; all zero if @nr_folios is 0
 *
 * The serialized data of the file is the address of this.
 */
struct memfd_luo_ser {
	u64 pos;
	u64 size;
	u32 seals;
	u32 flags;
	u64 nr_folios;
	struct kho_vmalloc folios;
} __packed;

static_assert(sizeof(struct memfd_luo_ser) == 48);

#define MEMFD_LUO_FOLIO_PFN_BITS	52
#define MEMFD_LUO_FOLIO_DIRTY		BIT_ULL(52)
#define MEMFD_LUO_FOLIO_UPTODATE	BIT_ULL(53)

/**
 * struct memfd_luo_folio_ser - a folio of a memfd
 * @pfn_flags:	PFN in the low 52 bits, MEMFD_LUO_FOLIO_* above; PFN 0: none
 * @index:	page index of the folio's first page
 *
 * Page indexes that no entry covers are holes.
 */
struct memfd_luo_folio_ser {
	u64 pfn_flags;
	u64 index;
} __packed;

static_assert(sizeof(struct memfd_luo_folio_ser) == 16);

/**
 * DOC: What mainline does not transport
 *
 * A &struct memfd_luo_ext lies in the page of the &struct memfd_luo_ser, at
 * MEMFD_LUO_EXT_OFFSET.  Mainline leaves the rest of the page zero, and never
 * reads it.  If magic, version, length or checksum are not as they should be,
 * there is no extension.
 */
#define MEMFD_LUO_EXT_OFFSET	64
#define MEMFD_LUO_EXT_MAGIC	0x44464d78	/* "xMFD" */
#define MEMFD_LUO_EXT_VERSION	1

struct memfd_luo_time {
	s64 sec;
	u32 nsec;
	u32 reserved;
} __packed;

/**
 * struct memfd_luo_ext - a memfd, continued
 * @magic:	MEMFD_LUO_EXT_MAGIC
 * @version:	MEMFD_LUO_EXT_VERSION
 * @length:	bytes of this structure and the name that follows
 * @crc:	crc32_le() with seed ~0 of these bytes, @crc being 0
 * @f_flags:	O_* flags of the open file
 * @mode:	permission bits
 * @uid:	owner, in the initial user namespace
 * @gid:	group, in the initial user namespace
 * @fsflags:	FS_*_FL flags
 * @name_len:	bytes of the name
 * @fallocend:	pages up to this index were allocated on purpose
 * @nr_pages:	pages of all folios
 * @extras:	address of a folio with more, see &struct memfd_luo_extra; 0: none
 * @extras_len:	bytes there
 * @extras_crc:	crc32_le() with seed ~0 of these bytes
 * @atime:	last read
 * @mtime:	last write
 * @ctime:	last change
 * @btime:	creation
 * @name:	name of the file, without a NUL
 */
struct memfd_luo_ext {
	u32 magic;
	u32 version;
	u32 length;
	u32 crc;
	u32 f_flags;
	u32 mode;
	u32 uid;
	u32 gid;
	u32 fsflags;
	u32 name_len;
	u64 fallocend;
	u64 nr_pages;
	u64 extras;
	u32 extras_len;
	u32 extras_crc;
	struct memfd_luo_time atime;
	struct memfd_luo_time mtime;
	struct memfd_luo_time ctime;
	struct memfd_luo_time btime;
	char name[];
} __packed;

static_assert(sizeof(struct memfd_luo_ext) == 136);

/* Types of extras; a receiver that does not know one hands the file on. */
#define MEMFD_LUO_EXTRA_XATTR	1
#define MEMFD_LUO_EXTRA_POLICY	2
#define MEMFD_LUO_EXTRA_LABEL	3

/**
 * struct memfd_luo_extra - what not every memfd has
 * @type:	MEMFD_LUO_EXTRA_*
 * @length:	bytes that follow; the next one begins at a multiple of 8
 *
 * XATTR is followed by the name of an extended attribute, a NUL, and its value;
 * POLICY by a &struct memfd_luo_policy; LABEL, the label of a security module that
 * nobody set, is as XATTR, but a receiver that cannot have it goes without.
 */
struct memfd_luo_extra {
	u32 type;
	u32 length;
} __packed;

static_assert(sizeof(struct memfd_luo_extra) == 8);

/**
 * struct memfd_luo_policy - on which nodes new folios are allocated
 * @first:	first page index
 * @last:	last page index
 * @mode:	MPOL_* of <linux/mempolicy.h>
 * @flags:	MPOL_F_* flags of modes
 * @home:	home node, or -1
 * @nr_nodes:	number of bits in @nodes, a multiple of 64
 * @nodes:	the nodes, as set_mempolicy(2) takes them
 */
struct memfd_luo_policy {
	u64 first;
	u64 last;
	u32 mode;
	u32 flags;
	s32 home;
	u32 nr_nodes;
	u64 nodes[];
} __packed;

static_assert(sizeof(struct memfd_luo_policy) == 32);

#endif /* _LINUX_KHO_ABI_MEMFD_H */
