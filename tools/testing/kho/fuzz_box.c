// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boxes from a hostile sender, read as live update reads them.
 */
#include "../../../kernel/liveupdate/box_wire.h"

#include "fuzz.h"
#include "handed.h"
#include "test.h"

static void write_record(struct fdbox_ser *ser, const struct fuzz_box_op *op)
{
	ser->type = op->what % 5;
	ser->number = op->number == 255 ? ~0ULL : op->number;
	memset(ser->name, op->letter, op->what & 128 ? FDBOX_NAME_LEN : op->length);
}

static const struct fdbox_ser *expect(struct kho_block_set_it *it, u32 type)
{
	const struct fdbox_ser *ser = kho_block_set_it_read_entry(it);

	CHECK(ser);
	CHECK_EQ(ser->type, type);
	CHECK(luo_box_file_name_ok(ser->name) || type == FDBOX_SER_SESSION);
	CHECK(luo_box_name_ok(ser->name) || type != FDBOX_SER_BOX);
	CHECK(strnlen(ser->name, 64) < 64 || type != FDBOX_SER_SESSION);
	return ser;
}

/* What was accepted needs no more checks. */
static void read_boxes(struct kho_block_set *records)
{
	struct kho_block_set_it it;
	u64 left;

	kho_block_set_it_init(&it, records);
	while (kho_block_set_it_read_entry(&it)) {
		kho_block_set_it_prev(&it);
		left = expect(&it, FDBOX_SER_SESSION)->number;
		expect(&it, FDBOX_SER_BOX);
		for (; left; left--)
			expect(&it, FDBOX_SER_FILE);
	}
}

void fuzz_box(const u8 *data, size_t size)
{
	const struct fuzz_box_op *op = (const void *)data;
	unsigned long nr = size / sizeof(*op);
	struct kho_block_set records;
	struct kho_block_set_it it;

	kho_block_set_init(&records, sizeof(struct fdbox_ser));
	CHECK_EQ(kho_block_set_grow(&records, nr), 0);
	kho_block_set_it_init(&it, &records);
	for (; nr; nr--, op++)
		write_record(kho_block_set_it_reserve_entry(&it), op);
	if (!luo_box_check_records(&records))
		read_boxes(&records);
	kho_block_set_destroy(&records);
	handed_free_all();
}
