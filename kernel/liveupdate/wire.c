// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: are the previous kernel's bytes well formed?
 *
 * Every check returns 0 or -EINVAL.  What an address leads to is checked by
 * whoever follows it: only preserved memory can be claimed.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "wire.h"

/**
 * luo_wire_name_ok - is this a C string that says something?
 * @name:	the bytes
 * @size:	how many there are
 *
 * Returns: true if it is not empty and ends within @size.
 */
bool luo_wire_name_ok(const char *name, size_t size)
{
	size_t len = strnlen(name, size);

	return len && len < size;
}

/**
 * luo_wire_check_ser - can we read what the previous kernel's LUO left?
 * @ser:	the blob of the subtree
 * @size:	its size
 *
 * Returns: 0 or -EINVAL.
 */
int luo_wire_check_ser(const struct luo_ser *ser, u64 size)
{
	static const char compatible[sizeof(ser->compatible)] = LUO_COMPATIBLE;

	if (size < sizeof(*ser) || memcmp(ser->compatible, compatible, sizeof(compatible)))
		return -EINVAL;
	return 0;
}

/**
 * luo_wire_other_version - was this left by a LUO that speaks another version?
 * @ser:	the blob of the subtree
 * @size:	its size
 *
 * Returns: true if it says so; false if we can read it, or nobody can.
 */
bool luo_wire_other_version(const struct luo_ser *ser, u64 size)
{
	return size >= sizeof(ser->compatible) &&
	       luo_wire_name_ok(ser->compatible, sizeof(ser->compatible)) &&
	       !strncmp(ser->compatible, LUO_COMPATIBLE_PREFIX,
			sizeof(LUO_COMPATIBLE_PREFIX) - 1) &&
	       strcmp(ser->compatible, LUO_COMPATIBLE);
}

/**
 * luo_wire_check_block - can the entries of this block be read?
 * @block:	a page
 * @entry_size:	bytes of an entry
 *
 * A block without entries is never sent, but it does no harm.
 *
 * Returns: 0 or -EINVAL.
 */
int luo_wire_check_block(const struct kho_block_header_ser *block, size_t entry_size)
{
	return block->count <= KHO_BLOCK_CAPACITY(entry_size) ? 0 : -EINVAL;
}

/**
 * luo_wire_check_session - is this a session?
 * @session:	an entry
 *
 * Returns: 0 or -EINVAL.
 */
int luo_wire_check_session(const struct luo_session_ser *session)
{
	return luo_wire_name_ok(session->name, sizeof(session->name)) ? 0 : -EINVAL;
}

/**
 * luo_wire_check_file - is this a file?
 * @file:	an entry
 *
 * Returns: 0 or -EINVAL.
 */
int luo_wire_check_file(const struct luo_file_ser *file)
{
	return luo_wire_name_ok(file->compatible, sizeof(file->compatible)) ? 0 : -EINVAL;
}

/**
 * luo_wire_check_flbs - are these FLBs?
 * @flbs:	a page
 *
 * Returns: 0 or -EINVAL.
 */
int luo_wire_check_flbs(const struct luo_flb_header_ser *flbs)
{
	const struct luo_flb_ser *flb = (const void *)(flbs + 1);
	u64 i;

	if (flbs->pgcnt != 1 || flbs->count > LUO_FLB_MAX)
		return -EINVAL;
	for (i = 0; i < flbs->count; i++) {
		if (!luo_wire_name_ok(flb[i].name, sizeof(flb[i].name)) || !flb[i].count)
			return -EINVAL;
	}
	return 0;
}

/**
 * luo_wire_unique_name - another name for a session
 * @to:		where to put it, LIVEUPDATE_SESSION_NAME_LENGTH bytes
 * @name:	the name that is taken
 * @n:		which try this is
 *
 * It is "<name>~<n>", with as much of the name as fits.
 */
void luo_wire_unique_name(char *to, const char *name, unsigned int n)
{
	char suffix[12];
	int len = snprintf(suffix, sizeof(suffix), "~%u", n);
	int keep = LIVEUPDATE_SESSION_NAME_LENGTH - 1 - len;

	snprintf(to, LIVEUPDATE_SESSION_NAME_LENGTH, "%.*s%s", keep, name, suffix);
}
