// SPDX-License-Identifier: GPL-2.0-only
/*
 * Windows and the coarse picture against models that look at every unit.
 */
#include "../../../kernel/kho/windows.c"

#include "test.h"

/*
 * Windows
 */

static void add_and_sort(void)
{
	struct kho_windows ws = { };
	unsigned int i;

	kho_windows_add(&ws, 500, 600);
	kho_windows_add(&ws, 100, 200);
	kho_windows_add(&ws, 300, 300);		/* empty */
	kho_windows_add(&ws, 400, 300);		/* nonsense */
	kho_windows_add(&ws, 0, 0);
	kho_windows_add(&ws, 300, 301);
	CHECK_EQ(ws.nr, 3);
	kho_windows_sort(&ws);
	for (i = 0; i < 3; i++)
		CHECK_EQ(ws.w[i].base, 100 + 200 * i);
	CHECK_EQ(ws.w[0].end, 200);
	CHECK_EQ(ws.w[1].end, 301);
	CHECK_EQ(ws.w[2].end, 600);
}

static void bytes(void)
{
	struct kho_windows ws = { };

	CHECK_EQ(kho_windows_bytes(&ws), 0);
	kho_windows_add(&ws, 4 * MiB, 6 * MiB);
	CHECK_EQ(kho_windows_bytes(&ws), 2 * MiB);
	kho_windows_add(&ws, 8 * MiB, 9 * MiB);
	CHECK_EQ(kho_windows_bytes(&ws), 3 * MiB);
	kho_windows_add(&ws, 9 * MiB, 9 * MiB);
	CHECK_EQ(kho_windows_bytes(&ws), 3 * MiB);
}

static void overlap(void)
{
	struct kho_windows ws = { };

	CHECK(!kho_windows_overlap(&ws, 0, ~0ULL));
	kho_windows_add(&ws, 100, 200);
	kho_windows_add(&ws, 300, 400);
	CHECK(!kho_windows_overlap(&ws, 0, 100));
	CHECK(kho_windows_overlap(&ws, 0, 101));
	CHECK(kho_windows_overlap(&ws, 150, 160));
	CHECK(kho_windows_overlap(&ws, 199, 200));
	CHECK(!kho_windows_overlap(&ws, 200, 300));
	CHECK(kho_windows_overlap(&ws, 200, 301));
	CHECK(kho_windows_overlap(&ws, 0, ~0ULL));
	CHECK(kho_windows_overlap(&ws, 399, 1000));
	CHECK(!kho_windows_overlap(&ws, 400, 1000));
}

static int by_size_down(const void *a, const void *b)
{
	const u64 *x = a, *y = b;

	return *x < *y ? 1 : *x > *y ? -1 : 0;
}

/* With too many, the largest stay. */
static void more_than_fit(void)
{
	struct rnd r = RND(21);
	unsigned int round, i;

	for (round = 0; round < 50; round++) {
		struct kho_windows ws = { };
		u64 size[1000], got[KHO_WINDOWS_MAX], base = 0;
		unsigned int nr = KHO_WINDOWS_MAX - 2 + rnd_below(&r, 1 + round * 10);

		for (i = 0; i < nr; i++) {
			size[i] = 1 + rnd_log(&r, 30);
			kho_windows_add(&ws, base, base + size[i]);
			base += size[i] + 1 + rnd_log(&r, 20);
		}
		CHECK_EQ(ws.nr, min(nr, (unsigned int)KHO_WINDOWS_MAX));
		kho_windows_sort(&ws);
		for (i = 0; i < ws.nr; i++) {
			got[i] = ws.w[i].end - ws.w[i].base;
			CHECK(!i || ws.w[i - 1].end < ws.w[i].base);
		}
		qsort(got, ws.nr, sizeof(got[0]), by_size_down);
		qsort(size, nr, sizeof(size[0]), by_size_down);
		for (i = 0; i < ws.nr; i++)
			CHECK_EQ(got[i], size[i]);
	}
}

/* What memblock does with a part of a window: nothing else is reserved here. */
struct request {
	u64 size;
	u64 align;
	bool top_down;
	unsigned int calls;
};

static u64 fit(u64 start, u64 end, void *arg)
{
	struct request *rq = arg;
	u64 at;

	rq->calls++;
	CHECK(start < end);
	if (end < rq->size)
		return 0;
	at = rq->top_down ? (end - rq->size) / rq->align * rq->align :
			    (start + rq->align - 1) / rq->align * rq->align;
	return at >= start && at + rq->size <= end ? at : 0;
}

#define SPACE	600

static void find_random(void)
{
	struct rnd r = RND(22);
	unsigned int round, i;

	for (round = 0; round < 3000; round++) {
		struct kho_windows ws = { };
		u8 owner[SPACE] = { };	/* number of the window, 0: none */
		u64 at = 1 + rnd_below(&r, 20);

		for (i = 1; at < SPACE; i++) {
			u64 end = min_t(u64, at + 1 + rnd_below(&r, 60), SPACE);

			kho_windows_add(&ws, at, end);
			memset(owner + at, i, end - at);
			/* Neighbours may touch. */
			at = end + rnd_below(&r, 30);
		}
		kho_windows_sort(&ws);

		for (i = 0; i < 20; i++) {
			struct request rq = {
				.size = 1 + rnd_below(&r, 50),
				.align = 1ULL << rnd_below(&r, 5),
				.top_down = rnd_one_in(&r, 2),
			};
			u64 start = rnd_below(&r, SPACE), end = rnd_below(&r, SPACE + 100);
			u64 want = 0, c;

			for (c = start; c + rq.size <= min_t(u64, end, SPACE); c++) {
				u64 last = c + rq.size - 1;

				/* The owners between two equal ones are equal, too. */
				if (!c || c % rq.align || !owner[c] || owner[c] != owner[last])
					continue;
				want = c;
				if (!rq.top_down)
					break;
			}
			CHECK_EQ(kho_windows_find(&ws, start, end, rq.top_down, fit, &rq), want);
			CHECK_LE(rq.calls, ws.nr);
		}
	}
}

static void find_in_none(void)
{
	struct request rq = { .size = 1, .align = 1 };
	struct kho_windows ws = { };

	CHECK_EQ(kho_windows_find(&ws, 0, ~0ULL, true, fit, &rq), 0);
	kho_windows_add(&ws, 100, 200);
	CHECK_EQ(kho_windows_find(&ws, 200, ~0ULL, true, fit, &rq), 0);
	CHECK_EQ(kho_windows_find(&ws, 0, 100, false, fit, &rq), 0);
	CHECK_EQ(kho_windows_find(&ws, 150, 150, false, fit, &rq), 0);
	CHECK_EQ(kho_windows_find(&ws, 190, 110, false, fit, &rq), 0);
	CHECK_EQ(rq.calls, 0);
	CHECK_EQ(kho_windows_find(&ws, 0, ~0ULL, false, fit, &rq), 100);
	rq.top_down = true;
	CHECK_EQ(kho_windows_find(&ws, 0, ~0ULL, true, fit, &rq), 199);
}

/*
 * The coarse picture
 */

static struct kho_coarse coarse;

static void chunk_sizes(void)
{
	static const struct {
		u64 base, end;
		unsigned int shift;
	} spans[] = {
		{ 0, 64 * MiB, 21 },
		{ 4096, 511 * GiB, 21 },
		{ 1 * TiB, 1 * TiB + 500 * GiB, 21 },
		{ 0, 513 * GiB, 22 },
		{ 123 * MiB, 1 * TiB, 22 },
		{ 0, 512 * GiB, 21 },
		{ 0, 2 * TiB - 8 * MiB, 23 },
		{ 0, 2 * TiB, 23 },
		{ 4096, 64 * TiB, 28 },
		{ 0, 1ULL << 52, 34 },
		{ 4096, ~0ULL, 46 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(spans); i++) {
		kho_coarse_init(&coarse, spans[i].base, spans[i].end);
		CHECK_EQ(coarse.shift, spans[i].shift);
		CHECK(coarse.base <= spans[i].base);
		CHECK(spans[i].base - coarse.base < 1ULL << coarse.shift);
		/* It shows all of it. */
		CHECK((spans[i].end - 1 - coarse.base) >> coarse.shift < KHO_COARSE_BITS);
	}
}

struct gap_model {
	u64 base, end;		/* of the picture */
	u64 chunk;
	u64 first;		/* where the chunks are counted from */
	unsigned int nr;
	bool *taken;		/* by chunk */
};

static void model_mark(struct gap_model *m, u64 base, u64 end)
{
	unsigned int i;

	for (i = 0; i < m->nr; i++) {
		u64 from = m->first + i * m->chunk;

		if (base < end && base < from + m->chunk && from < end)
			m->taken[i] = true;
	}
}

/* Compares the gaps of [base, end) with the runs of chunks that are not taken. */
static void compare_gaps(const struct gap_model *m, u64 base, u64 end, u64 min_size)
{
	struct kho_windows want = { }, got = { };
	unsigned int i, n;

	for (i = 0; i < m->nr; i = n) {
		u64 from, to;

		for (n = i; n < m->nr && m->taken[n] == m->taken[i]; n++)
			;
		from = max(base, m->first + i * m->chunk);
		to = min(end, m->first + n * m->chunk);
		if (!m->taken[i] && from < to && to - from >= min_size)
			kho_windows_add(&want, from, to);
	}
	kho_coarse_gaps(&coarse, base, end, min_size, &got);
	CHECK_EQ(got.nr, want.nr);
	kho_windows_sort(&got);
	kho_windows_sort(&want);
	for (i = 0; i < got.nr; i++) {
		CHECK_EQ(got.w[i].base, want.w[i].base);
		CHECK_EQ(got.w[i].end, want.w[i].end);
	}
}

/*
 * Marks are bytes, anywhere.  No marked byte is in a gap; what is a chunk away
 * from all of them, and from the ends, is in one.
 */
static void check_exact(const struct kho_windows *marks, u64 base, u64 end, u64 min_size)
{
	struct kho_windows gaps = { };
	u64 chunk = 1ULL << coarse.shift;
	unsigned int i, g;
	u64 at = base;

	kho_coarse_gaps(&coarse, base, end, min_size, &gaps);
	for (i = 0; i < gaps.nr; i++) {
		CHECK(gaps.w[i].base >= base && gaps.w[i].end <= end);
		CHECK(!kho_windows_overlap(marks, gaps.w[i].base, gaps.w[i].end));
	}
	for (i = 0; i <= marks->nr; i++) {
		u64 free_end = i < marks->nr ? min(marks->w[i].base, end) : end;
		u64 from = at + chunk;
		u64 to = free_end - min(free_end, chunk);

		if (from < to && to - from >= min_size) {
			for (g = 0; g < gaps.nr; g++) {
				if (gaps.w[g].base <= from && to <= gaps.w[g].end)
					break;
			}
			CHECK(g < gaps.nr);
		}
		if (i < marks->nr)
			at = max(at, marks->w[i].end);
	}
}

static void coarse_random(u64 seed, u64 span, unsigned int rounds)
{
	struct rnd r = RND(seed);
	unsigned int round, i;

	for (round = 0; round < rounds; round++) {
		struct kho_windows marks = { };
		u64 base = rnd_one_in(&r, 3) ? 0 : rnd_log(&r, 44) & ~4095ULL;
		u64 end = base + span - (rnd_log(&r, 21) & ~4095ULL);
		u64 min_size = 1ULL << (12 + rnd_below(&r, 14));
		unsigned int nr = rnd_below(&r, 60);
		struct gap_model m = { .base = base, .end = end };

		kho_coarse_init(&coarse, base, end);
		m.chunk = 1ULL << coarse.shift;
		m.first = base / m.chunk * m.chunk;
		m.nr = (end - m.first + m.chunk - 1) / m.chunk;
		m.taken = calloc(m.nr, sizeof(*m.taken));
		CHECK_EQ(coarse.base, m.first);

		for (i = 0; i < nr; i++) {
			u64 from = base + rnd_below(&r, span + span / 8);
			u64 to = from + rnd_log(&r, 25);

			if (from > span / 16 && rnd_one_in(&r, 10))
				from -= span / 16;
			kho_coarse_mark(&coarse, from, to);
			model_mark(&m, from, to);
			kho_windows_add(&marks, from, to);
		}
		kho_windows_sort(&marks);

		compare_gaps(&m, base, end, min_size);
		check_exact(&marks, base, end, min_size);
		/* Regions of memory that are parts of it, borders anywhere. */
		for (i = 0; i < 10; i++) {
			u64 from = base + rnd_below(&r, end - base);
			u64 to = from + 1 + rnd_below(&r, end - from);

			compare_gaps(&m, from, to, min_size);
			check_exact(&marks, from, to, min_size);
		}
		free(m.taken);
	}
}

static void coarse_small(void)
{
	coarse_random(23, 64 * MiB, 400);
}

static void coarse_medium(void)
{
	coarse_random(24, 3 * GiB, 200);
}

/* Chunks are larger than 2 MiB from 512 GiB on. */
static void coarse_large(void)
{
	coarse_random(25, 700 * GiB, 3);
	coarse_random(26, 5 * TiB, 3);
}

/* What is outside of the picture is ignored, also at the ends of everything. */
static void coarse_outside(void)
{
	struct kho_windows gaps = { };

	kho_coarse_init(&coarse, 1 * GiB, 2 * GiB);
	kho_coarse_mark(&coarse, 0, 1 * GiB);
	kho_coarse_mark(&coarse, 1 * GiB - 4096, 1 * GiB);
	kho_coarse_mark(&coarse, 1, 1);
	kho_coarse_mark(&coarse, 5, 4);
	kho_coarse_mark(&coarse, 2 * GiB, 1 * GiB);
	kho_coarse_mark(&coarse, 2 * GiB, ~0ULL);
	kho_coarse_mark(&coarse, 1000 * TiB, 1001 * TiB);
	kho_coarse_gaps(&coarse, 1 * GiB, 2 * GiB, 4096, &gaps);
	CHECK_EQ(gaps.nr, 1);
	CHECK_EQ(gaps.w[0].base, 1 * GiB);
	CHECK_EQ(gaps.w[0].end, 2 * GiB);

	/* The last bit it has, and one byte on each border. */
	gaps.nr = 0;
	kho_coarse_mark(&coarse, 0, 1 * GiB + 1);
	kho_coarse_mark(&coarse, 2 * GiB - 1, ~0ULL);
	kho_coarse_gaps(&coarse, 1 * GiB, 2 * GiB, 4096, &gaps);
	CHECK_EQ(gaps.nr, 1);
	CHECK_EQ(gaps.w[0].base, 1 * GiB + 2 * MiB);
	CHECK_EQ(gaps.w[0].end, 2 * GiB - 2 * MiB);

	/* A picture that is used up to its last bit. */
	gaps.nr = 0;
	kho_coarse_init(&coarse, 0, 512 * GiB);
	kho_coarse_mark(&coarse, 512 * GiB - 1, 600 * GiB);
	kho_coarse_gaps(&coarse, 0, 512 * GiB, 4096, &gaps);
	CHECK_EQ(gaps.nr, 1);
	CHECK_EQ(gaps.w[0].end, 512 * GiB - 2 * MiB);

	gaps.nr = 0;
	kho_coarse_init(&coarse, 1 * GiB, 2 * GiB);
	kho_coarse_mark(&coarse, 0, ~0ULL);
	kho_coarse_gaps(&coarse, 1 * GiB, 2 * GiB, 1, &gaps);
	CHECK_EQ(gaps.nr, 0);
}

/*
 * Regression: a run of blocks up to the end of the address space, which ends at
 * 2^64 and so at 0, was taken for nothing at all.
 */
static void regression7_end_of_address_space(void)
{
	struct kho_windows gaps = { };

	kho_coarse_init(&coarse, 1 * GiB, 2 * GiB);
	kho_coarse_mark(&coarse, 2 * GiB - 4 * MiB, 0);
	kho_coarse_gaps(&coarse, 1 * GiB, 2 * GiB, 4096, &gaps);
	CHECK_EQ(gaps.nr, 1);
	CHECK_EQ(gaps.w[0].end, 2 * GiB - 4 * MiB);
	kho_coarse_mark(&coarse, 0, 0);
	gaps.nr = 0;
	kho_coarse_gaps(&coarse, 1 * GiB, 2 * GiB, 4096, &gaps);
	CHECK_EQ(gaps.nr, 0);

	kho_coarse_init(&coarse, 0, 2 * GiB);
	kho_coarse_mark(&coarse, 2 * GiB - 4 * MiB, 0);
	kho_coarse_gaps(&coarse, 0, 2 * GiB, 4096, &gaps);
	CHECK_EQ(gaps.nr, 1);
	CHECK_EQ(gaps.w[0].end, 2 * GiB - 4 * MiB);
}

/* More gaps than windows: the largest are kept, whatever the order. */
static void coarse_many_gaps(void)
{
	struct kho_windows gaps = { };
	unsigned int i, large = 0;
	u64 at = 0;

	kho_coarse_init(&coarse, 0, 100 * GiB);
	for (i = 0; i < 1000; i++) {
		/* every tenth gap is 64 MiB, the others are 2 MiB */
		at += i % 10 == 7 ? 64 * MiB : 2 * MiB;
		kho_coarse_mark(&coarse, at, at + 4096);
		at += 2 * MiB;
	}
	kho_coarse_gaps(&coarse, 0, at, 2 * MiB, &gaps);
	CHECK_EQ(gaps.nr, KHO_WINDOWS_MAX);
	for (i = 0; i < gaps.nr; i++)
		large += gaps.w[i].end - gaps.w[i].base == 64 * MiB;
	CHECK_EQ(large, 100);
}

/*
 * Memory at 2 GiB and at 64 TiB: chunks were of 512 MiB, and with a page in each of
 * them there was nothing to boot in.
 */
static void regression_holes(void)
{
	static const struct kho_window banks[] = {
		{ 2 * GiB + 5 * MiB, 200 * GiB }, { 64 * TiB - 3 * MiB, 64 * TiB + 256 * GiB },
	};
	struct kho_windows gaps = { };
	unsigned int i;
	u64 at;

	kho_coarse_init(&coarse, banks[0].base, banks[1].end);
	CHECK_EQ(coarse.shift, 29);
	kho_coarse_skip(&coarse, banks[0].end, banks[1].base);
	CHECK_EQ(coarse.shift, 21);
	/* What is smaller than a GiB is not worth it. */
	kho_coarse_skip(&coarse, banks[1].base + 1, banks[1].base + GiB);
	CHECK_EQ(coarse.nr_holes, 1);

	for (i = 0; i < ARRAY_SIZE(banks); i++) {
		for (at = ALIGN(banks[i].base, 4 * GiB); at < banks[i].end; at += 4 * GiB)
			kho_coarse_mark(&coarse, at, at + 4096);
	}
	/* In the hole, over its borders, and beside the picture */
	kho_coarse_mark(&coarse, 32 * TiB, 33 * TiB);
	kho_coarse_mark(&coarse, banks[0].end - 1, banks[0].end + 2 * GiB);
	kho_coarse_mark(&coarse, 63 * TiB, banks[1].base + 1);
	kho_coarse_mark(&coarse, 0, banks[0].base);
	for (i = 0; i < ARRAY_SIZE(banks); i++)
		kho_coarse_gaps(&coarse, banks[i].base, banks[i].end, 2 * MiB, &gaps);
	kho_windows_sort(&gaps);
	CHECK_EQ(gaps.nr, 1 + 49 + 1 + 64);
	CHECK_EQ(gaps.w[0].base, 2 * GiB + 6 * MiB);
	CHECK_EQ(gaps.w[0].end, 4 * GiB);
	CHECK_EQ(gaps.w[1].base, 4 * GiB + 2 * MiB);
	CHECK_EQ(gaps.w[49].end, 200 * GiB - 2 * MiB);
	CHECK_EQ(gaps.w[50].base, 64 * TiB - 2 * MiB);
	CHECK_EQ(gaps.w[51].base, 64 * TiB + 2 * MiB);
	CHECK_EQ(gaps.w[114].end, 64 * TiB + 256 * GiB);

	/* One at the very beginning */
	gaps.nr = 0;
	kho_coarse_init(&coarse, 0, 4 * GiB);
	kho_coarse_skip(&coarse, 0, 2 * GiB);
	kho_coarse_mark(&coarse, 1 * GiB, 2 * GiB);
	kho_coarse_gaps(&coarse, 2 * GiB, 4 * GiB, 2 * MiB, &gaps);
	CHECK_EQ(gaps.nr, 1);
	CHECK_EQ(gaps.w[0].base, 2 * GiB);
	kho_coarse_mark(&coarse, 2 * GiB - 1, 2 * GiB + 1);
	gaps.nr = 0;
	kho_coarse_gaps(&coarse, 2 * GiB, 4 * GiB, 2 * MiB, &gaps);
	CHECK_EQ(gaps.w[0].base, 2 * GiB + 2 * MiB);
}

static const struct kho_case cases[] = {
	CASE(add_and_sort),
	CASE(bytes),
	CASE(overlap),
	CASE(more_than_fit),
	CASE(find_random),
	CASE(find_in_none),
	CASE(chunk_sizes),
	CASE(coarse_small),
	CASE(coarse_medium),
	CASE(coarse_large),
	CASE(coarse_outside),
	CASE(coarse_many_gaps),
	CASE(regression_holes),
	CASE(regression7_end_of_address_space),
	{ }
};

const struct kho_suite windows_suite = { "windows", cases };
