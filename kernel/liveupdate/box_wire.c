// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: are boxes, and their names, well formed?
 */
#include <linux/ctype.h>
#include <linux/kernel.h>
#include <linux/kho/abi/luo.h>
#include <linux/string.h>

#include "box_wire.h"
#include "wire.h"

/**
 * luo_box_file_name_ok - can a file in a box have this name?
 * @name:	FDBOX_NAME_LEN bytes
 *
 * Returns: true if it is not empty, ends, and fits in a line.
 */
bool luo_box_file_name_ok(const char *name)
{
	size_t len = strnlen(name, FDBOX_NAME_LEN), i;

	for (i = 0; i < len; i++) {
		if (iscntrl((unsigned char)name[i]))
			return false;
	}
	return len && len < FDBOX_NAME_LEN;
}

/**
 * luo_box_name_ok - can a box have this name?
 * @name:	FDBOX_NAME_LEN bytes
 *
 * Returns: true if it can also be the name of a device node, and is not that of
 * the control device.
 */
bool luo_box_name_ok(const char *name)
{
	return luo_box_file_name_ok(name) && !strchr(name, '/') && strcmp(name, ".") &&
	       strcmp(name, "..") && strcmp(name, "fdbox");
}

/* The record, if it is of this type and its name is good. */
static const struct fdbox_ser *next(struct kho_block_set_it *it, u32 type)
{
	const struct fdbox_ser *ser = kho_block_set_it_read_entry(it);

	if (!ser || ser->type != type)
		return NULL;
	switch (type) {
	case FDBOX_SER_SESSION:
		return luo_wire_name_ok(ser->name, LIVEUPDATE_SESSION_NAME_LENGTH) ? ser : NULL;
	case FDBOX_SER_BOX:
		return luo_box_name_ok(ser->name) ? ser : NULL;
	default:
		return luo_box_file_name_ok(ser->name) ? ser : NULL;
	}
}

/**
 * luo_box_check_records - do these records make boxes?
 * @records:	all records of the extension
 *
 * Returns: NULL if they do: after each session there are its box and so many
 * files as it says; or why not.
 */
const char *luo_box_check_records(struct kho_block_set *records)
{
	struct kho_block_set_it it;
	const struct fdbox_ser *ser;
	u64 left;

	kho_block_set_it_init(&it, records);
	while (kho_block_set_it_read_entry(&it)) {
		kho_block_set_it_prev(&it);
		ser = next(&it, FDBOX_SER_SESSION);
		if (!ser)
			return "a record is no session";
		left = ser->number;
		if (!next(&it, FDBOX_SER_BOX))
			return "a session has no box";
		for (; left; left--) {
			if (!next(&it, FDBOX_SER_FILE))
				return "a box lacks files";
		}
	}
	return NULL;
}
