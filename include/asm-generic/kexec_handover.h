/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_GENERIC_KEXEC_HANDOVER_H
#define _ASM_GENERIC_KEXEC_HANDOVER_H

#include <linux/types.h>

/**
 * struct kho_scratch - one scratch area, as it travels
 * @addr:	start
 * @size:	bytes; 0: no area (keep the entry, ignore it)
 */
struct kho_scratch {
	phys_addr_t addr;
	phys_addr_t size;
};

/* Entries of the array that a receiver accepts: 1024 nodes and two. */
#define KHO_SCRATCH_MAX		1026

#endif /* _ASM_GENERIC_KEXEC_HANDOVER_H */
