// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exact table against a plain bitmap.
 */
#include "../../../kernel/kho/table.c"

#include "sim.h"
#include "test.h"

#define S	KHO_SECTION_PAGES

/* What a plain bitmap says, from @base on. */
struct model {
	unsigned long base;
	unsigned long nr;
	u8 *member;
};

static void model_fill(struct model *m, unsigned long pfn, unsigned long nr, bool set)
{
	memset(m->member + (pfn - m->base), set, nr);
}

static unsigned long model_next(const struct model *m, unsigned long pfn,
				unsigned long end, bool set)
{
	const u8 *hit = memchr(m->member + (pfn - m->base), set, end - pfn);

	return hit ? m->base + (hit - m->member) : end;
}

static void free_mem(void *mem, size_t size)
{
	free(mem);
}

static void table_free(struct kho_table *t)
{
	kho_table_each_bitmap(t, free_mem);
	memset(t, 0, sizeof(*t));
}

static unsigned long directory_entries(const struct kho_table *t, bool full)
{
	unsigned long g, s, nr = 0;

	for (g = 0; g < t->nr_groups; g++) {
		for (s = 0; t->group[g] && s < KHO_GROUP_SECTIONS; s++) {
			if (t->group[g][s])
				nr += (t->group[g][s] == FULL) == full;
		}
	}
	return nr;
}

struct visit {
	const struct model *m;
	unsigned long at;
	unsigned long members;
	bool set;
};

static void visit_run(unsigned long pfn, unsigned long end, bool set, void *arg)
{
	struct visit *v = arg;

	CHECK_EQ(pfn, v->at);
	CHECK(pfn < end);
	CHECK_EQ(pfn / S, (end - 1) / S);
	/* as long as it can be */
	CHECK(pfn % S == 0 || v->set != set || pfn == v->m->base);
	CHECK_EQ(model_next(v->m, pfn, end, !set), end);
	v->at = end;
	v->set = set;
	v->members += set ? end - pfn : 0;
}

static void check_visit(const struct kho_table *t, const struct model *m,
			unsigned long pfn, unsigned long end)
{
	struct model part = { pfn, end - pfn, m->member + (pfn - m->base) };
	struct visit v = { .m = &part, .at = pfn };
	unsigned long i, sum = 0;

	kho_table_each(t, pfn, end, visit_run, &v);
	CHECK_EQ(v.at, end);
	for (i = 0; i < end - pfn; i++)
		sum += part.member[i];
	CHECK_EQ(v.members, sum);
}

static void count_run(unsigned long pfn, unsigned long end, bool set, void *arg)
{
	unsigned long *sum = arg;

	*sum += set ? end - pfn : 0;
}

static unsigned long members(const struct kho_table *t, unsigned long pfn, unsigned long end)
{
	unsigned long sum = 0;

	kho_table_each(t, pfn, end, count_run, &sum);
	return sum;
}

/* A leaf of a map: sparse, dense, empty or full. */
static unsigned long random_leaf(struct rnd *r, u64 *leaf)
{
	u64 pattern = rnd_one_in(r, 4) ? 0 : rnd_one_in(r, 4) ? ~0ULL : rnd(r) & rnd(r);
	unsigned long i, n, nr = 0;

	for (i = 0; i < S / 64; i++)
		leaf[i] = rnd_one_in(r, 4) ? pattern : 0;
	if (rnd_one_in(r, 10))
		memset(leaf, 0xff, S / 8);
	for (n = rnd_below(r, 4); n; n--)
		leaf[rnd_below(r, S / 64)] ^= 1ULL << rnd_below(r, 64);
	for (i = 0; i < S / 64; i++)
		nr += __builtin_popcountll(leaf[i]);
	return nr;
}

/* All of it or nothing. */
static void merge(struct kho_table *t, struct model *m, unsigned long pfn,
		  const u64 *leaf, unsigned long nr)
{
	u8 *member = m->member + (pfn - m->base);
	bool meets = false;
	unsigned long i;

	for (i = 0; i < S; i++)
		meets |= (leaf[i / 64] >> i % 64 & 1) && member[i];
	CHECK_EQ(kho_table_merge(t, pfn, leaf), meets ? 0 : nr);
	for (i = 0; i < S && !meets; i++)
		member[i] |= leaf[i / 64] >> i % 64 & 1;
}

static void check_all(const struct kho_table *t, const struct model *m)
{
	unsigned long end = m->base + m->nr, pfn = m->base;
	bool set = true;

	while (pfn < end) {
		unsigned long next = kho_table_next(t, pfn, end, set);

		CHECK_EQ(next, model_next(m, pfn, end, set));
		pfn = next;
		set = !set;
	}
	CHECK_EQ(directory_entries(t, false), t->bitmaps);
	check_visit(t, m, m->base, end);
}

/* A random number of pages that is often about a section, or a few. */
static unsigned long random_length(struct rnd *r)
{
	switch (rnd_below(r, 4)) {
	case 0:
		return 1 + rnd_below(r, 130);
	case 1:
		return S - 2 + rnd_below(r, 5);
	case 2:
		return S * rnd_below(r, 4) + rnd_below(r, 3);
	default:
		return 1 + rnd_below(r, S);
	}
}

static unsigned long random_page(struct rnd *r, unsigned long sections)
{
	unsigned long pfn = rnd_below(r, sections) * S;

	switch (rnd_below(r, 3)) {
	case 0:
		return pfn;
	case 1:
		return pfn + rnd_below(r, S);
	default:
		return pfn + S - 1 - rnd_below(r, 66);
	}
}

/* Sections on both sides of the border of two groups. */
static void random_steps(u64 seed, unsigned long sections, unsigned int steps)
{
	struct rnd r = RND(seed);
	struct model m = {
		.base = (KHO_GROUP_SECTIONS - sections / 2) * S,
		.nr = sections * S,
	};
	struct kho_table t;
	unsigned int i;
	u64 *leaf = malloc(S / 8);

	m.member = calloc(1, m.nr);
	CHECK_EQ(kho_table_init(&t, m.base + m.nr), 0);
	for (i = 0; i < steps; i++) {
		unsigned long pfn = random_page(&r, sections);
		unsigned long nr = min(random_length(&r), m.nr - pfn);
		bool set = rnd_one_in(&r, 2);

		pfn += m.base;
		CHECK_EQ(set ? kho_table_set(&t, pfn, nr) : kho_table_clear(&t, pfn, nr), 0);
		model_fill(&m, pfn, nr, set);

		pfn = random_page(&r, sections);
		nr = min(random_length(&r), m.nr - pfn);
		pfn += m.base;
		CHECK_EQ(kho_table_any(&t, pfn, nr),
			 model_next(&m, pfn, pfn + nr, true) < pfn + nr);
		for (set = false;; set = true) {
			CHECK_EQ(kho_table_next(&t, pfn, pfn + nr, set),
				 model_next(&m, pfn, pfn + nr, set));
			if (set)
				break;
		}
		if (rnd_one_in(&r, 20))
			check_visit(&t, &m, pfn, pfn + nr);
		if (rnd_one_in(&r, 20))
			merge(&t, &m, m.base + rnd_below(&r, sections) * S, leaf,
			      random_leaf(&r, leaf));
		if (rnd_one_in(&r, 100))
			check_all(&t, &m);
	}
	check_all(&t, &m);
	table_free(&t);
	free(m.member);
	free(leaf);
}

static void random_few_sections(void)
{
	random_steps(11, 4, 4000);
}

static void random_many_sections(void)
{
	random_steps(12, 16, 4000);
}

/* Nothing of a section and all of it cost no bitmap. */
static void full_sections(void)
{
	struct kho_table t;

	CHECK_EQ(kho_table_init(&t, 100 * S), 0);
	CHECK_EQ(kho_table_set(&t, 3 * S, 4 * S), 0);
	CHECK_EQ(t.bitmaps, 0);
	CHECK_EQ(directory_entries(&t, true), 4);
	CHECK_EQ(kho_table_next(&t, 0, 100 * S, true), 3 * S);
	CHECK_EQ(kho_table_next(&t, 3 * S, 100 * S, false), 7 * S);

	/* A part of a full one again: nothing to do. */
	CHECK_EQ(kho_table_set(&t, 3 * S + 5, 7), 0);
	CHECK_EQ(t.bitmaps, 0);

	/* A hole makes a bitmap of the rest. */
	CHECK_EQ(kho_table_clear(&t, 4 * S + 100, 1), 0);
	CHECK_EQ(t.bitmaps, 1);
	CHECK_EQ(directory_entries(&t, true), 3);
	CHECK_EQ(kho_table_next(&t, 3 * S, 100 * S, false), 4 * S + 100);
	CHECK_EQ(kho_table_next(&t, 4 * S + 101, 100 * S, false), 7 * S);

	/* Whole sections go as they came. */
	CHECK_EQ(kho_table_clear(&t, 3 * S, S), 0);
	CHECK_EQ(kho_table_clear(&t, 5 * S, 2 * S), 0);
	CHECK_EQ(t.bitmaps, 1);
	CHECK_EQ(directory_entries(&t, true), 0);
	CHECK_EQ(kho_table_next(&t, 0, 100 * S, true), 4 * S);
	CHECK_EQ(kho_table_next(&t, 5 * S, 100 * S, true), 100 * S);

	/* One that has a bitmap can be filled, and emptied. */
	CHECK_EQ(kho_table_set(&t, 4 * S, S), 0);
	CHECK_EQ(kho_table_next(&t, 4 * S, 100 * S, false), 5 * S);
	CHECK_EQ(kho_table_clear(&t, 4 * S, S), 0);
	CHECK(!kho_table_any(&t, 0, 100 * S));
	CHECK_EQ(t.bitmaps, 1);
	table_free(&t);
}

/* Runs across every kind of neighbour: none, full, bitmap. */
static void section_borders(void)
{
	struct kho_table t;
	unsigned int kinds;

	for (kinds = 0; kinds < 27; kinds++) {
		struct model m = { .nr = 3 * S, .member = calloc(1, 3 * S) };
		unsigned int i, kind = kinds;

		CHECK_EQ(kho_table_init(&t, 3 * S), 0);
		for (i = 0; i < 3; i++, kind /= 3) {
			unsigned long at = i * S + (kind % 3 == 2);
			unsigned long nr = kind % 3 ? S - (kind % 3 == 2) : 0;

			CHECK_EQ(kho_table_set(&t, at, nr), 0);
			model_fill(&m, at, nr, true);
		}
		check_all(&t, &m);
		CHECK_EQ(kho_table_clear(&t, S - 3, S + 6), 0);
		model_fill(&m, S - 3, S + 6, false);
		check_all(&t, &m);
		CHECK_EQ(kho_table_set(&t, S - 2, 2 * S), 0);
		model_fill(&m, S - 2, 2 * S, true);
		check_all(&t, &m);
		table_free(&t);
		free(m.member);
	}
}

static void empty_table(void)
{
	struct kho_table t;

	CHECK_EQ(kho_table_init(&t, 0), 0);
	CHECK(!kho_table_any(&t, 0, 1));
	CHECK(!kho_table_any(&t, 0, 0));
	CHECK_EQ(kho_table_next(&t, 7, 7 * S, true), 7 * S);
	CHECK_EQ(kho_table_next(&t, 7, 7 * S, false), 7);
	CHECK_EQ(kho_table_set(&t, 0, 1), -ERANGE);
	CHECK_EQ(kho_table_set(&t, 0, 0), 0);
	CHECK_EQ(kho_table_clear(&t, 0, 100 * S), 0);
	table_free(&t);

	/* All zero is a table, too: what a boot without a handover has. */
	CHECK(!kho_table_any(&t, 5, 5 * S));
	CHECK_EQ(kho_table_next(&t, 5, 5 * S, false), 5);
}

static void end_of_table(void)
{
	unsigned long group = KHO_GROUP_SECTIONS * S;
	struct kho_table t;

	CHECK_EQ(kho_table_init(&t, group), 0);
	CHECK_EQ(t.nr_groups, 1);
	CHECK_EQ(kho_table_set(&t, group - 1, 1), 0);
	CHECK_EQ(kho_table_set(&t, group, 1), -ERANGE);
	CHECK_EQ(kho_table_set(&t, ~0UL, 1), -ERANGE);
	/* A range across the end: the part below is set. */
	CHECK_EQ(kho_table_set(&t, group - S, 2 * S), -ERANGE);
	CHECK_EQ(kho_table_next(&t, 0, group + 5, true), group - S);
	CHECK_EQ(kho_table_next(&t, group - S, group + 5, false), group);
	CHECK_EQ(kho_table_next(&t, group, group + 5, true), group + 5);
	CHECK_EQ(kho_table_clear(&t, 0, 2 * group), 0);
	CHECK(!kho_table_any(&t, 0, 2 * group));
	table_free(&t);

	CHECK_EQ(kho_table_init(&t, group + 1), 0);
	CHECK_EQ(t.nr_groups, 2);
	CHECK_EQ(kho_table_set(&t, group, 1), 0);
	table_free(&t);
}

/* Memory at 0 and at 2^48: the hole between costs nothing but pointers. */
static void sparse_addresses(void)
{
	unsigned long far = 1UL << (48 - PAGE_SHIFT);
	struct kho_table t;

	CHECK_EQ(kho_table_init(&t, far), 0);
	CHECK_EQ(kho_table_set(&t, 100, 50), 0);
	CHECK_EQ(kho_table_set(&t, far - 10, 10), 0);
	CHECK_EQ(t.bitmaps, 2);
	CHECK_LE(t.nr_groups * sizeof(*t.group), 1UL << 20);
	CHECK_EQ(kho_table_next(&t, 150, far, true), far - 10);
	CHECK_EQ(kho_table_next(&t, far - 10, far, false), far);
	table_free(&t);
}

/*
 * Every allocation fails once.  What was a member stays one, what was not and
 * is not in the range does not become one.
 */
static void enomem(void)
{
	unsigned long from = KHO_GROUP_SECTIONS * S - S - 5;
	unsigned long nr = 3 * S + 11;
	unsigned long end = from + nr + S;
	long budget;
	struct kho_table t;
	bool done = false;

	sim_allocs_left = 0;
	CHECK_EQ(kho_table_init(&t, end), -ENOMEM);
	CHECK_EQ(kho_table_set(&t, 0, 1), -ERANGE);
	CHECK(!kho_table_any(&t, 0, end));

	for (budget = 0; !done; budget++) {
		CHECK(budget < 10);
		sim_allocs_left = -1;
		CHECK_EQ(kho_table_init(&t, end), 0);
		CHECK_EQ(kho_table_set(&t, from - 100, 1), 0);

		sim_allocs_left = budget;
		switch (kho_table_set(&t, from, nr)) {
		case 0:
			done = true;
			CHECK_EQ(kho_table_next(&t, from, end, false), from + nr);
			break;
		case -ENOMEM:
			CHECK_EQ(sim_allocs_left, 0);
			CHECK(kho_table_next(&t, from, end, false) < from + nr);
			break;
		default:
			FAIL("another error");
		}
		CHECK_EQ(kho_table_next(&t, 0, end, true), from - 100);
		CHECK(!kho_table_any(&t, from - 99, 99));
		CHECK(!kho_table_any(&t, from + nr, S));

		/* The rest is set when there is memory again. */
		sim_allocs_left = -1;
		CHECK_EQ(kho_table_set(&t, from, nr), 0);
		CHECK_EQ(kho_table_next(&t, from, end, false), from + nr);
		table_free(&t);
	}
	CHECK_EQ(budget, 2 + 1);	/* a directory, a bitmap; FULL needs none */
}

/* A section as a leaf has it: all of it becomes members, or nothing. */
static void merged_section(void)
{
	unsigned long end = KHO_GROUP_SECTIONS * S;
	u64 *leaf = calloc(1, S / 8);
	struct kho_table t;

	CHECK_EQ(kho_table_init(&t, end), 0);
	/* Nothing to do costs nothing. */
	sim_allocs_left = 0;
	CHECK_EQ(kho_table_merge(&t, 0, leaf), 0);
	leaf[0] = 5;
	leaf[S / 64 - 1] = 1ULL << 63;
	CHECK_EQ(kho_table_merge(&t, end, leaf), -ERANGE);
	CHECK_EQ(kho_table_merge(&t, 2 * S, leaf), -ENOMEM);
	sim_allocs_left = 1;
	CHECK_EQ(kho_table_merge(&t, 2 * S, leaf), -ENOMEM);
	CHECK(!kho_table_any(&t, 0, end));
	sim_allocs_left = 1;
	CHECK_EQ(kho_table_merge(&t, 2 * S, leaf), 3);
	CHECK_EQ(kho_table_next(&t, 0, end, true), 2 * S);
	CHECK_EQ(kho_table_next(&t, 2 * S + 1, end, true), 2 * S + 2);
	CHECK_EQ(kho_table_next(&t, 2 * S + 3, end, true), 3 * S - 1);
	CHECK_EQ(kho_table_next(&t, 3 * S, end, true), end);

	/* One in common is enough. */
	leaf[0] = 2 | 4;
	CHECK_EQ(kho_table_merge(&t, 2 * S, leaf), 0);
	CHECK_EQ(members(&t, 0, end), 3);
	leaf[0] = 2 | 8;
	leaf[S / 64 - 1] = 0;
	CHECK_EQ(kho_table_merge(&t, 2 * S, leaf), 2);
	CHECK_EQ(members(&t, 0, end), 5);
	sim_allocs_left = -1;

	CHECK_EQ(kho_table_set(&t, 3 * S, S), 0);
	CHECK_EQ(kho_table_merge(&t, 3 * S, leaf), 0);
	CHECK_EQ(members(&t, 0, end), S + 5);
	memset(leaf, 0xff, S / 8);
	CHECK_EQ(kho_table_merge(&t, 4 * S, leaf), S);
	CHECK_EQ(kho_table_next(&t, 3 * S, end, false), 5 * S);
	CHECK_EQ(members(&t, 3 * S + 7, 5 * S + 7), 2 * S - 7);
	table_free(&t);
	free(leaf);
}

/* A hole in a full section needs a bitmap. */
static void enomem_clear(void)
{
	struct kho_table t;

	CHECK_EQ(kho_table_init(&t, 8 * S), 0);
	CHECK_EQ(kho_table_set(&t, 0, 8 * S), 0);
	sim_allocs_left = 0;
	CHECK_EQ(kho_table_clear(&t, S, S), 0);
	CHECK_EQ(kho_table_clear(&t, 3 * S - 1, 2), -ENOMEM);
	CHECK_EQ(kho_table_next(&t, 2 * S, 8 * S, false), 8 * S);
	sim_allocs_left = 1;
	CHECK_EQ(kho_table_clear(&t, 3 * S - 1, 2), -ENOMEM);
	CHECK_EQ(kho_table_next(&t, 2 * S, 8 * S, false), 3 * S - 1);
	CHECK_EQ(kho_table_next(&t, 3 * S, 8 * S, false), 8 * S);
	sim_allocs_left = 2;
	CHECK_EQ(kho_table_clear(&t, 3 * S - 1, 2), 0);
	CHECK_EQ(kho_table_next(&t, 3 * S, 8 * S, true), 3 * S + 1);
	CHECK_EQ(t.bitmaps, 2);
	sim_allocs_left = -1;
	table_free(&t);
}

static unsigned long pieces, bytes;

static void count_and_free(void *mem, size_t size)
{
	pieces++;
	bytes += size;
	/* All of it is ours. */
	memset(mem, 0xff, size);
	free(mem);
}

static void each_piece_once(void)
{
	struct kho_table t;

	CHECK_EQ(kho_table_init(&t, 3 * KHO_GROUP_SECTIONS * S), 0);
	CHECK_EQ(kho_table_set(&t, 5, 1), 0);
	CHECK_EQ(kho_table_set(&t, 2 * S, S), 0);
	CHECK_EQ(kho_table_set(&t, 2 * KHO_GROUP_SECTIONS * S + 5, 1), 0);
	kho_table_each_bitmap(&t, count_and_free);
	CHECK_EQ(pieces, 1 + 2 + 2);
	CHECK_EQ(bytes, 3 * sizeof(void *) + 2 * PAGE_SIZE + 2 * PAGE_SIZE);
}

static const struct kho_case cases[] = {
	CASE(random_few_sections),
	CASE(random_many_sections),
	CASE(full_sections),
	CASE(section_borders),
	CASE(empty_table),
	CASE(end_of_table),
	CASE(sparse_addresses),
	CASE(enomem),
	CASE(enomem_clear),
	CASE(merged_section),
	CASE(each_piece_once),
	{ }
};

const struct kho_suite table_suite = { "table", cases };
