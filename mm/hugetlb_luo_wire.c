// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a hugetlb memfd: reading and writing what travels.
 */
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "hugetlb_luo_wire.h"

static u32 checksum(const struct hugetlb_luo_ser *ser)
{
	size_t from = offsetof(struct hugetlb_luo_ser, version);

	return crc32_le(~0U, (const u8 *)ser + from, ser->length - from);
}

/**
 * hugetlb_wire_write - write a page for the next kernel
 * @page:	the page
 * @m:		what to write; fsflags, fallocend and btime do not travel
 */
void hugetlb_wire_write(void *page, const struct memfd_meta *m)
{
	struct hugetlb_luo_ser *ser = page;

	memset(page, 0, PAGE_SIZE);
	ser->magic = HUGETLB_LUO_MAGIC;
	ser->version = HUGETLB_LUO_VERSION;
	ser->name_len = strnlen(m->name, MEMFD_NAME_LEN);
	ser->length = sizeof(*ser) + ser->name_len;
	ser->page_shift = m->page_shift;
	ser->seals = m->seals;
	ser->f_flags = m->f_flags;
	ser->mode = m->mode;
	ser->uid = m->uid;
	ser->gid = m->gid;
	ser->pos = m->pos;
	ser->size = m->size;
	ser->nr_entries = m->nr_folios;
	ser->entries = m->folios;
	ser->atime = m->atime;
	ser->mtime = m->mtime;
	ser->ctime = m->ctime;
	memcpy(ser->name, m->name, ser->name_len);
	ser->crc = checksum(ser);
}

/* Returns NULL, or why the page cannot be read. */
static const char *check_frame(const struct hugetlb_luo_ser *ser)
{
	if (ser->magic != HUGETLB_LUO_MAGIC)
		return "unknown magic";
	if (ser->length < sizeof(*ser) || ser->length > PAGE_SIZE)
		return "truncated";
	if (checksum(ser) != ser->crc)
		return "bad checksum";
	return NULL;
}

static bool sane(const struct hugetlb_luo_ser *ser, u64 max_size)
{
	return ser->page_shift > PAGE_SHIFT &&
	       ser->page_shift <= PAGE_SHIFT + KHO_MAP_MAX_ORDER &&
	       ser->size <= max_size && ser->pos <= max_size &&
	       !(ser->mode & ~07777U) && ser->atime.nsec < MEMFD_NSEC_PER_SEC &&
	       ser->mtime.nsec < MEMFD_NSEC_PER_SEC && ser->ctime.nsec < MEMFD_NSEC_PER_SEC &&
	       ser->name_len <= MEMFD_NAME_LEN &&
	       ser->name_len == ser->length - sizeof(*ser) &&
	       strnlen(ser->name, ser->name_len) == ser->name_len;
}

static void read_ser(const struct hugetlb_luo_ser *ser, struct memfd_meta *m)
{
	m->pos = ser->pos;
	m->size = ser->size;
	m->seals = ser->seals;
	m->extended = true;
	m->f_flags = ser->f_flags;
	m->mode = ser->mode;
	m->uid = ser->uid;
	m->gid = ser->gid;
	m->atime = ser->atime;
	m->mtime = ser->mtime;
	m->ctime = ser->ctime;
	memcpy(m->name, ser->name, ser->name_len);
}

/**
 * hugetlb_wire_read - read the page of the previous kernel
 * @page:	the page
 * @max_size:	the largest size a file can have here
 * @m:		filled in
 * @why:	set to what is wrong with the page, or to NULL
 *
 * Whatever is returned, the array of entries is as @m says: it may be none.
 *
 * Returns: 0; -EINVAL if the page cannot be right; -EOPNOTSUPP if it says
 * something that is not known here.
 */
int hugetlb_wire_read(const void *page, u64 max_size, struct memfd_meta *m, const char **why)
{
	const struct hugetlb_luo_ser *ser = page;

	memset(m, 0, sizeof(*m));
	*why = check_frame(ser);
	if (*why)
		return -EINVAL;
	if (ser->version != HUGETLB_LUO_VERSION) {
		*why = "unknown version";
		return -EOPNOTSUPP;
	}
	if (!memfd_wire_array_possible(ser->nr_entries, ser->entries)) {
		*why = "impossible array";
		return -EINVAL;
	}
	m->nr_folios = ser->nr_entries;
	m->folios = ser->entries;

	if (ser->seals & ~MEMFD_LUO_ALL_SEALS || ser->reserved) {
		*why = "unknown seals";
		return -EOPNOTSUPP;
	}
	if (!sane(ser, max_size)) {
		*why = "impossible values";
		return -EINVAL;
	}
	m->page_shift = ser->page_shift;
	read_ser(ser, m);
	return 0;
}
