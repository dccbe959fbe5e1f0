// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of boxes and files, and the records that make boxes of sessions.
 */
#include "../../../kernel/liveupdate/box_wire.c"

#include "handed.h"
#include "test.h"

static void names(void)
{
	static const char * const good[] = {
		"a", "...", "fdbox0", "a b", "\xc3\xb6", "\x80\xff", "fdbo", ".x",
	};
	static const char * const files_only[] = { ".", "..", "fdbox", "/", "a/b", "x/" };
	static const char * const bad[] = { "", "\n", "a\x01", "a\x7f", "\x1f", "a\tb" };
	char *name = guarded(FDBOX_NAME_LEN);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		memset(name, '/', FDBOX_NAME_LEN);
		strcpy(name, good[i]);
		CHECK(luo_box_name_ok(name) && luo_box_file_name_ok(name));
	}
	for (i = 0; i < ARRAY_SIZE(files_only); i++) {
		strcpy(name, files_only[i]);
		CHECK(!luo_box_name_ok(name) && luo_box_file_name_ok(name));
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		strcpy(name, bad[i]);
		CHECK(!luo_box_name_ok(name) && !luo_box_file_name_ok(name));
	}
	memset(name, 'n', FDBOX_NAME_LEN);
	CHECK(!luo_box_name_ok(name) && !luo_box_file_name_ok(name));
	name[FDBOX_NAME_LEN - 1] = '\0';
	CHECK(luo_box_name_ok(name) && luo_box_file_name_ok(name));
}

static struct kho_block_set records;
static struct kho_block_set_it end;

static void begin(unsigned long room)
{
	kho_block_set_init(&records, sizeof(struct fdbox_ser));
	CHECK_EQ(kho_block_set_grow(&records, room), 0);
	kho_block_set_it_init(&end, &records);
}

static struct fdbox_ser *add(u32 type, u64 number, const char *name)
{
	struct fdbox_ser *ser = kho_block_set_it_reserve_entry(&end);

	CHECK(ser);
	ser->type = type;
	ser->number = number;
	strcpy(ser->name, name);
	return ser;
}

static bool accepted(void)
{
	return !luo_box_check_records(&records);
}

static void done(void)
{
	kho_block_set_destroy(&records);
}

/* As the sender writes them */
static void boxes(void)
{
	const unsigned long cap = KHO_BLOCK_CAPACITY(sizeof(struct fdbox_ser));
	unsigned long nr, i;

	for (nr = 0; nr < 3 * cap; nr++) {
		begin(2 * (nr + 2) + 2);
		CHECK(accepted());
		add(FDBOX_SER_SESSION, nr, "fdbox:a");
		add(FDBOX_SER_BOX, 0, "a");
		for (i = 0; i < nr; i++) {
			CHECK(!accepted());
			add(FDBOX_SER_FILE, i, "file");
		}
		CHECK(accepted());
		add(FDBOX_SER_SESSION, 0, "fdbox:b");
		CHECK(!accepted());
		add(FDBOX_SER_BOX, 0, "b");
		CHECK(accepted());
		add(FDBOX_SER_FILE, 0, "one too many");
		CHECK(!accepted());
		done();
	}
}

static void order(void)
{
	begin(8);
	add(FDBOX_SER_BOX, 0, "a");
	CHECK(!accepted());
	done();
	begin(8);
	add(FDBOX_SER_SESSION, 1, "fdbox:a");
	add(FDBOX_SER_FILE, 0, "f");
	add(FDBOX_SER_BOX, 0, "a");
	CHECK(!accepted());
	done();
	begin(8);
	add(FDBOX_SER_SESSION, 2, "fdbox:a");
	add(FDBOX_SER_BOX, 0, "a");
	add(FDBOX_SER_FILE, 0, "f");
	add(FDBOX_SER_SESSION, 0, "fdbox:b");
	CHECK(!accepted());
	done();
	begin(8);
	add(0, 0, "a");
	CHECK(!accepted());
	done();
	begin(8);
	add(FDBOX_SER_SESSION, ~0ULL, "fdbox:a");
	add(FDBOX_SER_BOX, 0, "a");
	CHECK(!accepted());
	done();
}

/* What is wrong with a name in any place */
static void names_of_records(void)
{
	struct fdbox_ser *ser[3];

	begin(3);
	ser[0] = add(FDBOX_SER_SESSION, 1, "fdbox:a");
	ser[1] = add(FDBOX_SER_BOX, 0, "a");
	ser[2] = add(FDBOX_SER_FILE, 7, "a/b");
	CHECK(accepted());
	strcpy(ser[1]->name, "a/b");
	CHECK(!accepted());
	strcpy(ser[1]->name, "..");
	CHECK(!accepted());
	strcpy(ser[1]->name, "b");
	ser[2]->name[0] = '\0';
	CHECK(!accepted());
	memset(ser[2]->name, 'n', FDBOX_NAME_LEN);
	CHECK(!accepted());
	ser[2]->name[FDBOX_NAME_LEN - 1] = '\0';
	CHECK(accepted());
	/* A session's name is shorter. */
	memset(ser[0]->name, 's', LIVEUPDATE_SESSION_NAME_LENGTH);
	CHECK(!accepted());
	ser[0]->name[LIVEUPDATE_SESSION_NAME_LENGTH - 1] = '\0';
	CHECK(accepted());
	done();
}

static const struct kho_case cases[] = {
	CASE(names),
	CASE(boxes),
	CASE(order),
	CASE(names_of_records),
	{ }
};

const struct kho_suite box_suite = { "box", cases };
