/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of ioctls share: kselftest's harness, structures that end where
 * nothing can be read, descriptors that leak, capabilities, and what the exerciser
 * counts.
 */
#ifndef _LUO_TEST_HARNESS_H
#define _LUO_TEST_HARNESS_H

#include <limits.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "../kselftest_harness.h"
#include "luo.h"

/* In seconds: an emulator on a busy host is slow. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	600

/* Two pages, the second of which is not there: returns where it would begin. */
static inline char *edge(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(map + page, page);
	return map + page;
}

/* A copy at the very end of what can be read. */
static inline void *at_edge(const void *data, size_t size)
{
	return memcpy(edge() - size, data, size);
}

/* The next descriptor: the same again if none was leaked. */
static inline int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* What there is room for; returns what there was. */
static inline rlim_t allow_fds(rlim_t nr)
{
	struct rlimit lim, was;

	getrlimit(RLIMIT_NOFILE, &was);
	lim = (struct rlimit){ nr, nr > was.rlim_max ? nr : was.rlim_max };
	setrlimit(RLIMIT_NOFILE, &lim);
	return was.rlim_cur;
}

/* A process that has all that is open here, until it is told to stop */
struct child {
	pid_t pid;
	int stop;
};

/* Nothing comes from @stop, but it ends. */
static inline void just_wait(int stop)
{
	char c;

	_exit(read(stop, &c, 1));
}

static inline struct child start_child(void (*run)(int stop))
{
	struct child child;
	int pipes[2];

	if (pipe(pipes))
		return (struct child){ -1, -1 };
	child.pid = fork();
	if (!child.pid) {
		close(pipes[1]);
		run(pipes[0]);
		_exit(0);
	}
	close(pipes[0]);
	child.stop = pipes[1];
	return child;
}

/* Returns how it ended: 0 if all was well. */
static inline int stop_child(struct child child)
{
	int status = -1;

	close(child.stop);
	waitpid(child.pid, &status, 0);
	return status;
}

/* Closing is over when the last file has been let go. */
static inline void settle(void)
{
	usleep(1000);
}

static inline unsigned long count_of(const char *what)
{
	FILE *f = fopen(EXERCISER "counts", "re");
	unsigned long val = ULONG_MAX, n;
	char key[32];

	while (f && fscanf(f, "%31s %lu", key, &n) == 2) {
		if (!strcmp(key, what))
			val = n;
	}
	if (f)
		fclose(f);
	return val;
}

/* The calls of handlers since "clear", with blanks for newlines. */
static inline const char *calls(void)
{
	static char text[65536];
	int fd = open(EXERCISER "calls", O_RDONLY | O_CLOEXEC);
	ssize_t n, len = 0;
	char *c;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	close(fd);
	text[len ? len - 1 : 0] = '\0';
	for (c = text; *c; c++) {
		if (*c == '\n')
			*c = ' ';
	}
	return text;
}

#endif /* _LUO_TEST_HARNESS_H */
