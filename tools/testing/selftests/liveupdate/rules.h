/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests of what is refused
 */
#ifndef _LUO_TEST_RULES_H
#define _LUO_TEST_RULES_H

#include <pthread.h>

#include "memfd.h"

static inline void refuse(int session, const char *what, int fd, int err)
{
	static uint64_t token;

	is("refused", what, luo_preserve_fd(session, fd, token++), err);
}

/* The file behind a mapping, which is unmapped */
static inline void refuse_mapping(int session, const char *what, void *map, size_t len)
{
	char path[64];
	int fd;

	must(what, map == MAP_FAILED ? -1 : 0);
	write_at(map, 1);
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%lx", (unsigned long)map,
		 (unsigned long)map + len);
	fd = must(what, open(path, O_RDWR | O_CLOEXEC));
	refuse(session, what, fd, -EOPNOTSUPP);
	close(fd);
	munmap(map, len);
}

/* It exists, then it has no name any more. */
static inline void refuse_named(int session, const char *fs, const char *path)
{
	int fd = must(path, open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	char what[64];

	snprintf(what, sizeof(what), "a file of a %s", fs);
	refuse(session, what, fd, -ENOENT);
	unlink(path);
	snprintf(what, sizeof(what), "an unlinked file of a %s", fs);
	refuse(session, what, fd, -EOPNOTSUPP);
	close(fd);
}

/* @fd is in @session already. */
static inline void preserve_twice(int dev, int session, int fd)
{
	int again = must("reopen", reopen(fd, O_RDONLY)), other;

	is("twice", "in the same session", luo_preserve_fd(session, fd, 2), -EBUSY);
	is("twice", "opened once more", luo_preserve_fd(session, again, 2), -EBUSY);
	other = must("session", luo_create(dev, "other"));
	is("twice", "in another session", luo_preserve_fd(other, fd, 1), -EBUSY);
	close(other);
	close(again);
}

/*
 * While a file is preserved somebody fills its holes.  A huge page of hugetlb that
 * was found between its place and its mark was recorded twice.
 */
struct filler {
	char *map;
	size_t len, step;
};

static inline void *fill_holes(void *arg)
{
	struct filler *f = arg;
	size_t i;

	for (i = 0; i < f->len; i += f->step)
		write_at(f->map + i, 1);
	return NULL;
}

static inline void preserve_meanwhile(int dev, unsigned int flags, size_t step, int rounds)
{
	struct filler f = { .len = 16 * step, .step = step };
	int i, fd, session, bad = 0;
	pthread_t thread;

	for (i = 0; i < rounds; i++) {
		session = must("session", luo_create(dev, "meanwhile"));
		fd = make_memfd("meanwhile", flags, f.len);
		f.map = mmap(NULL, f.len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
			     fd, 0);
		must("mmap", f.map == MAP_FAILED ? -1 : 0);
		must("pthread_create", -pthread_create(&thread, NULL, fill_holes, &f));
		usleep(i % 8 * step / 2048);
		bad += luo_preserve_fd(session, fd, 1) != 0;
		pthread_join(thread, NULL);
		close(session);
		munmap(f.map, f.len);
		close(fd);
	}
	is("meanwhile", "preserve a file while its holes are filled", bad, 0);
}

#endif /* _LUO_TEST_RULES_H */
