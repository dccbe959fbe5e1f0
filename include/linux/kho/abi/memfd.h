/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update: a memfd, "memfd-v2".
 */
#ifndef _LINUX_KHO_ABI_MEMFD_H
#define _LINUX_KHO_ABI_MEMFD_H

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
#define MEMFD_LUO_FOLIO_DIRTY		(1ULL << 52)
#define MEMFD_LUO_FOLIO_UPTODATE	(1ULL << 53)

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

#endif /* _LINUX_KHO_ABI_MEMFD_H */
