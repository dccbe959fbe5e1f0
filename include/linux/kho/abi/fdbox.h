/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * FDBox: the bytes that travel.
 */
#ifndef _LINUX_KHO_ABI_FDBOX_H
#define _LINUX_KHO_ABI_FDBOX_H

#include <linux/build_bug.h>
#include <linux/types.h>
#include <uapi/linux/fdbox.h>

/**
 * DOC: Extension "x-fdbox"
 *
 * A box travels as a session of "luo-v5", so that its files arrive whoever the
 * receiver is.  What makes a box of the session is in an extension, see struct
 * luo_ext_ser: a record that names the session, one that names the box, and one
 * for each file of the session, in any order.
 *
 * A kernel that does not know boxes hands the extension on as it is, and the
 * sessions as long as nobody takes them; some may have other names then, and lack
 * files.  The next kernel that knows boxes finds by @number of the head how many
 * kernels that were, and takes a session for the box if it was handed on so many
 * times more than the record says, and all its files are in the records.
 */
#define FDBOX_SUBTREE		"x-fdbox"
#define FDBOX_MAGIC		0x786f4246	/* "FBox" */
#define FDBOX_VERSION		1

/* Types of records, in the order in which they come. */
#define FDBOX_SER_SESSION	1
#define FDBOX_SER_BOX		2
#define FDBOX_SER_FILE		3

/**
 * struct fdbox_ser - a record
 * @type:	FDBOX_SER_*
 * @hops:	session: as in &struct luo_ext_session_ser; otherwise 0
 * @number:	session: number of its files; box: 0; file: its token
 * @data:	file: as in &struct luo_file_ser; otherwise 0
 * @name:	NUL-terminated
 */
struct fdbox_ser {
	u32 type;
	u32 hops;
	u64 number;
	u64 data;
	char name[FDBOX_NAME_LEN];
} __packed;

static_assert(sizeof(struct fdbox_ser) == 280);

#endif /* _LINUX_KHO_ABI_FDBOX_H */
