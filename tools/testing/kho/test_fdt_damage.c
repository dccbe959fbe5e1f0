// SPDX-License-Identifier: GPL-2.0-only
/*
 * Root device trees that were damaged on the way.  What is accepted can be read
 * and edited; nothing is read beyond its end.
 */
#include <linux/libfdt.h>

#include "../../../kernel/kho/fdt.h"

#include "golden.h"
#include "seeds.h"
#include "test.h"

static void set_u32(void *fdt, unsigned int at, u32 val)
{
	fdt32_st((u8 *)fdt + at, val);
}

/* Whatever the check accepts can be read and edited without harm. */
static unsigned int use(void *fdt, size_t size)
{
	struct kho_subtree st;
	unsigned int nr = 0;
	int node = 0;

	CHECK(kho_fdt_map_root(fdt));
	while ((node = kho_fdt_next(fdt, node, &st)) > 0) {
		struct kho_subtree found;

		if (st.name)
			CHECK(kho_fdt_find(fdt, st.name, &found) != -ENOENT);
		CHECK_LE(++nr, size / 8);
	}
	CHECK_EQ(node, -ENOENT);
	return nr;
}

static void take_apart(void *fdt, size_t size)
{
	unsigned int nr = use(fdt, size);
	int node;

	for (; nr; nr--) {
		char name[512];
		const char *have;

		node = fdt_first_subnode(fdt, 0);
		CHECK(node > 0);
		have = fdt_get_name(fdt, node, NULL);
		CHECK(have && strlen(have) < sizeof(name));
		memcpy(name, have, strlen(have) + 1);
		CHECK_EQ(kho_fdt_del(fdt, name), 0);
		CHECK_EQ(use(fdt, size), nr - 1);
	}
}

static void truncated(void)
{
	size_t size;

	for (size = 0; size < 345; size++) {
		/* Behind what may be read there is nothing. */
		size_t room = (size + 7) & ~7UL;
		void *fdt = guarded(room);

		memcpy(fdt, seed_golden_fdt, size);
		CHECK_EQ(kho_fdt_check(fdt, size), -EINVAL);
		/* Not even a total size that fits makes it good. */
		if (size >= sizeof(struct fdt_header)) {
			fdt_set_totalsize(fdt, size);
			CHECK_EQ(kho_fdt_check(fdt, size), -EINVAL);
		}
	}
}

static void total_size(void)
{
	void *fdt = guarded(4096);

	CHECK_EQ(fdt_open_into(seed_golden_fdt, fdt, 4096), 0);
	CHECK_EQ(kho_fdt_check(fdt, 4096), 0);
	CHECK_EQ(kho_fdt_check(fdt, 4095), -EINVAL);
	fdt_set_totalsize(fdt, 4097);
	CHECK_EQ(kho_fdt_check(fdt, 4096), -EINVAL);
	CHECK_EQ(kho_fdt_check(fdt, 4097), 0);
	fdt_set_totalsize(fdt, 0x7fffffff);
	CHECK_EQ(kho_fdt_check(fdt, 4096), -EINVAL);
	fdt_set_totalsize(fdt, 0xffffffff);
	CHECK_EQ(kho_fdt_check(fdt, 4096), -EINVAL);
	fdt_set_totalsize(fdt, 0);
	CHECK_EQ(kho_fdt_check(fdt, 4096), -EINVAL);
}

/* Every byte, every bit of it, and a few values. */
static void every_byte_flipped(void)
{
	static const u8 masks[] = { 1, 2, 4, 8, 16, 32, 64, 128, 0xff, 0x7f };
	unsigned int at, i, accepted = 0, refused = 0, other_version = 0;
	size_t size;
	u8 *fdt = golden_fdt(&size);

	for (at = 0; at < 345; at++) {
		for (i = 0; i < ARRAY_SIZE(masks); i++) {
			memcpy(fdt, seed_golden_fdt, 345);
			fdt[at] ^= masks[i];
			switch (kho_fdt_check(fdt, size)) {
			case 0:
				accepted++;
				take_apart(fdt, size);
				break;
			case -EINVAL:
				refused++;
				break;
			case -EPROTO:
				other_version++;
				break;
			default:
				FAIL("another error");
			}
		}
	}
	/* All answers occur: addresses, structure, and the version. */
	CHECK(accepted > 200);
	CHECK(refused > 200);
	CHECK(other_version >= 6 * ARRAY_SIZE(masks));
}

static void random_damage(void)
{
	struct rnd r = RND(42);
	unsigned int round, n, accepted = 0;
	u8 *fdt = guarded(1024);

	for (round = 0; round < 40000; round++) {
		CHECK_EQ(fdt_open_into(seed_golden_fdt, fdt, rnd_one_in(&r, 2) ? 352 : 1024), 0);
		for (n = 1 + rnd_below(&r, 4); n; n--) {
			unsigned int at = rnd_below(&r, 352);

			switch (rnd_below(&r, 4)) {
			case 0:
				fdt[at] = rnd(&r);
				break;
			case 1:		/* a tag or a small number */
				set_u32(fdt, at & ~3, rnd_below(&r, 12));
				break;
			case 2:		/* a header field */
				set_u32(fdt, rnd_below(&r, 10) * 4, rnd_below(&r, 400));
				break;
			default:
				memmove(fdt + at, fdt + rnd_below(&r, 352), at < 336 ? 16 : 8);
				break;
			}
		}
		if (!kho_fdt_check(fdt, 1024)) {
			accepted++;
			take_apart(fdt, 1024);
		}
	}
	CHECK(accepted > 1000);
}

/* Nothing but noise behind a valid header. */
static void random_noise(void)
{
	struct rnd r = RND(43);
	unsigned int round, i;
	u8 *fdt = guarded(512);

	for (round = 0; round < 20000; round++) {
		memcpy(fdt, seed_golden_fdt, 0x38);
		for (i = 0x38; i < 512; i += 4)
			set_u32(fdt, i, rnd_one_in(&r, 2) ? rnd_below(&r, 10) : rnd(&r));
		if (!kho_fdt_check(fdt, 512))
			take_apart(fdt, 512);
	}
}

/*
 * Regressions
 */

/*
 * A tree that libfdt reads but does not edit was accepted.  The receiver could
 * not take a bad subtree out, and tried for ever.
 */
static void regression4_tree_that_cannot_be_edited(void)
{
	struct kho_subtree st;
	size_t size;
	void *fdt = golden_fdt(&size);
	u8 *other;

	/* version 16: no size of the structure block */
	fdt_set_version(fdt, 16);
	CHECK_EQ(kho_fdt_check(fdt, size), -EINVAL);

	/* structure behind the strings */
	other = guarded(1024);
	memcpy(other, seed_golden_fdt, 345);
	memcpy(other + 512, seed_golden_fdt + 0x38, 0xe8);
	fdt_set_off_dt_struct(other, 512);
	fdt_set_totalsize(other, 1024);
	CHECK_EQ(kho_fdt_check(other, 1024), -EINVAL);

	/* memory reservations behind both */
	memcpy(other, seed_golden_fdt, 345);
	memset(other + 512, 0, 16);
	fdt_set_off_mem_rsvmap(other, 512);
	fdt_set_totalsize(other, 1024);
	CHECK_EQ(kho_fdt_check(other, 1024), -EINVAL);

	/* no room for a reservation */
	memcpy(other, seed_golden_fdt, 345);
	fdt_set_off_mem_rsvmap(other, 0x30);
	CHECK_EQ(kho_fdt_check(other, 1024), -EINVAL);

	/* And should it happen: an error, not a success that did nothing. */
	memcpy(other, seed_golden_fdt, 345);
	fdt_set_version(other, 16);
	CHECK(kho_fdt_del(other, "LUO") < 0);
	CHECK(kho_fdt_del(other, "LUO") != -ENOENT);
	CHECK_EQ(kho_fdt_find(other, "LUO", &st), 0);
}

/* The same by a tree that ends before its root does. */
static void regression5_root_without_end(void)
{
	size_t size;
	u8 *fdt = golden_fdt(&size);

	/* The end of the last subtree, and that of the root. */
	CHECK_EQ(fdt32_ld((void *)(fdt + 0x118)), FDT_END_NODE);
	set_u32(fdt, 0x118, FDT_END);
	CHECK_EQ(kho_fdt_check(fdt, size), -EINVAL);
	set_u32(fdt, 0x118, FDT_NOP);
	CHECK_EQ(kho_fdt_check(fdt, size), -EINVAL);
	set_u32(fdt, 0x118, FDT_END_NODE);
	CHECK_EQ(kho_fdt_check(fdt, size), 0);
	set_u32(fdt, 0x114, FDT_NOP);
	CHECK_EQ(kho_fdt_check(fdt, size), -EINVAL);
}

/*
 * A property behind a subtree was not looked at, and became one of the root
 * when the subtree was taken out.  Found by the fuzzer.
 */
static void regression8_property_behind_a_subtree(void)
{
	size_t size;
	u8 *fdt = golden_fdt(&size);

	/* "LUO" ends early: the properties of "kho_test" are the root's. */
	CHECK_EQ(fdt32_ld((void *)(fdt + 0x9c)), FDT_BEGIN_NODE);
	set_u32(fdt, 0x9c, FDT_NOP);
	set_u32(fdt, 0xa0, FDT_NOP);
	set_u32(fdt, 0xa4, FDT_NOP);
	set_u32(fdt, 0xa8, FDT_NOP);
	CHECK_EQ(fdt32_ld((void *)(fdt + 0xac)), FDT_PROP);
	CHECK_EQ(kho_fdt_check(fdt, size), -EINVAL);
}

static const struct kho_case cases[] = {
	CASE(truncated),
	CASE(total_size),
	CASE(every_byte_flipped),
	CASE(random_damage),
	CASE(random_noise),
	CASE(regression4_tree_that_cannot_be_edited),
	CASE(regression5_root_without_end),
	CASE(regression8_property_behind_a_subtree),
	{ }
};

const struct kho_suite fdt_damage_suite = { "fdt_damage", cases };
