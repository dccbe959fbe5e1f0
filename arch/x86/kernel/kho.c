// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver on x86
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/cc_platform.h>
#include <linux/cpufeature.h>
#include <linux/kexec.h>
#include <linux/kexec_handover.h>
#include <linux/kho/hooks.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include <asm/bootparam.h>
#include <asm/e820/api.h>
#include <asm/kexec_handover.h>
#include <asm/kho_image.h>
#include <asm/sections.h>
#include <asm/setup.h>

/**
 * arch_kho_is_ram - does the firmware say that this is RAM, and the command line not
 * leave it out?
 * @start:	start
 * @end:	end, exclusive
 *
 * Returns: true if all of the range is usable memory.
 */
bool __init arch_kho_is_ram(u64 start, u64 end)
{
	unsigned int i;

	for (i = 0; i < e820_table->nr_entries && start < end; i++) {
		const struct e820_entry *e = &e820_table->entries[i];

		/* The second one is what the boot loader put there. */
		if (e->type != E820_TYPE_RAM && e->type != E820_TYPE_RESERVED_KERN)
			continue;
		if (e->addr <= start && start - e->addr < e->size)
			start = e->addr + e->size;
	}
	return start >= end;
}

/**
 * arch_kho_supported - can this machine hand memory over?
 *
 * The next kernel could not read what this one encrypted.
 *
 * Returns: false, with a line in the log, if it cannot.
 */
bool __init arch_kho_supported(void)
{
	if (!cc_platform_has(CC_ATTR_MEM_ENCRYPT))
		return true;
	pr_info("memory is encrypted: no handover\n");
	return false;
}

/**
 * arch_kho_image_size - bytes this kernel's image needs to be decompressed
 *
 * Returns: bytes.
 */
u64 __init arch_kho_image_size(void)
{
	/* Boot loaders that fill in no header leave the size of what runs. */
	return max_t(u64, boot_params.hdr.init_size, _end - _text);
}

/**
 * arch_kho_initrd_size - bytes of the initrd this kernel was given
 *
 * Returns: bytes.
 */
u64 __init arch_kho_initrd_size(void)
{
	return boot_params.hdr.ramdisk_size | (u64)boot_params.ext_ramdisk_size << 32;
}

/* The part of the file behind the real-mode setup. */
static size_t payload(const struct setup_header *hdr)
{
	return ((hdr->setup_sects ?: 4) + 1) * 512;
}

static void read_record(const u8 *at, const u8 *end, struct kho_target *target)
{
	/* Data of variable length: each piece starts with a magic and its size. */
	while (end - at >= 8) {
		u32 size = get_unaligned((const u32 *)(at + 4));
		const struct kho_image_record *rec = (const void *)at;

		if (size < 8 || size > end - at)
			return;
		if (!memcmp(at, KHO_IMAGE_MAGIC, 4) && size >= sizeof(*rec)) {
			/* Built without KHO: it speaks nothing. */
			target->receives = rec->wire[0];
			target->ours = target->receives;
			target->page_shift = rec->page_shift;
			memcpy(target->wire, rec->wire, sizeof(target->wire) - 1);
			return;
		}
		at += size;
	}
}

/**
 * arch_kho_inspect - what can an image do?
 * @image:	the image, its file already read
 * @target:	filled in
 */
void arch_kho_inspect(const struct kimage *image, struct kho_target *target)
{
	const u8 *file = image->kernel_buf;
	const struct setup_header *hdr = (const void *)(file + 0x1f1);
	size_t info, len = image->kernel_buf_len;
	u32 size, total;

	if (boot_cpu_has(X86_FEATURE_SME) && image->cmdline_buf &&
	    strstr(image->cmdline_buf, "mem_encrypt=on"))
		target->why = "its command line switches memory encryption on";
	else if (e820_table_kexec->nr_entries > E820_MAX_ENTRIES_ZEROPAGE)
		target->why = "the memory map has more entries than a kexec passes on";
	if (len < 0x1f1 + sizeof(*hdr) || memcmp(&hdr->header, "HdrS", 4))
		return;
	target->known = true;
	target->image_size = hdr->init_size;
	/* Earlier protocols have no kernel_info, and no handover. */
	if (hdr->version < 0x020f || !hdr->kernel_info_offset)
		return;
	info = payload(hdr) + hdr->kernel_info_offset;
	if (info < payload(hdr) || info + 16 > len || memcmp(file + info, "LToP", 4))
		return;
	size = get_unaligned((const u32 *)(file + info + 4));
	total = get_unaligned((const u32 *)(file + info + 8));
	target->receives = (get_unaligned((const u32 *)(file + info + 12)) & ~SETUP_INDIRECT) >=
			   SETUP_KEXEC_KHO;
	if (target->receives && size <= total && total <= len - info)
		read_record(file + info + size, file + info + total, target);
}
