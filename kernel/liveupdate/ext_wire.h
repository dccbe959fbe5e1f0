/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update: are the previous kernel's extensions well formed?
 *
 * Format code: no mm, also compiled in user space, see tools/testing/kho.
 */
#ifndef _LUO_EXT_WIRE_H
#define _LUO_EXT_WIRE_H

#include <linux/kho/abi/luo_ext.h>
#include <linux/kho_block.h>
#include <linux/types.h>

/* Room for a record in a page of a chain. */
#define LUO_EXT_RECORD_MAX	(PAGE_SIZE - sizeof(struct kho_block_header_ser))

u32 luo_ext_checksum(const struct luo_ext_ser *ser, struct kho_block_set *records);
const char *luo_ext_check_head(const struct luo_ext_ser *ser, u64 size, u32 magic,
			       u32 version, size_t record_size);
const char *luo_ext_check_records(const struct luo_ext_ser *ser, struct kho_block_set *records);
bool luo_ext_name_is_ours(const char *compatible);
int luo_ext_check_session(const struct luo_ext_session_ser *session);
int luo_ext_check_file(const struct luo_ext_file_ser *file, u64 position);

#endif /* _LUO_EXT_WIRE_H */
