/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update: what "luo-v5" has no room for.
 */
#ifndef _LINUX_KHO_ABI_LUO_EXT_H
#define _LINUX_KHO_ABI_LUO_EXT_H

#include <linux/build_bug.h>
#include <linux/kho/abi/block.h>
#include <linux/kho/abi/luo.h>
#include <linux/types.h>

/**
 * DOC: Extensions
 *
 * An extension is a subtree of its own, which other receivers do not know and
 * pass over: a head, which is the blob, and a chain of records of one size.  It
 * is sent if there is at least one record.
 *
 * A receiver reads it only if magic and version are those it knows, and the
 * checksum is right; otherwise it is as if it had not been sent.  Without a new
 * version, head and records may only grow at their ends: @length and
 * @record_size tell how much was sent, and a receiver reads what it knows.
 */

/**
 * struct luo_ext_ser - the head, start of a page that is preserved by itself
 * @magic:		what is in the records
 * @version:		their version
 * @length:		bytes of this structure
 * @crc:		crc32_le() with seed ~0 of this structure, @crc being 0,
 *			and then of all records, without what is between them
 * @record_size:	bytes of a record, a multiple of 8
 * @reserved:		0
 * @number:		@liveupdate_num of the &struct luo_ser it belongs to
 * @nr:			number of records, never 0
 * @records:		chain of them
 */
struct luo_ext_ser {
	u32 magic;
	u32 version;
	u32 length;
	u32 crc;
	u32 record_size;
	u32 reserved;
	u64 number;
	u64 nr;
	u64 records;
} __packed;

static_assert(sizeof(struct luo_ext_ser) == 48);

/**
 * DOC: Extension "x-luo"
 *
 * Mainline's receivers refuse all sessions if they do not know the format of one
 * file.  So formats with names that begin with LUO_EXT_PREFIX, which are not
 * mainline's, are not listed with their sessions but here: a record for the
 * session, and behind it one for each of these files, in order.  A session that
 * was handed on has a record also without such files, for @hops.
 */
#define LUO_EXT_PREFIX		"x-"
#define LUO_EXT_SUBTREE		"x-luo"
#define LUO_EXT_MAGIC		0x4f554c78	/* "xLUO" */
#define LUO_EXT_VERSION		1

/* Types of records; those that are not known are passed over. */
#define LUO_EXT_SESSION		1
#define LUO_EXT_FILE		2

/**
 * struct luo_ext_session_ser - more about a session
 * @type:	LUO_EXT_SESSION
 * @hops:	how many kernels got it and handed it on
 * @reserved:	0
 * @name:	its name, as in &struct luo_session_ser
 */
struct luo_ext_session_ser {
	u32 type;
	u32 hops;
	u64 reserved;
	char name[LIVEUPDATE_SESSION_NAME_LENGTH];
} __packed;

static_assert(sizeof(struct luo_ext_session_ser) == 80);

/**
 * struct luo_ext_file_ser - a file that others would not understand
 * @type:	LUO_EXT_FILE
 * @reserved:	0
 * @position:	its number among all files of the session, from 0
 * @compatible:	who understands @data, NUL-terminated, begins with LUO_EXT_PREFIX
 * @data:	the handler's
 * @token:	the user's
 */
struct luo_ext_file_ser {
	u32 type;
	u32 reserved;
	u64 position;
	char compatible[LIVEUPDATE_HNDL_COMPAT_LENGTH];
	u64 data;
	u64 token;
} __packed;

static_assert(sizeof(struct luo_ext_file_ser) == sizeof(struct luo_ext_session_ser));

#endif /* _LINUX_KHO_ABI_LUO_EXT_H */
