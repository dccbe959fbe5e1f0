/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_X86_KEXEC_HANDOVER_H
#define _ASM_X86_KEXEC_HANDOVER_H

#include <asm-generic/kexec_handover.h>

/*
 * The real-mode trampoline must come from below 1 MiB, which is reserved as a
 * whole afterwards: no kernel ever preserves anything there.
 */
#define ARCH_KHO_LOW_WINDOW	0x100000ULL

/*
 * The linear map is built from the topmost free memory on, from pages in what
 * is mapped already.  A tiny gap at the top would not do.
 */
#define ARCH_KHO_LARGEST_GAP	1

struct kimage;
struct kho_target;

bool arch_kho_is_ram(u64 start, u64 end);
u64 arch_kho_image_size(void);
u64 arch_kho_initrd_size(void);
bool arch_kho_supported(void);
void arch_kho_inspect(const struct kimage *image, struct kho_target *target);

#endif /* _ASM_X86_KEXEC_HANDOVER_H */
