// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: are the previous kernel's extensions well formed?
 */
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "ext_wire.h"
#include "wire.h"

/**
 * luo_ext_checksum - the checksum of an extension
 * @ser:	its head; @length bytes of it can be read
 * @records:	its records
 *
 * Returns: what @ser->crc should be.
 */
u32 luo_ext_checksum(const struct luo_ext_ser *ser, struct kho_block_set *records)
{
	static const u8 zero[sizeof(ser->crc)];
	const u8 *head = (const u8 *)ser;
	size_t before = offsetof(struct luo_ext_ser, crc);
	size_t after = before + sizeof(zero);
	struct kho_block_set_it it;
	const void *record;
	u32 crc;

	crc = crc32_le(~0U, head, before);
	crc = crc32_le(crc, zero, sizeof(zero));
	crc = crc32_le(crc, head + after, ser->length - after);
	kho_block_set_it_init(&it, records);
	while ((record = kho_block_set_it_read_entry(&it)))
		crc = crc32_le(crc, record, records->entry_size);
	return crc;
}

/**
 * luo_ext_check_head - can this extension be read, as far as its head tells?
 * @ser:	the head, the blob of a subtree
 * @size:	bytes there are of it, at most PAGE_SIZE
 * @magic:	what it should be
 * @version:	what is known here
 * @record_size:	bytes of a record that are known here
 *
 * Returns: NULL, or why not.
 */
const char *luo_ext_check_head(const struct luo_ext_ser *ser, u64 size, u32 magic,
			       u32 version, size_t record_size)
{
	if (size < sizeof(*ser))
		return "truncated";
	if (ser->magic != magic)
		return "unknown magic";
	if (ser->version != version)
		return "unknown version";
	if (ser->length < sizeof(*ser) || ser->length > size)
		return "truncated";
	if (ser->record_size < record_size || ser->record_size > LUO_EXT_RECORD_MAX ||
	    ser->record_size % sizeof(u64))
		return "impossible size of records";
	return NULL;
}

/**
 * luo_ext_check_records - are these the records of an extension?
 * @ser:	its head, which was checked
 * @records:	the records
 *
 * Returns: NULL, or why not.
 */
const char *luo_ext_check_records(const struct luo_ext_ser *ser, struct kho_block_set *records)
{
	struct kho_block_set_it it;
	u64 nr = 0;

	kho_block_set_it_init(&it, records);
	while (kho_block_set_it_read_entry(&it))
		nr++;
	if (nr != ser->nr)
		return "wrong number of records";
	if (luo_ext_checksum(ser, records) != ser->crc)
		return "bad checksum";
	return NULL;
}

/**
 * luo_ext_name_is_ours - is this a format that other kernels do not know?
 * @compatible:	its name
 *
 * Returns: true if files of this format travel in the extension.
 */
bool luo_ext_name_is_ours(const char *compatible)
{
	return !strncmp(compatible, LUO_EXT_PREFIX, sizeof(LUO_EXT_PREFIX) - 1);
}

/**
 * luo_ext_check_session - is this about a session?
 * @session:	a record of that type
 *
 * Returns: 0 or -EINVAL.
 */
int luo_ext_check_session(const struct luo_ext_session_ser *session)
{
	return luo_wire_name_ok(session->name, sizeof(session->name)) ? 0 : -EINVAL;
}

/**
 * luo_ext_check_file - can this be the next file of a session?
 * @file:	a record of that type
 * @position:	the first position that is left
 *
 * Returns: 0 or -EINVAL.
 */
int luo_ext_check_file(const struct luo_ext_file_ser *file, u64 position)
{
	if (!luo_wire_name_ok(file->compatible, sizeof(file->compatible)) ||
	    !luo_ext_name_is_ours(file->compatible))
		return -EINVAL;
	return file->position >= position ? 0 : -EINVAL;
}
