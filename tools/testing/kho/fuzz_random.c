// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random changes to seeds: deterministic, blind to coverage.
 */
#include <time.h>

#include "fuzz.h"
#include "test.h"

#define MAX_SEEDS	16

struct seeds {
	unsigned int nr;
	size_t size[MAX_SEEDS];
	const u8 *data[MAX_SEEDS];
};

static void keep(const char *name, const void *data, size_t size, void *arg)
{
	struct seeds *s = arg;
	u8 *copy = malloc(size);

	CHECK(s->nr < MAX_SEEDS);
	memcpy(copy, data, size);
	s->data[s->nr] = copy;
	s->size[s->nr++] = size;
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t change(struct rnd *r, const struct seeds *s, u8 *data, size_t size, size_t max)
{
	static const u64 values[] = {
		0, 1, 2, 3, 4, 9, 0x7f, 0x80, 0xff, 0x1000, 0xffff, 0x200000, 0x7fffffff,
		0x80000000, 0xffffffff, 1ULL << 52, 1ULL << 63, ~0ULL,
	};
	size_t at = size ? rnd_below(r, size) : 0, n = min_size(1 + rnd_log(r, 5), size - at);
	const u64 *value = &values[rnd_below(r, ARRAY_SIZE(values))];
	unsigned int other;
	size_t from;

	switch (rnd_below(r, 8)) {
	case 0:		/* one bit */
		if (size)
			data[at] ^= 1 << rnd_below(r, 8);
		break;
	case 1:
		if (size)
			data[at] = rnd(r);
		break;
	case 2:		/* a telling value, aligned or not */
		if (rnd_one_in(r, 2))
			at &= ~7UL;
		memcpy(data + at, value, min_size(1UL << rnd_below(r, 4), size - at));
		break;
	case 3:		/* out */
		memmove(data + at, data + at + n, size - at - n);
		size -= n;
		break;
	case 4:		/* twice */
		n = min_size(n, max - size);
		memmove(data + at + n, data + at, size - at);
		size += n;
		break;
	case 5:		/* from somewhere else in it */
		from = size ? rnd_below(r, size) : 0;
		memmove(data + at, data + from, min_size(n, size - from));
		break;
	case 6:		/* from another seed */
		other = rnd_below(r, s->nr);
		from = s->size[other] ? rnd_below(r, s->size[other]) : 0;
		memcpy(data + at, s->data[other] + from,
		       min_size(min_size(1 + rnd_log(r, 8), s->size[other] - from), size - at));
		break;
	default:	/* longer or shorter */
		n = rnd_below(r, max + 1);
		if (n > size)
			memset(data + size, rnd(r), n - size);
		size = n;
		break;
	}
	return size;
}

unsigned long fuzz_random(const struct fuzz_target *t, u64 seed,
			  unsigned long rounds, unsigned int seconds)
{
	time_t end = time(NULL) + seconds;
	struct seeds s = { };
	struct rnd r = RND(seed);
	unsigned long round;
	unsigned int i;
	u8 *data = malloc(t->max_size);

	t->seeds(keep, &s);
	for (i = 0; i < s.nr; i++)
		t->run(s.data[i], s.size[i]);

	for (round = 0; rounds ? round < rounds : round % 64 || time(NULL) < end; round++) {
		unsigned int changes = 1 + rnd_log(&r, 4);
		size_t size;

		i = rnd_below(&r, s.nr);
		size = s.size[i];
		memcpy(data, s.data[i], size);
		while (changes--)
			size = change(&r, &s, data, size, t->max_size);
		t->run(data, size);
	}
	for (i = 0; i < s.nr; i++)
		free((void *)s.data[i]);
	free(data);
	return round;
}
