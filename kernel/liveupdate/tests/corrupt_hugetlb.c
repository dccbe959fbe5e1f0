// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update exerciser: damage hugetlb memfds on their way
 *
 * TEST ONLY.  In each session there is one, of three huge pages.
 */
#include <linux/bits.h>
#include <linux/crc32.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kho/abi/hugetlb.h>
#include <linux/pfn.h>

#include "corrupt.h"

static struct hugetlb_luo_ser *ser(void)
{
	return lux_ext_data();
}

static struct memfd_luo_folio_ser *entry(unsigned int i)
{
	struct kho_vmalloc_chunk *chunk = phys_to_virt(ser()->entries.first.phys);

	return (struct memfd_luo_folio_ser *)phys_to_virt(chunk->phys[0]) + i;
}

/* It is not the checksum that is to be noticed. */
static void seal(void)
{
	size_t from = offsetof(struct hugetlb_luo_ser, version);

	ser()->crc = crc32_le(~0U, (u8 *)ser() + from, ser()->length - from);
}

static void huge_checksum(void)
{
	ser()->size ^= BIT(21);
}

static void huge_version(void)
{
	ser()->version++;
	seal();
}

static void huge_length(void)
{
	ser()->length = sizeof(*ser()) - 1;
	seal();
}

/* Higher than any memory of a test machine. */
static void huge_array(void)
{
	ser()->entries.first.phys = BIT_ULL(45);
	seal();
}

/* Memory that nobody preserved */
static void huge_plain(void)
{
	unsigned long page = __get_free_page(GFP_KERNEL | __GFP_NOFAIL);

	entry(1)->pfn_flags = PHYS_PFN(virt_to_phys((void *)page)) | HUGETLB_LUO_PRESENT;
}

/* A page that is preserved, and is not a huge one */
static void huge_small(void)
{
	entry(1)->pfn_flags = PHYS_PFN(virt_to_phys(ser())) | HUGETLB_LUO_PRESENT;
}

static void huge_odd(void)
{
	entry(1)->index++;
}

static void huge_beyond(void)
{
	entry(1)->index = ~0ULL << 9;
}

static void huge_same_place(void)
{
	entry(1)->index = entry(0)->index;
}

/* Noticed when the first one was claimed already. */
static void huge_twice(void)
{
	entry(2)->pfn_flags = entry(0)->pfn_flags;
}

/* Both there and reserved */
static void huge_both(void)
{
	entry(2)->pfn_flags = HUGETLB_LUO_RESERVED;
	entry(2)->index = entry(0)->index;
}

static void huge_order(void)
{
	entry(1)->pfn_flags = HUGETLB_LUO_RESERVED;
}

static void huge_flags(void)
{
	entry(1)->pfn_flags |= BIT_ULL(60);
}

const struct lux_way lux_hugetlb_ways[] = {
	WAY(huge_checksum), WAY(huge_version), WAY(huge_length), WAY(huge_array), WAY(huge_plain),
	WAY(huge_small), WAY(huge_odd), WAY(huge_beyond), WAY(huge_same_place), WAY(huge_twice),
	WAY(huge_both), WAY(huge_order), WAY(huge_flags),
	{ }
};
