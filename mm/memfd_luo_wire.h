/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update of a memfd: reading and writing what travels.
 *
 * Format code: no locks, no mm.  It compiles in the kernel and in user space.
 */
#ifndef _MM_MEMFD_LUO_WIRE_H
#define _MM_MEMFD_LUO_WIRE_H

#include <linux/kho/abi/memfd.h>

#define MEMFD_NAME_LEN		255	/* NAME_MAX */
#define MEMFD_NSEC_PER_SEC	1000000000U

/* Entries of the array of folios that fit into a page. */
#define MEMFD_ENTRIES_PER_PAGE	(PAGE_SIZE / sizeof(struct memfd_luo_folio_ser))

/* All flags an entry can have. */
#define MEMFD_LUO_FOLIO_FLAGS	(MEMFD_LUO_FOLIO_DIRTY | MEMFD_LUO_FOLIO_UPTODATE)
#define MEMFD_LUO_FOLIO_PFN	((1ULL << MEMFD_LUO_FOLIO_PFN_BITS) - 1)

/**
 * struct memfd_meta - all that travels but the folios
 * @pos:	position of the open file
 * @size:	size in bytes
 * @seals:	F_SEAL_* bits
 * @nr_folios:	entries of the array
 * @folios:	where the array is
 * @page_shift:	size of its huge pages, as a power of two; 0: it is no hugetlb
 * @extended:	the following is known
 * @f_flags:	O_* flags of the open file
 * @mode:	permission bits
 * @uid:	owner, in the initial user namespace
 * @gid:	group, in the initial user namespace
 * @fsflags:	FS_*_FL flags
 * @fallocend:	pages up to this index were allocated on purpose
 * @nr_pages:	pages of all folios; a hint for the receiver
 * @extras:	address of what not every memfd has; 0: nothing
 * @extras_len:	bytes of it
 * @extras_crc:	checksum of it
 * @atime:	last read
 * @mtime:	last write
 * @ctime:	last change
 * @btime:	creation
 * @name:	name of the file
 */
struct memfd_meta {
	u64 pos;
	u64 size;
	u32 seals;
	u64 nr_folios;
	struct kho_vmalloc folios;
	unsigned int page_shift;

	bool extended;
	u32 f_flags;
	u32 mode;
	u32 uid;
	u32 gid;
	u32 fsflags;
	u64 fallocend;
	u64 nr_pages;
	u64 extras;
	u32 extras_len;
	u32 extras_crc;
	struct memfd_luo_time atime;
	struct memfd_luo_time mtime;
	struct memfd_luo_time ctime;
	struct memfd_luo_time btime;
	char name[MEMFD_NAME_LEN + 1];
};

/* Can it hold so many entries? */
static inline bool memfd_wire_array_possible(u64 nr, struct kho_vmalloc array)
{
	if (!nr)
		return true;
	return array.first.phys && array.order <= KHO_MAP_MAX_ORDER &&
	       !(array.total_pages & ((1ULL << array.order) - 1)) &&
	       (nr - 1) / MEMFD_ENTRIES_PER_PAGE < array.total_pages;
}

void memfd_wire_write(void *page, const struct memfd_meta *m);
int memfd_wire_read(const void *page, u64 max_size, struct memfd_meta *m, const char **why);

#define MEMFD_XATTR_NAME_LEN	255	/* XATTR_NAME_MAX */
#define MEMFD_XATTR_SIZE	65536	/* XATTR_SIZE_MAX */
/* More pages than a file can have. */
#define MEMFD_MAX_PAGES		(1ULL << (63 - PAGE_SHIFT))
/* More nodes than any kernel knows. */
#define MEMFD_MAX_NODES		65536

/**
 * struct memfd_extras - where extras are written to
 * @buf:	memory, aligned to 8 bytes
 * @room:	bytes there are
 * @len:	bytes needed so far; if that is more than @room, not all is written
 */
struct memfd_extras {
	void *buf;
	size_t room;
	size_t len;
};

/**
 * struct memfd_extra - one that was read
 * @type:	MEMFD_LUO_EXTRA_*
 * @length:	bytes at @data
 * @data:	what it says, checked
 */
struct memfd_extra {
	u32 type;
	u32 length;
	const void *data;
};

void memfd_extras_begin(struct memfd_extras *out);
void memfd_extras_put(struct memfd_extras *out, u32 type, const void *first, size_t first_len,
		      const void *second, size_t second_len);
u32 memfd_extras_checksum(const void *blob, u32 len);
int memfd_extras_next(const void *blob, u32 len, u32 *at, struct memfd_extra *e);
const void *memfd_extra_value(const struct memfd_extra *e);

#endif /* _MM_MEMFD_LUO_WIRE_H */
