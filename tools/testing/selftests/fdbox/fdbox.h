/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ioctls of FDBox as functions: what they give, or a negative errno.
 */
#ifndef _FDBOX_TEST_H
#define _FDBOX_TEST_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/fdbox.h>

#define FDBOX_DIR	"/dev/fdbox/"
#define FDBOX_CONTROL	FDBOX_DIR "fdbox"

static inline int box_call(int fd, unsigned int cmd, void *arg)
{
	int ret = ioctl(fd, cmd, arg);

	return ret < 0 ? -errno : ret;
}

/* As much of a name as fits; one of 256 bytes is not terminated. */
static inline void box_name(uint8_t *to, const char *name)
{
	size_t len = strlen(name);

	memcpy(to, name, len < FDBOX_NAME_LEN ? len : FDBOX_NAME_LEN);
}

static inline int box_control(void)
{
	int fd = open(FDBOX_CONTROL, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int box_create(int control, const char *name)
{
	struct fdbox_create_box args = { 0 };

	box_name(args.name, name);
	return box_call(control, FDBOX_CREATE_BOX, &args);
}

static inline int box_delete(int control, const char *name)
{
	struct fdbox_delete_box args = { 0 };

	box_name(args.name, name);
	return box_call(control, FDBOX_DELETE_BOX, &args);
}

static inline int box_open(const char *name)
{
	char path[sizeof(FDBOX_DIR) + FDBOX_NAME_LEN];
	int fd;

	snprintf(path, sizeof(path), FDBOX_DIR "%s", name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static inline int box_put(int box, int fd, const char *name)
{
	struct fdbox_put_fd args = { .fd = fd };

	box_name(args.name, name);
	return box_call(box, FDBOX_PUT_FD, &args);
}

static inline int box_get(int box, const char *name)
{
	struct fdbox_get_fd args = { 0 };

	box_name(args.name, name);
	return box_call(box, FDBOX_GET_FD, &args);
}

static inline int box_seal(int box)
{
	return box_call(box, FDBOX_SEAL, NULL);
}

static inline int box_unseal(int box)
{
	return box_call(box, FDBOX_UNSEAL, NULL);
}

/* A memfd of some pages; the text is at the start of each. */
static inline int text_memfd(const char *text, unsigned int pages)
{
	int fd = memfd_create(text, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	unsigned int i;

	if (fd < 0 || ftruncate(fd, pages * 4096))
		return -errno;
	for (i = 0; i < pages; i++) {
		if (pwrite(fd, text, strlen(text) + 1, i * 4096) < 0)
			return -errno;
	}
	return fd;
}

/* 0 if it is what text_memfd() made */
static inline int text_check(int fd, const char *text, unsigned int pages)
{
	char got[4096];
	unsigned int i;

	for (i = 0; i < pages; i++) {
		memset(got, 1, sizeof(got));
		if (pread(fd, got, sizeof(got), i * 4096) != sizeof(got))
			return -EIO;
		if (strcmp(got, text))
			return -EILSEQ;
	}
	return lseek(fd, 0, SEEK_END) == pages * 4096 ? 0 : -EFBIG;
}

#endif /* _FDBOX_TEST_H */
