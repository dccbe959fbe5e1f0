// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a memfd: reading and writing what travels.
 */
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "memfd_luo_wire.h"

static u32 checksum(const struct memfd_luo_ext *ext, u32 length)
{
	static const u8 zero[sizeof(ext->crc)];
	const u8 *bytes = (const u8 *)ext;
	size_t before = offsetof(struct memfd_luo_ext, crc);
	size_t after = before + sizeof(zero);
	u32 crc;

	crc = crc32_le(~0U, bytes, before);
	crc = crc32_le(crc, zero, sizeof(zero));
	return crc32_le(crc, bytes + after, length - after);
}

/**
 * memfd_wire_write - write a page for the next kernel
 * @page:	the page
 * @m:		what to write
 */
void memfd_wire_write(void *page, const struct memfd_meta *m)
{
	struct memfd_luo_ext *ext = page + MEMFD_LUO_EXT_OFFSET;
	struct memfd_luo_ser *ser = page;

	memset(page, 0, PAGE_SIZE);
	ser->pos = m->pos;
	ser->size = m->size;
	ser->seals = m->seals;
	ser->nr_folios = m->nr_folios;
	ser->folios = m->folios;

	ext->magic = MEMFD_LUO_EXT_MAGIC;
	ext->version = MEMFD_LUO_EXT_VERSION;
	ext->name_len = strnlen(m->name, MEMFD_NAME_LEN);
	ext->length = sizeof(*ext) + ext->name_len;
	ext->f_flags = m->f_flags;
	ext->mode = m->mode;
	ext->uid = m->uid;
	ext->gid = m->gid;
	ext->fsflags = m->fsflags;
	ext->fallocend = m->fallocend;
	ext->nr_pages = m->nr_pages;
	ext->extras = m->extras;
	ext->extras_len = m->extras_len;
	ext->extras_crc = m->extras_crc;
	ext->atime = m->atime;
	ext->mtime = m->mtime;
	ext->ctime = m->ctime;
	ext->btime = m->btime;
	memcpy(ext->name, m->name, ext->name_len);
	ext->crc = checksum(ext, ext->length);
}

static bool sane(const struct memfd_luo_ext *ext)
{
	return !(ext->mode & ~07777U) && ext->atime.nsec < MEMFD_NSEC_PER_SEC &&
	       ext->mtime.nsec < MEMFD_NSEC_PER_SEC && ext->ctime.nsec < MEMFD_NSEC_PER_SEC &&
	       ext->btime.nsec < MEMFD_NSEC_PER_SEC &&
	       strnlen(ext->name, ext->name_len) == ext->name_len;
}

/* Returns NULL, or why there is no extension. */
static const char *check_ext(const struct memfd_luo_ext *ext)
{
	if (!ext->magic)
		return "none was sent";
	if (ext->magic != MEMFD_LUO_EXT_MAGIC)
		return "unknown magic";
	if (ext->version != MEMFD_LUO_EXT_VERSION)
		return "unknown version";
	if (ext->length < sizeof(*ext) || ext->length > PAGE_SIZE - MEMFD_LUO_EXT_OFFSET)
		return "truncated";
	if (checksum(ext, ext->length) != ext->crc)
		return "bad checksum";
	if (ext->name_len > MEMFD_NAME_LEN || ext->name_len != ext->length - sizeof(*ext))
		return "bad length of the name";
	if (!sane(ext))
		return "impossible values";
	return NULL;
}

static void read_ext(const struct memfd_luo_ext *ext, struct memfd_meta *m)
{
	m->extended = true;
	m->f_flags = ext->f_flags;
	m->mode = ext->mode;
	m->uid = ext->uid;
	m->gid = ext->gid;
	m->fsflags = ext->fsflags;
	m->fallocend = ext->fallocend;
	m->nr_pages = ext->nr_pages;
	m->extras = ext->extras;
	m->extras_len = ext->extras_len;
	m->extras_crc = ext->extras_crc;
	m->atime = ext->atime;
	m->mtime = ext->mtime;
	m->ctime = ext->ctime;
	m->btime = ext->btime;
	memcpy(m->name, ext->name, ext->name_len);
}

/**
 * memfd_wire_read - read the page of the previous kernel
 * @page:	the page
 * @max_size:	the largest size a file can have here
 * @m:		filled in
 * @why:	set to what is wrong, or why @m->extended is false, or to NULL
 *
 * Whatever is returned, the array of folios is as @m says: it may be none.
 *
 * Returns: 0; -EINVAL if the page cannot be right; -EOPNOTSUPP if it says
 * something that is not known here.
 */
int memfd_wire_read(const void *page, u64 max_size, struct memfd_meta *m, const char **why)
{
	const struct memfd_luo_ext *ext = page + MEMFD_LUO_EXT_OFFSET;
	const struct memfd_luo_ser *ser = page;

	memset(m, 0, sizeof(*m));
	*why = NULL;
	if (!memfd_wire_array_possible(ser->nr_folios, ser->folios)) {
		*why = "impossible array";
		return -EINVAL;
	}
	m->nr_folios = ser->nr_folios;
	m->folios = ser->folios;

	if (ser->seals & ~MEMFD_LUO_ALL_SEALS || ser->flags) {
		*why = "unknown seals or flags";
		return -EOPNOTSUPP;
	}
	if (ser->size > max_size || ser->pos > max_size) {
		*why = "impossible size or position";
		return -EINVAL;
	}
	m->pos = ser->pos;
	m->size = ser->size;
	m->seals = ser->seals;

	*why = check_ext(ext);
	if (!*why)
		read_ext(ext, m);
	return 0;
}

/*
 * Extras
 */

/**
 * memfd_extras_begin - start to write extras
 * @out:	where to; its buffer may be NULL if it has no room
 */
void memfd_extras_begin(struct memfd_extras *out)
{
	out->len = 0;
}

static void put_bytes(struct memfd_extras *out, const void *bytes, size_t len)
{
	if (len && out->len + len <= out->room)
		memcpy(out->buf + out->len, bytes, len);
	out->len += len;
}

/**
 * memfd_extras_put - write one
 * @out:	where to
 * @type:	MEMFD_LUO_EXTRA_*
 * @first:	what it begins with
 * @first_len:	bytes of that
 * @second:	what follows
 * @second_len:	bytes of that
 */
void memfd_extras_put(struct memfd_extras *out, u32 type, const void *first, size_t first_len,
		      const void *second, size_t second_len)
{
	struct memfd_luo_extra head = { .type = type, .length = first_len + second_len };
	static const u8 zero[8];

	put_bytes(out, &head, sizeof(head));
	put_bytes(out, first, first_len);
	put_bytes(out, second, second_len);
	put_bytes(out, zero, -out->len % sizeof(zero));
}

/**
 * memfd_extras_checksum - the checksum of extras
 * @blob:	the extras
 * @len:	bytes of them
 *
 * Returns: the checksum.
 */
u32 memfd_extras_checksum(const void *blob, u32 len)
{
	return crc32_le(~0U, blob, len);
}

/**
 * memfd_extra_value - the value of an extended attribute
 * @e:		the attribute
 *
 * Returns: where it begins; it ends with the extra.
 */
const void *memfd_extra_value(const struct memfd_extra *e)
{
	return e->data + strlen(e->data) + 1;
}

static bool xattr_ok(const struct memfd_extra *e)
{
	size_t name = strnlen(e->data, e->length);

	return name && name <= MEMFD_XATTR_NAME_LEN && name < e->length &&
	       e->length - name - 1 <= MEMFD_XATTR_SIZE;
}

static bool policy_ok(const struct memfd_extra *e)
{
	const struct memfd_luo_policy *p = e->data;

	return e->length >= sizeof(*p) && !(p->nr_nodes % 64) && p->nr_nodes <= MEMFD_MAX_NODES &&
	       e->length == sizeof(*p) + p->nr_nodes / 8 && p->first <= p->last &&
	       p->last < MEMFD_MAX_PAGES;
}

/**
 * memfd_extras_next - read the next one
 * @blob:	the extras of the previous kernel
 * @len:	bytes of them
 * @at:		where it is; set to where the one after it is
 * @e:		filled in
 *
 * Returns: 1; 0 if there are no more; -EINVAL if it cannot be right;
 * -EOPNOTSUPP if it says something that is not known here.
 */
int memfd_extras_next(const void *blob, u32 len, u32 *at, struct memfd_extra *e)
{
	const struct memfd_luo_extra *head = blob + *at;
	u32 left = len - *at;

	if (!left)
		return 0;
	if (left < sizeof(*head) || head->length > left - sizeof(*head))
		return -EINVAL;
	e->type = head->type;
	e->length = head->length;
	e->data = head + 1;
	left -= sizeof(*head) + head->length;
	*at = len - left;
	/* The last one may end without padding. */
	*at += left < -*at % 8 ? left : -*at % 8;
	switch (e->type) {
	case MEMFD_LUO_EXTRA_XATTR:
	case MEMFD_LUO_EXTRA_LABEL:
		return xattr_ok(e) ? 1 : -EINVAL;
	case MEMFD_LUO_EXTRA_POLICY:
		return policy_ok(e) ? 1 : -EINVAL;
	default:
		return -EOPNOTSUPP;
	}
}
