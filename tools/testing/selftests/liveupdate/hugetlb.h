/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests of hugetlb memfds: the pool, and contents without write(2)
 */
#ifndef _LUO_TEST_HUGETLB_H
#define _LUO_TEST_HUGETLB_H

#include "memfd.h"

#ifndef MFD_HUGETLB
#define MFD_HUGETLB	4U
#endif
#ifndef MFD_HUGE_SHIFT
#define MFD_HUGE_SHIFT	26
#endif

#define HUGE		(2 * MIB)
#define GIGA		(1024 * MIB)
#define MFD_2M		(MFD_HUGETLB | 21U << MFD_HUGE_SHIFT)
#define MFD_1G		(MFD_HUGETLB | 30U << MFD_HUGE_SHIFT)

/* Counters of the pool of one size; -1 if there is no such size */
struct pool {
	long nr, free, resv, surplus;
};

static inline long pool_counter(size_t size, const char *name)
{
	char path[96], text[32];

	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%lukB/%s_hugepages",
		 size / KIB, name);
	if (access(path, R_OK))
		return -1;
	read_text(path, text, sizeof(text));
	return atol(text);
}

static inline struct pool pool_of(size_t size)
{
	return (struct pool) {
		.nr = pool_counter(size, "nr"),
		.free = pool_counter(size, "free"),
		.resv = pool_counter(size, "resv"),
		.surplus = pool_counter(size, "surplus"),
	};
}

/* Is the pool what it was, but for so many? */
static inline void is_pool(const char *subject, size_t size, struct pool was, long nr, long free,
			   long resv, long surplus)
{
	struct pool now = pool_of(size);

	is(subject, "huge pages of the pool", now.nr, was.nr + nr);
	is(subject, "free huge pages", now.free, was.free + free);
	is(subject, "reserved huge pages", now.resv, was.resv + resv);
	is(subject, "surplus huge pages", now.surplus, was.surplus + surplus);
}

/* Without a reservation; any memfd */
static inline char *map_huge(int fd, size_t len, off_t off)
{
	char *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, off);

	must("mmap", map == MAP_FAILED ? -1 : 0);
	return map;
}

/* As put(), but only whole huge pages */
static inline void put_mapped(int fd, uint64_t id, off_t off, size_t len)
{
	char *map = map_huge(fd, len, off);
	size_t i;

	for (i = 0; i < len; i += PAGE)
		fill_page((uint64_t *)(map + i), id, off + i);
	munmap(map, len);
}

#endif /* _LUO_TEST_HUGETLB_H */
