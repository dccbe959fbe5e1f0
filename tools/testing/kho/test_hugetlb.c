// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page that describes a hugetlb memfd.
 */
#include <linux/kho/abi/hugetlb.h>

#include "../../../mm/hugetlb_luo_wire.c"
#include "test.h"

#define MAX_SIZE	(~0ULL >> 1)

static alignas(8) u8 page[PAGE_SIZE];

static const u8 golden[] = {
	0x78, 0x48, 0x54, 0x4c, 0x69, 0x99, 0x2a, 0x43, 0x01, 0x00, 0x00, 0x00,
	0x94, 0x00, 0x00, 0x00, 0x15, 0x00, 0x00, 0x00, 0x2f, 0x00, 0x00, 0x00,
	0x02, 0x80, 0x00, 0x00, 0xa0, 0x01, 0x00, 0x00, 0xe8, 0x03, 0x00, 0x00,
	0xe9, 0x03, 0x00, 0x00, 0x0c, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x67, 0x12, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x60, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x50, 0x34, 0x12, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x05, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x06, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x6d, 0x65, 0x6d, 0x66, 0x64, 0x3a, 0x67, 0x6f,
	0x6c, 0x64, 0x65, 0x6e,
};

static struct memfd_meta example(void)
{
	return (struct memfd_meta){
		.pos = 4711,
		.size = 3 << 21,
		.seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_EXEC,
		.nr_folios = 4,
		.folios = { .first.phys = 0x12345000, .total_pages = 1 },
		.page_shift = 21,
		.extended = true,
		.f_flags = 0x8002,
		.mode = 0640,
		.uid = 1000,
		.gid = 1001,
		.atime = { 1, 2 },
		.mtime = { 3, 4 },
		.ctime = { 5, 6 },
		.name = "memfd:golden",
	};
}

static struct hugetlb_luo_ser *write_example(void)
{
	struct memfd_meta m = example();

	memset(page, 0xff, sizeof(page));
	hugetlb_wire_write(page, &m);
	return (struct hugetlb_luo_ser *)page;
}

/* As a sender that knows what a checksum is */
static void seal(struct hugetlb_luo_ser *ser)
{
	ser->crc = checksum(ser);
}

static int read_back(struct memfd_meta *m)
{
	const char *why;
	int err = hugetlb_wire_read(page, MAX_SIZE, m, &why);

	CHECK_EQ(!why, !err);
	CHECK_EQ(m->extended, !err);
	return err;
}

static void golden_vector(void)
{
	struct memfd_meta m, want = example();
	const char *why;
	size_t i;

	write_example();
	CHECK(!memcmp(page, golden, sizeof(golden)));
	for (i = sizeof(golden); i < PAGE_SIZE; i++)
		CHECK(!page[i]);
	memset(page, 0xff, sizeof(page));
	memcpy(page, golden, sizeof(golden));
	CHECK_EQ(hugetlb_wire_read(page, MAX_SIZE, &m, &why), 0);
	CHECK(!why);
	CHECK(!memcmp(&m, &want, sizeof(m)));
}

static void names(void)
{
	struct memfd_meta m = example(), got;
	unsigned int len;

	for (len = 0; len <= MEMFD_NAME_LEN; len++) {
		memset(m.name, 0, sizeof(m.name));
		memset(m.name, 'x', len);
		hugetlb_wire_write(page, &m);
		CHECK_EQ(read_back(&got), 0);
		CHECK(!strcmp(got.name, m.name));
	}
}

/* Whatever bit falls over, it is noticed. */
static void every_bit(void)
{
	struct memfd_meta m;
	size_t i;

	write_example();
	for (i = 0; i < sizeof(golden) * 8; i++) {
		page[i / 8] ^= 1 << i % 8;
		CHECK_EQ(read_back(&m), -EINVAL);
		CHECK_EQ(m.nr_folios, 0);
		page[i / 8] ^= 1 << i % 8;
	}
	CHECK_EQ(read_back(&m), 0);
}

static void lengths(void)
{
	struct hugetlb_luo_ser *ser = write_example();
	struct memfd_meta m;
	u32 len;

	for (len = 0; len <= PAGE_SIZE + 8; len++) {
		ser->length = len;
		if (len >= sizeof(*ser) && len <= PAGE_SIZE)
			seal(ser);
		CHECK_EQ(read_back(&m), len == sizeof(golden) ? 0 : -EINVAL);
	}
	ser->length = ~0U;
	CHECK_EQ(read_back(&m), -EINVAL);
}

/* What another kernel may understand */
static void not_known_here(void)
{
	struct hugetlb_luo_ser *ser = write_example();
	struct memfd_meta m;

	ser->version = 2;
	seal(ser);
	CHECK_EQ(read_back(&m), -EOPNOTSUPP);
	CHECK_EQ(m.nr_folios, 0);
	ser = write_example();
	ser->seals |= 0x40;
	seal(ser);
	CHECK_EQ(read_back(&m), -EOPNOTSUPP);
	CHECK_EQ(m.nr_folios, 4);
	ser = write_example();
	ser->reserved = 1;
	seal(ser);
	CHECK_EQ(read_back(&m), -EOPNOTSUPP);
	CHECK_EQ(m.nr_folios, 4);
}

#define BAD(member, val) do {					\
	struct hugetlb_luo_ser *__ser = write_example();	\
	struct memfd_meta __m;					\
								\
	__ser->member = val;					\
	seal(__ser);						\
	CHECK_EQ(read_back(&__m), -EINVAL);			\
} while (0)

static void impossible_values(void)
{
	BAD(page_shift, 0);
	BAD(page_shift, PAGE_SHIFT);
	BAD(page_shift, PAGE_SHIFT + KHO_MAP_MAX_ORDER + 1);
	BAD(page_shift, ~0U);
	BAD(mode, 010000);
	BAD(size, 1ULL << 63);
	BAD(pos, ~0ULL);
	BAD(atime.nsec, 1000000000);
	BAD(mtime.nsec, ~0U);
	BAD(ctime.nsec, 1000000000);
	BAD(name_len, 0);
	BAD(name_len, ~0U);
	BAD(name[3], '\0');
	BAD(entries.first.phys, 0);
	BAD(entries.order, KHO_MAP_MAX_ORDER + 1);
	BAD(entries.order, 1);
	BAD(entries.total_pages, 0);
	BAD(nr_entries, PAGE_SIZE / 16 + 1);
	BAD(nr_entries, ~0ULL);
}

static const struct kho_case cases[] = {
	CASE(golden_vector),
	CASE(names),
	CASE(every_bit),
	CASE(lengths),
	CASE(not_known_here),
	CASE(impossible_values),
	{ }
};

const struct kho_suite hugetlb_suite = { "hugetlb", cases };
