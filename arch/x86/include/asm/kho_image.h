/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a bzImage says about itself, in its kernel_info: that it needs scratch
 * for image and initrd only, and how it reads a handover.
 */
#ifndef _ASM_X86_KHO_IMAGE_H
#define _ASM_X86_KHO_IMAGE_H

#define KHO_IMAGE_MAGIC	"xKHO"

#ifndef __ASSEMBLY__

#include <linux/types.h>

struct kho_image_record {
	char magic[4];
	u32 size;
	u32 page_shift;
	char wire[16];
} __packed;

#endif /* !__ASSEMBLY__ */

#endif /* _ASM_X86_KHO_IMAGE_H */
