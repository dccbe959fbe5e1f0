// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory tags (arm64, MTE) have no place in what goes over: a memfd that has
 * some is refused, and so is a kexec when one got them later.
 */
#define _GNU_SOURCE
#include <sys/auxv.h>

#include "memfd.h"

#ifndef PROT_MTE
#define PROT_MTE	0x20
#endif
#ifndef HWCAP2_MTE
#define HWCAP2_MTE	(1UL << 18)
#endif

#define MANY	64	/* pages that are not looked at one by one otherwise */

/* Maps a memfd of so many pages, and writes to it. */
static int make(const char *name, void **map, unsigned int pages)
{
	int fd = must(name, memfd_create(name, MFD_CLOEXEC));

	must(name, ftruncate(fd, pages * PAGE));
	*map = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must("mmap", *map == MAP_FAILED ? -1 : 0);
	memset(*map, 0x5a, pages * PAGE);
	return fd;
}

/* One page */
static void tag(void *map)
{
	must("PROT_MTE", mprotect(map, PAGE, PROT_READ | PROT_WRITE | PROT_MTE));
	*(volatile char *)map = 1;
}

int main(void)
{
	int dev, session, fd, later;
	void *map;

	setbuf(stdout, NULL);
	is("processor", "has memory tags", !!(getauxval(AT_HWCAP2) & HWCAP2_MTE), 1);
	dev = must("device", open(LUO_DEVICE, O_RDWR | O_CLOEXEC));
	session = must("session", luo_create(dev, "tags"));

	fd = make("tagged", &map, 1);
	tag(map);
	is("a memfd", "with tags is refused", luo_preserve_fd(session, fd, 1), -EOPNOTSUPP);
	is("a memfd", "keeps its contents", ((char *)map)[1], 0x5a);

	fd = make("tagged in the end", &map, MANY);
	tag(map + (MANY - 1) * PAGE);
	is("regression_tags_of_neighbours", "the last page has some",
	   luo_preserve_fd(session, fd, 3), -EOPNOTSUPP);

	later = make("later", &map, 1);
	is("a memfd", "without tags goes in", luo_preserve_fd(session, later, 2), 0);
	tag(map);
	puts("ready");
	pause();
	return 0;
}
