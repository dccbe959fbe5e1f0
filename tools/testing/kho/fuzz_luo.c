// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions, files and FLBs from a hostile sender, read as live update reads
 * them.
 */
#include "../../../kernel/liveupdate/ext.h"
#include "../../../kernel/liveupdate/ext_merge.h"
#include "../../../kernel/liveupdate/ext_wire.h"
#include "../../../kernel/liveupdate/wire.h"

#include <linux/kho_block.h>
#include <linux/minmax.h>

#include "fuzz.h"
#include "handed.h"
#include "test.h"

/* Page 0 is where the subtree points; an address that is nothing's is last. */
static u64 page_address(unsigned int i)
{
	return (64 + i % (FUZZ_LUO_PAGES + 1)) * (u64)PAGE_SIZE;
}

static void put(u8 *page, unsigned int at, const void *data, size_t size)
{
	memcpy(page + min(at, PAGE_SIZE - size), data, size);
}

static void follow_instructions(const u8 *data, size_t size)
{
	struct fuzz_luo_op op;
	struct folio *f;
	u64 val;

	for (; size >= sizeof(op); data += sizeof(op), size -= sizeof(op)) {
		memcpy(&op, data, sizeof(op));
		f = handed_find(page_address(op.page % FUZZ_LUO_PAGES));
		op.at %= PAGE_SIZE;
		switch (op.what % FUZZ_LUO_OPS) {
		case FUZZ_LUO_POINT:
			val = page_address(op.arg);
			put(f->page, op.at, &val, sizeof(val));
			break;
		case FUZZ_LUO_NUMBER:
			val = op.arg;
			put(f->page, op.at, &val, sizeof(val));
			break;
		case FUZZ_LUO_BIG:
			val = (u64)op.arg << 32 | op.arg;
			put(f->page, op.at, &val, sizeof(val));
			break;
		case FUZZ_LUO_TEXT:
			put(f->page, op.at, &op.arg, sizeof(op.arg));
			break;
		case FUZZ_LUO_FILL:
			memset((u8 *)f->page + op.at, op.arg,
			       min(op.arg >> 8 & 0xffff, PAGE_SIZE - op.at));
			break;
		case FUZZ_LUO_STATE:
			f->preserved = op.arg & 1;
			f->large = op.arg & 2;
			break;
		}
	}
}

static void check_name(const char *name, size_t size)
{
	size_t len = strnlen(name, size);

	CHECK(len && len < size);
}

static void read_files(u64 head)
{
	struct kho_block_set bs;
	struct kho_block_set_it it;
	struct luo_file_ser *f;
	unsigned long nr = 0;

	kho_block_set_init(&bs, sizeof(*f));
	if (!kho_block_set_restore(&bs, head)) {
		kho_block_set_it_init(&it, &bs);
		while ((f = kho_block_set_it_read_entry(&it))) {
			nr++;
			if (!luo_wire_check_file(f))
				check_name(f->compatible, sizeof(f->compatible));
		}
		CHECK_LE(nr, bs.nr * KHO_BLOCK_CAPACITY(sizeof(*f)));
		while (kho_block_set_it_prev(&it))
			nr--;
		CHECK_EQ(nr, 0);
	}
	kho_block_set_destroy(&bs);
}

static void read_sessions(u64 head)
{
	struct kho_block_set bs;
	struct kho_block_set_it it;
	struct luo_session_ser *s;
	char name[LIVEUPDATE_SESSION_NAME_LENGTH];
	unsigned long nr = 0;

	kho_block_set_init(&bs, sizeof(*s));
	if (!kho_block_set_restore(&bs, head)) {
		kho_block_set_it_init(&it, &bs);
		while ((s = kho_block_set_it_read_entry(&it))) {
			nr++;
			if (luo_wire_check_session(s))
				continue;
			check_name(s->name, sizeof(s->name));
			luo_wire_unique_name(name, s->name, s->count);
			check_name(name, sizeof(name));
			CHECK(strcmp(name, s->name));
			read_files(s->files);
		}
		CHECK_LE(nr, bs.nr * KHO_BLOCK_CAPACITY(sizeof(*s)));
	}
	kho_block_set_destroy(&bs);
}

static void read_flbs(u64 pa)
{
	struct folio *f = kho_restore_folio(pa);
	const struct luo_flb_header_ser *page;
	const struct luo_flb_ser *flb;
	u64 i;

	if (!f)
		return;
	page = f->page;
	flb = (const void *)(page + 1);
	if (!luo_wire_check_flbs(page)) {
		for (i = 0; i < page->count; i++) {
			check_name(flb[i].name, sizeof(flb[i].name));
			CHECK(flb[i].count);
		}
	}
	folio_put(f);
}

static struct luo_ext ext = LUO_EXT_INIT(ext, LUO_EXT_SUBTREE, LUO_EXT_MAGIC, LUO_EXT_VERSION,
					 sizeof(struct luo_ext_session_ser), "nothing", false);

/*
 * Merging: a session of each letter, with as many files as it is from the start of
 * the alphabet.  They have odd tokens, what is added gets even ones.
 */

#define NR_MERGED	4
#define MAX_MERGED	1024

struct merged_file {
	struct list_head node;
	u64 token;
};

static struct merged {
	struct list_head files;
	unsigned int theirs, ours;
	u64 position;		/* where the last one of ours has to be, at least */
	struct merged_file all[NR_MERGED + MAX_MERGED];
} merged[NR_MERGED];

static void add_to(struct merged *m, struct list_head *before)
{
	struct merged_file *f = &m->all[m->theirs + m->ours];

	list_add_tail(&f->node, before);
}

static struct list_head *find_merged(const struct luo_ext_session_ser *ser, void **session)
{
	unsigned int i = (u8)ser->name[0] % 8;

	check_name(ser->name, sizeof(ser->name));
	if (i >= NR_MERGED)
		return NULL;
	merged[i].position = 0;
	*session = &merged[i];
	return &merged[i].files;
}

/* It is exactly where its record says. */
static int add_merged(void *session, const struct luo_ext_file_ser *ser,
		      struct list_head *before)
{
	struct merged *m = session;
	struct list_head *at;
	u64 position = 0;

	for (at = m->files.next; at != before; at = at->next) {
		CHECK(at != &m->files);
		position++;
	}
	CHECK_EQ(position, ser->position);
	CHECK(ser->position >= m->position);
	CHECK(ser->position <= m->theirs + m->ours);
	CHECK(luo_ext_name_is_ours(ser->compatible));
	m->position = ser->position + 1;
	if (m->ours == MAX_MERGED || !(ser->token % 16))
		return -EINVAL;
	m->all[m->theirs + m->ours].token = 2 * ser->token;
	add_to(m, before);
	m->ours++;
	return 0;
}

static const struct luo_ext_merge_ops merge_ops = {
	.find = find_merged,
	.add = add_merged,
};

static void prepare_merged(void)
{
	unsigned int i;

	for (i = 0; i < NR_MERGED; i++) {
		INIT_LIST_HEAD(&merged[i].files);
		merged[i].ours = 0;
		for (merged[i].theirs = 0; merged[i].theirs < i; merged[i].theirs++) {
			merged[i].all[merged[i].theirs].token = 2 * merged[i].theirs + 1;
			add_to(&merged[i], &merged[i].files);
		}
	}
}

/* All are there, and those that were there before are in their order. */
static void check_merged(const struct merged *m)
{
	const struct merged_file *f;
	unsigned int nr = 0, theirs = 0;

	list_for_each_entry(f, &m->files, node) {
		CHECK(!(f->token % 2) || f->token == 2 * theirs + 1);
		theirs += f->token % 2;
		nr++;
	}
	CHECK_EQ(theirs, m->theirs);
	CHECK_EQ(nr, m->theirs + m->ours);
}

static void merge(struct luo_ext_arrived *arrived)
{
	unsigned int i;

	prepare_merged();
	luo_ext_merge(arrived, &merge_ops);
	for (i = 0; i < NR_MERGED; i++)
		check_merged(&merged[i]);
}

static void read_ext(struct luo_ext_ser *head, u64 size)
{
	struct luo_ext_arrived arrived;
	struct luo_ext_ser ser = *head;
	u64 nr = 0, position = 0;
	const void *record;

	if (luo_ext_claim(&ext, head, size, &arrived))
		return;
	while ((record = luo_ext_next(&arrived))) {
		const struct luo_ext_session_ser *session = record;
		const struct luo_ext_file_ser *file = record;

		nr++;
		if (!luo_ext_check_session(session))
			check_name(session->name, sizeof(session->name));
		if (!luo_ext_check_file(file, position)) {
			check_name(file->compatible, sizeof(file->compatible));
			CHECK(luo_ext_name_is_ours(file->compatible));
			CHECK(file->position >= position);
			position = file->position + 1;
		}
	}
	CHECK_EQ(nr, ser.nr);
	CHECK_EQ(arrived.number, ser.number);
	CHECK(ser.length <= size);
	kho_block_set_it_init(&arrived.it, &arrived.records);
	merge(&arrived);
	luo_ext_done(&arrived);
}

void fuzz_luo(const u8 *data, size_t size)
{
	unsigned int i;
	struct luo_ser ser;
	struct folio *f;

	for (i = 0; i < FUZZ_LUO_PAGES; i++)
		handed_page(page_address(i));
	f = handed_find(page_address(0));
	strcpy(f->page, LUO_COMPATIBLE);
	follow_instructions(data, size);
	ser = *(struct luo_ser *)f->page;
	if (!luo_wire_check_ser(f->page, sizeof(ser))) {
		CHECK(!strcmp(ser.compatible, LUO_COMPATIBLE));
		read_sessions(ser.sessions_pa);
		read_flbs(ser.flbs_pa);
	}
	f = handed_find(page_address(FUZZ_LUO_EXT));
	handed_no_checksums = true;
	if (f)
		read_ext(f->page, min(size * 8, PAGE_SIZE));
	handed_no_checksums = false;
	/* Everything was freed that was claimed. */
	CHECK_EQ(handed_claimed(), 0);
	handed_free_all();
}
