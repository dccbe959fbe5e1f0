/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_LIMITS_H
#define _KHO_SHIM_LIMITS_H

#include_next <linux/limits.h>

#define U32_MAX		(~0U)

#endif /* _KHO_SHIM_LIMITS_H */
