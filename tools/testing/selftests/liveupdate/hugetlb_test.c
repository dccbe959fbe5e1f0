// SPDX-License-Identifier: GPL-2.0-only
/*
 * hugetlb memfds of all kinds, property by property
 *
 *	hugetlb_test send SESSION	make them, preserve them, change them, wait
 *	hugetlb_test receive SESSION RESERVED
 *					in the next kernel: are they as they were,
 *					with so many huge pages reserved?
 *	hugetlb_test limits SESSION	cgroups that do not allow it to be retrieved
 *	hugetlb_test send-giga		a huge page of 1 GiB
 *	hugetlb_test no-giga		in a kernel that does not have that size
 *	hugetlb_test receive-giga	in one that has
 *	hugetlb_test send-damaged	files that are damaged on their way
 *	hugetlb_test receive-damaged	each gives the right error, and harms nobody
 *
 * A record of the properties travels in a memfd of its own.
 */
#define _GNU_SOURCE
#include <sys/wait.h>

#include "hugetlb.h"
#include "kinds.h"

#define LIMITED		"/cg/limited/"

static int dev;

/*
 * Kinds of files: made, preserved, changed, and preserved in another kernel
 */

static int make_data(void)
{
	int fd = make_memfd("data", MFD_2M, 3 * HUGE);

	put_mapped(fd, 1, 0, 3 * HUGE);
	lseek(fd, 4711, SEEK_SET);
	return fd;
}

static void change_data(int fd)
{
	put_mapped(fd, 101, HUGE, HUGE);
}

static long bad_data(int fd)
{
	return bad_pages(fd, 1, 0, HUGE) + bad_pages(fd, 101, HUGE, HUGE) +
	       bad_pages(fd, 1, 2 * HUGE, HUGE);
}

static int make_sparse(void)
{
	int fd = make_memfd("sparse", MFD_2M, 1UL << 40);

	put_mapped(fd, 2, 1UL << 39, HUGE);
	return fd;
}

static void change_sparse(int fd)
{
	put_mapped(fd, 2, 7UL << 36, HUGE);
	put_mapped(fd, 2, 5UL << 36, HUGE);
}

static long bad_sparse(int fd)
{
	return bad_pages(fd, 2, 1UL << 39, HUGE) + bad_pages(fd, 2, 5UL << 36, HUGE) +
	       bad_pages(fd, 2, 7UL << 36, HUGE) + bad_pages(fd, ZEROES, 0, HUGE);
}

static int make_read_only(void)
{
	const struct timespec times[] = { { 1000000, 123456789 }, { 2000000, 987654321 } };
	int fd = make_memfd("a name/with slash", MFD_2M, HUGE), ro;

	put_mapped(fd, 3, 0, HUGE);
	must("read-only", fchmod(fd, 0640));
	must("read-only", fchown(fd, 1000, 1001));
	must("read-only", futimens(fd, times));
	ro = must("read-only", reopen(fd, O_RDONLY));
	close(fd);
	return ro;
}

static long bad_read_only(int fd)
{
	return bad_pages(fd, 3, 0, HUGE);
}

static int make_noexec(void)
{
	int fd = make_memfd("noexec", MFD_2M | MFD_NOEXEC_SEAL, HUGE);

	put_mapped(fd, 4, 0, HUGE);
	return fd;
}

static void change_noexec(int fd)
{
	must("noexec", fchmod(fd, 0600));
}

static long bad_noexec(int fd)
{
	return bad_pages(fd, 4, 0, HUGE);
}

static int make_sealed(void)
{
	int fd = make_memfd("sealed", MFD_2M | MFD_ALLOW_SEALING, 4 * HUGE);

	put_mapped(fd, 5, HUGE, 2 * HUGE);
	must("sealed", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK));
	return fd;
}

static long bad_sealed(int fd)
{
	return bad_pages(fd, 5, HUGE, 2 * HUGE) + bad_pages(fd, ZEROES, 0, HUGE) +
	       bad_pages(fd, ZEROES, 3 * HUGE, HUGE);
}

/* Huge pages that nobody has written to, also beyond the end */
static int make_allocated(void)
{
	int fd = make_memfd("allocated", MFD_2M, HUGE);

	must("allocated", fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 3 * HUGE));
	return fd;
}

static void change_allocated(int fd)
{
	put_mapped(fd, 6, 0, HUGE);
}

static long bad_allocated(int fd)
{
	return bad_pages(fd, 6, 0, HUGE);
}

/* fallocate() does not round the size up. */
static int make_odd(void)
{
	int fd = make_memfd("odd", MFD_2M, 0);

	must("odd", fallocate(fd, 0, 0, HUGE + 100));
	return fd;
}

static long bad_odd(int fd)
{
	return bad_pages(fd, ZEROES, 0, HUGE + 100);
}

/* A mapping for which huge pages are reserved, most of which are not there yet */
static int make_reserved(void)
{
	int fd = make_memfd("reserved", MFD_2M, 5 * HUGE);
	char *map = map_shared(fd, 4 * HUGE, HUGE);

	fill_page((uint64_t *)(map + 2 * HUGE), 8, 3 * HUGE);
	return fd;
}

#define NR_RESERVED	3

static long bad_reserved(int fd)
{
	return bad_pages(fd, 8, 3 * HUGE, PAGE) +
	       bad_pages(fd, ZEROES, 3 * HUGE + PAGE, HUGE - PAGE);
}

/* What is private to a mapping does not travel, and harms nobody. */
static int make_private(void)
{
	int fd = make_memfd("private", MFD_2M, 3 * HUGE);
	char *map;

	put_mapped(fd, 9, 0, HUGE);
	map = mmap(NULL, 3 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	must("private", map == MAP_FAILED ? -1 : 0);
	write_at(map, 1);
	write_at(map + HUGE, 1);
	return fd;
}

static long bad_private(int fd)
{
	return bad_pages(fd, 9, 0, HUGE) + bad_pages(fd, ZEROES, HUGE, 2 * HUGE);
}

static char *forked_map;

static int make_forked(void)
{
	int fd = make_memfd("forked", MFD_2M, 2 * HUGE);

	forked_map = map_huge(fd, 2 * HUGE, 0);
	fill_page((uint64_t *)forked_map, 10, 0);
	return fd;
}

static void change_forked(int fd)
{
	int status;

	if (!fork()) {
		fill_page((uint64_t *)(forked_map + PAGE), 10, PAGE);
		fill_page((uint64_t *)(forked_map + HUGE), 10, HUGE);
		_exit(0);
	}
	wait(&status);
}

static long bad_forked(int fd)
{
	return bad_pages(fd, 10, 0, 2 * PAGE) + bad_pages(fd, 10, HUGE, PAGE) +
	       bad_pages(fd, ZEROES, HUGE + PAGE, HUGE - PAGE);
}

static int make_empty(void)
{
	return make_memfd("", MFD_2M, 0);
}

enum {
	DATA, SPARSE, READ_ONLY, NOEXEC, SEALED, ALLOCATED, ODD, RESERVED, PRIVATE, FORKED, EMPTY,
	NR_KINDS
};

static const struct kind kinds[NR_KINDS] = {
	[DATA]		= { "data", make_data, change_data, bad_data, 3 },
	[SPARSE]	= { "sparse", make_sparse, change_sparse, bad_sparse, 3 },
	[READ_ONLY]	= { "read-only", make_read_only, NULL, bad_read_only, 1 },
	[NOEXEC]	= { "noexec", make_noexec, change_noexec, bad_noexec, 1 },
	[SEALED]	= { "sealed", make_sealed, NULL, bad_sealed, 2 },
	[ALLOCATED]	= { "allocated", make_allocated, change_allocated, bad_allocated, 3 },
	[ODD]		= { "odd", make_odd, NULL, bad_odd, 2 },
	[RESERVED]	= { "reserved", make_reserved, NULL, bad_reserved, 1 },
	[PRIVATE]	= { "private", make_private, NULL, bad_private, 1 },
	[FORKED]	= { "forked", make_forked, change_forked, bad_forked, 2 },
	[EMPTY]		= { "empty", make_empty, NULL, NULL, 0 },
};

static long all_pages(void)
{
	long sum = 0;
	int i;

	for (i = 0; i < NR_KINDS; i++)
		sum += kinds[i].pages;
	return sum;
}

/*
 * The first kernel
 */

static void wait_with_the_device_closed(void)
{
	/* It has one user at a time. */
	close(dev);
	wait_for_the_end();
}

static void send_all(char **words)
{
	int session = must("session", luo_create(dev, words[0]));

	send_kinds(session, kinds, NR_KINDS);
	send_records(session, NR_KINDS);
	wait_with_the_device_closed();
}

/*
 * The second kernel
 */

static void behaviour(void)
{
	const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	struct pool was;
	char *map;

	map = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fds[SEALED], 0);
	is("sealed", "map it writable", map == MAP_FAILED ? -errno : 0, -EPERM);
	map = mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fds[READ_ONLY], 0);
	is("read-only", "map it writable", map == MAP_FAILED ? -errno : 0, -EACCES);

	was = pool_of(HUGE);
	is("data", "punch a hole", err_of(fallocate(fds[DATA], punch, HUGE, HUGE)), 0);
	is("data", "the hole has zeroes", bad_pages(fds[DATA], ZEROES, HUGE, HUGE), 0);
	is_pool("data, with a hole", HUGE, was, -1, 0, 0, -1);
	is("data", "truncate", err_of(ftruncate(fds[DATA], HUGE)), 0);
	is_pool("data, truncated", HUGE, was, -2, 0, 0, -2);
	is("data", "contents", bad_pages(fds[DATA], 1, 0, HUGE), 0);
	is("forked", "write", (put_mapped(fds[FORKED], 210, 0, HUGE), 0), 0);
	is("forked", "read it", bad_pages(fds[FORKED], 210, 0, HUGE), 0);
}

/* Pages of struct pages, when those of freed huge pages are complete again */
static long memmap(void)
{
	long was, now = -1;
	int same = 0;

	while (same < 5) {
		was = now;
		usleep(300000);
		now = value_of("/proc/vmstat", "nr_memmap_pages ") +
		      value_of("/proc/vmstat", "nr_memmap_boot_pages ");
		same = now == was ? same + 1 : 0;
	}
	return now;
}

/* 8 pages for a huge page, of which one is left if that is asked for */
static long saved(long huge_pages)
{
	return value_of("/proc/sys/vm/hugetlb_optimize_vmemmap", "") > 0 ? huge_pages * 7 : 0;
}

static void receive_all(char **words)
{
	int session = must("session", luo_retrieve(dev, words[0])), i;
	long reserved = atol(words[1]);
	struct pool was = pool_of(HUGE);
	long before = memmap();

	receive_records(session, NR_KINDS);
	receive_kinds(session, kinds, NR_KINDS);
	is("all files", "struct pages that are saved", before - memmap(), saved(all_pages()));
	is_pool("all files", HUGE, was, all_pages(), 0, reserved, all_pages());
	is("session", "finish", luo_finish(session), 0);
	close(session);
	behaviour();
	preserve_again(dev, kinds, NR_KINDS);
	for (i = 0; i < NR_KINDS; i++)
		close(fds[i]);
	is_pool("all files closed", HUGE, was, 0, 0, 0, 0);
}

/*
 * The second kernel: who has to pay for it
 */

static void try_limited(int session, const char *what, const char *file, int want)
{
	char pid[16];
	int status;

	fflush(stdout);
	if (!fork()) {
		int fd;

		snprintf(pid, sizeof(pid), "%d", getpid());
		write_text(LIMITED "cgroup.procs", pid);
		fd = luo_retrieve_fd(session, DATA);
		is(what, file, fd < 0 ? fd : 0, want);
		exit(0);
	}
	wait(&status);
	is(what, "nobody was killed", status, 0);
}

static long charged(const char *file)
{
	return value_of(file, "");
}

static void limits(char **words)
{
	static const char * const files[] = {
		"hugetlb.2MB.max", "hugetlb.2MB.rsvd.max", "memory.max",
	};
	int session = must("session", luo_retrieve(dev, words[0]));
	struct pool was = pool_of(HUGE);
	char path[64];
	int i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), LIMITED "%s", files[i]);
		write_text(path, "4M");
		try_limited(session, "too low a limit", files[i], -ENOMEM);
		try_limited(session, "once more", files[i], -ENOMEM);
		write_text(path, "max");
		is(files[i], "huge pages that stay charged", charged(LIMITED "hugetlb.2MB.current"),
		   0);
		is(files[i], "reservations that stay charged",
		   charged(LIMITED "hugetlb.2MB.rsvd.current"), 0);
		is(files[i], "memory that stays charged",
		   charged(LIMITED "memory.current") > (long)MIB, false);
	}
	is_pool("all failed", HUGE, was, 0, 0, 0, 0);
	try_limited(session, "no limit", "retrieve", 0);
	is("retrieved", "huge pages are charged", charged(LIMITED "hugetlb.2MB.current"), 3 * HUGE);
	is("retrieved", "reservations are charged", charged(LIMITED "hugetlb.2MB.rsvd.current"),
	   3 * HUGE);
	is_more("retrieved", "memory is charged", charged(LIMITED "memory.current"), 3 * HUGE - 1);
	/* What was retrieved is finished, the rest is for somebody else. */
	close(session);
	is("closed", "huge pages that stay charged", charged(LIMITED "hugetlb.2MB.current"), 0);
	is("closed", "reservations that stay charged",
	   charged(LIMITED "hugetlb.2MB.rsvd.current"), 0);
	is_pool("closed", HUGE, was, 0, 0, 0, 0);
}

/*
 * Pages of 1 GiB
 */

static void send_giga(char **words)
{
	int session = must("session", luo_create(dev, "giga"));
	int fd = make_memfd("giga", MFD_1G, 3 * GIGA);
	char *map = map_huge(fd, GIGA, GIGA);
	size_t i;

	is("giga", "preserve", luo_preserve_fd(session, fd, 0), 0);
	for (i = 0; i < GIGA; i += 16 * MIB)
		fill_page((uint64_t *)(map + i), 20, GIGA + i);
	fds[0] = fd;
	send_records(session, 1);
	wait_with_the_device_closed();
}

static void no_giga(char **words)
{
	int session = must("session", luo_retrieve(dev, "giga"));

	is("giga", "the size is not there", pool_counter(GIGA, "nr"), -1);
	is("giga", "retrieve", luo_retrieve_fd(session, 0), -EOPNOTSUPP);
	is("giga", "once more", luo_retrieve_fd(session, 0), -EOPNOTSUPP);
	close(session);
}

static void receive_giga(char **words)
{
	int session = must("session", luo_retrieve(dev, "giga")), fd;
	struct pool was = pool_of(GIGA);
	long bad = 0;
	size_t i;

	receive_records(session, 1);
	fd = must("giga", luo_retrieve_fd(session, 0));
	is_same("giga", fd, &records[0]);
	for (i = 0; i < GIGA; i += 16 * MIB)
		bad += bad_pages(fd, 20, GIGA + i, PAGE) +
		       bad_pages(fd, ZEROES, GIGA + i + PAGE, PAGE);
	is("giga", "contents", bad, 0);
	is_pool("giga", GIGA, was, 1, 0, 0, 1);
	is("giga", "finish", luo_finish(session), 0);
	close(session);
	close(fd);
	is_pool("giga, closed", GIGA, was, 0, 0, 0, 0);
}

/*
 * Damage
 */

#define CORRUPT		"/sys/kernel/debug/liveupdate_corrupt"

static const struct {
	const char *how;
	int err;
} damages[] = {
	{ "huge_checksum", -EINVAL }, { "huge_version", -EOPNOTSUPP },
	{ "huge_length", -EINVAL }, { "huge_array", -EINVAL }, { "huge_plain", -EIO },
	{ "huge_small", -EIO }, { "huge_odd", -EINVAL }, { "huge_beyond", -EINVAL },
	{ "huge_same_place", -EINVAL }, { "huge_twice", -EIO }, { "huge_both", -EINVAL },
	{ "huge_order", -EINVAL }, { "huge_flags", -EOPNOTSUPP }, { NULL, 0 },
};

static void send_damaged(char **words)
{
	char command[64];
	unsigned int i;
	int session, fd;

	for (i = 0; damages[i].how; i++) {
		session = must("session", luo_create(dev, damages[i].how));
		fd = make_memfd(damages[i].how, MFD_2M, 4 * HUGE);
		put_mapped(fd, i, 0, 3 * HUGE);
		is(damages[i].how, "preserve", luo_preserve_fd(session, fd, 0), 0);
		snprintf(command, sizeof(command), "%s@%u", damages[i].how, i);
		write_text(CORRUPT, command);
	}
	wait_with_the_device_closed();
}

static void receive_damaged(char **words)
{
	struct pool was = pool_of(HUGE);
	unsigned int i;
	int session;

	for (i = 0; damages[i].how; i++) {
		session = must("session", luo_retrieve(dev, damages[i].how));
		is(damages[i].how, "retrieve", luo_retrieve_fd(session, 0), damages[i].err);
		is(damages[i].how, "once more", luo_retrieve_fd(session, 0), damages[i].err);
		is(damages[i].how, "finish", luo_finish(session), 0);
		close(session);
		is_pool(damages[i].how, HUGE, was, 0, 0, 0, 0);
	}
}

int main(int argc, char **argv)
{
	static const struct command commands[] = {
		{ "send", 1, send_all },
		{ "receive", 2, receive_all },
		{ "limits", 1, limits },
		{ "send-giga", 0, send_giga },
		{ "no-giga", 0, no_giga },
		{ "receive-giga", 0, receive_giga },
		{ "send-damaged", 0, send_damaged },
		{ "receive-damaged", 0, receive_damaged },
		{ NULL },
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	dev = open_luo();
	return run_command(argc, argv, commands);
}
