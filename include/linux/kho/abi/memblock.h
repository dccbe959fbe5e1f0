/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kexec HandOver: subtree "memblock", the reserve_mem= regions.
 *
 * The blob is a device tree of its own, one page long, with a child for each
 * region.  "start" and "size" are u64 in CPU byte order.
 */
#ifndef _LINUX_KHO_ABI_MEMBLOCK_H
#define _LINUX_KHO_ABI_MEMBLOCK_H

#define MEMBLOCK_KHO_FDT			"memblock"
#define MEMBLOCK_KHO_NODE_COMPATIBLE		"memblock-v1"
#define RESERVE_MEM_KHO_NODE_COMPATIBLE		"reserve-mem-v1"
#define RESERVE_MEM_KHO_START_PROP_NAME		"start"
#define RESERVE_MEM_KHO_SIZE_PROP_NAME		"size"

#endif /* _LINUX_KHO_ABI_MEMBLOCK_H */
