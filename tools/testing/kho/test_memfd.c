// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a memfd leaves: the page that describes it, and extras.
 */
#include "../../../mm/memfd_luo_wire.c"

#include "handed.h"
#include "test.h"

#define MAX_SIZE	(1024 * TiB)
#define EXT(page)	((struct memfd_luo_ext *)((page) + MEMFD_LUO_EXT_OFFSET))

static const struct memfd_meta sample = {
	.pos = 77, .size = 123456789, .seals = MEMFD_LUO_ALL_SEALS, .nr_folios = 3,
	.folios = { .first.phys = 0x5000, .total_pages = 1 },
	.f_flags = 02, .mode = 04751, .uid = 1000, .gid = 100, .fsflags = 0x80,
	.fallocend = 9, .nr_pages = 12, .extras = 0x7000, .extras_len = 24, .extras_crc = 5,
	.atime = { .sec = -1, .nsec = 999999999 }, .mtime = { .sec = 2 }, .ctime = { .sec = 3 },
	.btime = { .sec = 4 }, .name = "memfd:sample",
};

static u8 *written(void)
{
	u8 *page = guarded(PAGE_SIZE);

	memfd_wire_write(page, &sample);
	return page;
}

static void round_trip(void)
{
	struct memfd_meta m, want = sample;
	const char *why;

	CHECK_EQ(memfd_wire_read(written(), MAX_SIZE, &m, &why), 0);
	CHECK(!why);
	want.extended = true;
	CHECK(!memcmp(&m, &want, sizeof(m)));
}

static void longest_name(void)
{
	struct memfd_meta m = sample, got;
	u8 *page = guarded(PAGE_SIZE);
	const char *why;

	memset(m.name, 'n', MEMFD_NAME_LEN);
	memfd_wire_write(page, &m);
	CHECK_EQ(memfd_wire_read(page, MAX_SIZE, &got, &why), 0);
	CHECK(!why && !strcmp(got.name, m.name));
	EXT(page)->name_len++;
	EXT(page)->length++;
	EXT(page)->crc = checksum(EXT(page), EXT(page)->length);
	CHECK_EQ(memfd_wire_read(page, MAX_SIZE, &got, &why), 0);
	CHECK(!strcmp(why, "bad length of the name") && !got.extended);
}

/* What every receiver needs is there, the rest is not. */
static void absent(u8 *page, const char *want)
{
	struct memfd_meta m;
	const char *why;

	CHECK_EQ(memfd_wire_read(page, MAX_SIZE, &m, &why), 0);
	CHECK(why && !strcmp(why, want));
	CHECK(!m.extended && !m.extras && !m.name[0] && !m.mode);
	CHECK_EQ(m.size, sample.size);
	CHECK_EQ(m.pos, sample.pos);
	CHECK_EQ(m.nr_folios, sample.nr_folios);
}

static void tails(void)
{
	u8 *page = written();
	unsigned int i;

	memset(EXT(page), 0, sizeof(struct memfd_luo_ext));
	absent(page, "none was sent");
	page = written();
	EXT(page)->magic++;
	absent(page, "unknown magic");
	page = written();
	EXT(page)->version++;
	absent(page, "unknown version");
	page = written();
	EXT(page)->length = sizeof(struct memfd_luo_ext) - 1;
	absent(page, "truncated");
	EXT(page)->length = PAGE_SIZE - MEMFD_LUO_EXT_OFFSET + 1;
	absent(page, "truncated");
	EXT(page)->length = ~0U;
	absent(page, "truncated");
	page = written();
	for (i = 12; i < EXT(page)->length; i++) {
		((u8 *)EXT(page))[i]++;
		absent(page, "bad checksum");
		((u8 *)EXT(page))[i]--;
	}
	EXT(page)->mode |= 0100000;
	EXT(page)->crc = checksum(EXT(page), EXT(page)->length);
	absent(page, "impossible values");
	page = written();
	EXT(page)->mtime.nsec = MEMFD_NSEC_PER_SEC;
	EXT(page)->crc = checksum(EXT(page), EXT(page)->length);
	absent(page, "impossible values");
}

static int read_page(const u8 *page)
{
	struct memfd_meta m;
	const char *why;
	int err = memfd_wire_read(page, MAX_SIZE, &m, &why);

	CHECK(!err || why);
	return err;
}

static void refused(void)
{
	u8 *page = written();
	struct memfd_luo_ser *ser = (void *)page;

	ser->flags = 1;
	CHECK_EQ(read_page(page), -EOPNOTSUPP);
	ser->flags = 0;
	ser->seals = MEMFD_LUO_ALL_SEALS + 1;
	CHECK_EQ(read_page(page), -EOPNOTSUPP);
	ser->seals = 0;
	ser->size = MAX_SIZE + 1;
	CHECK_EQ(read_page(page), -EINVAL);
	ser->size = MAX_SIZE;
	CHECK_EQ(read_page(page), 0);
	ser->pos = ~0ULL;
	CHECK_EQ(read_page(page), -EINVAL);
	ser->pos = 0;
	ser->folios.first.phys = 0;
	CHECK_EQ(read_page(page), -EINVAL);
	ser->nr_folios = 0;
	CHECK_EQ(read_page(page), 0);
	ser->folios.first.phys = 0x5000;
	ser->nr_folios = MEMFD_ENTRIES_PER_PAGE;
	CHECK_EQ(read_page(page), 0);
	ser->nr_folios++;
	CHECK_EQ(read_page(page), -EINVAL);
	ser->nr_folios = ~0ULL;
	CHECK_EQ(read_page(page), -EINVAL);
	ser->nr_folios = 1;
	ser->folios.order = 1;
	CHECK_EQ(read_page(page), -EINVAL);
	ser->folios.order = KHO_MAP_MAX_ORDER + 1;
	CHECK_EQ(read_page(page), -EINVAL);
}

/*
 * Extras
 */

static const u64 nodes[2] = { 5, 0 };
static const struct memfd_luo_policy policy = {
	.first = 1, .last = 8, .mode = 2, .flags = 0x8000, .home = -1, .nr_nodes = 128,
};

static void put_all(struct memfd_extras *out)
{
	memfd_extras_begin(out);
	memfd_extras_put(out, MEMFD_LUO_EXTRA_XATTR, "user.a", 7, "value", 5);
	memfd_extras_put(out, MEMFD_LUO_EXTRA_XATTR, "trusted.empty", 14, NULL, 0);
	memfd_extras_put(out, MEMFD_LUO_EXTRA_POLICY, &policy, sizeof(policy), nodes,
			 sizeof(nodes));
}

static void extras(void)
{
	struct memfd_extras out = {};
	struct memfd_extra e;
	const void *blob;
	u32 at = 0;

	/* How much is it?  Then again, into memory that has just this. */
	put_all(&out);
	CHECK_EQ(out.len, 24 + 24 + 56);
	out.buf = guarded(out.len);
	out.room = out.len;
	put_all(&out);
	blob = out.buf;
	CHECK_EQ(memfd_extras_next(blob, out.len, &at, &e), 1);
	CHECK_EQ(e.type, MEMFD_LUO_EXTRA_XATTR);
	CHECK_EQ(e.length, 12);
	CHECK(!strcmp(e.data, "user.a") && !memcmp(memfd_extra_value(&e), "value", 5));
	CHECK_EQ(memfd_extras_next(blob, out.len, &at, &e), 1);
	CHECK(!strcmp(e.data, "trusted.empty"));
	CHECK(memfd_extra_value(&e) == e.data + e.length);
	CHECK_EQ(memfd_extras_next(blob, out.len, &at, &e), 1);
	CHECK_EQ(e.type, MEMFD_LUO_EXTRA_POLICY);
	CHECK(!memcmp(e.data, &policy, sizeof(policy)));
	CHECK(!memcmp(e.data + sizeof(policy), nodes, sizeof(nodes)));
	CHECK_EQ(memfd_extras_next(blob, out.len, &at, &e), 0);
	CHECK_EQ(memfd_extras_next(blob, out.len, &at, &e), 0);
	CHECK_EQ(memfd_extras_checksum("123456789", 9), 0xcbf43926 ^ ~0U);
}

/* Less room than needed: what is there is never overrun. */
static void extras_room(void)
{
	struct memfd_extras out = {};
	size_t room;

	for (room = 0; room < 24 + 24 + 56; room++) {
		out.buf = guarded(room);
		out.room = room;
		put_all(&out);
		CHECK_EQ(out.len, 24 + 24 + 56);
	}
}

static int first_of(u32 type, u32 length, const void *data, size_t size)
{
	struct memfd_luo_extra *head = guarded(sizeof(*head) + size);
	struct memfd_extra e;
	u32 at = 0;

	head->type = type;
	head->length = length;
	memcpy(head + 1, data, size);
	return memfd_extras_next(head, sizeof(*head) + size, &at, &e);
}

static void bad_xattrs(void)
{
	char name[300];

	CHECK_EQ(first_of(MEMFD_LUO_EXTRA_XATTR, 2, "a", 2), 1);
	CHECK_EQ(first_of(MEMFD_LUO_EXTRA_XATTR, 3, "a", 2), -EINVAL);
	CHECK_EQ(first_of(MEMFD_LUO_EXTRA_XATTR, ~0U, "a", 2), -EINVAL);
	CHECK_EQ(first_of(MEMFD_LUO_EXTRA_XATTR, 1, "a", 1), -EINVAL);
	CHECK_EQ(first_of(MEMFD_LUO_EXTRA_XATTR, 1, "", 1), -EINVAL);
	CHECK_EQ(first_of(MEMFD_LUO_EXTRA_XATTR, 0, "", 0), -EINVAL);
	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	CHECK_EQ(first_of(MEMFD_LUO_EXTRA_XATTR, 300, name, 300), 1);
	name[255] = 'n';
	name[256] = '\0';
	CHECK_EQ(first_of(MEMFD_LUO_EXTRA_XATTR, 300, name, 300), -EINVAL);
	CHECK_EQ(first_of(MEMFD_LUO_EXTRA_LABEL, 2, "a", 2), 1);
	CHECK_EQ(first_of(MEMFD_LUO_EXTRA_LABEL, 1, "a", 1), -EINVAL);
	CHECK_EQ(first_of(99, 2, "a", 2), -EOPNOTSUPP);
}

static void bad_policies(void)
{
	struct {
		struct memfd_luo_policy p;
		u64 node;
	} p = { .p = { .last = 5, .nr_nodes = 64 } };

#define TRY(want)	\
	CHECK_EQ(first_of(MEMFD_LUO_EXTRA_POLICY, sizeof(p), &p, sizeof(p)), want)
	TRY(1);
	p.p.first = 5;
	TRY(1);
	p.p.first = 6;
	TRY(-EINVAL);
	p.p.first = 0;
	p.p.last = MEMFD_MAX_PAGES - 1;
	TRY(1);
	p.p.last++;
	TRY(-EINVAL);
	p.p.last = 5;
	p.p.nr_nodes = 63;
	TRY(-EINVAL);
	p.p.nr_nodes = 128;
	TRY(-EINVAL);
	p.p.nr_nodes = 0;
	TRY(-EINVAL);
	p.p.nr_nodes = ~63U;
	TRY(-EINVAL);
#undef TRY
	CHECK_EQ(first_of(MEMFD_LUO_EXTRA_POLICY, 31, &p, 31), -EINVAL);
}

/* The end is where it is said to be. */
static void cut_off(void)
{
	struct memfd_extras out = {};
	struct memfd_extra e;
	u8 *blob;
	u32 at, len;

	put_all(&out);
	out.room = out.len;
	out.buf = guarded(out.len);
	put_all(&out);
	for (len = 1; len < 20; len++) {
		blob = guarded(len);
		memcpy(blob, out.buf, len);
		at = 0;
		CHECK_EQ(memfd_extras_next(blob, len, &at, &e), -EINVAL);
	}
	/* No padding behind the last one. */
	blob = guarded(20);
	memcpy(blob, out.buf, 20);
	at = 0;
	CHECK_EQ(memfd_extras_next(blob, 20, &at, &e), 1);
	CHECK_EQ(memfd_extras_next(blob, 20, &at, &e), 0);
}

static const struct kho_case cases[] = {
	CASE(round_trip),
	CASE(longest_name),
	CASE(tails),
	CASE(refused),
	CASE(extras),
	CASE(extras_room),
	CASE(bad_xattrs),
	CASE(bad_policies),
	CASE(cut_off),
	{ }
};

const struct kho_suite memfd_suite = { "memfd", cases };
