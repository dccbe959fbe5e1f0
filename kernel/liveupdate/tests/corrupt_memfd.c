// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update exerciser: damage memfds on their way
 *
 * TEST ONLY.  In each session there is one, of three pages, with an extended
 * attribute.
 */
#include <linux/bits.h>
#include <linux/crc32.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kho/abi/memfd.h>
#include <linux/mmzone.h>
#include <linux/pfn.h>

#include "corrupt.h"

static struct memfd_luo_ser *ser(void)
{
	return lux_file_data(0);
}

static struct memfd_luo_ext *ext(void)
{
	return lux_file_data(0) + MEMFD_LUO_EXT_OFFSET;
}

static struct memfd_luo_folio_ser *entry_of(const struct memfd_luo_ser *s, unsigned int i)
{
	struct kho_vmalloc_chunk *chunk = phys_to_virt(s->folios.first.phys);

	return (struct memfd_luo_folio_ser *)phys_to_virt(chunk->phys[0]) + i;
}

static struct memfd_luo_folio_ser *entry(unsigned int i)
{
	return entry_of(ser(), i);
}

static u64 plain_page(void)
{
	return virt_to_phys((void *)__get_free_page(GFP_KERNEL | __GFP_NOFAIL));
}

/* It is not the checksum that is to be noticed. */
static void seal(void)
{
	ext()->crc = 0;
	ext()->crc = crc32_le(~0U, (u8 *)ext(), ext()->length);
}

/* Higher than any memory of a test machine. */
static void memfd_array(void)
{
	ser()->folios.first.phys = BIT_ULL(45);
}

static void memfd_array_order(void)
{
	ser()->folios.order = MAX_PAGE_ORDER + 1;
}

static void memfd_count(void)
{
	ser()->nr_folios = BIT_ULL(40);
}

static void memfd_flags(void)
{
	ser()->flags = 1;
}

static void memfd_seals(void)
{
	ser()->seals |= BIT(20);
}

/* Memory that nobody preserved */
static void memfd_plain(void)
{
	entry(1)->pfn_flags = PHYS_PFN(plain_page()) | MEMFD_LUO_FOLIO_UPTODATE;
}

static void memfd_same_place(void)
{
	entry(1)->index = entry(0)->index;
}

/* Noticed when the first one was claimed already. */
static void memfd_twice(void)
{
	entry(2)->pfn_flags = entry(0)->pfn_flags;
}

static void memfd_beyond(void)
{
	entry(1)->index = ~0ULL;
}

static void memfd_folio_flags(void)
{
	entry(1)->pfn_flags |= BIT_ULL(60);
}

static void memfd_extras_checksum(void)
{
	u8 *extras = phys_to_virt(ext()->extras);

	extras[ext()->extras_len - 1]++;
}

static void memfd_extras_plain(void)
{
	ext()->extras = plain_page();
	seal();
}

static void memfd_ext_checksum(void)
{
	ext()->mode ^= 0700;
}

static void memfd_ext_version(void)
{
	ext()->version++;
	seal();
}

static void memfd_ext_length(void)
{
	ext()->length = sizeof(struct memfd_luo_ext) - 1;
	seal();
}

/* The kernel was frozen in the middle of chmod(2), which changes an access list as well. */
static void memfd_torn(void)
{
	ext()->mode ^= 0077;
	seal();
}

/* Nothing is damaged: the second file of the session says where the first one is told of. */
static void memfd_place(void)
{
	u64 mask = BIT_ULL(MEMFD_LUO_FOLIO_PFN_BITS) - 1;
	u64 *text = phys_to_virt(PFN_PHYS(entry_of(lux_file_data(1), 0)->pfn_flags & mask));

	*text = PHYS_PFN(virt_to_phys(ser()));
}

const struct lux_way lux_memfd_ways[] = {
	WAY(memfd_array), WAY(memfd_array_order), WAY(memfd_count), WAY(memfd_flags),
	WAY(memfd_seals), WAY(memfd_plain), WAY(memfd_same_place), WAY(memfd_twice),
	WAY(memfd_beyond), WAY(memfd_folio_flags), WAY(memfd_extras_checksum),
	WAY(memfd_extras_plain), WAY(memfd_ext_checksum), WAY(memfd_ext_version),
	WAY(memfd_ext_length), WAY(memfd_torn), WAY(memfd_place),
	{ }
};
