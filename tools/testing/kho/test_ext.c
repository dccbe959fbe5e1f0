// SPDX-License-Identifier: GPL-2.0-only
/*
 * Extensions: subtrees of records, written and read.
 */
#include "../../../kernel/liveupdate/ext.c"
#include "../../../kernel/liveupdate/ext_wire.c"

#include "handed.h"
#include "test.h"

#define RECORD	sizeof(struct luo_ext_file_ser)
#define CAP	KHO_BLOCK_CAPACITY(RECORD)
#define MAGIC	0x74736574

/* A kernel's own; it starts with nothing. */
static struct luo_ext new_ext(void)
{
	return (struct luo_ext) { .name = "x-test", .magic = MAGIC, .version = 7 };
}

static void init_ext(struct luo_ext *ext)
{
	*ext = new_ext();
	kho_block_set_init(&ext->records, RECORD);
}

/* @nr records that are numbered from 1, in room for @room. */
static void write_records(struct luo_ext *ext, unsigned long room, unsigned long nr)
{
	unsigned long i;
	u64 *record;

	CHECK_EQ(luo_ext_reserve(ext, room), 0);
	luo_ext_begin(ext);
	for (i = 0; i < nr; i++) {
		record = luo_ext_add(ext);
		CHECK(record && !*record);
		*record = i + 1;
	}
}

/* What arrives, as the next kernel sees it. */
static struct luo_ext_ser *send(struct luo_ext *ext, unsigned long room, unsigned long nr)
{
	struct luo_ext_ser *ser;
	size_t size = 0;

	init_ext(ext);
	write_records(ext, room, nr);
	CHECK_EQ(luo_ext_publish(ext, 42), 0);
	luo_ext_trim(ext);
	ser = handed_subtree("x-test", &size);
	CHECK_EQ(!ser, !nr);
	if (!ser)
		return NULL;
	CHECK_EQ(size, sizeof(*ser));
	CHECK_EQ(ser->length, sizeof(*ser));
	CHECK_EQ(ser->record_size, RECORD);
	CHECK_EQ(ser->nr, nr);
	kho_remove_subtree(ser);
	forget_chain(&ext->records);
	return ser;
}

static void expect(struct luo_ext_ser *ser, u64 size, unsigned long nr)
{
	struct luo_ext_arrived arrived;
	struct luo_ext ext;
	unsigned long i;

	init_ext(&ext);
	CHECK_EQ(luo_ext_claim(&ext, ser, size, &arrived), 0);
	CHECK_EQ(arrived.number, 42);
	for (i = 0; i < nr; i++)
		CHECK_EQ(*(u64 *)luo_ext_next(&arrived), i + 1);
	CHECK(!luo_ext_next(&arrived));
	CHECK(!luo_ext_next(&arrived));
	luo_ext_done(&arrived);
	CHECK_EQ(handed_claimed(), 0);
	CHECK_EQ(handed_preserved(), 0);
	CHECK_EQ(handed_lines, 0);
}

static void round_trip(void)
{
	static const unsigned long numbers[] = {
		1, CAP - 1, CAP, CAP + 1, 2 * CAP, 3 * CAP + 5,
	};
	struct luo_ext_ser *ser;
	unsigned long i, spare;
	struct luo_ext ext;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		for (spare = 0; spare <= 2 * CAP; spare += CAP / 2) {
			ser = send(&ext, numbers[i] + spare, numbers[i]);
			expect(ser, sizeof(*ser), numbers[i]);
		}
	}
}

/* Nothing to tell: no subtree, and not one page goes over. */
static void nothing(void)
{
	struct luo_ext ext;

	CHECK(!send(&ext, 0, 0));
	CHECK_EQ(handed_preserved(), 0);
	CHECK(!send(&ext, 5 * CAP, 0));
	CHECK_EQ(handed_preserved(), 0);
}

static void aborted(void)
{
	struct luo_ext ext;
	size_t size;

	init_ext(&ext);
	write_records(&ext, 2 * CAP, CAP + 1);
	handed_subtree_err = -ENOMEM;
	CHECK_EQ(luo_ext_publish(&ext, 1), -ENOMEM);
	handed_subtree_err = 0;
	luo_ext_unpublish(&ext);
	luo_ext_begin(&ext);
	CHECK(luo_ext_add(&ext));
	CHECK_EQ(luo_ext_publish(&ext, 2), 0);
	CHECK(handed_subtree("x-test", &size));
	luo_ext_unpublish(&ext);
	CHECK_EQ(handed_subtrees(), 0);
	luo_ext_unpublish(&ext);
	/* No record the next time: then there is no subtree. */
	luo_ext_begin(&ext);
	CHECK_EQ(luo_ext_publish(&ext, 3), 0);
	CHECK_EQ(handed_subtrees(), 0);
	luo_ext_release(&ext, 2 * CAP);
	CHECK_EQ(handed_preserved(), 0);
}

/* Room comes and goes; the head with the first and the last. */
static void room(void)
{
	struct luo_ext ext;
	long left;

	init_ext(&ext);
	CHECK_EQ(luo_ext_reserve(&ext, 0), 0);
	CHECK_EQ(handed_preserved(), 0);
	for (left = 0; left < 3; left++) {
		handed_allocs_left = left;
		CHECK_EQ(luo_ext_reserve(&ext, 1), -ENOMEM);
		CHECK_EQ(handed_preserved(), 0);
	}
	handed_allocs_left = -1;
	CHECK_EQ(luo_ext_reserve(&ext, 1), 0);
	CHECK_EQ(handed_preserved(), 2);
	CHECK_EQ(luo_ext_reserve(&ext, CAP - 1), 0);
	CHECK_EQ(handed_preserved(), 2);
	handed_allocs_left = 0;
	CHECK_EQ(luo_ext_reserve(&ext, 1), -ENOMEM);
	handed_allocs_left = -1;
	CHECK_EQ(handed_preserved(), 2);
	CHECK_EQ(luo_ext_reserve(&ext, 1), 0);
	CHECK_EQ(handed_preserved(), 3);
	luo_ext_release(&ext, 0);
	luo_ext_release(&ext, 1);
	CHECK_EQ(handed_preserved(), 2);
	CHECK_EQ(luo_ext_reserve(&ext, KHO_BLOCK_MAX * CAP), -ENOSPC);
	CHECK_EQ(handed_preserved(), 2);
	luo_ext_begin(&ext);
	for (left = 0; left < CAP; left++)
		CHECK(luo_ext_add(&ext));
	CHECK(!luo_ext_add(&ext));
	luo_ext_release(&ext, CAP);
	CHECK_EQ(handed_preserved(), 0);
}

/* Not looked at further: whoever understands it may get it. */
static void refuse_kind(struct luo_ext_ser *ser, u64 size)
{
	unsigned long before = handed_preserved();
	struct luo_ext_arrived arrived;
	struct luo_ext ext;

	init_ext(&ext);
	handed_lines = 0;
	CHECK_EQ(luo_ext_claim(&ext, ser, size, &arrived), -EOPNOTSUPP);
	CHECK_EQ(handed_lines, 1);
	CHECK_EQ(handed_claimed(), 0);
	CHECK_EQ(handed_preserved(), before);
}

/* A number of the head that is wrong, and then right again. */
static void bad(struct luo_ext_ser *ser, size_t offset, u32 val)
{
	u32 *field = (u32 *)((u8 *)ser + offset);
	u32 good = *field;

	*field = val;
	refuse_kind(ser, sizeof(*ser));
	*field = good;
}

static void kinds(void)
{
	struct luo_ext ext;
	struct luo_ext_ser *ser = send(&ext, 3, 3);

	bad(ser, offsetof(struct luo_ext_ser, magic), 0);
	bad(ser, offsetof(struct luo_ext_ser, magic), MAGIC + 1);
	bad(ser, offsetof(struct luo_ext_ser, version), 8);
	bad(ser, offsetof(struct luo_ext_ser, version), 6);
	bad(ser, offsetof(struct luo_ext_ser, version), ~0U);
	bad(ser, offsetof(struct luo_ext_ser, length), 0);
	bad(ser, offsetof(struct luo_ext_ser, length), sizeof(*ser) - 1);
	bad(ser, offsetof(struct luo_ext_ser, length), sizeof(*ser) + 1);
	bad(ser, offsetof(struct luo_ext_ser, length), ~0U);
	bad(ser, offsetof(struct luo_ext_ser, record_size), 0);
	bad(ser, offsetof(struct luo_ext_ser, record_size), RECORD - 8);
	bad(ser, offsetof(struct luo_ext_ser, record_size), RECORD + 4);
	bad(ser, offsetof(struct luo_ext_ser, record_size), LUO_EXT_RECORD_MAX + 8);
	bad(ser, offsetof(struct luo_ext_ser, record_size), ~0U);
	refuse_kind(ser, 0);
	refuse_kind(ser, sizeof(*ser) - 1);
	handed_lines = 0;
	expect(ser, sizeof(*ser), 3);
}

/* Whatever can be claimed is freed; one line. */
static void refuse_damaged(struct luo_ext_ser *ser, unsigned long stay)
{
	struct luo_ext_arrived arrived;
	struct luo_ext ext;

	init_ext(&ext);
	handed_lines = 0;
	CHECK_EQ(luo_ext_claim(&ext, ser, sizeof(*ser), &arrived), -EINVAL);
	CHECK_EQ(handed_lines, 1);
	CHECK_EQ(handed_claimed(), 0);
	CHECK_EQ(handed_preserved(), stay);
	handed_free_all();
}

static struct kho_block_header_ser *block_of(u64 phys)
{
	return handed_find(phys)->page;
}

static void damaged(void)
{
	struct kho_block_header_ser *block;
	struct luo_ext ext;
	struct luo_ext_ser *ser;
	unsigned int i;

	/* Every byte of head and records counts. */
	for (i = 0; i < sizeof(*ser); i++) {
		ser = send(&ext, 2, 2);
		if (i < offsetof(struct luo_ext_ser, crc) ||
		    (i >= offsetof(struct luo_ext_ser, record_size) &&
		     i < offsetof(struct luo_ext_ser, reserved))) {
			handed_free_all();
			continue;
		}
		((u8 *)ser)[i] ^= 0x10;
		refuse_damaged(ser, i >= offsetof(struct luo_ext_ser, records) ? 1 : 0);
	}
	for (i = 0; i < 2 * RECORD; i++) {
		ser = send(&ext, 2, 2);
		((u8 *)(block_of(ser->records) + 1))[i] ^= 1;
		refuse_damaged(ser, 0);
	}
	/* Records that are not there, or too many. */
	ser = send(&ext, CAP + 1, CAP + 1);
	block_of(ser->records)->next = 0;
	refuse_damaged(ser, 1);
	ser = send(&ext, 2, 2);
	block_of(ser->records)->count = 3;
	refuse_damaged(ser, 0);
	ser = send(&ext, 2, 2);
	ser->records = 0;
	refuse_damaged(ser, 1);
	/* Not preserved, cyclic, in itself. */
	ser = send(&ext, 2, 2);
	handed_find(ser->records)->preserved = false;
	refuse_damaged(ser, 0);
	ser = send(&ext, CAP + 1, CAP + 1);
	block = block_of(block_of(ser->records)->next);
	block->next = ser->records;
	refuse_damaged(ser, 0);
	ser = send(&ext, 2, 2);
	ser->records = virt_to_phys(ser);
	refuse_damaged(ser, 1);
}

/* Head and records of a later kernel are longer: what is known is read. */
static void longer(void)
{
	struct luo_ext_arrived arrived;
	struct luo_ext ext, known;
	struct luo_ext_ser *ser;
	unsigned int i;
	u64 *record;

	ext = new_ext();
	kho_block_set_init(&ext.records, RECORD + 16);
	write_records(&ext, CAP, CAP);
	CHECK_EQ(luo_ext_publish(&ext, 42), 0);
	ser = ext.ser;
	ser->length += 16;
	memset(ser + 1, 'l', 16);
	ser->crc = 0;
	ser->crc = luo_ext_checksum(ser, &ext.records);
	kho_remove_subtree(ser);
	forget_chain(&ext.records);
	init_ext(&known);
	CHECK_EQ(luo_ext_claim(&known, ser, sizeof(*ser) + 16, &arrived), 0);
	for (i = 0; i < CAP; i++) {
		record = luo_ext_next(&arrived);
		CHECK(record);
		CHECK_EQ(*record, i + 1);
	}
	CHECK(!luo_ext_next(&arrived));
	luo_ext_done(&arrived);
	CHECK_EQ(handed_claimed(), 0);
}

/* The bytes, so that they never change by mistake. */
static void golden(void)
{
	static const u8 head[sizeof(struct luo_ext_ser)] = {
		'x', 'L', 'U', 'O', 1, 0, 0, 0, 48, 0, 0, 0, 0x32, 0x0e, 0xb0, 0xcc,
		80, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0,
		2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0,
	};
	static const u8 session[RECORD] = {
		1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 'v', 'm', '~', '1',
	};
	static const u8 file[RECORD] = {
		[0] = 2, [8] = 5, [16] = 'x', '-', 'h', 'u', 'g', 'e',
		[64] = 0, 0x10, 0xcd, 0xab, [72] = 0xef, 0xbe, 0xad, 0xde, 0, 0, 0, 0x80,
	};
	struct luo_ext ext = LUO_EXT_INIT(ext, LUO_EXT_SUBTREE, LUO_EXT_MAGIC, LUO_EXT_VERSION,
					  RECORD, "nothing", false);
	struct luo_ext_ser *ser = handed_page(0x200000)->page;
	struct kho_block_header_ser *block = handed_page(0x100000)->page;
	const struct luo_ext_session_ser *s;
	const struct luo_ext_file_ser *f;
	struct luo_ext_arrived arrived;

	memcpy(ser, head, sizeof(head));
	block->count = 2;
	memcpy(block + 1, session, RECORD);
	memcpy((u8 *)(block + 1) + RECORD, file, RECORD);
	CHECK_EQ(luo_ext_claim(&ext, ser, sizeof(*ser), &arrived), 0);
	CHECK_EQ(arrived.number, 3);
	s = luo_ext_next(&arrived);
	CHECK_EQ(s->type, LUO_EXT_SESSION);
	CHECK_EQ(s->hops, 2);
	CHECK(!luo_ext_check_session(s) && !strcmp(s->name, "vm~1"));
	f = luo_ext_next(&arrived);
	CHECK_EQ(f->type, LUO_EXT_FILE);
	CHECK_EQ(f->position, 5);
	CHECK_EQ(f->data, 0xabcd1000);
	CHECK_EQ(f->token, 0x80000000deadbeefULL);
	CHECK(!luo_ext_check_file(f, 5) && !strcmp(f->compatible, "x-huge"));
	CHECK(!luo_ext_next(&arrived));
	luo_ext_done(&arrived);
	CHECK_EQ(handed_claimed() + handed_preserved(), 0);
}

static void records(void)
{
	struct luo_ext_session_ser *s = guarded(sizeof(*s));
	struct luo_ext_file_ser *f = guarded(sizeof(*f));

	memset(s, 's', sizeof(*s));
	CHECK_EQ(luo_ext_check_session(s), -EINVAL);
	s->name[63] = '\0';
	CHECK_EQ(luo_ext_check_session(s), 0);
	s->name[0] = '\0';
	CHECK_EQ(luo_ext_check_session(s), -EINVAL);

	memset(f, 'x', sizeof(*f));
	f->compatible[1] = '-';
	f->position = 10;
	CHECK_EQ(luo_ext_check_file(f, 0), -EINVAL);
	f->compatible[47] = '\0';
	CHECK_EQ(luo_ext_check_file(f, 0), 0);
	CHECK_EQ(luo_ext_check_file(f, 10), 0);
	CHECK_EQ(luo_ext_check_file(f, 11), -EINVAL);
	f->compatible[1] = 'x';
	CHECK_EQ(luo_ext_check_file(f, 0), -EINVAL);
	f->compatible[0] = '\0';
	CHECK_EQ(luo_ext_check_file(f, 0), -EINVAL);
}

static void whose(void)
{
	CHECK(luo_ext_name_is_ours("x-memfd-hugetlb-v1"));
	CHECK(luo_ext_name_is_ours("x-"));
	CHECK(!luo_ext_name_is_ours("x"));
	CHECK(!luo_ext_name_is_ours(""));
	CHECK(!luo_ext_name_is_ours("memfd-v2"));
	CHECK(!luo_ext_name_is_ours("X-memfd"));
}

static const struct kho_case cases[] = {
	CASE(round_trip),
	CASE(nothing),
	CASE(aborted),
	CASE(room),
	CASE(kinds),
	CASE(damaged),
	CASE(longer),
	CASE(golden),
	CASE(records),
	CASE(whose),
	{ }
};

const struct kho_suite ext_suite = { "ext", cases };
