/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SEEDS_H
#define _KHO_SEEDS_H

#include <linux/types.h>

/* Root device tree of a mainline 7.2 kernel with LUO and test_kho. */
extern const unsigned char seed_golden_fdt[];
extern const size_t seed_golden_fdt_size;

#endif /* _KHO_SEEDS_H */
