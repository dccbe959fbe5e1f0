/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update: are the previous kernel's bytes well formed?
 *
 * Format code: no mm, also compiled in user space, see tools/testing/kho.
 */
#ifndef _LUO_WIRE_H
#define _LUO_WIRE_H

#include <linux/kho/abi/luo.h>
#include <linux/types.h>

int luo_wire_check_ser(const struct luo_ser *ser, u64 size);
bool luo_wire_other_version(const struct luo_ser *ser, u64 size);
int luo_wire_check_block(const struct kho_block_header_ser *block, size_t entry_size);
int luo_wire_check_session(const struct luo_session_ser *session);
int luo_wire_check_file(const struct luo_file_ser *file);
int luo_wire_check_flbs(const struct luo_flb_header_ser *flbs);
bool luo_wire_name_ok(const char *name, size_t size);
void luo_wire_unique_name(char *to, const char *name, unsigned int n);

#endif /* _LUO_WIRE_H */
