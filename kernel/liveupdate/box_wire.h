/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update: are boxes, and their names, well formed?
 *
 * Format code: no mm, also compiled in user space, see tools/testing/kho.
 */
#ifndef _LUO_BOX_WIRE_H
#define _LUO_BOX_WIRE_H

#include <linux/kho/abi/fdbox.h>
#include <linux/kho_block.h>
#include <linux/types.h>

bool luo_box_file_name_ok(const char *name);
bool luo_box_name_ok(const char *name);
const char *luo_box_check_records(struct kho_block_set *records);

#endif /* _LUO_BOX_WIRE_H */
