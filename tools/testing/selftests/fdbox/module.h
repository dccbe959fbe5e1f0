/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * FDBox as a module: load and unload it
 */
#ifndef _FDBOX_TEST_MODULE_H
#define _FDBOX_TEST_MODULE_H

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Each gives 0 or a negative errno. */

static inline int module_load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	close(fd);
	return err;
}

/* Does not wait until nobody uses it. */
static inline int module_unload(void)
{
	return syscall(SYS_delete_module, "fdbox", O_NONBLOCK) ? -errno : 0;
}

#endif /* _FDBOX_TEST_MODULE_H */
