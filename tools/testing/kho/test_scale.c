// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a handover costs by the size of memory: linear, in the worst case of
 * scattered pages, on machines of up to 1 TiB.
 *
 * Built twice: one program counts the basic blocks of format code, which is
 * exact and slow; the other only the calls from it (COUNT_CALLS).
 */
#include <asm/page.h>

#include "../../../kernel/kho/receive.h"
#include "sim.h"
#include "steps.h"
#include "test.h"

#define BASE	(4 * GiB)

#ifdef COUNT_CALLS
#define COUNTS_CALLS	true
#else
#define COUNTS_CALLS	false
#endif

static void called(void)
{
	steps += COUNTS_CALLS;
}

struct cost {
	unsigned long encode;	/* sender: put every page into the map */
	unsigned long scan;	/* stage 1: coarse picture and windows */
	unsigned long admit;	/* stage 2: exact table */
	unsigned long handoff;	/* what is free goes to the page allocator */
	unsigned long find;	/* one early allocation */
	unsigned long prune;	/* sender: look for nodes that are not needed */
};

static struct kho_windows scratch, gaps;
static struct kho_coarse coarse;
static u64 ram_end;

static bool is_ram(u64 start, u64 end)
{
	called();
	return start < end && start >= 1 * MiB && end <= ram_end;
}

static void bad_node(u64 phys)
{
	FAIL("no node at %#llx", (unsigned long long)phys);
}

static void lost(u64 start, u64 end, const char *why)
{
	FAIL("no block at %#llx: %s", (unsigned long long)start, why);
}

static u64 *map_node(u64 phys)
{
	called();
	return kho_node_virt(phys);
}

static void unmap_node(u64 *node)
{
}

static u64 fit(u64 start, u64 end, void *arg)
{
	called();
	return 0;
}

/* As kho_preserve_folios() does. */
static void add(u64 *root, struct kho_map_cursor *at, unsigned long pfn)
{
	u64 key = kho_map_key(pfn, 0);
	u64 *leaf = kho_map_leaf_at(root, at, key);

	called();
	if (!leaf) {
		CHECK_EQ(kho_map_make_leaf(root, key, &leaf), 0);
		at->leaf = leaf;
	}
	kho_leaf_set(leaf, key);
}

static void hand_out(unsigned long pfn, unsigned long end, bool set, void *arg)
{
	unsigned long *given = arg;

	called();
	if (!set)
		*given += end - pfn;
}

/* As deferred initialisation does: by blocks of the largest order. */
static unsigned long hand_over(const struct kho_table *t, unsigned long pfn, unsigned long end)
{
	unsigned long given = 0;

	for (; pfn < end; pfn += 1024) {
		called();
		if (kho_table_any(t, pfn, 1024))
			kho_table_each(t, pfn, pfn + 1024, hand_out, &given);
		else
			given += 1024;
	}
	return given;
}

static void free_mem(void *mem, size_t size)
{
	free(mem);
}

static struct cost measure(u64 bytes, unsigned long stride)
{
	static const struct kho_node_access access = { map_node, unmap_node };
	struct kho_receive r = {
		.scratch = &scratch,
		.is_ram = is_ram,
		.bad_node = bad_node,
		.lost = lost,
	};
	unsigned long pfn, end = (BASE + bytes) >> PAGE_SHIFT, pages = 0;
	struct kho_map_cursor at = { };
	struct kho_table t, nodes;
	struct cost c;
	u64 root;

	ram_end = BASE + bytes;
	r.ram_end = ram_end;
	sim_next_node = 1 * GiB;
	root = kho_node_phys(kho_node_alloc());

	steps = 0;
	for (pfn = BASE >> PAGE_SHIFT; pfn < end; pfn += stride) {
		u64 phys = (u64)pfn << PAGE_SHIFT;

		if (kho_windows_overlap(&scratch, phys, phys + PAGE_SIZE))
			continue;
		add(kho_node_virt(root), &at, pfn);
		pages++;
	}
	c.encode = steps;
	CHECK_LE(sim_next_node, BASE);

	steps = 0;
	CHECK_EQ(kho_map_prune(kho_node_virt(root)), 0);
	c.prune = steps;

	steps = 0;
	gaps.nr = 0;
	kho_coarse_init(&coarse, 1 * MiB, ram_end);
	CHECK_EQ(kho_receive_scan(&r, &access, root, &coarse), 0);
	kho_coarse_gaps(&coarse, 1 * MiB, ram_end, 2 * MiB, &gaps);
	kho_windows_sort(&gaps);
	c.scan = steps;
	CHECK(gaps.nr && gaps.w[gaps.nr - 1].end <= ram_end);

	steps = 0;
	CHECK_EQ(kho_windows_find(&gaps, 0, ram_end, true, fit, NULL), 0);
	c.find = steps;

	steps = 0;
	CHECK_EQ(kho_table_init(&t, end), 0);
	CHECK_EQ(kho_table_init(&nodes, end), 0);
	CHECK_EQ(kho_receive_admit(&r, root, &t, &nodes), 0);
	c.admit = steps;
	CHECK_EQ(r.pages, pages);
	CHECK_EQ(r.dropped, 0);

	steps = 0;
	CHECK_EQ(hand_over(&t, BASE >> PAGE_SHIFT, end), (bytes >> PAGE_SHIFT) - pages);
	c.handoff = steps;
	CHECK_LE(t.bitmaps, (bytes >> PAGE_SHIFT >> KHO_SECTION_SHIFT) + 2);

	kho_table_each_bitmap(&t, free_mem);
	kho_table_each_bitmap(&nodes, free_mem);
	sim_drop_all();
	return c;
}

static void check_linear(const char *what, unsigned long quarter, unsigned long whole,
			 unsigned long pages, unsigned long per_page)
{
	printf("%s: %lu steps, %lu for a quarter, %lu.%02lu for a page\n", what, whole, quarter,
	       whole / pages, whole * 100 / pages % 100);
	/* A percent for what does not depend on the size. */
	CHECK_LE(whole, quarter * 4 + quarter / 25);
	CHECK_LE(whole, pages * per_page);
}

static void check_costs(const struct cost *quarter, const struct cost *whole,
			unsigned long pages)
{
	check_linear("preserve", quarter->encode, whole->encode, pages, 10);
	check_linear("stage 1", quarter->scan, whole->scan, pages, 30);
	check_linear("stage 2", quarter->admit, whole->admit, pages, 70);
	check_linear("hand-off", quarter->handoff, whole->handoff, pages, 40);
	/* By nodes, not by pages. */
	CHECK_LE(whole->prune, pages);
	/* A search does not depend on what is preserved. */
	CHECK_LE(whole->find, KHO_WINDOWS_MAX * 10);
}

/* One page in @stride is preserved: a sixteenth of the memory, a quarter, all. */
static void scattered(u64 bytes, unsigned long stride)
{
	unsigned long pages = (bytes >> PAGE_SHIFT) / stride;
	struct cost small = measure(bytes / 16, stride);
	struct cost medium = measure(bytes / 4, stride);
	struct cost large = measure(bytes, stride);

	check_costs(&small, &medium, pages / 4);
	check_costs(&medium, &large, pages);
}

/*
 * A machine that is smaller than a section with pages of 64 KiB, and has scratch
 * in it: single pages are still admitted by leaves.
 */
static void scratch_in_a_section(void)
{
	unsigned long pages = (2 * GiB - 512 * MiB) >> PAGE_SHIFT >> 1;
	struct cost c;

	kho_windows_add(&scratch, BASE + 512 * MiB, BASE + 1 * GiB);
	c = measure(2 * GiB, 2);
	scratch.nr = 0;
	printf("stage 2: %lu steps for %lu pages\n", c.admit, pages);
	/* Walking a leaf has a cost too: most of it is empty here. */
	CHECK_LE(c.admit, COUNTS_CALLS ? pages / 16 : pages * 20);
}

#ifdef COUNT_CALLS

static void every_second_page_1t(void)
{
	scattered(1 * TiB, 2);
}

static const struct kho_case cases[] = {
	CASE(every_second_page_1t),
	CASE(scratch_in_a_section),
	{ }
};

static const struct kho_suite suite = { "scale_calls", cases };

#else

static void every_second_page_64g(void)
{
	scattered(64 * GiB, 2);
}

static void one_page_in_32_1t(void)
{
	scattered(1 * TiB, 32);
}

static const struct kho_case cases[] = {
	CASE(every_second_page_64g),
	CASE(one_page_in_32_1t),
	CASE(scratch_in_a_section),
	{ }
};

static const struct kho_suite suite = { "scale_steps", cases };

#endif

const struct kho_suite *const kho_suites[] = { &suite, NULL };
