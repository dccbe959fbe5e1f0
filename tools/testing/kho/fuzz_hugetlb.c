// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page of a hugetlb memfd from a hostile sender.
 */
#include "../../../mm/hugetlb_luo_wire.h"

#include <linux/crc32.h>
#include <linux/minmax.h>

#include "fuzz.h"
#include "test.h"

#define MAX_SIZE	(~0ULL >> 1)

/* The first byte says whether the checksum is made right. */
void fuzz_hugetlb(const u8 *data, size_t size)
{
	static alignas(8) u8 page[PAGE_SIZE], again[PAGE_SIZE];
	struct hugetlb_luo_ser *ser = (struct hugetlb_luo_ser *)page;
	size_t from = offsetof(struct hugetlb_luo_ser, version);
	struct memfd_meta m, m2;
	const char *why;

	if (!size)
		return;
	memset(page, 0, sizeof(page));
	memcpy(page, data + 1, min(size - 1, sizeof(page)));
	if (data[0] && ser->length >= from && ser->length <= PAGE_SIZE)
		ser->crc = crc32_le(~0U, page + from, ser->length - from);
	if (hugetlb_wire_read(page, MAX_SIZE, &m, &why)) {
		CHECK(why);
		CHECK(!m.extended);
	} else {
		CHECK(m.page_shift > PAGE_SHIFT);
		CHECK_LE(strlen(m.name), MEMFD_NAME_LEN);
		/* What was understood can be said again. */
		hugetlb_wire_write(again, &m);
		CHECK_EQ(hugetlb_wire_read(again, MAX_SIZE, &m2, &why), 0);
		CHECK(!memcmp(&m, &m2, sizeof(m)));
	}
	CHECK(!m.nr_folios || memfd_wire_array_possible(m.nr_folios, m.folios));
}
