/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What may be a module: load and unload it, while others use it
 */
#ifndef _LUO_TEST_MODULE_H
#define _LUO_TEST_MODULE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Each gives 0 or a negative errno. */

static inline int module_load(const char *path, const char *options)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, options, 0) ? -errno : 0;
	close(fd);
	return err;
}

/* Does not wait until nobody uses it. */
static inline int module_unload(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

#define MODULE_PATIENCE	200000	/* tries to unload */

/*
 * Returns how often it was refused because it is in use, or the error of a try that
 * failed otherwise or once too often.
 */
static inline long module_unload_soon(const char *name)
{
	long refused = 0;
	int err;

	while ((err = module_unload(name))) {
		if (err != -EWOULDBLOCK || refused++ == MODULE_PATIENCE)
			return err;
		usleep(500);
	}
	return refused;
}

/*
 * Threads that use it meanwhile
 */

/* What was neither done nor refused as it may be */
static unsigned long odd __attribute__((unused));

static inline void count(unsigned long *what)
{
	__atomic_fetch_add(what, 1, __ATOMIC_RELAXED);
}

/* Success and two errors are as they may be. */
static inline void check(const char *what, int err, int allowed, int also)
{
	if (err >= 0 || err == allowed || err == also)
		return;
	printf("# %s: %s\n", what, strerrorname_np(-err));
	count(&odd);
}

static inline long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000L + now.tv_nsec / 1000;
}

/*
 * Rests for as long as it worked since @start, more or less: so that there are moments
 * in which nobody uses the module.
 */
static inline void rest(long start, unsigned int *seed)
{
	usleep(1 + rand_r(seed) % (1 + 3 * (now_us() - start)));
}

#endif /* _LUO_TEST_MODULE_H */
