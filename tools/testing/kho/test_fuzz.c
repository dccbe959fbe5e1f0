// SPDX-License-Identifier: GPL-2.0-only
/*
 * A short run of every fuzzer: what "make fuzz" does for longer, and better
 * where clang is there.
 */
#include "fuzz.h"
#include "test.h"

static void run(const char *name, unsigned long rounds)
{
	const struct fuzz_target *t = fuzz_targets;

	while (strcmp(t->name, name))
		t++;
	CHECK_EQ(fuzz_random(t, 1, rounds, 0), rounds);
}

static void box(void)
{
	run("box", 20000);
}

static void fdt(void)
{
	run("fdt", 20000);
}

static void hugetlb(void)
{
	run("hugetlb", 20000);
}

static void luo(void)
{
	run("luo", 20000);
}

static void map(void)
{
	run("map", 3000);
}

static void memfd(void)
{
	run("memfd", 20000);
}

static void scratch_array(void)
{
	run("scratch_array", 20000);
}

static void scratch_param(void)
{
	run("scratch_param", 20000);
}

static const struct kho_case cases[] = {
	CASE(box),
	CASE(fdt),
	CASE(hugetlb),
	CASE(luo),
	CASE(map),
	CASE(memfd),
	CASE(scratch_array),
	CASE(scratch_param),
	{ }
};

const struct kho_suite fuzz_suite = { "fuzz", cases };
