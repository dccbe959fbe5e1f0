// SPDX-License-Identifier: GPL-2.0-only
#include "../../../kernel/kho/receive.c"

#include "sim.h"
#include "test.h"
#include "world.h"

/* The kernels' fixmap has at least as many slots for early mappings. */
#define EARLY_MAPPINGS	7

/* Callbacks come without an argument: there is one machine at a time. */
static struct world *now;

void world_ram(struct world *w, u64 base, u64 end)
{
	CHECK(w->nr_ram < WORLD_REGIONS);
	w->ram[w->nr_ram++] = (struct kho_window){ base, end };
}

void world_scratch(struct world *w, u64 base, u64 end)
{
	kho_windows_add(&w->scratch, base, end);
	kho_windows_sort(&w->scratch);
}

u64 world_end(const struct world *w)
{
	return w->ram[w->nr_ram - 1].end;
}

/* As many nodes as any map, however hostile, may cost a walk. */
static unsigned long visit_limit(const struct world *w)
{
	unsigned long limit = 0;
	unsigned int order, level;

	/* For every order, what its blocks below the end of memory need. */
	for (order = 0; order <= KHO_MAP_MAX_ORDER; order++) {
		u64 blocks = (world_end(w) - 1) >> (PAGE_SHIFT + order);

		for (level = 0; level < KHO_MAP_LEVELS; level++) {
			unsigned int shift = KHO_MAP_LEAF_BITS + level * KHO_MAP_TABLE_BITS;

			limit += (shift < 64 ? blocks >> shift : 0) + 1;
		}
	}
	return limit;
}

static bool is_ram(u64 start, u64 end)
{
	unsigned int i;

	if (end <= start)
		return false;
	for (i = 0; i < now->nr_ram; i++) {
		if (start < now->ram[i].base || start >= now->ram[i].end)
			continue;
		if (end <= now->ram[i].end)
			return true;
		/* A block may span adjacent regions. */
		start = now->ram[i].end;
	}
	return false;
}

static void note_bad_node(u64 phys)
{
	now->bad_nodes++;
}

static void note_loss(u64 start, u64 end, const char *why)
{
	CHECK(why);
	CHECK(start < end || !end);
	now->losses++;
}

static u64 *map_node(u64 phys)
{
	if (!now->maps_left)
		return NULL;
	if (now->maps_left > 0)
		now->maps_left--;
	CHECK_LE(++now->visits, now->visit_limit);
	now->mapped++;
	CHECK_LE(now->mapped, EARLY_MAPPINGS);
	CHECK(is_ram(phys, phys + PAGE_SIZE));
	CHECK(!kho_windows_overlap(&now->scratch, phys, phys + PAGE_SIZE));
	/* Whatever is there: a page that nobody wrote is zero. */
	return sim_page(phys);
}

static void unmap_node(u64 *node)
{
	CHECK(now->mapped);
	now->mapped--;
}

static const struct kho_node_access early_access = { map_node, unmap_node };

static void begin(struct world *w)
{
	now = w;
	w->r = (struct kho_receive){
		.scratch = &w->scratch,
		.ram_end = world_end(w),
		.is_ram = is_ram,
		.bad_node = note_bad_node,
		.lost = note_loss,
	};
	w->visits = 0;
	w->visit_limit = visit_limit(w);
	w->losses = 0;
	w->bad_nodes = 0;
}

static void check_err(const struct world *w, int err)
{
	CHECK(!err || err == -EINVAL || err == -ENOMEM);
	CHECK_EQ(w->mapped, 0);
	/* Told about at most one node, and only if that is why. */
	CHECK_LE(w->bad_nodes, err == -EINVAL);
}

int world_stage1(struct world *w)
{
	unsigned int i;
	int err;

	begin(w);
	kho_coarse_init(&w->coarse, w->ram[0].base, world_end(w));
	for (i = 1; i < w->nr_ram; i++)
		kho_coarse_skip(&w->coarse, w->ram[i - 1].end, w->ram[i].base);
	for (i = 0; i < w->scratch.nr; i++)
		kho_coarse_mark(&w->coarse, w->scratch.w[i].base, w->scratch.w[i].end);
	err = kho_receive_scan(&w->r, &early_access, w->root, &w->coarse);
	check_err(w, err);
	CHECK(!w->r.orders && !w->r.pages && !w->r.dropped && !w->losses);
	if (err)
		return err;

	w->gaps.nr = 0;
	for (i = 0; i < w->nr_ram; i++)
		kho_coarse_gaps(&w->coarse, w->ram[i].base, w->ram[i].end, w->min_gap, &w->gaps);
	kho_windows_sort(&w->gaps);
	return 0;
}

/* The memory of keys of one order; its last byte, because the end may be no number. */
static bool run_range(u64 key, unsigned long nr, u64 *start, u64 *last)
{
	unsigned long pfn;
	unsigned int order;

	if (!kho_map_decode(key, &pfn, &order))
		return false;
	*start = (u64)pfn << PAGE_SHIFT;
	*last = *start + ((u64)nr << order << PAGE_SHIFT) - 1;
	return true;
}

static void check_range_free(const struct world *w, u64 start, u64 last)
{
	unsigned int i;

	for (i = 0; i < w->gaps.nr; i++) {
		if (start < w->gaps.w[i].end && w->gaps.w[i].base <= last)
			FAIL("[%#llx-%#llx] is in a gap", (unsigned long long)start,
			     (unsigned long long)last);
	}
}

/* Blocks that stage 2 refuses must not keep anybody from their memory. */
static bool can_be_kept(const struct world *w, u64 start, u64 last)
{
	return last != ~0ULL && w->r.is_ram(start, last + 1) &&
	       !kho_windows_overlap(&w->scratch, start, last + 1);
}

static int run_not_in_gap(struct kho_map_walk *walk, u64 key, unsigned long nr)
{
	unsigned long i;
	u64 start, last;

	if (run_range(key, nr, &start, &last) && can_be_kept(now, start, last)) {
		check_range_free(now, start, last);
		return 0;
	}
	for (i = 0; i < nr; i++) {
		if (run_range(key + i, 1, &start, &last) && can_be_kept(now, start, last))
			check_range_free(now, start, last);
	}
	return 0;
}

static int node_not_in_gap(struct kho_map_walk *walk, u64 phys)
{
	check_range_free(now, phys, phys + PAGE_SIZE - 1);
	return 0;
}

static enum kho_map_verdict skip_far(struct kho_map_walk *walk, u64 first, u64 last)
{
	u64 start, end;

	CHECK(first <= last);
	return !first || (run_range(first, 1, &start, &end) && start < world_end(now)) ?
	       KHO_MAP_FOLLOW : KHO_MAP_SKIP;
}

void world_check_stage1(struct world *w)
{
	struct kho_map_walk walk = {
		.node = node_not_in_gap,
		.subtree = skip_far,
		.run = run_not_in_gap,
	};
	unsigned int i;

	CHECK_LE(w->gaps.nr, KHO_WINDOWS_MAX);
	for (i = 0; i < w->gaps.nr; i++) {
		const struct kho_window *gap = &w->gaps.w[i];

		CHECK(gap->base < gap->end);
		CHECK(gap->end - gap->base >= w->min_gap);
		CHECK(is_ram(gap->base, gap->end));
		CHECK(!kho_windows_overlap(&w->scratch, gap->base, gap->end));
		CHECK(!i || w->gaps.w[i - 1].end <= gap->base);
	}
	CHECK_EQ(kho_map_walk(&walk, w->root), 0);
}

int world_stage2(struct world *w)
{
	unsigned long end = (world_end(w) + PAGE_SIZE - 1) >> PAGE_SHIFT;
	int err;

	begin(w);
	err = kho_table_init(&w->table, end) ?: kho_table_init(&w->nodes, end);
	if (err)
		return err;
	sim_lookups = 0;
	err = kho_receive_admit(&w->r, w->root, &w->table, &w->nodes);
	w->visits = sim_lookups;
	check_err(w, err);
	/* Two walks, and a descent for every run with a loss. */
	CHECK_LE(w->visits, 2 * w->visit_limit + KHO_MAP_LEVELS * w->losses);
	return err;
}

struct tally {
	struct kho_map_walk walk;
	unsigned long nodes;
	unsigned long pages;
	u64 orders;
};

static int tally_node(struct kho_map_walk *walk, u64 phys)
{
	struct tally *t = container_of(walk, struct tally, walk);

	CHECK(is_ram(phys, phys + PAGE_SIZE));
	CHECK(!kho_windows_overlap(&now->scratch, phys, phys + PAGE_SIZE));
	CHECK(kho_table_any(&now->table, phys >> PAGE_SHIFT, 1));
	t->nodes++;
	return 0;
}

static int tally_run(struct kho_map_walk *walk, u64 key, unsigned long nr)
{
	struct tally *t = container_of(walk, struct tally, walk);
	u64 start, last, pfn, end;
	unsigned long first;
	unsigned int order;

	CHECK(run_range(key, nr, &start, &last));
	CHECK(is_ram(start, last + 1));
	CHECK(!kho_windows_overlap(&now->scratch, start, last + 1));
	pfn = start >> PAGE_SHIFT;
	end = (last >> PAGE_SHIFT) + 1;
	CHECK_EQ(kho_table_next(&now->table, pfn, end, false), end);
	t->pages += end - pfn;
	CHECK(kho_map_decode(key, &first, &order));
	t->orders |= 1ULL << order;
	return 0;
}

unsigned long world_nodes(struct world *w)
{
	struct tally t = { .walk.node = tally_node };

	now = w;
	CHECK_EQ(kho_map_walk(&t.walk, w->root), 0);
	return t.nodes;
}

/* What is left of the map is what is in the table, and no page twice. */
void world_check_stage2(struct world *w)
{
	struct tally t = { .walk.node = tally_node, .walk.run = tally_run };
	unsigned long end = (world_end(w) + PAGE_SIZE - 1) >> PAGE_SHIFT;
	unsigned long pfn = 0, members = 0;

	CHECK_EQ(kho_map_walk(&t.walk, w->root), 0);
	CHECK_EQ(t.pages, w->r.pages);
	CHECK_EQ(t.orders, w->r.orders);
	/* Of a block that could never be, no more than there is memory. */
	CHECK(!w->losses == !w->r.dropped);
	CHECK_LE(w->r.dropped, w->losses * end);

	while ((pfn = kho_table_next(&w->table, pfn, end, true)) < end) {
		unsigned long next = kho_table_next(&w->table, pfn, end, false);

		CHECK(next > pfn);
		check_range_free(w, (u64)pfn << PAGE_SHIFT, ((u64)next << PAGE_SHIFT) - 1);
		members += next - pfn;
		pfn = next;
	}
	CHECK_EQ(members, t.nodes + t.pages);
}

static void free_mem(void *mem, size_t size)
{
	free(mem);
}

void world_free(struct world *w)
{
	kho_table_each_bitmap(&w->table, free_mem);
	kho_table_each_bitmap(&w->nodes, free_mem);
	sim_drop_all();
	memset(w, 0, sizeof(*w));
}
