/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kexec HandOver: subtree "kexec-metadata", which says who sent it.
 */
#ifndef _LINUX_KHO_ABI_KEXEC_METADATA_H
#define _LINUX_KHO_ABI_KEXEC_METADATA_H

#include <linux/build_bug.h>
#include <linux/types.h>

#define KHO_METADATA_NODE_NAME		"kexec-metadata"
#define KHO_KEXEC_METADATA_VERSION	1
#define KHO_METADATA_RELEASE_LEN	65

/**
 * struct kho_kexec_metadata - origin of a handover
 * @version:		KHO_KEXEC_METADATA_VERSION
 * @previous_release:	``uname -r`` of the sending kernel, NUL-terminated
 * @kexec_count:	handovers since the last cold boot, this one included
 */
struct kho_kexec_metadata {
	u32 version;
	char previous_release[KHO_METADATA_RELEASE_LEN];
	u32 kexec_count;
} __packed;

static_assert(sizeof(struct kho_kexec_metadata) == 73);
static_assert(offsetof(struct kho_kexec_metadata, kexec_count) == 69);

#endif /* _LINUX_KHO_ABI_KEXEC_METADATA_H */
