/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_LOG2_H
#define _LINUX_LOG2_H

#include <linux/bitops.h>

static inline int ilog2(u64 x)
{
	return fls64(x) - 1;
}

#endif /* _LINUX_LOG2_H */
