/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages of a memfd, pinned for devices
 */
#ifndef _LUO_TEST_UDMABUF_H
#define _LUO_TEST_UDMABUF_H

#include <linux/udmabuf.h>

#include "memfd.h"

#define UDMABUF		"/dev/udmabuf"

/* The memfd needs F_SEAL_SHRINK.  Returns a buffer of pages of it, or an error. */
static inline int pin_pages(int memfd, off_t off, size_t len)
{
	struct udmabuf_create args = {
		.memfd = memfd, .flags = UDMABUF_FLAGS_CLOEXEC, .offset = off, .size = len,
	};
	int dev = open(UDMABUF, O_RDWR | O_CLOEXEC), ret;

	if (dev < 0)
		return -errno;
	ret = err_of(ioctl(dev, UDMABUF_CREATE, &args));
	close(dev);
	return ret;
}

/* Not through the file: as a device does it */
static inline int put_pinned(int buffer, uint64_t id, off_t off, size_t len)
{
	char *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, buffer, 0);
	size_t i;

	if (map == MAP_FAILED)
		return -errno;
	for (i = 0; i < len; i += PAGE)
		fill_page((uint64_t *)(map + i), id, off + i);
	munmap(map, len);
	return 0;
}

#endif /* _LUO_TEST_UDMABUF_H */
