// SPDX-License-Identifier: GPL-2.0-only
/*
 * memfd_bench: what it costs to hand memfds over
 *
 *	memfd_bench preserve LAYOUT MIB		make them, preserve them, hold them
 *	memfd_bench retrieve LAYOUT MIB		get them back, check every page
 *	memfd_bench clock			nanoseconds since boot
 *	memfd_bench cycles			of a counter that a kexec does not stop
 *
 * Prints "NAME VALUE" lines; times are in nanoseconds, which are instructions
 * if the machine's clock counts these.  Runs on every kernel with live update.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <x86intrin.h>

#include "luo.h"

#define PAGE		4096ULL
#define SESSION		"memfd_bench"
#define MANY		64
#define THP		"/sys/kernel/mm/transparent_hugepage/shmem_enabled"

static const struct layout {
	const char *name;
	unsigned int files;
	unsigned int stride;	/* of pages in memory, as they are touched */
	unsigned int huge;
} layouts[] = {
	{ "memfd", 1, 1, 0 },		/* pages beside each other */
	{ "memfds", MANY, 1, 0 },	/* the same, in many files */
	{ "apart", 1, 2, 0 },		/* every second page of memory */
	{ "thp", 1, 1, 1 },		/* huge pages */
};

static void die(const char *what, int err)
{
	printf("failed %s: %s\n", what, strerror(err < 0 ? -err : errno));
	exit(1);
}

static uint64_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static int make_file(uint64_t size)
{
	int fd = memfd_create("bench", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, size))
		die("memfd", -errno);
	return fd;
}

static char *map_file(int fd, uint64_t size)
{
	void *hint = (void *)(1ULL << 40);	/* aligned to a huge page */
	char *map = mmap(hint, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED)
		die("mmap", -errno);
	return map;
}

static uint64_t stamp(unsigned int file, uint64_t page)
{
	return (page + 1) * 0x9e3779b97f4a7c15ULL ^ file;
}

/* What lies between the pages of the file is freed again. */
static int fill(const struct layout *layout, unsigned int file, uint64_t size)
{
	int fd = make_file(size);
	int between = make_file(size * layout->stride);
	char *map = map_file(fd, size);
	char *gap = map_file(between, size * layout->stride);
	uint64_t page, i, gaps = 0;

	for (page = 0; page < size / PAGE; page++) {
		memcpy(map + page * PAGE, &(uint64_t){ stamp(file, page) }, 8);
		for (i = 1; i < layout->stride; i++)
			gap[gaps++ * PAGE] = 1;
	}
	munmap(gap, size * layout->stride);
	munmap(map, size);
	close(between);
	return fd;
}

static uint64_t bad_pages(unsigned int file, int fd, uint64_t size)
{
	uint64_t page, bad = 0;
	char *map = map_file(fd, size);

	for (page = 0; page < size / PAGE; page++)
		bad += memcmp(map + page * PAGE, &(uint64_t){ stamp(file, page) }, 8) != 0;
	munmap(map, size);
	return bad;
}

static int hand_over(const struct layout *layout, uint64_t size)
{
	int dev = open(LUO_DEVICE, O_RDWR | O_CLOEXEC);
	int session = luo_create(dev, SESSION);
	int fd[MANY], err = 0;
	unsigned int i;
	uint64_t begin;
	FILE *thp;

	if (session < 0)
		die("session", session);
	thp = fopen(THP, "w");
	if (thp) {
		fputs(layout->huge ? "always" : "never", thp);
		fclose(thp);
	}
	for (i = 0; i < layout->files; i++)
		fd[i] = fill(layout, i, size / layout->files);
	begin = now();
	for (i = 0; i < layout->files && !err; i++)
		err = luo_preserve_fd(session, fd[i], i);
	if (err)
		die("preserve", err);
	printf("preserve %llu\n", (unsigned long long)(now() - begin));
	printf("pages %llu\n", (unsigned long long)(size / PAGE));
	fflush(stdout);
	/* Somebody has to hold them until the kexec. */
	if (!fork()) {
		fclose(stdout);
		pause();
	}
	return 0;
}

static int take_back(const struct layout *layout, uint64_t size)
{
	int dev = open(LUO_DEVICE, O_RDWR | O_CLOEXEC);
	int session = luo_retrieve(dev, SESSION);
	uint64_t begin, end, bad = 0;
	unsigned int i;
	int fd[MANY];

	if (session < 0)
		die("session", session);
	begin = now();
	for (i = 0; i < layout->files; i++) {
		fd[i] = luo_retrieve_fd(session, i);
		if (fd[i] < 0)
			die("retrieve", fd[i]);
	}
	end = now();
	for (i = 0; i < layout->files; i++)
		bad += bad_pages(i, fd[i], size / layout->files);
	if (bad)
		die("pages are not what they were", -EILSEQ);
	printf("claim %llu\n", (unsigned long long)(end - begin));
	return luo_finish(session) != 0;
}

int main(int argc, char **argv)
{
	unsigned int i;

	if (argc == 2 && !strcmp(argv[1], "clock"))
		return printf("%llu\n", (unsigned long long)now()) < 0;
	if (argc == 2 && !strcmp(argv[1], "cycles"))
		return printf("%llu\n", (unsigned long long)__rdtsc()) < 0;
	for (i = 0; argc == 4 && i < sizeof(layouts) / sizeof(*layouts); i++) {
		uint64_t size = strtoull(argv[3], NULL, 0) << 20;

		if (strcmp(argv[2], layouts[i].name))
			continue;
		return !strcmp(argv[1], "preserve") ? hand_over(&layouts[i], size) :
		       take_back(&layouts[i], size);
	}
	fprintf(stderr, "usage: memfd_bench preserve|retrieve LAYOUT MIB | clock | cycles\n");
	return 2;
}
