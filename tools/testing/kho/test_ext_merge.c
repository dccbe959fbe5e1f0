// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of extension "x-luo", put back between those that mainline would know.
 */
#include "../../../kernel/liveupdate/ext_merge.c"

#include "handed.h"
#include "test.h"

#define RECORD		sizeof(struct luo_ext_file_ser)
#define MAX_FILES	24

struct merged_file {
	struct list_head node;
	u64 token;
};

/* Sessions "0" to "9" */
static struct merged {
	struct list_head files;
	struct merged_file all[MAX_FILES];
	unsigned int nr;
	u32 hops;
} merged[10];

static void no_sessions(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(merged); i++) {
		INIT_LIST_HEAD(&merged[i].files);
		merged[i].nr = 0;
		merged[i].hops = 0;
	}
}

static int add_file(struct merged *m, u64 token, struct list_head *before)
{
	struct merged_file *f;

	list_for_each_entry(f, &m->files, node) {
		if (f->token == token)
			return -EINVAL;
	}
	CHECK(m->nr < MAX_FILES);
	f = &m->all[m->nr++];
	f->token = token;
	list_add_tail(&f->node, before);
	return 0;
}

static struct list_head *find_merged(const struct luo_ext_session_ser *ser, void **session)
{
	unsigned int i = ser->name[0] - '0';

	if (i >= ARRAY_SIZE(merged) || ser->name[1])
		return NULL;
	merged[i].hops = ser->hops;
	*session = &merged[i];
	return &merged[i].files;
}

static int add_merged(void *session, const struct luo_ext_file_ser *ser,
		      struct list_head *before)
{
	CHECK(!strcmp(ser->compatible, "x-a"));
	CHECK_EQ(ser->data, ser->token + 1000);
	return add_file(session, ser->token, before);
}

static const struct luo_ext_merge_ops merge_ops = { .find = find_merged, .add = add_merged };

/* A sender's */
static struct luo_ext ext;

static void begin(unsigned long room)
{
	ext = (struct luo_ext)LUO_EXT_INIT(ext, "x-test", 1, 1, RECORD, "nothing", false);
	CHECK_EQ(luo_ext_reserve(&ext, room), 0);
	luo_ext_begin(&ext);
	no_sessions();
}

static void write_session(const char *name, u32 hops)
{
	struct luo_ext_session_ser *ser = luo_ext_add(&ext);

	ser->type = LUO_EXT_SESSION;
	ser->hops = hops;
	strcpy(ser->name, name);
}

static struct luo_ext_file_ser *write_file(u64 position, u64 token)
{
	struct luo_ext_file_ser *ser = luo_ext_add(&ext);

	ser->type = LUO_EXT_FILE;
	ser->position = position;
	strcpy(ser->compatible, "x-a");
	ser->data = token + 1000;
	ser->token = token;
	return ser;
}

/* What was written goes over, and is merged. */
static void merge_written(void)
{
	struct luo_ext_arrived arrived;
	struct luo_ext_ser *ser;
	size_t size;

	CHECK_EQ(luo_ext_publish(&ext, 42), 0);
	luo_ext_trim(&ext);
	ser = handed_subtree("x-test", &size);
	CHECK(ser);
	kho_remove_subtree(ser);
	forget_chain(&ext.records);
	CHECK_EQ(luo_ext_claim(&ext, ser, size, &arrived), 0);
	luo_ext_merge(&arrived, &merge_ops);
	luo_ext_done(&arrived);
	CHECK_EQ(handed_claimed() + handed_preserved(), 0);
}

static void tokens_are(const struct merged *m, const u64 *tokens, unsigned int nr)
{
	const struct merged_file *f;
	unsigned int i = 0;

	list_for_each_entry(f, &m->files, node) {
		CHECK(i < nr);
		CHECK_EQ(f->token, tokens[i]);
		i++;
	}
	CHECK_EQ(i, nr);
}

/* Whichever files of whichever sessions are ours, all are where they were. */
static void merging(void)
{
	unsigned int round, i, j, one_in, nr[ARRAY_SIZE(merged)];
	u64 tokens[ARRAY_SIZE(merged)][MAX_FILES];
	struct rnd r = RND(7);
	char name[] = "0";

	for (round = 0; round < 1000; round++) {
		begin(ARRAY_SIZE(merged) * (MAX_FILES + 1));
		for (i = 0; i < ARRAY_SIZE(merged); i++) {
			one_in = 1 + rnd_below(&r, 4);
			nr[i] = rnd_below(&r, MAX_FILES + 1);
			name[0] = '0' + i;
			write_session(name, round + i);
			for (j = 0; j < nr[i]; j++) {
				/* Numbered from anywhere on, so no two are the same. */
				tokens[i][j] = j ? tokens[i][j - 1] + 1 : rnd(&r);
				if (rnd_one_in(&r, one_in))
					write_file(j, tokens[i][j]);
				else
					add_file(&merged[i], tokens[i][j], &merged[i].files);
			}
		}
		merge_written();
		for (i = 0; i < ARRAY_SIZE(merged); i++) {
			tokens_are(&merged[i], tokens[i], nr[i]);
			CHECK_EQ(merged[i].hops, round + i);
		}
	}
	CHECK_EQ(handed_lines, 0);
}

/* One file that was there, 100; what becomes of it and of those that are sent. */
static void damaged(void (*send)(void), unsigned int lines, const u64 *want, unsigned int nr)
{
	unsigned int before = handed_lines;

	begin(10);
	add_file(&merged[0], 100, &merged[0].files);
	send();
	merge_written();
	tokens_are(&merged[0], want, nr);
	CHECK_EQ(handed_lines - before, lines);
}

static void send_nobodys(void)
{
	write_file(0, 1);
}

static void send_beyond(void)
{
	write_session("0", 0);
	write_file(1, 5);
	write_file(3, 6);
	write_file(2, 7);
}

static void send_far_beyond(void)
{
	write_session("0", 0);
	write_file(~0ULL, 5);
}

static void send_before(void)
{
	write_session("0", 0);
	write_file(0, 5);
	write_file(0, 6);
	write_file(2, 7);
}

static void send_twice(void)
{
	write_session("0", 0);
	write_file(0, 5);
	write_file(1, 100);
	write_file(2, 7);
}

static void send_theirs(void)
{
	write_session("0", 0);
	strcpy(write_file(0, 5)->compatible, "memfd-v2");
}

static void send_unknown_session(void)
{
	write_session("nobody", 0);
	write_file(0, 5);
}

/* Files of the session before it are not touched. */
static void send_nameless(void)
{
	write_session("0", 0);
	write_session("", 0);
	write_file(0, 5);
}

static void send_unknown_type(void)
{
	write_session("0", 0);
	write_file(0, 5);
	write_file(1, 6)->type = 99;
	write_file(2, 7);
}

/* The second time it starts anew, with what is there by then. */
static void send_session_twice(void)
{
	write_session("0", 0);
	write_file(0, 5);
	write_session("0", 0);
	write_file(0, 6);
	write_file(2, 7);
}

/* What cannot be is left out, with what is behind it, and there is one line. */
static void merging_damaged(void)
{
	damaged(send_nobodys, 0, (u64[]){ 100 }, 1);
	damaged(send_beyond, 1, (u64[]){ 100, 5 }, 2);
	damaged(send_far_beyond, 1, (u64[]){ 100 }, 1);
	damaged(send_before, 1, (u64[]){ 5, 100 }, 2);
	damaged(send_twice, 1, (u64[]){ 5, 100 }, 2);
	damaged(send_theirs, 1, (u64[]){ 100 }, 1);
	damaged(send_unknown_session, 1, (u64[]){ 100 }, 1);
	damaged(send_nameless, 1, (u64[]){ 100 }, 1);
	damaged(send_unknown_type, 0, (u64[]){ 5, 100, 7 }, 3);
	damaged(send_session_twice, 0, (u64[]){ 6, 5, 7, 100 }, 4);
}

static const struct kho_case cases[] = {
	CASE(merging),
	CASE(merging_damaged),
	{ }
};

const struct kho_suite merge_suite = { "merge", cases };
