/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The harness: cases, checks, random numbers.
 *
 * Every case runs in a process of its own.  The first check that fails ends
 * it, so does a report of a sanitizer, memory it forgot to free, or a timeout.
 * What it prints goes into the KTAP stream as a diagnostic.
 */
#ifndef _KHO_TEST_H
#define _KHO_TEST_H

#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <stdnoreturn.h>
#include <string.h>

#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/types.h>

struct kho_case {
	const char *name;
	void (*run)(void);
};

/* A table of cases; each file of tests has one.  Ends with an empty entry. */
struct kho_suite {
	const char *name;
	const struct kho_case *cases;
};

extern const struct kho_suite map_suite, walk_suite, blocks_suite, table_suite,
			      windows_suite, scratch_suite, fdt_suite, fdt_damage_suite,
			      boot_suite, refuse_suite, luo_suite, ext_suite, merge_suite,
			      hugetlb_suite, memfd_suite, box_suite, fuzz_suite;

/* What the program runs; ends with NULL. */
extern const struct kho_suite *const kho_suites[];

#define KiB	BIT_ULL(10)
#define MiB	BIT_ULL(20)
#define GiB	BIT_ULL(30)
#define TiB	BIT_ULL(40)

#define CASE(fn)	{ #fn, fn }

/* Does not return. */
noreturn void __printf(3, 4) fail(const char *file, int line, const char *format, ...);

#define FAIL(...)	fail(__FILE__, __LINE__, __VA_ARGS__)

#define CHECK(cond)	((cond) ? (void)0 : FAIL("%s", #cond))

#define CHECK_EQ(a, b) do {						\
	long long __l = (long long)(a);					\
	long long __r = (long long)(b);					\
									\
	if (__l != __r)							\
		FAIL("%s is %lld (%#llx), not %lld (%#llx) as %s",	\
		     #a, __l, (unsigned long long)__l,			\
		     __r, (unsigned long long)__r, #b);			\
} while (0)

#define CHECK_LE(a, b) do {						\
	unsigned long long __l = (a);					\
	unsigned long long __r = (b);					\
									\
	if (__l > __r)							\
		FAIL("%s is %llu, more than %llu = %s", #a, __l, __r, #b);	\
} while (0)

/* A random sequence that is the same on every run. */
struct rnd {
	u64 state;
};

#define RND(seed)	{ (seed) * 0x9e3779b97f4a7c15ULL + 1 }

static inline u64 rnd(struct rnd *r)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return r->state * 0x2545f4914f6cdd1dULL;
}

/* In [0, n) */
static inline u64 rnd_below(struct rnd *r, u64 n)
{
	return (rnd(r) >> 8) % n;
}

/* In [0, 2^bits): all magnitudes are equally likely. */
static inline u64 rnd_log(struct rnd *r, unsigned int bits)
{
	bits = rnd_below(r, bits + 1);
	return bits ? rnd(r) >> (64 - bits) : 0;
}

static inline bool rnd_one_in(struct rnd *r, u64 n)
{
	return !rnd_below(r, n);
}

/* Memory that ends where a page that cannot be read begins; never freed. */
void *guarded(size_t size);

#endif /* _KHO_TEST_H */
