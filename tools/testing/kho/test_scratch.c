// SPDX-License-Identifier: GPL-2.0-only
/*
 * kho_scratch=, the default sizes, and the array that travels.
 */
#include "../../../kernel/kho/scratch_plan.c"

#include "test.h"

static const struct {
	const char *arg;
	u64 low, global, pernode;
	unsigned int percent;
} good[] = {
	{ "1%", .percent = 1 },
	{ "200%", .percent = 200 },
	{ "007%", .percent = 7 },
	{ "0000000100%", .percent = 100 },
	{ "4294967295%", .percent = 4294967295U },
	{ "1,2,3", 1, 2, 3 },
	{ "16M,512M,128M", 16 * MiB, 512 * MiB, 128 * MiB },
	{ "16m,1g,2k", 16 * MiB, 1 * GiB, 2 * KiB },
	{ "32M,0,0", 32 * MiB, 0, 0 },
	{ "0,32M,0", 0, 32 * MiB, 0 },
	{ "0,0,32M", 0, 0, 32 * MiB },
	{ "0,0,1", 0, 0, 1 },
	{ "1T,2T,3T", 1 * TiB, 2 * TiB, 3 * TiB },
	{ "3P,0,0", 3 * 1024 * TiB, 0, 0 },
	{ "0x1000000,0x10K,0", 16 * MiB, 16 * KiB, 0 },
	{ "0x1E,0,0", 0x1e, 0, 0 },
	{ "010,0,0", 8, 0, 0 },
	{ "4503599627370495,0,0", (1ULL << 52) - 1, 0, 0 },
};

static void parse_good(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		struct kho_scratch_plan p;
		int err;

		memset(&p, 0xa5, sizeof(p));
		err = kho_scratch_parse(good[i].arg, &p);
		if (err)
			FAIL("'%s' is refused: %d", good[i].arg, err);
		CHECK_EQ(p.percent, good[i].percent);
		CHECK_EQ(p.low, good[i].low);
		CHECK_EQ(p.global, good[i].global);
		CHECK_EQ(p.pernode, good[i].pernode);
	}
}

static const char * const bad[] = {
	"", " ", ",", ",,", ",,,", "off", "N%",
	/* percent: nothing, zero, too large, too long, not a number */
	"%", "0%", "00%", "0000000000%", "4294967296%", "9999999999%", "00000000001%",
	"12345678901%", "%%", "1%%", "%1", "1%1", "-1%", "+1%", " 1%", "1 %", "0x10%",
	"1.5%", "1M%", "1\n%", "\n%",
	/* three sizes, no more, no fewer */
	"1", "1M", "1,", "1,2", "1,2,", "1M,2M", "1,2,3,", "1,2,3,4", "1,2,3%", "1,,3",
	",2,3", "1,2, 3", " 1,2,3", "1,2,3 ", "1,2,3\n", "1;2;3", "1,2,3x", "1Q,2,3",
	"1,2,3MM", "1,2,3MB", "-1,2,3", "+1,2,3", "1,-2,3", "1.5M,2,3", "0x,1,1",
	"08,1,1", "1\n,2,3",
	/* no scratch at all */
	"0,0,0", "0M,0K,0G", "0x0,00,0",
	/* more than there can be */
	"4503599627370496,0,0", "0,4503599627370496,0", "0,0,4503599627370496",
	"4P,0,0", "1E,0,0", "16E,1,1", "9999999999999999999,1,1",
};

static void check_bad(const char *arg)
{
	struct kho_scratch_plan p, before;
	int err;

	memset(&p, 0xa5, sizeof(p));
	before = p;
	err = kho_scratch_parse(arg, &p);
	if (err != -EINVAL)
		FAIL("'%s' gives %d", arg, err);
	CHECK(!memcmp(&p, &before, sizeof(p)));
}

static void parse_bad(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		check_bad(bad[i]);
}

/* Regression: a suffix without a number was taken for 0. */
static void regression2_suffix_without_number(void)
{
	check_bad("K,1M,1M");
	check_bad("1M,M,1M");
	check_bad("1M,1M,g");
	check_bad("M,M,M");
}

/* Regression: numbers that are too large wrapped around to small ones. */
static void regression3_size_wraps(void)
{
	check_bad("18446744073709551617,1M,1M");	/* 2^64 + 1 */
	check_bad("0x10000000000000001,1M,1M");
	check_bad("1M,18014398509481985K,1M");		/* 2^54 + 1 */
	check_bad("1M,1M,17179869185G");		/* 2^34 + 1 */
	check_bad("16777217T,1M,1M");			/* 2^24 + 1 */
	check_bad("0,0,16385P");
	check_bad("99999999999999999999999999999999,1,1");
}

/* The bytes behind the string are not looked at. */
static void parse_reads_no_further(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		size_t size = strlen(bad[i]) + 1;

		check_bad(memcpy(guarded(size), bad[i], size));
	}
}

static const u64 aligns[] = { 4 * MiB, 32 * MiB, 512 * MiB };

/* At most 64 MiB on top of image and initrd, before the alignment. */
static void default_size(void)
{
	struct rnd r = RND(31);
	unsigned int a, i;

	for (a = 0; a < ARRAY_SIZE(aligns); a++) {
		u64 align = aligns[a];

		for (i = 0; i < 20000; i++) {
			u64 image = rnd_log(&r, i < 100 ? 36 : 29);
			u64 initrd = rnd_log(&r, i < 100 ? 36 : 30);
			u64 need = image + initrd;
			u64 size = kho_scratch_default(image, initrd, align);

			CHECK_EQ(size % align, 0);
			CHECK(size);
			CHECK_LE(size, (need + 64 * MiB + align - 1) / align * align);
			/* room for the boot, and for a successor that has grown */
			CHECK_LE(need + 16 * MiB, size);
			CHECK_LE(min(need + need / 8, need + 32 * MiB), size);
			if (align == 4 * MiB)
				CHECK_LE(size, need + KHO_SCRATCH_SLACK);
		}
		/* Larger needs never get less. */
		for (i = 1; i < 1000; i++)
			CHECK_LE(kho_scratch_default((i - 1) * MiB, 0, align),
				 kho_scratch_default(i * MiB, 0, align));
	}
	CHECK_EQ(kho_scratch_default(0, 0, 4 * MiB), 24 * MiB);
	CHECK_EQ(kho_scratch_default(60 * MiB, 20 * MiB, 4 * MiB), 124 * MiB);
	CHECK_EQ(kho_scratch_default(100 * MiB, 300 * MiB, 4 * MiB), 460 * MiB);
	CHECK_EQ(kho_scratch_default(60 * MiB, 20 * MiB, 512 * MiB), 512 * MiB);
}

static void array_good(void)
{
	const struct kho_scratch areas[] = {
		{ 64 * MiB, 32 * MiB },
		{ 4 * GiB, 128 * MiB },
		{ 0, 0 },			/* not needed */
		{ 4 * GiB - 4 * MiB, 4 * MiB },	/* touches, in any order */
		{ 4 * GiB + 128 * MiB, 4 * MiB },
		{ 5, 0 },			/* an address without an area */
		{ 4 * GiB, 0 },
	};
	const struct kho_scratch top = { -4 * MiB - 4 * MiB, 4 * MiB };
	const struct kho_scratch bottom = { 0, 4 * MiB };

	CHECK_EQ(kho_scratch_array_check(areas, sizeof(areas), 4 * MiB), ARRAY_SIZE(areas));
	CHECK_EQ(kho_scratch_array_check(areas, sizeof(areas[0]), 4 * MiB), 1);
	CHECK_EQ(kho_scratch_array_check(areas, sizeof(areas[0]), 32 * MiB), 1);
	CHECK_EQ(kho_scratch_array_check(&top, sizeof(top), 4 * MiB), 1);
	CHECK_EQ(kho_scratch_array_check(&bottom, sizeof(bottom), 4 * MiB), 1);
}

/* Up to 1026 entries; those with a size must all fit into the windows of early boot. */
static void array_length(void)
{
	const unsigned int nr = 1030, used = 128;
	struct kho_scratch *areas = calloc(nr, sizeof(*areas));
	unsigned int i;
	u64 bytes;

	for (i = 0; i < nr; i++)
		areas[i] = (struct kho_scratch){ i * 8 * MiB, i < used ? 4 * MiB : 0 };
	for (bytes = 0; bytes <= nr * sizeof(*areas); bytes++) {
		u64 entries = bytes / sizeof(*areas);
		int want = entries && bytes % 16 == 0 && entries <= 1026 ? (int)entries : -EINVAL;

		CHECK_EQ(kho_scratch_array_check(areas, bytes, 4 * MiB), want);
		/* every length that is, and only some that are not */
		if (bytes > 64 && bytes % 16 == 1)
			bytes += 14;
	}
	for (bytes = 1ULL << 20; bytes; bytes <<= 1) {
		CHECK_EQ(kho_scratch_array_check(areas, bytes, 4 * MiB), -EINVAL);
		CHECK_EQ(kho_scratch_array_check(areas, bytes | 16, 4 * MiB), -EINVAL);
	}
	CHECK_EQ(kho_scratch_array_check(areas, ~0ULL, 4 * MiB), -EINVAL);
	CHECK_EQ(kho_scratch_array_check(areas, -16ULL, 4 * MiB), -EINVAL);

	areas[used].size = 4 * MiB;
	CHECK_EQ(kho_scratch_array_check(areas, used * sizeof(*areas), 4 * MiB), used);
	CHECK_EQ(kho_scratch_array_check(areas, nr / 2 * sizeof(*areas), 4 * MiB), -EINVAL);
	free(areas);
}

static const struct {
	struct kho_scratch a, b;
} bad_pairs[] = {
	/* none */
	{ { 0, 0 }, { 0, 0 } },
	{ { 4 * MiB, 0 }, { 64 * MiB, 0 } },
	/* address or size not aligned */
	{ { 4 * MiB + 4096, 4 * MiB }, { 0, 0 } },
	{ { 2 * MiB, 4 * MiB }, { 0, 0 } },
	{ { 4 * MiB, 6 * MiB }, { 0, 0 } },
	{ { 4 * MiB, 1 }, { 0, 0 } },
	{ { 64 * MiB, 4 * MiB }, { 1, 4 * MiB } },
	{ { 64 * MiB, 4 * MiB }, { 4 * MiB, 4 * MiB + 1 } },
	/* around the end of everything */
	{ { -4 * MiB, 4 * MiB }, { 0, 0 } },
	{ { -4 * MiB, 8 * MiB }, { 0, 0 } },
	{ { 4 * MiB, -4 * MiB }, { 0, 0 } },
	{ { 8 * MiB, -4 * MiB }, { 0, 0 } },
	{ { 1ULL << 63, 1ULL << 63 }, { 0, 0 } },
	{ { 64 * MiB, 4 * MiB }, { -4 * MiB, 4 * MiB } },
	/* overlap: equal, part, inside, around */
	{ { 64 * MiB, 8 * MiB }, { 64 * MiB, 8 * MiB } },
	{ { 64 * MiB, 8 * MiB }, { 68 * MiB, 8 * MiB } },
	{ { 68 * MiB, 8 * MiB }, { 64 * MiB, 8 * MiB } },
	{ { 64 * MiB, 16 * MiB }, { 68 * MiB, 4 * MiB } },
	{ { 68 * MiB, 4 * MiB }, { 64 * MiB, 16 * MiB } },
};

static void array_bad(void)
{
	unsigned int i, at, other;

	for (i = 0; i < ARRAY_SIZE(bad_pairs); i++) {
		struct kho_scratch areas[6] = { { } };

		CHECK_EQ(kho_scratch_array_check(&bad_pairs[i], 32, 4 * MiB), -EINVAL);
		/* wherever the two are */
		for (at = 0; at < 6; at++) {
			for (other = 0; other < 6; other++) {
				if (at == other)
					continue;
				memset(areas, 0, sizeof(areas));
				areas[at] = bad_pairs[i].a;
				areas[other] = bad_pairs[i].b;
				CHECK_EQ(kho_scratch_array_check(areas, sizeof(areas), 4 * MiB),
					 -EINVAL);
			}
		}
	}
}

/* Against a model in units of the alignment. */
static void array_random(void)
{
	struct rnd r = RND(32);
	unsigned int round, i, j;
	unsigned int accepted = 0;

	for (round = 0; round < 20000; round++) {
		struct kho_scratch *areas;
		unsigned int nr = 1 + rnd_below(&r, 6), used = 0;
		u8 unit[64] = { };
		bool ok = true;

		areas = calloc(nr, sizeof(*areas));
		for (i = 0; i < nr; i++) {
			u64 from = rnd_below(&r, 50), size = rnd_below(&r, 8);

			areas[i] = (struct kho_scratch){ from * 4 * MiB, size * 4 * MiB };
			for (j = 0; j < size; j++)
				ok &= !unit[from + j]++;
			used += size;
			if (rnd_one_in(&r, 40)) {
				areas[i].addr |= 1ULL << rnd_below(&r, 22);
				ok &= !size;
			}
		}
		ok &= !!used;
		CHECK_EQ(kho_scratch_array_check(areas, nr * sizeof(*areas), 4 * MiB),
			 ok ? (int)nr : -EINVAL);
		accepted += ok;
		free(areas);
	}
	/* Both answers occur. */
	CHECK(accepted > 1000 && accepted < 19000);
}

static const struct kho_case cases[] = {
	CASE(parse_good),
	CASE(parse_bad),
	CASE(parse_reads_no_further),
	CASE(default_size),
	CASE(array_good),
	CASE(array_length),
	CASE(array_bad),
	CASE(array_random),
	CASE(regression2_suffix_without_number),
	CASE(regression3_size_wraps),
	{ }
};

const struct kho_suite scratch_suite = { "scratch", cases };
