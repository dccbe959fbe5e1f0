// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: who hands over, and how often that happened
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/kexec_metadata.h>
#include <linux/string.h>
#include <linux/utsname.h>

#include "internal.h"

static char previous_release[KHO_METADATA_RELEASE_LEN] __ro_after_init;
static u32 kexec_count __ro_after_init;

/**
 * kho_previous_release - release of the kernel that handed over; may be empty
 *
 * Returns: the release.
 */
const char *kho_previous_release(void)
{
	return previous_release;
}

/**
 * kho_kexec_count - handovers since the last cold boot
 *
 * Returns: the count; 0 after a cold boot.
 */
u32 kho_kexec_count(void)
{
	return kexec_count;
}

/**
 * kho_metadata_owns - is this the name of our subtree?
 * @name:	name
 *
 * Returns: true if it is.
 */
bool kho_metadata_owns(const char *name)
{
	return !strcmp(name, KHO_METADATA_NODE_NAME);
}

static void __init read_metadata(void)
{
	const struct kho_kexec_metadata *md;
	phys_addr_t phys;
	size_t size;

	if (kho_retrieve_subtree(KHO_METADATA_NODE_NAME, &phys, &size))
		return;
	md = phys_to_virt(phys);
	if (size < sizeof(md->version) || md->version != KHO_KEXEC_METADATA_VERSION ||
	    size < sizeof(*md)) {
		pr_warn("metadata of an unknown version: ignored\n");
		return;
	}
	memcpy(previous_release, md->previous_release, sizeof(previous_release) - 1);
	kexec_count = md->kexec_count;
	pr_info("exec from: %s (count %u)\n", previous_release, kexec_count);
	/* Read once, and used up. */
	kho_in_forget(KHO_METADATA_NODE_NAME);
	kho_restore_free((void *)md);
}

/**
 * kho_metadata_publish - read the metadata that came, publish ours
 *
 * Returns: 0, or why it cannot be published.
 */
int __init kho_metadata_publish(void)
{
	struct kho_kexec_metadata *md;
	int err;

	read_metadata();
	md = kho_alloc_preserve(sizeof(*md));
	if (IS_ERR(md))
		return PTR_ERR(md);
	md->version = KHO_KEXEC_METADATA_VERSION;
	md->kexec_count = kexec_count + 1;
	strscpy(md->previous_release, init_uts_ns.name.release);
	err = kho_add_subtree(KHO_METADATA_NODE_NAME, md, sizeof(*md));
	if (err)
		kho_unpreserve_free(md);
	return err;
}
