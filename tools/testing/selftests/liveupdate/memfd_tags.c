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

/* Maps a memfd of one page, and writes to it. */
static int make(const char *name, void **map)
{
	int fd = must(name, memfd_create(name, MFD_CLOEXEC));

	must(name, ftruncate(fd, PAGE));
	*map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must("mmap", *map == MAP_FAILED ? -1 : 0);
	memset(*map, 0x5a, PAGE);
	return fd;
}

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

	fd = make("tagged", &map);
	tag(map);
	is("a memfd", "with tags is refused", luo_preserve_fd(session, fd, 1), -EOPNOTSUPP);
	is("a memfd", "keeps its contents", ((char *)map)[1], 0x5a);

	later = make("later", &map);
	is("a memfd", "without tags goes in", luo_preserve_fd(session, later, 2), 0);
	tag(map);
	puts("ready");
	pause();
	return 0;
}
