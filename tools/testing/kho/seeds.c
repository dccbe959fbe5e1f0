// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inputs to begin with.
 */
#include <libfdt.h>

#include <asm-generic/kexec_handover.h>

#include <linux/kho/abi/luo_ext.h>

#include "../../../kernel/kho/fdt.h"
#include "../../../mm/hugetlb_luo_wire.h"
#include "../../../mm/memfd_luo_wire.h"
#include "fuzz.h"
#include "seeds.h"
#include "test.h"

alignas(8) const unsigned char seed_golden_fdt[] = {
	0xd0, 0x0d, 0xfe, 0xed, 0x00, 0x00, 0x01, 0x59, 0x00, 0x00, 0x00, 0x38,
	0x00, 0x00, 0x01, 0x20, 0x00, 0x00, 0x00, 0x28, 0x00, 0x00, 0x00, 0x11,
	0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x39,
	0x00, 0x00, 0x00, 0xe8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x07,
	0x00, 0x00, 0x00, 0x15, 0x6b, 0x68, 0x6f, 0x2d, 0x76, 0x34, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x50, 0x16, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
	0x4c, 0x55, 0x4f, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x08,
	0x00, 0x00, 0x00, 0x2f, 0x20, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x20,
	0x00, 0x60, 0xb9, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
	0x00, 0x00, 0x00, 0x01, 0x6b, 0x68, 0x6f, 0x5f, 0x74, 0x65, 0x73, 0x74,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x08,
	0x00, 0x00, 0x00, 0x2f, 0xf0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x20,
	0x00, 0x60, 0x57, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02,
	0x00, 0x00, 0x00, 0x01, 0x6b, 0x65, 0x78, 0x65, 0x63, 0x2d, 0x6d, 0x65,
	0x74, 0x61, 0x64, 0x61, 0x74, 0x61, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03,
	0x00, 0x00, 0x00, 0x08, 0x00, 0x00, 0x00, 0x2f, 0x49, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x08,
	0x00, 0x00, 0x00, 0x20, 0x00, 0x70, 0x53, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x09,
	0x70, 0x72, 0x65, 0x73, 0x65, 0x72, 0x76, 0x65, 0x64, 0x2d, 0x6d, 0x65,
	0x6d, 0x6f, 0x72, 0x79, 0x2d, 0x6d, 0x61, 0x70, 0x00, 0x63, 0x6f, 0x6d,
	0x70, 0x61, 0x74, 0x69, 0x62, 0x6c, 0x65, 0x00, 0x70, 0x72, 0x65, 0x73,
	0x65, 0x72, 0x76, 0x65, 0x64, 0x2d, 0x64, 0x61, 0x74, 0x61, 0x00, 0x62,
	0x6c, 0x6f, 0x62, 0x2d, 0x73, 0x69, 0x7a, 0x65, 0x00,
};

const size_t seed_golden_fdt_size = sizeof(seed_golden_fdt);

/*
 * Root device trees
 */

static void fdt_seeds(seed_fn fn, void *arg)
{
	static alignas(8) char fdt[4096];
	struct kho_subtree st = { .name = fdt };
	char name[32];
	int i;

	fn("golden", seed_golden_fdt, seed_golden_fdt_size, arg);

	CHECK_EQ(kho_fdt_create(fdt, sizeof(fdt), 0x12345000), 0);
	for (i = 0; i < 8; i++) {
		sprintf(name, "x-%d@%d", i / 2, i);
		st = (struct kho_subtree){ name, 0x1000 * i, i };
		CHECK_EQ(kho_fdt_add(fdt, &st), 0);
	}
	fn("loose", fdt, 1024, arg);
	CHECK_EQ(fdt_pack(fdt), 0);
	fn("ours", fdt, fdt_totalsize(fdt), arg);

	CHECK_EQ(kho_fdt_create(fdt, sizeof(fdt), 0x12345000), 0);
	CHECK_EQ(fdt_pack(fdt), 0);
	fn("empty", fdt, fdt_totalsize(fdt), arg);
}

/*
 * Scratch
 */

static void array_seeds(seed_fn fn, void *arg)
{
	static const struct kho_scratch one[] = { { 64 * MiB, 32 * MiB } };
	static const struct kho_scratch usual[] = {
		{ 64 * MiB, 32 * MiB }, { 0, 0 }, { 3 * GiB, 128 * MiB }, { 5 * GiB, 128 * MiB },
	};
	static const struct kho_scratch overlap[] = {
		{ 64 * MiB, 32 * MiB }, { 92 * MiB, 8 * MiB },
	};
	static const struct kho_scratch wrap[] = {
		{ 64 * MiB, -64 * MiB }, { -8 * MiB, 4 * MiB },
	};

	fn("one", one, sizeof(one), arg);
	fn("usual", usual, sizeof(usual), arg);
	fn("overlap", overlap, sizeof(overlap), arg);
	fn("wrap", wrap, sizeof(wrap), arg);
}

static void param_seeds(seed_fn fn, void *arg)
{
	static const char * const strings[] = {
		"200%", "16M,512M,128M", "0x1000000,010K,0", "1T,2P,3E", "K,M,G",
		"18446744073709551617,0,1", "1,2,3,",
	};
	char name[32];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(strings); i++) {
		sprintf(name, "%zu", i);
		fn(name, strings[i], strlen(strings[i]), arg);
	}
}

/*
 * Maps
 */

static void map_seeds(seed_fn fn, void *arg)
{
	static const struct fuzz_map_op honest[] = {
		{ FUZZ_MAP_BLOCK, 0, 0, 0x4000 }, { FUZZ_MAP_BLOCK, 0, 0, 0x4001 },
		{ FUZZ_MAP_BLOCK, 0, 9, 0x81 }, { FUZZ_MAP_BLOCK, 0, 3, 0x1234 },
		{ FUZZ_MAP_BLOCK, 0, 0, 0x7fff }, { FUZZ_MAP_BLOCK, 0, 0, 0x8000 },
	};
	static const struct fuzz_map_op overlap[] = {
		{ FUZZ_MAP_BLOCK, 0, 0, 0x4000 }, { FUZZ_MAP_BLOCK, 0, 9, 0x20 },
		{ FUZZ_MAP_BLOCK, 0, 4, 0x400 }, { FUZZ_MAP_BLOCK, 0, 40, 0 },
	};
	/* Small orders, whose keys begin with index 0 for as long as possible. */
	static const struct fuzz_map_op small_keys[] = {
		{ FUZZ_MAP_FOLLOW, 0, 0, 1 }, { FUZZ_MAP_FOLLOW, 0, 0, 2 },
		{ FUZZ_MAP_FOLLOW, 0, 0, 3 }, { FUZZ_MAP_FOLLOW, 0, 0, 4 },
		{ FUZZ_MAP_FOLLOW, 0, 0, 5 }, { FUZZ_MAP_FILL, 0, 0, 600 },
	};
	static const struct fuzz_map_op cycle[] = {
		{ FUZZ_MAP_POINT, 0, 0, 0 }, { FUZZ_MAP_POINT, 0, 1, 0 },
		{ FUZZ_MAP_POINT, 0, 2, 0 },
	};
	static const struct fuzz_map_op shared[] = {
		{ FUZZ_MAP_POINT, 0, 0, 1 }, { FUZZ_MAP_POINT, 0, 1, 1 },
		{ FUZZ_MAP_POINT, 1, 0, 2 }, { FUZZ_MAP_POINT, 1, 1, 2 },
		{ FUZZ_MAP_POINT, 2, 0, 3 }, { FUZZ_MAP_POINT, 2, 1, 3 },
	};
	static const struct fuzz_map_op wild[] = {
		{ FUZZ_MAP_ADDRESS, 0, 0, 0x4000 }, { FUZZ_MAP_ADDRESS, 0, 1, 0xfffffff },
		{ FUZZ_MAP_RAW, 63, 0, 1 }, { FUZZ_MAP_RAW, 0, 2, 0xffffffff },
	};

	fn("honest", honest, sizeof(honest), arg);
	fn("overlap", overlap, sizeof(overlap), arg);
	fn("small_keys", small_keys, sizeof(small_keys), arg);
	fn("cycle", cycle, sizeof(cycle), arg);
	fn("shared", shared, sizeof(shared), arg);
	fn("wild", wild, sizeof(wild), arg);
}

/*
 * Live update
 */

#define BLOCK(page, next, count)	\
	{ FUZZ_LUO_POINT, page, 0, next }, { FUZZ_LUO_NUMBER, page, 8, count }
#define TEXT(page, at)	{ FUZZ_LUO_TEXT, page, at, 0x6f6c6c65 }
#define SESSION(page, at, files, nr)	TEXT(page, at), \
	{ FUZZ_LUO_POINT, page, (at) + 64, files }, { FUZZ_LUO_NUMBER, page, (at) + 72, nr }

#define HEAD(nr, records)	\
	{ FUZZ_LUO_TEXT, FUZZ_LUO_EXT, 0, LUO_EXT_MAGIC }, \
	{ FUZZ_LUO_TEXT, FUZZ_LUO_EXT, 4, LUO_EXT_VERSION }, \
	{ FUZZ_LUO_TEXT, FUZZ_LUO_EXT, 8, sizeof(struct luo_ext_ser) }, \
	{ FUZZ_LUO_TEXT, FUZZ_LUO_EXT, 16, sizeof(struct luo_ext_file_ser) }, \
	{ FUZZ_LUO_NUMBER, FUZZ_LUO_EXT, 32, nr }, \
	{ FUZZ_LUO_POINT, FUZZ_LUO_EXT, 40, records }
#define EXT_SESSION(page, at)	\
	{ FUZZ_LUO_NUMBER, page, at, LUO_EXT_SESSION }, TEXT(page, (at) + 16)
#define NAMED(page, at, letter)	\
	{ FUZZ_LUO_NUMBER, page, at, LUO_EXT_SESSION }, \
	{ FUZZ_LUO_TEXT, page, (at) + 16, letter }
#define EXT_FILE(page, at, position)	\
	{ FUZZ_LUO_NUMBER, page, at, LUO_EXT_FILE }, \
	{ FUZZ_LUO_NUMBER, page, (at) + 8, position }, \
	{ FUZZ_LUO_TEXT, page, (at) + 16, 0x612d78 }

static void luo_seeds(seed_fn fn, void *arg)
{
	static const struct fuzz_luo_op honest[] = {
		{ FUZZ_LUO_POINT, 0, 16, 1 }, { FUZZ_LUO_POINT, 0, 24, 6 },
		{ FUZZ_LUO_NUMBER, 1, 8, 2 }, SESSION(1, 16, 2, 3), SESSION(1, 96, 4, 1),
		BLOCK(2, 3, 2), TEXT(2, 16), TEXT(2, 80), { FUZZ_LUO_NUMBER, 3, 8, 1 },
		TEXT(3, 16), { FUZZ_LUO_NUMBER, 4, 8, 1 }, TEXT(4, 16),
		{ FUZZ_LUO_NUMBER, 6, 0, 1 }, { FUZZ_LUO_NUMBER, 6, 8, 1 }, TEXT(6, 16),
		{ FUZZ_LUO_NUMBER, 6, 72, 4 },
	};
	static const struct fuzz_luo_op cyclic[] = {
		{ FUZZ_LUO_POINT, 0, 16, 1 }, BLOCK(1, 2, 1), SESSION(1, 16, 3, 1),
		BLOCK(2, 1, 1), SESSION(2, 16, 3, 1), BLOCK(3, 3, 1),
	};
	static const struct fuzz_luo_op shared[] = {
		{ FUZZ_LUO_POINT, 0, 16, 1 }, { FUZZ_LUO_NUMBER, 1, 8, 2 },
		SESSION(1, 16, 2, 1), SESSION(1, 96, 2, 1), { FUZZ_LUO_NUMBER, 2, 8, 1 },
		TEXT(2, 16), { FUZZ_LUO_POINT, 0, 24, 1 },
	};
	static const struct fuzz_luo_op names[] = {
		{ FUZZ_LUO_POINT, 0, 16, 1 }, { FUZZ_LUO_POINT, 0, 24, 2 },
		{ FUZZ_LUO_NUMBER, 1, 8, 51 }, { FUZZ_LUO_FILL, 1, 16, 0xfff78 },
		{ FUZZ_LUO_NUMBER, 2, 0, 1 }, { FUZZ_LUO_NUMBER, 2, 8, 63 },
		{ FUZZ_LUO_FILL, 2, 16, 0xfff78 },
	};
	static const struct fuzz_luo_op wild[] = {
		{ FUZZ_LUO_BIG, 0, 16, ~0U }, { FUZZ_LUO_BIG, 0, 24, 1 },
		{ FUZZ_LUO_STATE, 1, 0, 0 }, { FUZZ_LUO_STATE, 2, 0, 3 },
		{ FUZZ_LUO_BIG, 3, 8, ~0U },
	};

	static const struct fuzz_luo_op extended[] = {
		HEAD(4, 8), BLOCK(8, 9, 3), { FUZZ_LUO_NUMBER, 9, 8, 1 },
		EXT_SESSION(8, 16), EXT_FILE(8, 96, 0), EXT_FILE(8, 176, 5), EXT_SESSION(9, 16),
	};
	static const struct fuzz_luo_op long_records[] = {
		HEAD(2, 8), { FUZZ_LUO_TEXT, FUZZ_LUO_EXT, 16, 2040 },
		{ FUZZ_LUO_TEXT, FUZZ_LUO_EXT, 8, 60 }, { FUZZ_LUO_NUMBER, 8, 8, 2 },
		EXT_SESSION(8, 16), EXT_FILE(8, 2056, 1),
	};

	static const struct fuzz_luo_op merged[] = {
		HEAD(5, 8), BLOCK(8, 0, 5), NAMED(8, 16, 'c'), EXT_FILE(8, 96, 0),
		{ FUZZ_LUO_NUMBER, 8, 96 + 72, 1 }, EXT_FILE(8, 176, 2),
		{ FUZZ_LUO_NUMBER, 8, 176 + 72, 2 }, EXT_FILE(8, 256, 4),
		{ FUZZ_LUO_NUMBER, 8, 256 + 72, 3 }, EXT_FILE(8, 336, 5),
		{ FUZZ_LUO_NUMBER, 8, 336 + 72, 16 },
	};

	fn("honest", honest, sizeof(honest), arg);
	fn("merged", merged, sizeof(merged), arg);
	fn("extended", extended, sizeof(extended), arg);
	fn("long_records", long_records, sizeof(long_records), arg);
	fn("cyclic", cyclic, sizeof(cyclic), arg);
	fn("shared", shared, sizeof(shared), arg);
	fn("names", names, sizeof(names), arg);
	fn("wild", wild, sizeof(wild), arg);
}

/*
 * hugetlb memfds
 */

static void hugetlb_seeds(seed_fn fn, void *arg)
{
	static const struct memfd_meta m = {
		.pos = 1, .size = 1ULL << 40, .nr_folios = 300, .mode = 0777,
		.folios = { .first.phys = 0x5000, .total_pages = 16, .order = 2 },
		.page_shift = 30, .name = "memfd:a name",
	};
	static const struct memfd_meta empty = { .page_shift = 21 };
	static u8 input[PAGE_SIZE + 1];

	input[0] = 1;
	hugetlb_wire_write(input + 1, &m);
	fn("full", input, 192, arg);
	hugetlb_wire_write(input + 1, &empty);
	fn("empty", input, 192, arg);
	input[0] = 0;
	fn("as it is", input, 192, arg);
}

/*
 * A memfd
 */

static void memfd_seeds(seed_fn fn, void *arg)
{
	struct {
		u8 page[512];
		u8 extras[256];
	} input = {};
	struct memfd_extras out = { .buf = input.extras, .room = sizeof(input.extras) };
	struct memfd_luo_policy policy = { .last = 9, .mode = 2, .home = -1, .nr_nodes = 64 };
	struct memfd_meta meta = { .size = 12345, .pos = 3, .nr_folios = 1, .mode = 0644,
				   .name = "memfd:x", .extras = 4096 };
	static u8 page[PAGE_SIZE];
	u64 nodes = 2;

	meta.folios.first.phys = 8192;
	meta.folios.total_pages = 1;
	memfd_wire_write(page, &meta);
	memcpy(input.page, page, sizeof(input.page));
	memfd_extras_begin(&out);
	memfd_extras_put(&out, MEMFD_LUO_EXTRA_XATTR, "user.a", 7, "value", 5);
	memfd_extras_put(&out, MEMFD_LUO_EXTRA_XATTR, "trusted.b", 10, NULL, 0);
	memfd_extras_put(&out, MEMFD_LUO_EXTRA_LABEL, "security.l", 11, "_", 1);
	memfd_extras_put(&out, MEMFD_LUO_EXTRA_POLICY, &policy, sizeof(policy), &nodes,
			 sizeof(nodes));
	fn("honest", &input, sizeof(input.page) + out.len, arg);
	fn("short", &input, sizeof(input.page) + out.len - 3, arg);
}

/*
 * Boxes
 */

static void box_seeds(seed_fn fn, void *arg)
{
	static const struct fuzz_box_op honest[] = {
		{ 1, 2, 9, 's' }, { 2, 0, 5, 'b' }, { 3, 0, 1, 'f' }, { 3, 1, 255, 'g' },
		{ 1, 0, 63, 's' }, { 2, 0, 255, 'b' },
	};
	static const struct fuzz_box_op endless[] = {
		{ 1, 255, 9, 's' }, { 2, 0, 5, 'b' }, { 3, 0, 1, 'f' },
	};
	static const struct fuzz_box_op names[] = {
		{ 1, 3, 64, 's' }, { 2, 0, 2, '.' }, { 3, 0, 0, 0 }, { 131, 0, 0, 'f' },
		{ 3, 0, 2, '/' },
	};

	fn("honest", honest, sizeof(honest), arg);
	fn("endless", endless, sizeof(endless), arg);
	fn("names", names, sizeof(names), arg);
}

const struct fuzz_target fuzz_targets[] = {
	{ "box", fuzz_box, box_seeds, 512 },
	{ "fdt", fuzz_fdt, fdt_seeds, 2048 },
	{ "hugetlb", fuzz_hugetlb, hugetlb_seeds, 512 },
	{ "luo", fuzz_luo, luo_seeds, 1024 },
	{ "map", fuzz_map, map_seeds, 1024 },
	{ "memfd", fuzz_memfd, memfd_seeds, 1024 },
	{ "scratch_array", fuzz_scratch_array, array_seeds, 1024 },
	{ "scratch_param", fuzz_scratch_param, param_seeds, 96 },
	{ }
};
