/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KEXEC_HANDOVER_H
#define _KEXEC_HANDOVER_H

static inline void kho_memory_init(void)
{
}

#endif
