/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update of a hugetlb memfd: reading and writing what travels.
 *
 * Format code: no locks, no mm.  It compiles in the kernel and in user space.
 */
#ifndef _MM_HUGETLB_LUO_WIRE_H
#define _MM_HUGETLB_LUO_WIRE_H

#include <linux/kho/abi/hugetlb.h>

#include "memfd_luo_wire.h"

void hugetlb_wire_write(void *page, const struct memfd_meta *m);
int hugetlb_wire_read(const void *page, u64 max_size, struct memfd_meta *m, const char **why);

#endif /* _MM_HUGETLB_LUO_WIRE_H */
