// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: chains of blocks, on the sending side
 *
 * What is done with a chain that arrived is in tools/testing/kho, and its pages come
 * from another kernel in tools/testing/selftests/liveupdate.
 */
#include <kunit/test.h>

#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho_block.h>
#include <linux/mm.h>

#include "../../kho/internal.h"

#define ENTRY_SIZE	40
#define CAPACITY	KHO_BLOCK_CAPACITY(ENTRY_SIZE)

static struct kho_block_set set;

static int block_test_init(struct kunit *test)
{
	if (!kho_is_enabled())
		kunit_skip(test, "boot with kho=on");
	kho_block_set_init(&set, ENTRY_SIZE);
	return 0;
}

static void block_test_exit(struct kunit *test)
{
	kho_block_set_destroy(&set);
}

/* Writes numbers from 0 on until there is no room.  Returns how many. */
static unsigned long fill(unsigned long max)
{
	struct kho_block_set_it it;
	unsigned long i;
	u64 *entry;

	kho_block_set_it_init(&it, &set);
	for (i = 0; i < max; i++) {
		entry = kho_block_set_it_reserve_entry(&it);
		if (!entry)
			break;
		*entry = i;
	}
	return i;
}

/* What the next kernel would find, by nothing but addresses. */
static unsigned long count_by_address(struct kunit *test)
{
	u64 pa = kho_block_set_head_pa(&set);
	unsigned long nr = 0;
	unsigned int i;

	while (pa) {
		struct kho_block_header_ser *ser = phys_to_virt(pa);

		KUNIT_EXPECT_EQ(test, kho_out_order(PHYS_PFN(pa)), 0);
		/* An empty one would be fatal there. */
		KUNIT_EXPECT_GT(test, ser->count, 0);
		KUNIT_ASSERT_LE(test, ser->count, CAPACITY);
		for (i = 0; i < ser->count; i++, nr++)
			KUNIT_EXPECT_EQ(test, *(u64 *)((void *)(ser + 1) + i * ENTRY_SIZE), nr);
		pa = ser->next;
	}
	return nr;
}

static void block_empty_test(struct kunit *test)
{
	struct kho_block_set_it it;

	KUNIT_EXPECT_TRUE(test, kho_block_set_is_empty(&set));
	KUNIT_EXPECT_EQ(test, kho_block_set_head_pa(&set), 0);
	kho_block_set_it_init(&it, &set);
	KUNIT_EXPECT_NULL(test, kho_block_set_it_reserve_entry(&it));
	KUNIT_EXPECT_NULL(test, kho_block_set_it_read_entry(&it));
	KUNIT_EXPECT_NULL(test, kho_block_set_it_prev(&it));

	/* Room alone is nothing to send. */
	KUNIT_EXPECT_EQ(test, kho_block_set_grow(&set, 1), 0);
	KUNIT_EXPECT_TRUE(test, kho_block_set_is_empty(&set));
	KUNIT_EXPECT_EQ(test, kho_block_set_head_pa(&set), 0);
}

static void block_fill_test(struct kunit *test)
{
	static const unsigned long counts[] = {
		1, CAPACITY - 1, CAPACITY, CAPACITY + 1, 3 * CAPACITY, 5 * CAPACITY / 2,
	};
	unsigned int i;

	KUNIT_ASSERT_EQ(test, kho_block_set_grow(&set, 3 * CAPACITY), 0);
	KUNIT_EXPECT_EQ(test, set.nr, 3);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		KUNIT_EXPECT_EQ(test, fill(counts[i]), counts[i]);
		KUNIT_EXPECT_EQ(test, count_by_address(test), counts[i]);
		KUNIT_EXPECT_FALSE(test, kho_block_set_is_empty(&set));
		kho_block_set_clear(&set);
		KUNIT_EXPECT_TRUE(test, kho_block_set_is_empty(&set));
	}
	KUNIT_EXPECT_EQ(test, fill(ULONG_MAX), 3 * CAPACITY);
}

static void block_walk_test(struct kunit *test)
{
	struct kho_block_set_it it;
	unsigned long i;
	u64 *entry;

	KUNIT_ASSERT_EQ(test, kho_block_set_grow(&set, 2 * CAPACITY), 0);
	KUNIT_EXPECT_EQ(test, fill(CAPACITY + 7), CAPACITY + 7);
	kho_block_set_it_init(&it, &set);
	for (i = 0; (entry = kho_block_set_it_read_entry(&it)); i++)
		KUNIT_EXPECT_EQ(test, *entry, i);
	KUNIT_EXPECT_EQ(test, i, CAPACITY + 7);
	while ((entry = kho_block_set_it_prev(&it)))
		KUNIT_EXPECT_EQ(test, *entry, --i);
	KUNIT_EXPECT_EQ(test, i, 0);
	entry = kho_block_set_it_read_entry(&it);
	KUNIT_ASSERT_NOT_NULL(test, entry);
	KUNIT_EXPECT_EQ(test, *entry, 0);
}

static void block_room_test(struct kunit *test)
{
	unsigned long before = kho_out_pages();

	KUNIT_ASSERT_EQ(test, kho_block_set_grow(&set, 4 * CAPACITY), 0);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before + 4);
	/* What there is room for already takes none. */
	KUNIT_EXPECT_EQ(test, kho_block_set_grow(&set, 2 * CAPACITY), 0);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before + 4);
	kho_block_set_shrink(&set, 2 * CAPACITY + 1);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before + 3);
	KUNIT_EXPECT_EQ(test, fill(CAPACITY + 1), CAPACITY + 1);
	kho_block_set_trim(&set);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before + 2);
	KUNIT_EXPECT_EQ(test, count_by_address(test), CAPACITY + 1);
	kho_block_set_destroy(&set);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before);
	KUNIT_EXPECT_EQ(test, kho_block_set_head_pa(&set), 0);
}

/* Receivers take no more. */
static void block_limit_test(struct kunit *test)
{
	unsigned long before = kho_out_pages();

	KUNIT_EXPECT_EQ(test, kho_block_set_grow(&set, KHO_BLOCK_MAX * CAPACITY + 1), -ENOSPC);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before);
	KUNIT_EXPECT_EQ(test, set.nr, 0);
}

/* Here nothing arrived: no address leads anywhere. */
static void block_restore_test(struct kunit *test)
{
	unsigned long page = __get_free_page(GFP_KERNEL);

	KUNIT_ASSERT_NE(test, page, 0);
	KUNIT_EXPECT_EQ(test, kho_block_set_restore(&set, 0), 0);
	KUNIT_EXPECT_EQ(test, kho_block_set_grow(&set, 1), -EINVAL);
	kho_block_set_destroy(&set);
	KUNIT_EXPECT_EQ(test, kho_block_set_restore(&set, virt_to_phys((void *)page)), -EINVAL);
	KUNIT_EXPECT_EQ(test, set.nr, 0);
	KUNIT_EXPECT_EQ(test, kho_block_set_grow(&set, 1), 0);
	free_page(page);
}

static struct kunit_case block_cases[] = {
	KUNIT_CASE(block_empty_test),
	KUNIT_CASE(block_fill_test),
	KUNIT_CASE(block_walk_test),
	KUNIT_CASE(block_room_test),
	KUNIT_CASE(block_limit_test),
	KUNIT_CASE(block_restore_test),
	{}
};

static struct kunit_suite block_suite = {
	.name = "kho-block",
	.init = block_test_init,
	.exit = block_test_exit,
	.test_cases = block_cases,
};

kunit_test_suite(block_suite);

MODULE_DESCRIPTION("KUnit tests of chains of blocks");
MODULE_LICENSE("GPL");
