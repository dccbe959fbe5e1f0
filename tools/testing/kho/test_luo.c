// SPDX-License-Identifier: GPL-2.0-only
/*
 * What live update hands over: chains of blocks, and the checks of all that
 * arrives.
 */
#include "../../../kernel/liveupdate/block.c"
#include "../../../kernel/liveupdate/wire.c"

#include "handed.h"
#include "test.h"

#define ENTRY	64
#define CAP	KHO_BLOCK_CAPACITY(ENTRY)

struct entry {
	u64 val;
	u8 rest[ENTRY - 8];
};

/* Room for @room, @nr entries in it; the address of the chain. */
static u64 send(struct kho_block_set *bs, unsigned long room, unsigned long nr)
{
	struct kho_block_set_it it;
	struct entry *e;
	unsigned long i;

	kho_block_set_init(bs, ENTRY);
	CHECK_EQ(kho_block_set_grow(bs, room), 0);
	kho_block_set_it_init(&it, bs);
	for (i = 0; i < nr; i++) {
		e = kho_block_set_it_reserve_entry(&it);
		CHECK(e && !e->val);
		e->val = i + 1;
	}
	return kho_block_set_head_pa(bs);
}

void forget_chain(struct kho_block_set *bs)
{
	struct kho_block *block;

	while ((block = list_first_entry_or_null(&bs->blocks, struct kho_block, list))) {
		list_del(&block->list);
		kfree(block);
	}
	handed_jump();
}

static void expect(u64 head, unsigned long nr)
{
	struct kho_block_set bs;
	struct kho_block_set_it it;
	struct entry *e;
	unsigned long i;

	kho_block_set_init(&bs, ENTRY);
	CHECK_EQ(kho_block_set_restore(&bs, head), 0);
	CHECK_EQ(kho_block_set_grow(&bs, 1), -EINVAL);
	kho_block_set_it_init(&it, &bs);
	for (i = 0; i < nr; i++) {
		e = kho_block_set_it_read_entry(&it);
		CHECK(e);
		CHECK_EQ(e->val, i + 1);
	}
	CHECK(!kho_block_set_it_read_entry(&it));
	CHECK(!kho_block_set_it_read_entry(&it));
	/* And back. */
	for (; i; i--) {
		e = kho_block_set_it_prev(&it);
		CHECK(e);
		CHECK_EQ(e->val, i);
	}
	CHECK(!kho_block_set_it_prev(&it));
	kho_block_set_destroy(&bs);
	CHECK_EQ(handed_claimed(), 0);
}

/* As many entries as fill a block, one less, one more, and more room than that. */
static void round_trip(void)
{
	static const unsigned long numbers[] = {
		0, 1, CAP - 1, CAP, CAP + 1, 2 * CAP, 3 * CAP + 5,
	};
	struct kho_block_set bs;
	unsigned long i, spare, blocks;
	u64 head;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		for (spare = 0; spare <= 2 * CAP; spare += CAP / 2) {
			head = send(&bs, numbers[i] + spare, numbers[i]);
			blocks = DIV_ROUND_UP(numbers[i], CAP);
			CHECK_EQ(!head, !numbers[i]);
			CHECK_EQ(kho_block_set_is_empty(&bs), !numbers[i]);
			forget_chain(&bs);
			expect(head, numbers[i]);
			/* What is spare is not part of the chain: no empty block is. */
			CHECK_EQ(handed_preserved(),
				 DIV_ROUND_UP(numbers[i] + spare, CAP) - blocks);
			handed_free_all();
		}
	}
}

/* What mainline receivers do not forgive: a block without entries. */
static void no_empty_block(void)
{
	struct kho_block_set bs;
	struct kho_block *block;
	unsigned long nr;

	for (nr = 1; nr <= 2 * CAP + 1; nr++) {
		send(&bs, 4 * CAP, nr);
		list_for_each_entry(block, &bs.blocks, list) {
			CHECK(block->ser->count);
			if (!block->ser->next)
				break;
		}
		kho_block_set_destroy(&bs);
		CHECK_EQ(handed_preserved(), 0);
		if (nr == 3)
			nr = CAP - 2;
		if (nr == CAP + 1)
			nr = 2 * CAP - 2;
	}
}

static void used_again(void)
{
	struct kho_block_set bs;
	struct kho_block_set_it it;
	u64 head = send(&bs, 3 * CAP, 3 * CAP), again;
	struct entry *e;

	kho_block_set_clear(&bs);
	CHECK(kho_block_set_is_empty(&bs));
	CHECK_EQ(kho_block_set_head_pa(&bs), 0);
	kho_block_set_it_init(&it, &bs);
	e = kho_block_set_it_reserve_entry(&it);
	CHECK_EQ(e->val, 0);
	e->val = 1;
	again = kho_block_set_head_pa(&bs);
	CHECK_EQ(again, head);
	forget_chain(&bs);
	expect(again, 1);
	handed_free_all();
}

/* Only what is in the chain stays. */
static void trimmed(void)
{
	static const unsigned long numbers[] = { 0, 1, CAP, CAP + 1, 3 * CAP };
	struct kho_block_set bs;
	unsigned int i;
	u64 head;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		head = send(&bs, 3 * CAP, numbers[i]);
		kho_block_set_trim(&bs);
		CHECK_EQ(handed_preserved(), DIV_ROUND_UP(numbers[i], CAP));
		CHECK_EQ(kho_block_set_head_pa(&bs), head);
		forget_chain(&bs);
		expect(head, numbers[i]);
		CHECK_EQ(handed_preserved(), 0);
	}
}

static void full(void)
{
	struct kho_block_set bs;
	struct kho_block_set_it it;
	unsigned long i;

	send(&bs, CAP + 1, 0);
	kho_block_set_it_init(&it, &bs);
	for (i = 0; i < 2 * CAP; i++)
		CHECK(kho_block_set_it_reserve_entry(&it));
	CHECK(!kho_block_set_it_reserve_entry(&it));
	CHECK(!kho_block_set_it_reserve_entry(&it));
	kho_block_set_destroy(&bs);

	kho_block_set_init(&bs, ENTRY);
	kho_block_set_it_init(&it, &bs);
	CHECK(!kho_block_set_it_reserve_entry(&it));
	CHECK(!kho_block_set_it_read_entry(&it));
	CHECK(!kho_block_set_it_prev(&it));
}

static void grow_and_shrink(void)
{
	struct kho_block_set bs;

	kho_block_set_init(&bs, ENTRY);
	CHECK_EQ(kho_block_set_grow(&bs, 0), 0);
	CHECK_EQ(handed_preserved(), 0);
	CHECK_EQ(kho_block_set_grow(&bs, CAP), 0);
	CHECK_EQ(handed_preserved(), 1);
	CHECK_EQ(kho_block_set_grow(&bs, 1), 0);
	CHECK_EQ(handed_preserved(), 1);
	CHECK_EQ(kho_block_set_grow(&bs, 3 * CAP + 1), 0);
	CHECK_EQ(handed_preserved(), 4);
	kho_block_set_shrink(&bs, 2 * CAP);
	CHECK_EQ(handed_preserved(), 2);
	kho_block_set_shrink(&bs, 5 * CAP);
	CHECK_EQ(handed_preserved(), 2);

	/* A page or the memory to remember it: all or nothing. */
	for (handed_allocs_left = 0; handed_allocs_left < 6;) {
		long left = handed_allocs_left;

		CHECK_EQ(kho_block_set_grow(&bs, 5 * CAP), -ENOMEM);
		CHECK_EQ(handed_allocs_left, 0);
		CHECK_EQ(handed_preserved(), 2);
		handed_allocs_left = left + 1;
	}
	CHECK_EQ(kho_block_set_grow(&bs, 5 * CAP), 0);
	handed_allocs_left = -1;
	CHECK_EQ(kho_block_set_grow(&bs, KHO_BLOCK_MAX * CAP + 1), -ENOSPC);
	CHECK_EQ(handed_preserved(), 5);
	CHECK_EQ(kho_block_set_grow(&bs, KHO_BLOCK_MAX * CAP), 0);
	CHECK_EQ(handed_preserved(), KHO_BLOCK_MAX);
	kho_block_set_destroy(&bs);
	CHECK_EQ(handed_preserved(), 0);
}

/*
 * Chains that are damaged
 */

#define PA(n)	((u64)(n) * PAGE_SIZE)

static struct kho_block_header_ser *block_at(u64 pa, u64 next, u64 count)
{
	struct kho_block_header_ser *ser = handed_page(pa)->page;

	ser->next = next;
	ser->count = count;
	return ser;
}

/* Refused, with nothing claimed for good; @stay pages were not even looked at. */
static void refused(u64 head, unsigned long stay)
{
	struct kho_block_set bs;

	kho_block_set_init(&bs, ENTRY);
	CHECK_EQ(kho_block_set_restore(&bs, head), -EINVAL);
	CHECK_EQ(handed_claimed(), 0);
	CHECK_EQ(handed_preserved(), stay);
	/* Fit for anything. */
	CHECK_EQ(kho_block_set_grow(&bs, 1), 0);
	kho_block_set_destroy(&bs);
	handed_free_all();
}

static void damaged(void)
{
	block_at(PA(1), PA(1), 1);
	refused(PA(1), 0);
	block_at(PA(1), PA(2), 1);
	block_at(PA(2), PA(3), 1);
	block_at(PA(3), PA(1), 1);
	refused(PA(1), 0);
	block_at(PA(1), PA(9), 1);
	refused(PA(1), 0);
	block_at(PA(1), PA(2) + 8, 1);
	block_at(PA(2), 0, 1);
	refused(PA(1), 1);
	block_at(PA(1), ~0ULL, 1);
	refused(PA(1), 0);
	block_at(PA(1), 0, 1);
	refused(PA(1) + 1, 1);
	block_at(PA(1), PA(2), CAP + 1);
	block_at(PA(2), 0, 1);
	refused(PA(1), 1);
	block_at(PA(1), PA(2), CAP);
	block_at(PA(2), 0, ~0ULL);
	refused(PA(1), 0);
	block_at(PA(1), PA(2), 1);
	block_at(PA(2), 0, 1);
	handed_find(PA(2))->large = true;
	refused(PA(1), 0);
}

/* Never sent, harmless. */
static void empty_blocks(void)
{
	struct kho_block_header_ser *ser;
	u64 *val;

	block_at(PA(1), PA(2), 0);
	ser = block_at(PA(2), PA(3), 1);
	val = (u64 *)(ser + 1);
	*val = 1;
	block_at(PA(3), PA(4), 0);
	block_at(PA(4), 0, 0);
	expect(PA(1), 1);
	CHECK_EQ(handed_preserved(), 0);
	block_at(PA(1), 0, 0);
	expect(PA(1), 0);
	handed_free_all();
}

static void longest(void)
{
	unsigned long i;
	struct kho_block_set bs;

	for (i = KHO_BLOCK_MAX; i; i--)
		block_at(PA(i), i < KHO_BLOCK_MAX ? PA(i + 1) : 0, 1);
	kho_block_set_init(&bs, ENTRY);
	CHECK_EQ(kho_block_set_restore(&bs, PA(1)), 0);
	CHECK_EQ(bs.nr, KHO_BLOCK_MAX);
	kho_block_set_destroy(&bs);

	for (i = KHO_BLOCK_MAX + 1; i; i--)
		block_at(PA(i), i <= KHO_BLOCK_MAX ? PA(i + 1) : 0, 1);
	refused(PA(1), 1);
}

static void restore_enomem(void)
{
	struct kho_block_set bs;

	block_at(PA(1), PA(2), 1);
	block_at(PA(2), PA(3), 1);
	block_at(PA(3), 0, 1);
	handed_allocs_left = 1;
	kho_block_set_init(&bs, ENTRY);
	CHECK_EQ(kho_block_set_restore(&bs, PA(1)), -ENOMEM);
	handed_allocs_left = -1;
	CHECK_EQ(handed_claimed(), 0);
	handed_free_all();
}

/*
 * What is in them
 */

static void names(void)
{
	char *name = guarded(8);

	memset(name, 'x', 8);
	CHECK(!luo_wire_name_ok(name, 8));
	name[7] = '\0';
	CHECK(luo_wire_name_ok(name, 8));
	CHECK(!luo_wire_name_ok(name, 7));
	name[1] = '\0';
	CHECK(luo_wire_name_ok(name, 8));
	name[0] = '\0';
	CHECK(!luo_wire_name_ok(name, 8));
}

static void sizes(void)
{
	CHECK_EQ(KHO_BLOCK_CAPACITY(sizeof(struct luo_session_ser)),
		 PAGE_SHIFT == 12 ? 51 : PAGE_SHIFT == 14 ? 204 : 819);
	CHECK_EQ(KHO_BLOCK_CAPACITY(sizeof(struct luo_file_ser)),
		 PAGE_SHIFT == 12 ? 63 : PAGE_SHIFT == 14 ? 255 : 1023);
	CHECK_EQ(LUO_FLB_MAX, PAGE_SHIFT == 12 ? 63 : PAGE_SHIFT == 14 ? 255 : 1023);
}

/* As mainline 7.2 wrote it */
static void golden_ser(void)
{
	static const u8 golden[32] = {
		0x6c, 0x75, 0x6f, 0x2d, 0x76, 0x35, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
		0x00, 0x10, 0xbc, 0, 0, 0, 0, 0, 0x00, 0x10, 0xbb, 0, 0, 0, 0, 0,
	};
	struct luo_ser *ser = guarded(sizeof(*ser));
	unsigned int i;

	memcpy(ser, golden, sizeof(*ser));
	CHECK_EQ(luo_wire_check_ser(ser, sizeof(*ser)), 0);
	CHECK_EQ(luo_wire_check_ser(ser, sizeof(*ser) + 100), 0);
	CHECK_EQ(luo_wire_check_ser(ser, sizeof(*ser) - 1), -EINVAL);
	CHECK_EQ(luo_wire_check_ser(ser, 0), -EINVAL);
	CHECK_EQ(ser->liveupdate_num, 1);
	CHECK_EQ(ser->sessions_pa, 0xbc1000);
	CHECK_EQ(ser->flbs_pa, 0xbb1000);
	/* Every byte of the version matters, up to the NUL. */
	for (i = 0; i < 7; i++) {
		ser->compatible[i]++;
		CHECK_EQ(luo_wire_check_ser(ser, sizeof(*ser)), -EINVAL);
		ser->compatible[i]--;
	}
}

/* What another version left is left alone; what nobody can have left is not. */
static void other_version(void)
{
	static const struct {
		char compatible[8];
		bool other;
	} cases[] = {
		{ "luo-v5", false },
		{ "luo-v4", true },
		{ "luo-v6", true },
		{ "luo-v55", true },
		{ "luo-v", true },
		{ "luo-w6", false },
		{ "Luo-v6", false },
		{ "luo", false },
		{ "", false },
		{ { 'l', 'u', 'o', '-', 'v', '6', '6', '6' }, false },
	};
	struct luo_ser *ser = guarded(sizeof(*ser));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		memcpy(ser->compatible, cases[i].compatible, sizeof(ser->compatible));
		CHECK_EQ(luo_wire_other_version(ser, sizeof(*ser)), cases[i].other);
		/* Its structure may be smaller, but not without a version. */
		CHECK_EQ(luo_wire_other_version(ser, 8), cases[i].other);
		CHECK(!luo_wire_other_version(ser, 7));
	}
}

static void entries(void)
{
	struct luo_session_ser *s = guarded(sizeof(*s));
	struct luo_file_ser *f = guarded(sizeof(*f));

	memset(s, 's', sizeof(*s));
	CHECK_EQ(luo_wire_check_session(s), -EINVAL);
	s->name[63] = '\0';
	CHECK_EQ(luo_wire_check_session(s), 0);
	s->name[0] = '\0';
	CHECK_EQ(luo_wire_check_session(s), -EINVAL);
	memset(f, 'f', sizeof(*f));
	CHECK_EQ(luo_wire_check_file(f), -EINVAL);
	f->compatible[47] = '\0';
	CHECK_EQ(luo_wire_check_file(f), 0);
	f->compatible[0] = '\0';
	CHECK_EQ(luo_wire_check_file(f), -EINVAL);
}

static void flbs(void)
{
	struct luo_flb_header_ser *page = guarded(PAGE_SIZE);
	struct luo_flb_ser *flb = (void *)(page + 1);
	unsigned long i;

	memset(page, 0, PAGE_SIZE);
	CHECK_EQ(luo_wire_check_flbs(page), -EINVAL);
	page->pgcnt = 1;
	CHECK_EQ(luo_wire_check_flbs(page), 0);
	page->count = LUO_FLB_MAX;
	CHECK_EQ(luo_wire_check_flbs(page), -EINVAL);
	for (i = 0; i < LUO_FLB_MAX; i++) {
		flb[i].name[0] = 'x';
		flb[i].count = 1;
	}
	CHECK_EQ(luo_wire_check_flbs(page), 0);
	page->count++;
	/* The name of one more would still be in the page. */
	flb[LUO_FLB_MAX].name[0] = 'x';
	CHECK_EQ(luo_wire_check_flbs(page), -EINVAL);
	page->count = ~0ULL;
	CHECK_EQ(luo_wire_check_flbs(page), -EINVAL);
	page->count = LUO_FLB_MAX;
	flb[LUO_FLB_MAX - 1].count = 0;
	CHECK_EQ(luo_wire_check_flbs(page), -EINVAL);
	flb[LUO_FLB_MAX - 1].count = 1;
	memset(flb[LUO_FLB_MAX - 1].name, 'y', sizeof(flb->name));
	CHECK_EQ(luo_wire_check_flbs(page), -EINVAL);
	page->count--;
	CHECK_EQ(luo_wire_check_flbs(page), 0);
	page->pgcnt = 2;
	CHECK_EQ(luo_wire_check_flbs(page), -EINVAL);
}

static void unique_names(void)
{
	char *to = guarded(LIVEUPDATE_SESSION_NAME_LENGTH);
	char name[64];

	luo_wire_unique_name(to, "systemd", 1);
	CHECK(!strcmp(to, "systemd~1"));
	luo_wire_unique_name(to, "a~1", 20);
	CHECK(!strcmp(to, "a~1~20"));
	memset(name, 'n', 63);
	name[63] = '\0';
	luo_wire_unique_name(to, name, 1);
	CHECK_EQ(strlen(to), 63);
	CHECK(!strncmp(to, name, 61) && !strcmp(to + 61, "~1"));
	luo_wire_unique_name(to, name, 4294967295U);
	CHECK_EQ(strlen(to), 63);
	CHECK(!strncmp(to, name, 52) && !strcmp(to + 52, "~4294967295"));
	name[61] = '\0';
	luo_wire_unique_name(to, name, 9);
	CHECK_EQ(strlen(to), 63);
	CHECK(!strncmp(to, name, 61));
}

static const struct kho_case cases[] = {
	CASE(round_trip),
	CASE(no_empty_block),
	CASE(used_again),
	CASE(trimmed),
	CASE(full),
	CASE(grow_and_shrink),
	CASE(damaged),
	CASE(empty_blocks),
	CASE(longest),
	CASE(restore_enomem),
	CASE(names),
	CASE(sizes),
	CASE(golden_ser),
	CASE(other_version),
	CASE(entries),
	CASE(flbs),
	CASE(unique_names),
	{ }
};

const struct kho_suite luo_suite = { "luo", cases };
