// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver on arm64
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/cpufeature.h>
#include <linux/crash_dump.h>
#include <linux/init.h>
#include <linux/initrd.h>
#include <linux/kexec.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/kho/hooks.h>
#include <linux/libfdt.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/of_fdt.h>
#include <linux/string.h>
#include <linux/types.h>

#include <asm/image.h>
#include <asm/kexec_handover.h>
#include <asm/mte.h>
#include <asm/sections.h>

/*
 * What an Image says about itself: that it needs scratch for image and initrd
 * only, and how it reads a handover.  Its header has no room for that, so the
 * record is searched for: it begins with the magic, at a multiple of 8 bytes.
 */
struct kho_image_record {
	u8 magic[8];
	__le32 size;
	__le32 page_shift;
	char wire[16];
};

/* The magic must not be in an Image twice: this is also what is compared with. */
static const struct kho_image_record record __used __aligned(8) = {
	.magic = { 0x8f, 'K', 'H', 'O', 0xa6, 'r', 'e', 'c' },
	.size = cpu_to_le32(sizeof(record)),
	.page_shift = cpu_to_le32(PAGE_SHIFT),
	.wire = KHO_FDT_COMPATIBLE,
};

/**
 * arch_kho_is_ram - does the firmware say that this is RAM?
 * @start:	start
 * @end:	end, exclusive
 *
 * Returns: true if all of the range is memory that the kernel may map.
 */
bool __init arch_kho_is_ram(u64 start, u64 end)
{
	phys_addr_t from, to;
	u64 i;

	for_each_mem_range(i, &from, &to) {
		if (from <= start && start < to)
			start = to;
	}
	return start >= end;
}

/**
 * arch_kho_image_size - bytes this kernel's image needs
 *
 * Returns: bytes.
 */
u64 __init arch_kho_image_size(void)
{
	return _end - _text;
}

/**
 * arch_kho_initrd_size - bytes of the initrd this kernel was given
 *
 * Returns: bytes.
 */
u64 __init arch_kho_initrd_size(void)
{
	return IS_ENABLED(CONFIG_BLK_DEV_INITRD) ? phys_initrd_size : 0;
}

/**
 * arch_kho_has_tags - can memory of this machine have tags?
 *
 * Returns: true if user space can use the Memory Tagging Extension.
 */
bool arch_kho_has_tags(void)
{
	return system_supports_mte();
}

/**
 * arch_kho_find_tags - look for a page that user space gave memory tags
 * @pfn:	first page
 * @end:	end of the range
 *
 * Returns: the first page that has tags, @end if there is none.
 */
unsigned long arch_kho_find_tags(unsigned long pfn, unsigned long end)
{
	if (!system_supports_mte())
		return end;
	while (pfn < end && !page_mte_tagged(pfn_to_page(pfn)))
		pfn++;
	return pfn;
}

/*
 * Announcement
 */

/* Exactly one pair of address and size, in the cells of the root node. */
static bool __init read_pair(int chosen, const char *name, u64 *addr, u64 *size)
{
	const __be32 *cell;
	int len;

	cell = fdt_getprop(initial_boot_params, chosen, name, &len);
	if (!cell)
		return false;
	if (len != (dt_root_addr_cells + dt_root_size_cells) * sizeof(*cell)) {
		pr_err("%s is not one address and one size: there is no handover\n", name);
		return false;
	}
	*addr = dt_mem_next_cell(dt_root_addr_cells, &cell);
	*size = dt_mem_next_cell(dt_root_size_cells, &cell);
	return true;
}

/**
 * arm64_kho_init - was something handed over, and where is it?
 *
 * The first thing that happens once all memory is known, whether from a device
 * tree or from UEFI: nothing has been allocated from memblock yet.
 *
 * A crash kernel that was loaded with kexec_load(2) may find what was announced
 * to the kernel that crashed. Its memory is that kernel's, and not to be touched.
 */
void __init arm64_kho_init(void)
{
	u64 fdt, fdt_size, array, array_size;
	int chosen;

	if (is_kdump_kernel())
		return;
	chosen = fdt_path_offset(initial_boot_params, "/chosen");
	if (chosen < 0 ||
	    !read_pair(chosen, "linux,kho-fdt", &fdt, &fdt_size) ||
	    !read_pair(chosen, "linux,kho-scratch", &array, &array_size))
		return;
	kho_populate(fdt, fdt_size, array, array_size);
	kho_boot_windows();
}

/*
 * Images
 */

static const struct kho_image_record *find_record(const u8 *file, size_t len)
{
	size_t at;
	u64 magic;

	memcpy(&magic, record.magic, sizeof(magic));
	for (at = 0; at + sizeof(record) <= len; at += sizeof(magic)) {
		const struct kho_image_record *found = (const void *)(file + at);

		if (*(const u64 *)found == magic && le32_to_cpu(found->size) >= sizeof(record))
			return found;
	}
	return NULL;
}

/* A kernel that reads this format has its name somewhere, as a string. */
static bool knows_format(const u8 *file, size_t len)
{
	const u8 *at = file, *end = file + len - sizeof(KHO_FDT_COMPATIBLE) + 1;

	while (at < end && (at = memchr(at, KHO_FDT_COMPATIBLE[0], end - at))) {
		if (!memcmp(at, KHO_FDT_COMPATIBLE, sizeof(KHO_FDT_COMPATIBLE)))
			return true;
		at++;
	}
	return false;
}

/**
 * arch_kho_inspect - what can an image do?
 * @image:	the image, its file already read
 * @target:	filled in
 */
void arch_kho_inspect(const struct kimage *image, struct kho_target *target)
{
	const struct arm64_image_header *hdr = image->kernel_buf;
	const struct kho_image_record *found;
	size_t len = image->kernel_buf_len;
	u64 granule;

	if (len < sizeof(*hdr) || memcmp(&hdr->magic, ARM64_IMAGE_MAGIC, sizeof(hdr->magic)))
		return;
	target->known = true;
	target->image_size = le64_to_cpu(hdr->text_offset) + le64_to_cpu(hdr->image_size);

	if (arm64_image_flag_field(le64_to_cpu(hdr->flags), ARM64_IMAGE_FLAG_BE))
		target->why = "the image has another byte order";
	found = find_record(image->kernel_buf, len);
	if (found) {
		target->receives = true;
		target->ours = true;
		target->page_shift = le32_to_cpu(found->page_shift);
		memcpy(target->wire, found->wire, sizeof(target->wire) - 1);
		return;
	}
	target->receives = knows_format(image->kernel_buf, len);
	granule = arm64_image_flag_field(le64_to_cpu(hdr->flags), ARM64_IMAGE_FLAG_PAGE_SIZE);
	if (granule && granule != (PAGE_SHIFT - 10) / 2)
		target->why = "the image has another page size";
}
