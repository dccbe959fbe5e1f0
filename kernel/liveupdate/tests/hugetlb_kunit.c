// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: what hugetlbfs has to leave alone
 */
#include <kunit/test.h>

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hugetlb.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/xarray.h>

#define VALUE	0x6b686fUL

/*
 * regression: drop_caches took the places of huge pages that are on their way into a
 * file for shadow entries, and the file was empty
 */
static void places_stay_test(struct kunit *test)
{
	struct address_space *mapping;
	struct file *file;

	if (!hugepages_supported())
		kunit_skip(test, "no huge pages");
	file = hugetlb_file_setup("places", huge_page_size(&default_hstate), VM_NORESERVE,
				  HUGETLB_ANONHUGE_INODE, huge_page_shift(&default_hstate));
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, file);
	mapping = file->f_mapping;
	KUNIT_EXPECT_FALSE(test, xa_is_err(xa_store_irq(&mapping->i_pages, 0, xa_mk_value(VALUE),
							GFP_KERNEL)));
	invalidate_mapping_pages(mapping, 0, -1);
	KUNIT_EXPECT_PTR_EQ(test, xa_load(&mapping->i_pages, 0), xa_mk_value(VALUE));
	xa_erase_irq(&mapping->i_pages, 0);
	fput(file);
}

static struct kunit_case hugetlb_cases[] = {
	KUNIT_CASE(places_stay_test),
	{}
};

static struct kunit_suite hugetlb_suite = {
	.name = "luo-hugetlb",
	.test_cases = hugetlb_cases,
};

kunit_test_suite(hugetlb_suite);

MODULE_DESCRIPTION("KUnit tests of hugetlbfs for live update");
MODULE_LICENSE("GPL");
