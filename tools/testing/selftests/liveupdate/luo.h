/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ioctls of live update as functions: what they give, or a negative errno.
 */
#ifndef _LUO_TEST_H
#define _LUO_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_admin.h>

#define LUO_DEVICE	"/dev/liveupdate"
#define LUO_ADMIN	"/dev/liveupdate-admin"
#define EXERCISER	"/sys/kernel/debug/liveupdate_exerciser/"

static inline int luo_call(int fd, unsigned int cmd, void *arg)
{
	return ioctl(fd, cmd, arg) < 0 ? -errno : 0;
}

static inline int luo_open_session(int dev, unsigned int cmd, const char *name)
{
	struct liveupdate_ioctl_create_session args = { .size = sizeof(args), .fd = -1 };
	size_t len = strnlen(name, sizeof(args.name));
	int err;

	memcpy(args.name, name, len);
	err = luo_call(dev, cmd, &args);
	return err ? err : args.fd;
}

static inline int luo_create(int dev, const char *name)
{
	return luo_open_session(dev, LIVEUPDATE_IOCTL_CREATE_SESSION, name);
}

static inline int luo_retrieve(int dev, const char *name)
{
	return luo_open_session(dev, LIVEUPDATE_IOCTL_RETRIEVE_SESSION, name);
}

static inline int luo_preserve_fd(int session, int fd, uint64_t token)
{
	struct liveupdate_session_preserve_fd args = {
		.size = sizeof(args), .fd = fd, .token = token,
	};

	return luo_call(session, LIVEUPDATE_SESSION_PRESERVE_FD, &args);
}

static inline int luo_retrieve_fd(int session, uint64_t token)
{
	struct liveupdate_session_retrieve_fd args = {
		.size = sizeof(args), .fd = -1, .token = token,
	};
	int err = luo_call(session, LIVEUPDATE_SESSION_RETRIEVE_FD, &args);

	return err ? err : args.fd;
}

static inline int luo_finish(int session)
{
	struct liveupdate_session_finish args = { .size = sizeof(args) };

	return luo_call(session, LIVEUPDATE_SESSION_FINISH, &args);
}

/* @name has LIVEUPDATE_SESSION_NAME_LENGTH bytes. */
static inline int luo_get_name(int session, char *name)
{
	struct liveupdate_session_get_name args = { .size = sizeof(args) };
	int err = luo_call(session, LIVEUPDATE_SESSION_GET_NAME, &args);

	memcpy(name, args.name, sizeof(args.name));
	return err;
}

/* A file of the exerciser: kind 'a' or 'b', with a name.  Or a memfd: 'm'. */
static inline int test_file(char kind, const char *name)
{
	char path[] = "/dev/liveupdate-test-?";
	char page[4096];
	unsigned int i;
	int fd;

	path[sizeof(path) - 2] = kind;
	fd = kind == 'm' ? memfd_create(name, MFD_CLOEXEC) : open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	for (i = 0; i < sizeof(page); i++)
		page[i] = name[0] * 31 + name[1] + i * i / 7;
	strcpy(page, name);
	if (pwrite(fd, page, sizeof(page), 0) == sizeof(page))
		return fd;
	close(fd);
	return -EIO;
}

/* Is it what test_file() made?  Sets its name, of up to 15 characters. */
static inline int test_file_check(int fd, char *name)
{
	char page[4096];
	unsigned int i;

	if (pread(fd, page, sizeof(page), 0) != sizeof(page))
		return -errno;
	page[15] = '\0';
	strcpy(name, page);
	for (i = 16; i < sizeof(page); i++) {
		if (page[i] != (char)(name[0] * 31 + name[1] + i * i / 7))
			return -EILSEQ;
	}
	return 0;
}

static inline int write_command(const char *path, const char *command)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int err;

	if (fd < 0)
		return -errno;
	err = write(fd, command, strlen(command)) < 0 ? -errno : 0;
	close(fd);
	return err;
}

/* "preserved", "unclaimed", ... bytes, as KHO tells; -1: that cannot be told */
static inline long kho_bytes(const char *which)
{
	char path[64];
	long bytes = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/kho/%s_bytes", which);
	f = fopen(path, "re");
	if (f && fscanf(f, "%ld", &bytes) != 1)
		bytes = -1;
	if (f)
		fclose(f);
	return bytes;
}

static inline int exerciser(const char *command)
{
	return write_command(EXERCISER "cmd", command);
}

/* There are many more, or many less. */
static inline int crowd(const char *command)
{
	return write_command("/sys/kernel/debug/liveupdate_crowd", command);
}

/* Ours, from now on or no longer */
static inline int set_capability(unsigned int cap, bool have)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -errno;
	data[cap / 32].effective &= ~(1U << cap % 32);
	data[cap / 32].effective |= (unsigned int)have << cap % 32;
	return syscall(SYS_capset, &head, data) ? -errno : 0;
}

#endif /* _LUO_TEST_H */
