/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _ASM_ARM64_KEXEC_HANDOVER_H
#define _ASM_ARM64_KEXEC_HANDOVER_H

#include <asm-generic/kexec_handover.h>

struct kimage;
struct kho_target;

bool arch_kho_is_ram(u64 start, u64 end);
u64 arch_kho_image_size(void);
u64 arch_kho_initrd_size(void);
void arch_kho_inspect(const struct kimage *image, struct kho_target *target);

static inline bool arch_kho_supported(void)
{
	return true;
}

bool arch_kho_has_tags(void);
unsigned long arch_kho_find_tags(unsigned long pfn, unsigned long end);
#define arch_kho_has_tags arch_kho_has_tags

#ifdef CONFIG_KEXEC_HANDOVER
void arm64_kho_init(void);
#else
static inline void arm64_kho_init(void) { }
#endif

#endif /* _ASM_ARM64_KEXEC_HANDOVER_H */
