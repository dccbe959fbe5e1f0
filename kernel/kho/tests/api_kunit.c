// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: the contracts of the API, on the sending side
 *
 * What needs a second kernel is in tools/testing/selftests/kho, and what needs
 * no kernel in tools/testing/kho.
 */
#include <kunit/test.h>

#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/ioport.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/kho_radix_tree.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "../fdt.h"
#include "../internal.h"

static int kho_test_init(struct kunit *test)
{
	if (!kho_is_enabled())
		kunit_skip(test, "boot with kho=on");
	return 0;
}

static struct folio *alloc_folio(struct kunit *test, unsigned int order)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, order);

	KUNIT_ASSERT_NOT_NULL(test, folio);
	return folio;
}

static void folio_twice_test(struct kunit *test)
{
	struct folio *folio = alloc_folio(test, 3);
	unsigned long before = kho_out_pages();

	KUNIT_EXPECT_EQ(test, kho_preserve_folio(folio), 0);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before + 8);
	KUNIT_EXPECT_EQ(test, kho_out_order(folio_pfn(folio)), 3);
	KUNIT_EXPECT_EQ(test, kho_preserve_folio(folio), 0);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before + 8);

	kho_unpreserve_folio(folio);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before);
	KUNIT_EXPECT_EQ(test, kho_out_order(folio_pfn(folio)), -ENOENT);
	folio_put(folio);
}

/* Mainline bug: overlaps were not noticed, and one undo dropped both. */
static void overlap_test(struct kunit *test)
{
	struct page *pages = alloc_pages(GFP_KERNEL, 4);
	unsigned long before = kho_out_pages();

	KUNIT_ASSERT_NOT_NULL(test, pages);
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(pages + 4, 4), 0);
	/* a part, the whole, and a range that ends inside */
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(pages + 5, 1), -EEXIST);
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(pages, 16), -EEXIST);
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(pages + 1, 4), -EEXIST);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before + 4);
	/* the same again, and a neighbour */
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(pages + 4, 4), 0);
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(pages, 4), 0);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before + 8);

	kho_unpreserve_pages(pages + 4, 4);
	KUNIT_EXPECT_EQ(test, kho_out_order(page_to_pfn(pages)), 2);
	kho_unpreserve_pages(pages, 4);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before);
	__free_pages(pages, 4);
}

static void odd_range_test(struct kunit *test)
{
	struct page *pages = alloc_pages(GFP_KERNEL, 5);
	unsigned long pfn;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	pfn = page_to_pfn(pages);
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(pages + 3, 13), 0);
	KUNIT_EXPECT_EQ(test, kho_out_order(pfn + 3), 0);
	KUNIT_EXPECT_EQ(test, kho_out_order(pfn + 4), 2);
	KUNIT_EXPECT_EQ(test, kho_out_order(pfn + 8), 3);
	KUNIT_EXPECT_EQ(test, kho_out_order(pfn + 16), -ENOENT);
	kho_unpreserve_pages(pages + 3, 13);
	KUNIT_EXPECT_EQ(test, kho_out_order(pfn + 8), -ENOENT);
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(pages, 0), 0);
	__free_pages(pages, 5);
}

static void bulk_is_all_or_none_test(struct kunit *test)
{
	struct page *pages = alloc_pages(GFP_KERNEL, 2);
	struct folio *folios[3];
	unsigned long before;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	folios[0] = alloc_folio(test, 0);
	folios[1] = alloc_folio(test, 2);
	folios[2] = alloc_folio(test, 1);
	before = kho_out_pages();

	/* The last one overlaps with something. */
	KUNIT_EXPECT_EQ(test, kho_out_add(folio_pfn(folios[2]), 0), 0);
	KUNIT_EXPECT_EQ(test, kho_preserve_folios(folios, 3), -EEXIST);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before + 1);
	KUNIT_EXPECT_TRUE(test, kho_out_del(folio_pfn(folios[2]), 0));

	KUNIT_EXPECT_EQ(test, kho_preserve_folios(folios, 3), 0);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before + 1 + 4 + 2);
	kho_unpreserve_folios(folios, 3);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before);

	folio_put(folios[0]);
	folio_put(folios[1]);
	folio_put(folios[2]);
	__free_pages(pages, 2);
}

static void refused_memory_test(struct kunit *test)
{
	void *slab = kmalloc(64, GFP_KERNEL);
	struct folio *folio = alloc_folio(test, 2);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, slab);
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(virt_to_page(slab), 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, kho_preserve_folio(virt_to_folio(slab)), -EINVAL);
	/* a tail page, and a head page without its tails */
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(folio_page(folio, 1), 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(folio_page(folio, 0), 1), -EINVAL);
	for (i = 0; i < kho_scratch_nr; i++) {
		unsigned long pfn = PHYS_PFN(kho_scratch[i].addr);
		unsigned long nr = PHYS_PFN(kho_scratch[i].size);

		if (!nr)
			continue;
		KUNIT_EXPECT_EQ(test, kho_preserve_pages(pfn_to_page(pfn), 1), -EINVAL);
		KUNIT_EXPECT_EQ(test, kho_preserve_pages(pfn_to_page(pfn + nr - 1), 1), -EINVAL);
		if (pfn_valid(pfn - 1))
			KUNIT_EXPECT_EQ(test, kho_preserve_pages(pfn_to_page(pfn - 1), 2),
					-EINVAL);
	}
	folio_put(folio);
	kfree(slab);
}

/* Mainline bug: a page with a memory error was handed over as good. */
static void poisoned_test(struct kunit *test)
{
#ifdef CONFIG_MEMORY_FAILURE
	struct page *pages = alloc_pages(GFP_KERNEL, 3);
	struct folio *folio = alloc_folio(test, 2);
	struct page *bad[] = { pages + 5, folio_page(folio, 3) };
	unsigned long before = kho_out_pages();
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, pages);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		SetPageHWPoison(bad[i]);
		atomic_long_inc(&num_poisoned_pages);
	}
	KUNIT_EXPECT_EQ(test, kho_preserve_folio(folio), -EINVAL);
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(pages, 8), -EINVAL);
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(pages + 5, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before);
	/* The pages around it are good. */
	KUNIT_EXPECT_EQ(test, kho_preserve_pages(pages, 5), 0);
	kho_unpreserve_pages(pages, 5);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ClearPageHWPoison(bad[i]);
		atomic_long_dec(&num_poisoned_pages);
	}
	folio_put(folio);
	__free_pages(pages, 3);
#else
	kunit_skip(test, "no CONFIG_MEMORY_FAILURE");
#endif
}

static void alloc_preserve_test(struct kunit *test)
{
	unsigned long before = kho_out_pages();
	u8 *mem;

	KUNIT_EXPECT_EQ(test, PTR_ERR(kho_alloc_preserve(0)), -EINVAL);
	KUNIT_EXPECT_EQ(test, PTR_ERR(kho_alloc_preserve((PAGE_SIZE << MAX_PAGE_ORDER) + 1)),
			-E2BIG);
	mem = kho_alloc_preserve(PAGE_SIZE + 1);
	KUNIT_ASSERT_FALSE(test, IS_ERR(mem));
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)mem, 2 * PAGE_SIZE));
	KUNIT_EXPECT_NULL(test, memchr_inv(mem, 0, 2 * PAGE_SIZE));
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before + 2);
	kho_unpreserve_free(mem);
	kho_unpreserve_free(NULL);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before);
}

static void vmalloc_test(struct kunit *test)
{
	/* More than one chunk, and a chunk that fills exactly. */
	static const unsigned long sizes[] = {
		1, KHO_VMALLOC_SLOTS, KHO_VMALLOC_SLOTS + 1, 3 * KHO_VMALLOC_SLOTS,
	};
	unsigned long before = kho_out_pages();
	struct kho_vmalloc pres;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		void *area = vmalloc(sizes[i] * PAGE_SIZE);

		KUNIT_ASSERT_NOT_NULL(test, area);
		KUNIT_EXPECT_EQ(test, kho_preserve_vmalloc(area, &pres), 0);
		KUNIT_EXPECT_EQ(test, pres.total_pages, sizes[i]);
		KUNIT_EXPECT_EQ(test, pres.flags, KHO_VMALLOC_ALLOC);
		KUNIT_EXPECT_EQ(test, pres.order, 0);
		KUNIT_EXPECT_EQ(test, kho_out_pages(), before + sizes[i] +
				DIV_ROUND_UP(sizes[i], KHO_VMALLOC_SLOTS));
		kho_unpreserve_vmalloc(&pres);
		KUNIT_EXPECT_EQ(test, kho_out_pages(), before);
		vfree(area);
	}
}

static void vmalloc_refused_test(struct kunit *test)
{
	struct page *page = alloc_page(GFP_KERNEL);
	struct kho_vmalloc pres = { .total_pages = 42 };
	void *mapped, *slab = kmalloc(64, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	mapped = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, mapped);
	KUNIT_EXPECT_EQ(test, kho_preserve_vmalloc(mapped, &pres), -EOPNOTSUPP);
	KUNIT_EXPECT_EQ(test, kho_preserve_vmalloc(slab, &pres), -EINVAL);
	KUNIT_EXPECT_EQ(test, pres.total_pages, 42);
	vunmap(mapped);
	kfree(slab);
	__free_page(page);
}

static void subtree_test(struct kunit *test)
{
	void *blob = kho_alloc_preserve(PAGE_SIZE);
	struct kho_subtree st;
	phys_addr_t phys;

	KUNIT_ASSERT_FALSE(test, IS_ERR(blob));
	KUNIT_EXPECT_EQ(test, kho_add_subtree("kunit", blob, 100), 0);
	KUNIT_EXPECT_EQ(test, kho_add_subtree("kunit", blob, 100), -EEXIST);
	KUNIT_EXPECT_EQ(test, kho_add_subtree("", blob, 100), -EINVAL);
	KUNIT_EXPECT_EQ(test, kho_add_subtree("a/b", blob, 100), -EINVAL);
	KUNIT_EXPECT_EQ(test, kho_add_subtree("none", blob, 0), -EINVAL);
	KUNIT_ASSERT_EQ(test, kho_fdt_find(kho_out_fdt(), "kunit", &st), 0);
	KUNIT_EXPECT_EQ(test, st.phys, virt_to_phys(blob));
	KUNIT_EXPECT_EQ(test, st.size, 100);
	KUNIT_EXPECT_TRUE(test, kho_out_has_state());
	kho_remove_subtree(blob);
	KUNIT_EXPECT_EQ(test, kho_fdt_find(kho_out_fdt(), "kunit", &st), -ENOENT);
	kho_remove_subtree(blob);
	kho_unpreserve_free(blob);

	KUNIT_EXPECT_EQ(test, kho_retrieve_subtree("no such subtree", &phys, NULL), -ENOENT);
	KUNIT_EXPECT_EQ(test, kho_retrieve_subtree("kunit", NULL, NULL), -EINVAL);
}

static void subtree_in_vmalloc_test(struct kunit *test)
{
	void *blob = vmalloc(PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, blob);
	KUNIT_EXPECT_EQ(test, kho_add_subtree("vmalloc", blob, 8), -EINVAL);
	vfree(blob);
}

static void many_subtrees_test(struct kunit *test)
{
	u8 *blob = kho_alloc_preserve(PAGE_SIZE);
	unsigned int nr, i;
	char name[32];
	int err = 0;

	KUNIT_ASSERT_FALSE(test, IS_ERR(blob));
	for (nr = 0; nr < 2000 && !err; nr++) {
		snprintf(name, sizeof(name), "kunit-%u", nr);
		err = kho_add_subtree(name, blob + nr, 1);
	}
	KUNIT_EXPECT_EQ(test, err, -ENOMEM);
	KUNIT_EXPECT_GT(test, nr, 500);
	/* The newest is found first. */
	for (i = nr; i; i--)
		kho_remove_subtree(blob + i - 1);
	KUNIT_EXPECT_EQ(test, kho_add_subtree("kunit-0", blob, 1), 0);
	kho_remove_subtree(blob);
	kho_unpreserve_free(blob);
}

static void claim_of_nothing_test(struct kunit *test)
{
	struct folio *folio = alloc_folio(test, 1);
	phys_addr_t phys = PFN_PHYS(folio_pfn(folio));

	KUNIT_EXPECT_NULL(test, kho_restore_folio(phys));
	KUNIT_EXPECT_NULL(test, kho_restore_folio(phys + 1));
	KUNIT_EXPECT_NULL(test, kho_restore_pages(phys, 2));
	KUNIT_EXPECT_NULL(test, kho_restore_pages(phys, 0));
	KUNIT_EXPECT_EQ(test, kho_forward(phys, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, kho_unforward(phys, 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, folio_ref_count(folio), 1);
	folio_put(folio);
}

struct keys {
	unsigned long key[8];
	unsigned int nr, nodes;
	phys_addr_t first_node;
};

static int collect_key(unsigned long key, void *data)
{
	struct keys *keys = data;

	if (keys->nr == ARRAY_SIZE(keys->key))
		return 17;
	keys->key[keys->nr++] = key;
	return 0;
}

static int count_node(phys_addr_t phys, void *data)
{
	struct keys *keys = data;

	if (!keys->nodes++)
		keys->first_node = phys;
	return 0;
}

static void radix_test(struct kunit *test)
{
	static const struct kho_radix_walk_cb both = { collect_key, count_node };
	static const struct kho_radix_walk_cb leaf = { .leaf = collect_key };
	struct kho_radix_tree tree;
	struct keys keys = {};
	unsigned long i;

	KUNIT_ASSERT_EQ(test, kho_radix_init_tree(&tree, NULL), 0);
	KUNIT_EXPECT_EQ(test, kho_radix_add_key(&tree, 1UL << (65 - PAGE_SHIFT)), -ERANGE);
	KUNIT_EXPECT_EQ(test, kho_radix_add_page(&tree, 0, KHO_MAP_MAX_ORDER + 1), -ERANGE);
	KUNIT_EXPECT_EQ(test, kho_radix_add_key(&tree, 5), 0);
	KUNIT_EXPECT_EQ(test, kho_radix_add_key(&tree, 5), 0);
	KUNIT_EXPECT_EQ(test, kho_radix_add_key(&tree, (1UL << (65 - PAGE_SHIFT)) - 1), 0);
	KUNIT_EXPECT_EQ(test, kho_radix_add_page(&tree, 0x40, 3), 0);

	KUNIT_EXPECT_EQ(test, kho_radix_walk_tree(&tree, &both, &keys), 0);
	KUNIT_ASSERT_EQ(test, keys.nr, 3);
	KUNIT_EXPECT_EQ(test, keys.key[0], 5);
	KUNIT_EXPECT_EQ(test, keys.key[1], kho_map_key(0x40, 3));
	KUNIT_EXPECT_EQ(test, keys.key[2], (1UL << (65 - PAGE_SHIFT)) - 1);
	KUNIT_EXPECT_EQ(test, keys.first_node, virt_to_phys(tree.root));

	kho_radix_del_key(&tree, 5);
	kho_radix_del_page(&tree, 0x40, 3);
	keys = (struct keys){};
	KUNIT_EXPECT_EQ(test, kho_radix_walk_tree(&tree, &leaf, &keys), 0);
	KUNIT_EXPECT_EQ(test, keys.nr, 1);

	for (i = 0; i < 8; i++)
		KUNIT_EXPECT_EQ(test, kho_radix_add_key(&tree, i + 100), 0);
	keys = (struct keys){};
	KUNIT_EXPECT_EQ(test, kho_radix_walk_tree(&tree, &leaf, &keys), 17);
	kho_radix_destroy_tree(&tree);
}

/* Nodes that became empty are given back: the map does not only grow. */
static void map_shrinks_test(struct kunit *test)
{
	const unsigned long nr = 4096;
	struct folio **folios = kvcalloc(nr, sizeof(*folios), GFP_KERNEL);
	unsigned long before = kho_out_pages();
	unsigned long i;

	KUNIT_ASSERT_NOT_NULL(test, folios);
	for (i = 0; i < nr; i++)
		folios[i] = alloc_folio(test, 0);
	KUNIT_EXPECT_EQ(test, kho_preserve_folios(folios, nr), 0);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before + nr);
	for (i = 0; i < nr; i += 2)
		kho_unpreserve_folio(folios[i]);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before + nr / 2);
	for (i = 1; i < nr; i += 2)
		KUNIT_EXPECT_EQ(test, kho_out_order(folio_pfn(folios[i])), 0);
	for (i = 1; i < nr; i += 2)
		kho_unpreserve_folio(folios[i]);
	KUNIT_EXPECT_EQ(test, kho_out_pages(), before);
	for (i = 0; i < nr; i++)
		folio_put(folios[i]);
	kvfree(folios);
}

static int count_piece(unsigned long pfn, unsigned long nr_pages, void *nr)
{
	++*(unsigned int *)nr;
	return 0;
}

/* regression: a terabyte was so many sections that most of it did not count as free */
static void early_ram_in_pieces_test(struct kunit *test)
{
	unsigned int pieces = 0, ranges = 0;

	KUNIT_EXPECT_EQ(test, kho_walk_early_ram(count_piece, &pieces), 0);
	walk_system_ram_range(0, max_pfn, &ranges, count_piece);
	KUNIT_EXPECT_GT(test, ranges, 0);
	KUNIT_EXPECT_EQ(test, pieces, ranges);
}

static struct kunit_case kho_cases[] = {
	KUNIT_CASE(folio_twice_test),
	KUNIT_CASE(overlap_test),
	KUNIT_CASE(odd_range_test),
	KUNIT_CASE(bulk_is_all_or_none_test),
	KUNIT_CASE(refused_memory_test),
	KUNIT_CASE(poisoned_test),
	KUNIT_CASE(alloc_preserve_test),
	KUNIT_CASE(vmalloc_test),
	KUNIT_CASE(vmalloc_refused_test),
	KUNIT_CASE(subtree_test),
	KUNIT_CASE(subtree_in_vmalloc_test),
	KUNIT_CASE(many_subtrees_test),
	KUNIT_CASE(claim_of_nothing_test),
	KUNIT_CASE(radix_test),
	KUNIT_CASE(map_shrinks_test),
	KUNIT_CASE(early_ram_in_pieces_test),
	{}
};

static struct kunit_suite kho_suite = {
	.name = "kho",
	.init = kho_test_init,
	.test_cases = kho_cases,
};

kunit_test_suite(kho_suite);

MODULE_DESCRIPTION("KUnit tests of the Kexec HandOver API");
MODULE_LICENSE("GPL");
