// SPDX-License-Identifier: GPL-2.0-only
/*
 * What not every memfd has: extended attributes, inode flags and memory policy
 *
 *	memfd_extras send	  make them, preserve them, change them, wait
 *	memfd_extras receive N	  in the next kernel: is file N as it was?
 *	memfd_extras receive-small N	in one without a second node
 *	memfd_extras shrunk	  what had more when it was preserved
 */
#define _GNU_SOURCE
#include <sys/xattr.h>

#include <linux/fs.h>

#include "memfd.h"

#define SIZE		(4 * MIB)
#define LARGE		40000
/* <linux/mempolicy.h> */
#define BIND		2
#define INTERLEAVE	3
#define PREFERRED	1
#define STATIC_NODES	0x8000
#define BALANCING	0x2000
#define F_ADDR		2

#define NR_FILES	2

static int dev;

/*
 * Extended attributes
 */

static void set(int fd, const char *name, char c, size_t len)
{
	static char value[65536];

	memset(value, c, len);
	must(name, fsetxattr(fd, name, value, len, 0));
}

/* As the file is preserved. */
static void give(int fd)
{
	int flags = FS_NODUMP_FL | FS_NOATIME_FL;

	must("FS_IOC_SETFLAGS", ioctl(fd, FS_IOC_SETFLAGS, &flags));
	set(fd, "user.one", '1', 3);
	set(fd, "trusted.two", '2', 1000);
	set(fd, "security.three", '3', 10);
	set(fd, "user.gone", 'g', 10);
}

/* Afterwards: more than there was room for. */
static void change(int fd)
{
	set(fd, "user.one", 'O', 5);
	set(fd, "trusted.large", 'L', LARGE);
	set(fd, "trusted.empty", 'e', 0);
	must("user.gone", fremovexattr(fd, "user.gone"));
}

static void attribute(int fd, const char *name, char c, long len)
{
	static char value[65536];
	long got = err_of(fgetxattr(fd, name, value, sizeof(value))), i;

	is(name, "size", got, len);
	for (i = 0; i < got && value[i] == c; i++)
		;
	is(name, "value", i, len);
}

static void attributes(int fd)
{
	char names[256];
	int flags = 0;

	must("FS_IOC_GETFLAGS", ioctl(fd, FS_IOC_GETFLAGS, &flags));
	is("inode", "flags", flags, FS_NODUMP_FL | FS_NOATIME_FL);
	is("attributes", "size of the list", err_of(flistxattr(fd, names, sizeof(names))),
	   sizeof("user.one") + sizeof("trusted.two") + sizeof("security.three") +
	   sizeof("trusted.large") + sizeof("trusted.empty"));
	attribute(fd, "user.one", 'O', 5);
	attribute(fd, "trusted.two", '2', 1000);
	attribute(fd, "security.three", '3', 10);
	attribute(fd, "trusted.large", 'L', LARGE);
	attribute(fd, "trusted.empty", 'e', 0);
}

/*
 * Memory policy
 */

static void bind(char *map, size_t from, size_t len, int mode, unsigned long nodes)
{
	must("mbind", syscall(SYS_mbind, map + from, len, mode, &nodes, 64, 0));
}

static void bind_all(int fd)
{
	char *map = map_shared(fd, SIZE, 0);

	bind(map, 0, MIB, BIND | BALANCING, 2);
	bind(map, MIB, MIB, INTERLEAVE, 3);
	bind(map, 2 * MIB, PAGE, PREFERRED, 2);
	bind(map, 3 * MIB, MIB, BIND | STATIC_NODES, 2);
	munmap(map, SIZE);
}

static void policy(const char *what, char *at, int want_mode, unsigned long want_nodes)
{
	unsigned long nodes = 0;
	int mode = -1;

	must("get_mempolicy", syscall(SYS_get_mempolicy, &mode, &nodes, 64, at, F_ADDR));
	is(what, "mode", mode, want_mode);
	is(what, "nodes", nodes, want_nodes);
}

/* With one node: what is not there does not count. */
static void policies(int fd, bool small)
{
	char *map = map_shared(fd, SIZE, 0);

	policy("bound", map, small ? 0 : BIND | BALANCING, small ? 0 : 2);
	policy("the last of it", map + MIB - PAGE, small ? 0 : BIND | BALANCING, small ? 0 : 2);
	policy("interleaved", map + MIB, INTERLEAVE, small ? 1 : 3);
	policy("one page", map + 2 * MIB, small ? 0 : PREFERRED, small ? 0 : 2);
	policy("the page behind it", map + 2 * MIB + PAGE, 0, 0);
	policy("static", map + 3 * MIB, small ? 0 : BIND | STATIC_NODES, small ? 0 : 2);
	munmap(map, SIZE);
}

/*
 * Less than there was room for
 */

static void send_shrinking(void)
{
	int session = must("shrinks", luo_create(dev, "shrinks")), fd, i;

	for (i = 0; i < 2; i++) {
		fd = make_memfd("shrinks", 0, PAGE);
		must("put", put(fd, i, 0, PAGE));
		set(fd, "user.large", 'L', LARGE);
		if (!i)
			set(fd, "user.small", 's', 100);
		is("shrinks", "preserve", luo_preserve_fd(session, fd, i), 0);
		must("user.large", fremovexattr(fd, "user.large"));
	}
}

static void receive_shrunk(void)
{
	static const char name[] = "regression_extras_shrink";
	int session = must(name, luo_retrieve(dev, "shrinks")), fd;
	char names[64];

	fd = must(name, luo_retrieve_fd(session, 0));
	is(name, "contents", bad_pages(fd, 0, 0, PAGE), 0);
	attribute(fd, "user.small", 's', 100);
	is(name, "no other one", err_of(flistxattr(fd, names, sizeof(names))),
	   sizeof("user.small"));
	fd = must(name, luo_retrieve_fd(session, 1));
	is(name, "contents of the one with nothing", bad_pages(fd, 1, 0, PAGE), 0);
	is(name, "nothing", err_of(flistxattr(fd, names, sizeof(names))), 0);
	is(name, "finish", luo_finish(session), 0);
}

static void send_all(void)
{
	int session, fd, i;
	char name[LIVEUPDATE_SESSION_NAME_LENGTH];

	for (i = 0; i < NR_FILES; i++) {
		snprintf(name, sizeof(name), "extras-%d", i);
		session = must(name, luo_create(dev, name));
		fd = make_memfd(name, 0, SIZE);
		must(name, put(fd, 1, 0, PAGE));
		give(fd);
		is(name, "preserve", luo_preserve_fd(session, fd, 0), 0);
		change(fd);
		bind_all(fd);
		attributes(fd);
		policies(fd, false);
	}
	send_shrinking();
	close(dev);
	printf("ready\n");
	for (;;)
		pause();
}

static void receive(const char *nr, bool small)
{
	char name[LIVEUPDATE_SESSION_NAME_LENGTH];
	int session, fd;

	snprintf(name, sizeof(name), "extras-%s", nr);
	session = must(name, luo_retrieve(dev, name));
	fd = must(name, luo_retrieve_fd(session, 0));
	attributes(fd);
	policies(fd, small);
	is(name, "contents", bad_pages(fd, 1, 0, PAGE), 0);
	is(name, "finish", luo_finish(session), 0);
	set(fd, "user.new", 'n', 1);
	is(name, "attributes can be removed", err_of(fremovexattr(fd, "trusted.large")), 0);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	dev = must(LUO_DEVICE, open(LUO_DEVICE, O_RDWR | O_CLOEXEC));
	if (argc == 2 && !strcmp(argv[1], "send"))
		send_all();
	else if (argc == 2 && !strcmp(argv[1], "shrunk"))
		receive_shrunk();
	else if (argc == 3 && !strncmp(argv[1], "receive", 7))
		receive(argv[2], !strcmp(argv[1], "receive-small"));
	else
		return 2;
	return 0;
}
