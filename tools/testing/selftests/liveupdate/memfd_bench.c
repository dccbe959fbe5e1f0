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
#define EACH		0		/* a file for every page */
#define THP		"/sys/kernel/mm/transparent_hugepage/shmem_enabled"

static const struct layout {
	const char *name;
	unsigned int files;
	unsigned int gap;	/* pages of others between two, as they are touched */
	unsigned int huge;
	unsigned int sessions;	/* one for every file */
} layouts[] = {
	{ .name = "memfd", .files = 1 },	/* pages beside each other */
	{ .name = "memfds", .files = 64 },	/* the same, in many files */
	{ .name = "apart", .files = 1, .gap = 1 }, /* every second page of memory */
	{ .name = "thp", .files = 1, .huge = 1 },
	{ .name = "files", .files = EACH },	/* as many as can be */
	{ .name = "sessions", .files = EACH, .sessions = 1 },
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
	uint64_t page, i, gaps = 0, gap_size = size * layout->gap;
	int fd = make_file(size), between = -1;
	char *map = map_file(fd, size), *gap = NULL;

	if (gap_size) {
		between = make_file(gap_size);
		gap = map_file(between, gap_size);
	}
	for (page = 0; page < size / PAGE; page++) {
		memcpy(map + page * PAGE, &(uint64_t){ stamp(file, page) }, 8);
		for (i = 0; i < layout->gap; i++)
			gap[gaps++ * PAGE] = 1;
	}
	munmap(map, size);
	if (gap_size) {
		munmap(gap, gap_size);
		close(between);
	}
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

static unsigned int files_of(const struct layout *layout, uint64_t size)
{
	return layout->files == EACH ? size / PAGE : layout->files;
}

/* An array for as many descriptors as the process shall have */
static int *room_for(unsigned int nr)
{
	struct rlimit limit = { 3 * nr + 64, 3 * nr + 64 };
	int *fd = calloc(nr, sizeof(*fd));

	if (!fd || setrlimit(RLIMIT_NOFILE, &limit))
		die("room for descriptors", -errno);
	return fd;
}

/* The session of the i-th file, of which the first has made or got one */
static int session_of(const struct layout *layout, unsigned int i,
		      int (*get)(int dev, const char *name))
{
	static int dev = -1, session;
	char name[LIVEUPDATE_SESSION_NAME_LENGTH];

	if (dev < 0)
		dev = open(LUO_DEVICE, O_RDWR | O_CLOEXEC);
	if (i && !layout->sessions)
		return session;
	snprintf(name, sizeof(name), "memfd_bench %u", i);
	session = get(dev, name);
	if (session < 0)
		die(name, session);
	return session;
}

static int hand_over(const struct layout *layout, uint64_t size)
{
	unsigned int i, files = files_of(layout, size);
	int *fd = room_for(files), err = 0;
	uint64_t begin;
	FILE *thp;

	thp = fopen(THP, "w");
	if (thp) {
		fputs(layout->huge ? "always" : "never", thp);
		fclose(thp);
	}
	for (i = 0; i < files; i++)
		fd[i] = fill(layout, i, size / files);
	begin = now();
	for (i = 0; i < files && !err; i++)
		err = luo_preserve_fd(session_of(layout, i, luo_create), fd[i], i);
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
	unsigned int i, files = files_of(layout, size);
	int *fd = room_for(2 * files);
	int *session = fd + files;
	uint64_t begin, end, bad = 0;

	begin = now();
	for (i = 0; i < files; i++) {
		session[i] = session_of(layout, i, luo_retrieve);
		fd[i] = luo_retrieve_fd(session[i], i);
		if (fd[i] < 0)
			die("retrieve", fd[i]);
	}
	end = now();
	for (i = 0; i < files; i++)
		bad += bad_pages(i, fd[i], size / files);
	if (bad)
		die("pages are not what they were", -EILSEQ);
	printf("claim %llu\n", (unsigned long long)(end - begin));
	for (i = 0; i < files && (!i || layout->sessions); i++)
		bad += luo_finish(session[i]) != 0;
	return bad != 0;
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
