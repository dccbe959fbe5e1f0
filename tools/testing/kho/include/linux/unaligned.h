/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_UNALIGNED_H
#define _LINUX_UNALIGNED_H

#include <linux/string.h>
#include <linux/types.h>

/* The only type that is needed. */
static inline u64 get_unaligned(const u64 *p)
{
	u64 val;

	memcpy(&val, p, sizeof(val));
	return val;
}

#endif /* _LINUX_UNALIGNED_H */
