/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_GOLDEN_H
#define _KHO_GOLDEN_H

#include "seeds.h"
#include "test.h"

/* A copy of the golden tree behind which nothing may be read. */
static inline void *golden_fdt(size_t *size)
{
	void *fdt;

	/* Trees are 8-byte aligned; so the first bytes that may not be read follow. */
	*size = (seed_golden_fdt_size + 7) & ~7UL;
	fdt = guarded(*size);
	memcpy(fdt, seed_golden_fdt, seed_golden_fdt_size);
	return fdt;
}

#endif /* _KHO_GOLDEN_H */
