/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_KERNEL_H
#define _KHO_SHIM_KERNEL_H

#include <stdio.h>

#include <linux/types.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define container_of(ptr, type, member)	\
	((type *)((char *)(ptr) - offsetof(type, member)))

#endif /* _KHO_SHIM_KERNEL_H */
