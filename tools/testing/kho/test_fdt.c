// SPDX-License-Identifier: GPL-2.0-only
/*
 * The root device tree.  Trees lie at the end of readable memory, so that also
 * a library without sanitizers is caught when it reads too far.
 */
#include "../../../kernel/kho/fdt.c"

#include "golden.h"
#include "seeds.h"
#include "test.h"

#define FDT_SIZE	(64UL << 10)
#define MAP_ROOT	0x165000

static const struct kho_subtree golden_subtrees[] = {
	{ "LUO", 0xb96000, 32 },
	{ "kho_test", 0x576000, 240 },
	{ "kexec-metadata", 0x537000, 73 },
};

static void check_subtrees(const void *fdt, const struct kho_subtree *want, unsigned int nr)
{
	struct kho_subtree st;
	unsigned int i, seen = 0;
	int node = 0;

	for (i = 0; i < nr; i++) {
		CHECK_EQ(kho_fdt_find(fdt, want[i].name, &st), 0);
		CHECK(!strcmp(st.name, want[i].name));
		CHECK_EQ(st.phys, want[i].phys);
		CHECK_EQ(st.size, want[i].size);
	}
	while ((node = kho_fdt_next(fdt, node, &st)) > 0) {
		CHECK(st.name);
		for (i = 0; i < nr && strcmp(st.name, want[i].name); i++)
			;
		CHECK(i < nr);
		CHECK_EQ(st.phys, want[i].phys);
		CHECK_EQ(st.size, want[i].size);
		seen++;
	}
	CHECK_EQ(node, -ENOENT);
	CHECK_EQ(seen, nr);
}

/* Bytes of a mainline 7.2 sender. */
static void golden_parse(void)
{
	struct kho_subtree st;
	size_t size;
	void *fdt = golden_fdt(&size);

	CHECK_EQ(seed_golden_fdt_size, 345);
	CHECK_EQ(kho_fdt_check(fdt, 345), 0);
	CHECK_EQ(kho_fdt_check(fdt, size), 0);
	CHECK_EQ(kho_fdt_map_root(fdt), MAP_ROOT);
	check_subtrees(fdt, golden_subtrees, ARRAY_SIZE(golden_subtrees));
	CHECK_EQ(kho_fdt_find(fdt, "memblock", &st), -ENOENT);
	CHECK_EQ(kho_fdt_find(fdt, "kho", &st), -ENOENT);
	CHECK_EQ(kho_fdt_find(fdt, "", &st), -ENOENT);
	/* Each can be taken out; the others stay. */
	CHECK_EQ(kho_fdt_del(fdt, "kho_test"), 0);
	CHECK_EQ(kho_fdt_del(fdt, "kho_test"), -ENOENT);
	CHECK_EQ(kho_fdt_check(fdt, 345), 0);
	CHECK_EQ(kho_fdt_find(fdt, "LUO", &st), 0);
	CHECK_EQ(kho_fdt_find(fdt, "kexec-metadata", &st), 0);
}

static int count_properties(const void *fdt, int node)
{
	int prop, nr = 0;

	fdt_for_each_property_offset(prop, fdt, node)
		nr++;
	return nr;
}

/* What we send has the same nodes, properties and values, and nothing else. */
static void golden_build(void)
{
	void *fdt = guarded(4096);
	unsigned int i;
	int node, len;
	const void *prop;

	CHECK_EQ(kho_fdt_create(fdt, 4096, MAP_ROOT), 0);
	for (i = 0; i < ARRAY_SIZE(golden_subtrees); i++)
		CHECK_EQ(kho_fdt_add(fdt, &golden_subtrees[i]), 0);
	CHECK_EQ(kho_fdt_check(fdt, 4096), 0);
	CHECK_EQ(fdt_version(fdt), 17);
	CHECK_EQ(fdt_totalsize(fdt), 4096);
	CHECK_EQ(fdt_num_mem_rsv(fdt), 0);
	CHECK_EQ(kho_fdt_map_root(fdt), MAP_ROOT);
	check_subtrees(fdt, golden_subtrees, ARRAY_SIZE(golden_subtrees));

	CHECK_EQ(count_properties(fdt, 0), 2);
	prop = fdt_getprop(fdt, 0, "compatible", &len);
	CHECK_EQ(len, 7);
	CHECK(!memcmp(prop, "kho-v4", 7));
	prop = fdt_getprop(fdt, 0, "preserved-memory-map", &len);
	CHECK_EQ(len, 8);
	CHECK(!memcmp(prop, "\0\x50\x16\0\0\0\0\0", 8));
	fdt_for_each_subnode(node, fdt, 0) {
		CHECK_EQ(count_properties(fdt, node), 2);
		CHECK(fdt_getprop(fdt, node, "preserved-data", &len));
		CHECK_EQ(len, 8);
		CHECK(fdt_getprop(fdt, node, "blob-size", &len));
		CHECK_EQ(len, 8);
		CHECK(fdt_first_subnode(fdt, node) < 0);
	}
	node = fdt_path_offset(fdt, "/kho_test");
	CHECK(!memcmp(fdt_getprop(fdt, node, "preserved-data", NULL), "\0\x60\x57\0\0\0\0\0", 8));
	CHECK(!memcmp(fdt_getprop(fdt, node, "blob-size", NULL), "\xf0\0\0\0\0\0\0\0", 8));
	/* The same size, once packed: the same content and no more. */
	CHECK_EQ(fdt_pack(fdt), 0);
	CHECK_EQ(fdt_totalsize(fdt), 345);
}

static void subtree_name(char *name, unsigned int i)
{
	sprintf(name, "subtree-%07u-data", i);
}

/* 64 KiB hold 900 subtrees; one more is refused and changes nothing. */
static void full(void)
{
	void *fdt = guarded(FDT_SIZE), *before = malloc(FDT_SIZE);
	struct kho_subtree st, want;
	char name[32];
	unsigned int i, n;
	int err, node = 0;

	CHECK_EQ(kho_fdt_create(fdt, FDT_SIZE, MAP_ROOT), 0);
	want.name = name;
	for (i = 0;; i++) {
		subtree_name(name, i);
		want.phys = 0x1000ULL * i + 0x8000000000000000;
		want.size = ~(u64)i;
		memcpy(before, fdt, FDT_SIZE);
		err = kho_fdt_add(fdt, &want);
		if (err)
			break;
	}
	CHECK_EQ(err, -ENOMEM);
	CHECK(i >= 900 && i <= 1000);
	/* What is used of it is as before. */
	CHECK_EQ(kho_fdt_check(fdt, FDT_SIZE), 0);
	CHECK(!memcmp(fdt, before, sizeof(struct fdt_header)));
	CHECK(!memcmp(fdt, before, fdt_off_dt_strings(fdt) + fdt_size_dt_strings(fdt)));
	CHECK_EQ(kho_fdt_find(fdt, name, &st), -ENOENT);

	for (n = 0; n < i; n += 13) {
		subtree_name(name, n);
		CHECK_EQ(kho_fdt_find(fdt, name, &st), 0);
		CHECK_EQ(st.phys, 0x1000ULL * n + 0x8000000000000000);
		CHECK_EQ(st.size, ~(u64)n);
	}
	for (n = 0; (node = kho_fdt_next(fdt, node, &st)) > 0; n++)
		CHECK(st.name);
	CHECK_EQ(n, i);

	/* There is room for one that is as long when one goes, and no more. */
	subtree_name(name, i / 2);
	CHECK_EQ(kho_fdt_del(fdt, name), 0);
	subtree_name(name, i);
	CHECK_EQ(kho_fdt_add(fdt, &want), 0);
	subtree_name(name, i + 1);
	CHECK_EQ(kho_fdt_add(fdt, &want), -ENOMEM);
	CHECK_EQ(kho_fdt_check(fdt, FDT_SIZE), 0);
	free(before);
}

/* Random add and del against an array. */
static void random_edits(void)
{
	static struct kho_subtree want[200];
	static char names[200][48];
	struct rnd r = RND(41);
	void *fdt = guarded(FDT_SIZE);
	unsigned int step, nr = 0, i, longest;

	CHECK_EQ(kho_fdt_create(fdt, FDT_SIZE, MAP_ROOT), 0);
	for (step = 0; step < 1500; step++) {
		if (nr < 200 && rnd_below(&r, 100) < (step < 800 ? 60 : 40)) {
			longest = 1 + rnd_below(&r, 40);
			for (i = 0; i < longest; i++)
				names[nr][i] = "abcdefXYZ019,._+-"[rnd_below(&r, 17)];
			sprintf(names[nr] + i, "%u", step);
			want[nr] = (struct kho_subtree){ names[nr], rnd(&r), rnd(&r) };
			CHECK_EQ(kho_fdt_add(fdt, &want[nr]), 0);
			CHECK_EQ(kho_fdt_add(fdt, &want[nr]), -EEXIST);
			nr++;
		} else if (nr) {
			i = rnd_below(&r, nr);
			CHECK_EQ(kho_fdt_del(fdt, names[i]), 0);
			CHECK_EQ(kho_fdt_del(fdt, names[i]), -ENOENT);
			nr--;
			memcpy(names[i], names[nr], sizeof(names[i]));
			want[i] = want[nr];
			want[i].name = names[i];
		}
		if (step % 50 == 0) {
			CHECK_EQ(kho_fdt_check(fdt, FDT_SIZE), 0);
			CHECK_EQ(kho_fdt_map_root(fdt), MAP_ROOT);
			check_subtrees(fdt, want, nr);
		}
	}
}

static int add(void *fdt, const char *name, u64 phys)
{
	const struct kho_subtree st = { name, phys, phys + 1 };

	return kho_fdt_add(fdt, &st);
}

static void names(void)
{
	static const char * const bad[] = { "", "/", "a/b", "/a", "a/", "//" };
	static const char * const good[] = {
		"a", "A", "aa", "a.b", "a b", "a@1", "a@2", "@", "@1", "\xc3\xa4", "compatible",
		"preserved-memory-map", "preserved-data", "x-extension",
	};
	void *fdt = guarded(FDT_SIZE);
	struct kho_subtree st;
	char *long_name;
	unsigned int i;

	CHECK_EQ(kho_fdt_create(fdt, FDT_SIZE, MAP_ROOT), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		CHECK_EQ(add(fdt, bad[i], 1), -EINVAL);
		CHECK_EQ(kho_fdt_find(fdt, bad[i], &st), -ENOENT);
		CHECK_EQ(kho_fdt_del(fdt, bad[i]), -ENOENT);
	}
	CHECK_EQ(kho_fdt_next(fdt, 0, &st), -ENOENT);

	/* "a" beside "a@1" has a case of its own. */
	for (i = 1; i < ARRAY_SIZE(good); i++) {
		CHECK_EQ(add(fdt, good[i], i), 0);
		CHECK_EQ(add(fdt, good[i], i), -EEXIST);
	}
	for (i = 1; i < ARRAY_SIZE(good); i++) {
		CHECK_EQ(kho_fdt_find(fdt, good[i], &st), 0);
		CHECK_EQ(st.phys, i);
		CHECK_EQ(st.size, i + 1);
	}
	CHECK_EQ(kho_fdt_map_root(fdt), MAP_ROOT);
	CHECK_EQ(kho_fdt_check(fdt, FDT_SIZE), 0);
	for (i = 1; i < ARRAY_SIZE(good); i++)
		CHECK_EQ(kho_fdt_del(fdt, good[i]), 0);
	CHECK_EQ(kho_fdt_next(fdt, 0, &st), -ENOENT);

	long_name = malloc(FDT_SIZE);
	memset(long_name, 'x', FDT_SIZE - 1);
	long_name[FDT_SIZE - 1] = '\0';
	CHECK_EQ(add(fdt, long_name, 1), -ENOMEM);
	long_name[10000] = '\0';
	CHECK_EQ(add(fdt, long_name, 1), 0);
	CHECK_EQ(kho_fdt_find(fdt, long_name, &st), 0);
	free(long_name);
}

/* Too small for anything: no half a subtree stays. */
static void every_size(void)
{
	const struct kho_subtree st = { "name", 1, 2 };
	struct kho_subtree found;
	size_t size, created = 0, added = 0;

	for (size = 0; size <= 512; size += 8) {
		void *fdt = guarded(size);
		int err = kho_fdt_create(fdt, size, MAP_ROOT);

		if (err) {
			CHECK_EQ(err, -ENOMEM);
			CHECK(!created);
			continue;
		}
		created++;
		err = kho_fdt_add(fdt, &st);
		CHECK(!err || err == -ENOMEM);
		CHECK(!err || !added);
		CHECK_EQ(kho_fdt_check(fdt, size), 0);
		CHECK_EQ(kho_fdt_find(fdt, "name", &found), err ? -ENOENT : 0);
		CHECK_EQ(kho_fdt_next(fdt, 0, &found) > 0, !err);
		added += !err;
	}
	CHECK(created > added);
	CHECK(added > 10);
}

/*
 * Trees from a bad sender
 */

/* A copy that may be edited and has room. */
static void *loose_golden(void)
{
	void *fdt = guarded(4096);

	CHECK_EQ(fdt_open_into(seed_golden_fdt, fdt, 4096), 0);
	return fdt;
}

static void set_prop(void *fdt, const char *path, const char *name, const void *val, int len)
{
	CHECK_EQ(fdt_setprop(fdt, fdt_path_offset(fdt, path), name, val, len), 0);
}

static void malformed_subtrees(void)
{
	static const struct {
		const char *prop;
		int len;	/* negative: not there */
	} damage[] = {
		{ "preserved-data", -1 }, { "preserved-data", 0 }, { "preserved-data", 4 },
		{ "preserved-data", 7 }, { "preserved-data", 9 }, { "preserved-data", 16 },
		{ "blob-size", -1 }, { "blob-size", 0 }, { "blob-size", 4 }, { "blob-size", 12 },
	};
	struct kho_subtree st;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(damage); i++) {
		void *fdt = loose_golden();
		unsigned int good = 0, bad = 0;
		int node = 0;

		set_prop(fdt, "/kho_test", damage[i].prop, "0123456789abcdef",
			 damage[i].len < 0 ? 8 : damage[i].len);
		if (damage[i].len < 0)
			CHECK_EQ(fdt_delprop(fdt, fdt_path_offset(fdt, "/kho_test"),
					     damage[i].prop), 0);
		/* The tree is as good as before but for this one. */
		CHECK_EQ(kho_fdt_check(fdt, 4096), 0);
		CHECK_EQ(kho_fdt_find(fdt, "kho_test", &st), -EINVAL);
		CHECK_EQ(kho_fdt_find(fdt, "LUO", &st), 0);
		CHECK_EQ(kho_fdt_find(fdt, "kexec-metadata", &st), 0);
		while ((node = kho_fdt_next(fdt, node, &st)) > 0) {
			good += !!st.name;
			bad += !st.name;
		}
		CHECK_EQ(good, 2);
		CHECK_EQ(bad, 1);
		CHECK_EQ(kho_fdt_del(fdt, "kho_test"), 0);
		CHECK_EQ(kho_fdt_find(fdt, "kho_test", &st), -ENOENT);
	}
}

/* Order does not matter, nor do nodes and properties that we do not know. */
static void tolerated(void)
{
	void *fdt = guarded(4096);
	struct kho_subtree st;
	u64 val = 0x1234567890;
	int node;

	CHECK_EQ(fdt_create_empty_tree(fdt, 4096), 0);
	set_prop(fdt, "/", "unknown", "?", 2);
	set_prop(fdt, "/", "preserved-memory-map", &val, 8);
	set_prop(fdt, "/", "compatible", "kho-v5\0kho-v4", 14);
	node = fdt_add_subnode(fdt, 0, "x");
	set_prop(fdt, "/x", "blob-size", &val, 8);
	set_prop(fdt, "/x", "more", &val, 3);
	set_prop(fdt, "/x", "preserved-data", &val, 8);
	CHECK(fdt_add_subnode(fdt, node, "child") > 0);
	CHECK(fdt_add_subnode(fdt, 0, "later") > 0);
	CHECK_EQ(kho_fdt_check(fdt, 4096), 0);
	CHECK_EQ(kho_fdt_map_root(fdt), val);
	CHECK_EQ(kho_fdt_find(fdt, "x", &st), 0);
	CHECK_EQ(st.phys, val);
	/* Only children of the root are subtrees. */
	CHECK_EQ(kho_fdt_find(fdt, "child", &st), -ENOENT);
	CHECK_EQ(kho_fdt_find(fdt, "later", &st), -EINVAL);
}

static void version(void)
{
	static const struct {
		const char *val;
		int len, want;
	} compatible[] = {
		{ "kho-v4", 7, 0 },
		{ "kho-v3", 7, -EPROTO },
		{ "kho-v5", 7, -EPROTO },
		{ "kho-v40", 8, -EPROTO },
		{ "kho-v", 6, -EPROTO },
		{ "", 1, -EPROTO },
		{ "", 0, -EPROTO },
		{ "\0kho-v4", 8, 0 },
		{ "KHO-V4", 7, -EPROTO },
	};
	void *fdt;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(compatible); i++) {
		fdt = loose_golden();
		set_prop(fdt, "/", "compatible", compatible[i].val, compatible[i].len);
		CHECK_EQ(kho_fdt_check(fdt, 4096), compatible[i].want);
	}
	fdt = loose_golden();
	CHECK_EQ(fdt_delprop(fdt, 0, "compatible"), 0);
	CHECK_EQ(kho_fdt_check(fdt, 4096), -EPROTO);
}

static void no_map(void)
{
	void *fdt = loose_golden();
	u64 val = 0;

	set_prop(fdt, "/", "preserved-memory-map", &val, 8);
	CHECK_EQ(kho_fdt_map_root(fdt), 0);
	CHECK_EQ(kho_fdt_check(fdt, 4096), -EINVAL);
	val = ~0ULL;
	set_prop(fdt, "/", "preserved-memory-map", &val, 4);
	CHECK_EQ(kho_fdt_map_root(fdt), 0);
	CHECK_EQ(kho_fdt_check(fdt, 4096), -EINVAL);
	CHECK_EQ(fdt_delprop(fdt, 0, "preserved-memory-map"), 0);
	CHECK_EQ(kho_fdt_map_root(fdt), 0);
	CHECK_EQ(kho_fdt_check(fdt, 4096), -EINVAL);
}

/*
 * libfdt takes "x@1" for "x" when it looks "x" up.  So "x" was refused beside
 * "x@1", but not "x@1" beside "x": a mainline receiver would have taken the one
 * for the other.
 */
static void regression6_unit_address(void)
{
	void *fdt = guarded(4096);
	struct kho_subtree st;

	CHECK_EQ(kho_fdt_create(fdt, 4096, MAP_ROOT), 0);
	CHECK_EQ(add(fdt, "x", 1), 0);
	CHECK_EQ(add(fdt, "x@1", 2), -EEXIST);
	CHECK_EQ(add(fdt, "x@", 2), -EEXIST);
	CHECK_EQ(add(fdt, "xy@1", 3), 0);
	CHECK_EQ(add(fdt, "xy", 4), -EEXIST);
	CHECK_EQ(add(fdt, "xy@2", 5), 0);
	CHECK_EQ(add(fdt, "@3", 6), 0);
	CHECK_EQ(kho_fdt_find(fdt, "x", &st), 0);
	CHECK_EQ(st.phys, 1);
	CHECK_EQ(kho_fdt_find(fdt, "xy@1", &st), 0);
	CHECK_EQ(st.phys, 3);
	CHECK_EQ(kho_fdt_find(fdt, "x@1", &st), -ENOENT);
	CHECK_EQ(kho_fdt_find(fdt, "xy", &st), -ENOENT);
	CHECK_EQ(kho_fdt_del(fdt, "xy"), -ENOENT);
	CHECK_EQ(kho_fdt_del(fdt, "xy@1"), 0);
	CHECK_EQ(kho_fdt_find(fdt, "xy@2", &st), 0);
	CHECK_EQ(st.phys, 5);

	/* A received tree may have both: each is found by its own name. */
	CHECK_EQ(kho_fdt_del(fdt, "x"), 0);
	CHECK_EQ(add(fdt, "x@1", 7), 0);
	CHECK_EQ(add(fdt, "z", 8), 0);
	CHECK_EQ(fdt_set_name(fdt, fdt_path_offset(fdt, "/z"), "x"), 0);
	CHECK_EQ(kho_fdt_check(fdt, 4096), 0);
	CHECK_EQ(kho_fdt_find(fdt, "x", &st), 0);
	CHECK_EQ(st.phys, 8);
	CHECK_EQ(kho_fdt_find(fdt, "x@1", &st), 0);
	CHECK_EQ(st.phys, 7);
}

static const struct kho_case cases[] = {
	CASE(golden_parse),
	CASE(golden_build),
	CASE(full),
	CASE(random_edits),
	CASE(names),
	CASE(every_size),
	CASE(malformed_subtrees),
	CASE(tolerated),
	CASE(version),
	CASE(no_map),
	CASE(regression6_unit_address),
	{ }
};

const struct kho_suite fdt_suite = { "fdt", cases };
