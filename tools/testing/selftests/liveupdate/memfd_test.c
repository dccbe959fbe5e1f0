// SPDX-License-Identifier: GPL-2.0-only
/*
 * memfds of all kinds, property by property
 *
 *	memfd_test send		make them, preserve them, change them, wait
 *	memfd_test receive	in the next kernel: are they as they were?
 *
 * A record of the properties travels in a memfd of its own.
 */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/wait.h>

#include "kinds.h"

#define SESSION		"memfd"
#define TOKEN_SMALL	200
#define NR_SMALL	20
#define LIMITED		"/cg/limited/"
#define HUGE_PAGE	(2 * MIB)

static int dev;

/*
 * Kinds of files: made, preserved, changed, and preserved in another kernel
 */

/*
 * More than 4096 pages: when a retrieve failed, values were forgotten in the page
 * cache of its file, which were taken for swap entries when it was freed.
 */
#define DATA_SIZE	(20 * MIB + 100)

static int make_data(void)
{
	int fd = make_memfd("data", 0, DATA_SIZE);

	must("data", put(fd, 1, 0, DATA_SIZE));
	lseek(fd, 4711, SEEK_SET);
	return fd;
}

static void change_data(int fd)
{
	must("data", put(fd, 101, 3 * MIB, 2 * PAGE));
}

static long bad_data(int fd)
{
	off_t end = 3 * MIB + 2 * PAGE;

	return bad_pages(fd, 1, 0, 3 * MIB) + bad_pages(fd, 101, 3 * MIB, 2 * PAGE) +
	       bad_pages(fd, 1, end, DATA_SIZE - end);
}

static int make_sparse(void)
{
	int fd = make_memfd("sparse", 0, 1UL << 40);

	must("sparse", put(fd, 2, 1UL << 39, PAGE));
	return fd;
}

/* Holes are filled by write() and through a mapping. */
static void change_sparse(int fd)
{
	uint64_t *map = map_shared(fd, PAGE, 7UL << 36);

	fill_page(map, 2, 7UL << 36);
	munmap(map, PAGE);
	must("sparse", put(fd, 2, 5UL << 36, PAGE));
}

static long bad_sparse(int fd)
{
	return bad_pages(fd, 2, 1UL << 39, PAGE) + bad_pages(fd, 2, 5UL << 36, PAGE) +
	       bad_pages(fd, 2, 7UL << 36, PAGE) + bad_pages(fd, ZEROES, PAGE, 2 * PAGE);
}

static int make_read_only(void)
{
	const struct timespec times[] = { { 1000000, 123456789 }, { 2000000, 987654321 } };
	int fd = make_memfd("a name/with slash", 0, 2 * PAGE), ro;

	must("read-only", put(fd, 3, 0, 2 * PAGE));
	must("read-only", fchmod(fd, 0640));
	must("read-only", fchown(fd, 1000, 1001));
	must("read-only", futimens(fd, times));
	ro = must("read-only", reopen(fd, O_RDONLY));
	close(fd);
	return ro;
}

static long bad_read_only(int fd)
{
	return bad_pages(fd, 3, 0, 2 * PAGE);
}

static int make_noexec(void)
{
	int fd = make_memfd("noexec", MFD_NOEXEC_SEAL, PAGE);

	must("noexec", put(fd, 4, 0, PAGE));
	return fd;
}

static void change_noexec(int fd)
{
	must("noexec", fchmod(fd, 0600));
}

static long bad_noexec(int fd)
{
	return bad_pages(fd, 4, 0, PAGE);
}

static int make_sealed(void)
{
	int fd = make_memfd("sealed", MFD_ALLOW_SEALING, 64 * KIB);

	must("sealed", put(fd, 5, 0, 32 * KIB));
	must("sealed", fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK));
	return fd;
}

static long bad_sealed(int fd)
{
	return bad_pages(fd, 5, 0, 32 * KIB) + bad_pages(fd, ZEROES, 32 * KIB, 32 * KIB);
}

/* Pages that nobody has written to, also beyond the end */
static int make_allocated(void)
{
	int fd = make_memfd("allocated", 0, 64 * KIB);

	must("allocated", fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, MIB));
	must("allocated", put(fd, 6, 2 * PAGE, PAGE));
	return fd;
}

static void change_allocated(int fd)
{
	must("allocated", put(fd, 6, 4 * PAGE, PAGE));
}

static long bad_allocated(int fd)
{
	return bad_pages(fd, ZEROES, 0, 2 * PAGE) + bad_pages(fd, 6, 2 * PAGE, PAGE) +
	       bad_pages(fd, ZEROES, 3 * PAGE, PAGE) + bad_pages(fd, 6, 4 * PAGE, PAGE) +
	       bad_pages(fd, ZEROES, 5 * PAGE, 64 * KIB - 5 * PAGE);
}

static void put_huge(int fd, off_t off, size_t len)
{
	set_thp("always");
	must("huge", put(fd, 7, off, len));
	set_thp("never");
}

static int make_huge(void)
{
	int fd = make_memfd("huge", 0, 8 * MIB);

	put_huge(fd, 0, 4 * MIB);
	return fd;
}

static void change_huge(int fd)
{
	put_huge(fd, 4 * MIB, 2 * MIB);
}

static long bad_huge(int fd)
{
	return bad_pages(fd, 7, 0, 6 * MIB) + bad_pages(fd, ZEROES, 6 * MIB, 2 * MIB);
}

static int make_empty(void)
{
	return make_memfd("", 0, 0);
}

#define SWAPPED_SIZE	(4 * MIB)

static int make_swapped(void)
{
	int fd = make_memfd("swapped", 0, SWAPPED_SIZE);

	must("swapped", put(fd, 9, 0, SWAPPED_SIZE));
	if (kb_of("SwapTotal:") > 0)
		is_more("swapped", "pages are on swap", page_out(fd, SWAPPED_SIZE), 0);
	else
		skip("swapped", "pages are on swap", "no swap");
	return fd;
}

static void change_swapped(int fd)
{
	must("swapped", put(fd, 109, MIB, PAGE));
}

static long bad_swapped(int fd)
{
	return bad_pages(fd, 9, 0, MIB) + bad_pages(fd, 109, MIB, PAGE) +
	       bad_pages(fd, 9, MIB + PAGE, 3 * MIB - PAGE);
}

static int make_append(void)
{
	int fd = make_memfd("append", 0, 0), append;

	must("append", put(fd, 10, 0, PAGE));
	append = must("append", reopen(fd, O_WRONLY | O_APPEND | O_NONBLOCK));
	close(fd);
	return append;
}

/*
 * CVE-2026-43389: what was clean when it was preserved and written to later was
 * clean in the next kernel, which dropped it when it needed memory.
 */
static char *clean_map;

static int make_clean(void)
{
	int fd = make_memfd("clean", 0, 2 * MIB);
	size_t i;

	clean_map = map_shared(fd, 2 * MIB, 0);
	for (i = 0; i < 2 * MIB; i += PAGE)
		read_at(clean_map + i);
	return fd;
}

static void change_clean(int fd)
{
	size_t i;

	for (i = 0; i < MIB; i += PAGE)
		fill_page((uint64_t *)(clean_map + i), 11, i);
	must("clean", put(fd, 11, MIB, MIB));
}

static long bad_clean(int fd)
{
	return bad_pages(fd, 11, 0, 2 * MIB);
}

enum {
	DATA, SPARSE, READ_ONLY, NOEXEC, SEALED, ALLOCATED, HUGE, EMPTY, SWAPPED, APPEND, CLEAN,
	NR_KINDS
};

static const struct kind kinds[NR_KINDS] = {
	[DATA]		= { "data", make_data, change_data, bad_data },
	[SPARSE]	= { "sparse", make_sparse, change_sparse, bad_sparse },
	[READ_ONLY]	= { "read-only", make_read_only, NULL, bad_read_only },
	[NOEXEC]	= { "noexec", make_noexec, change_noexec, bad_noexec },
	[SEALED]	= { "sealed", make_sealed, NULL, bad_sealed },
	[ALLOCATED]	= { "allocated", make_allocated, change_allocated, bad_allocated },
	[HUGE]		= { "huge", make_huge, change_huge, bad_huge },
	[EMPTY]		= { "empty", make_empty, NULL, NULL },
	[SWAPPED]	= { "swapped", make_swapped, change_swapped, bad_swapped },
	[APPEND]	= { "append", make_append, NULL, NULL },
	[CLEAN]		= { "clean", make_clean, change_clean, bad_clean },
};

/*
 * The first kernel
 */

static void send_small(int session)
{
	long bad = 0;
	int i, fd;

	for (i = 0; i < NR_SMALL; i++) {
		fd = make_memfd("small", 0, 0);
		bad += put(fd, TOKEN_SMALL + i, 0, 2 * PAGE) != 0;
		bad += luo_preserve_fd(session, fd, TOKEN_SMALL + i) != 0;
		close(fd);
	}
	is("small files", "preserve", bad, 0);
}

static void send_all(char **words)
{
	int session = must("session", luo_create(dev, SESSION));

	send_kinds(session, kinds, NR_KINDS);
	send_small(session);
	send_records(session, NR_KINDS);
	/* The device has one user at a time. */
	close(dev);
	wait_for_the_end();
}

/*
 * The second kernel
 */

/*
 * CVE-2026-43489: a failed retrieve had freed things, and could be repeated.
 * Here it fails for want of memory, harms nobody, and is repeated with success.
 */
static void cve_2026_43489(int session)
{
	static const char name[] = "CVE-2026-43489";
	char pid[16];
	int status, fd, again;

	if (access(LIMITED "memory.max", W_OK)) {
		skip(name, "a retrieve that fails", "no memory controller");
		return;
	}
	write_text(LIMITED "memory.max", "3M");
	fflush(stdout);
	if (!fork()) {
		snprintf(pid, sizeof(pid), "%d", getpid());
		write_text(LIMITED "cgroup.procs", pid);
		is(name, "retrieve with too little memory", luo_retrieve_fd(session, DATA),
		   -ENOMEM);
		is(name, "once more", luo_retrieve_fd(session, DATA), -ENOMEM);
		exit(0);
	}
	wait(&status);
	is(name, "nobody was killed", status, 0);
	is(name, "nobody was to be", value_of(LIMITED "memory.events", "oom_kill "), 0);
	is(name, "nothing stays charged",
	   value_of(LIMITED "memory.current", "") > (long)MIB, false);
	fd = luo_retrieve_fd(session, DATA);
	is(name, "then it works", fd < 0 ? fd : 0, 0);
	again = reopen(fd, O_RDONLY | O_NOATIME);
	is(name, "contents", bad_data(again), 0);
	close(again);
	close(fd);
}

/*
 * Who retrieves a file pays for it, and goes on doing so when it has been given
 * to somebody else.
 */
static void charged_to_the_retriever(int session)
{
	static const char name[] = "who retrieves";
	char pid[16];
	int status;
	long stat;

	if (access(LIMITED "memory.max", W_OK)) {
		skip(name, "pays for it", "no memory controller");
		return;
	}
	write_text(LIMITED "memory.max", "max");
	is(name, "has paid for nothing", value_of(LIMITED "memory.current", "") > (long)MIB,
	   false);
	fflush(stdout);
	if (!fork()) {
		snprintf(pid, sizeof(pid), "%d", getpid());
		write_text(LIMITED "cgroup.procs", pid);
		_exit(luo_retrieve_fd(session, SWAPPED) < 0);
	}
	wait(&status);
	is(name, "gets it", status, 0);
	is_more(name, "pays for all of it", value_of(LIMITED "memory.current", ""),
		SWAPPED_SIZE - 1);
	/* Every processor has some that it did not report yet. */
	stat = value_of(LIMITED "memory.stat", "\nshmem ");
	is(name, "pays for shared memory", stat > (long)(SWAPPED_SIZE - MIB) &&
	   stat <= (long)SWAPPED_SIZE, true);
}

static void out_of_descriptors(int session)
{
	struct rlimit was, few = { 0, 0 };
	int fd;

	getrlimit(RLIMIT_NOFILE, &was);
	few.rlim_max = was.rlim_max;
	setrlimit(RLIMIT_NOFILE, &few);
	fd = luo_retrieve_fd(session, SPARSE);
	setrlimit(RLIMIT_NOFILE, &was);
	is("sparse", "retrieve without descriptors", fd, -EMFILE);
}

/* Folios are huge where they were, if there are any here. */
static bool stays_huge(void)
{
	return has_thp() && strcmp(records[HUGE].prop[FOLIOS], records[HUGE].prop[PAGES]);
}

/* One entry of the page table for all of a huge folio */
static void map_huge(int fd)
{
	char *area = mmap(NULL, 2 * HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char range[32], *map;

	area += -(uintptr_t)area % HUGE_PAGE;
	map = mmap(area, HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	must("mmap", map == MAP_FAILED ? -1 : 0);
	read_at(map);
	snprintf(range, sizeof(range), "%lx-", (unsigned long)map);
	is("huge", "smaps: ShmemPmdMapped", smaps_kb(range, "ShmemPmdMapped:"),
	   stays_huge() ? HUGE_PAGE / KIB : 0);
	munmap(map, HUGE_PAGE);
}

static void behaviour(void)
{
	char c = 'x';
	void *map;

	is("sealed", "write", err_of(pwrite(fds[SEALED], &c, 1, 0)), -EPERM);
	map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fds[SEALED], 0);
	is("sealed", "map it writable", map == MAP_FAILED ? -errno : 0, -EPERM);
	is("noexec", "make it executable", err_of(fchmod(fds[NOEXEC], 0700)), -EPERM);
	is("read-only", "write", err_of(pwrite(fds[READ_ONLY], &c, 1, 0)), -EBADF);
	is("append", "read", err_of(pread(fds[APPEND], &c, 1, 0)), -EBADF);
	is("append", "write", err_of(write(fds[APPEND], &c, 1)), 1);
	is("append", "at the end", lseek(fds[APPEND], 0, SEEK_CUR), PAGE + 1);
	is("huge", "before it was preserved: is", is_huge(fds[HUGE], 0) +
	   is_huge(fds[HUGE], 2 * MIB), stays_huge() ? 2 : 0);
	map_huge(fds[HUGE]);
	is("huge", "after it was preserved: is", is_huge(fds[HUGE], 4 * MIB), stays_huge());
}

static void receive_small(int session)
{
	long bad = 0;
	int i, fd;

	for (i = 0; i < NR_SMALL / 2; i++) {
		fd = luo_retrieve_fd(session, TOKEN_SMALL + i);
		bad += fd < 0 ? 1 : bad_pages(fd, TOKEN_SMALL + i, 0, 2 * PAGE);
		close(fd);
	}
	is("small files", "retrieve half of them", bad, 0);
}

static void cve_2026_43389(void)
{
	static const char name[] = "CVE-2026-43389";

	if (kb_of("SwapTotal:") <= 0) {
		skip(name, "what was written later survives reclaim", "no swap");
		return;
	}
	is_more(name, "memory is needed, some goes to swap", page_out(fds[CLEAN], 2 * MIB), 0);
	is(name, "what was written later survives", bad_clean(fds[CLEAN]), 0);
}

/* Files like any other */
static void use(void)
{
	is("data", "write", put(fds[DATA], 201, 0, PAGE), 0);
	is("data", "read it", bad_pages(fds[DATA], 201, 0, PAGE), 0);
	is("data", "truncate to more", err_of(ftruncate(fds[DATA], 29 * MIB)), 0);
	is("data", "truncate to nothing", err_of(ftruncate(fds[DATA], 0)), 0);
	is("huge", "truncate within a huge page", err_of(ftruncate(fds[HUGE], MIB)), 0);
	is("huge", "the rest", bad_pages(fds[HUGE], 7, 0, MIB), 0);
	is("allocated", "punch a hole",
	   err_of(fallocate(fds[ALLOCATED], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			    4 * PAGE)), 0);
	preserve_again(dev, kinds, NR_KINDS);
}

static void receive_all(char **words)
{
	int session = must("session", luo_retrieve(dev, SESSION)), i;
	long before = kb_of("Shmem:");

	receive_records(session, NR_KINDS);
	cve_2026_43489(session);
	charged_to_the_retriever(session);
	out_of_descriptors(session);
	receive_kinds(session, kinds, NR_KINDS);
	behaviour();
	receive_small(session);
	is_more("all files", "memory is in use", kb_of("Shmem:"), before + 15 * 1024);
	is("session", "a token that is not there", luo_retrieve_fd(session, 555), -ENOENT);
	is("session", "finish", luo_finish(session), 0);
	is("session", "nothing to retrieve any more", luo_retrieve_fd(session, DATA), -ENOENT);
	close(session);
	cve_2026_43389();
	use();
	for (i = 0; i < NR_KINDS; i++)
		close(fds[i]);
	is_returned("all files closed", before);
	is("all files closed", "nothing stays charged",
	   value_of(LIMITED "memory.current", "") > (long)MIB, false);
}

int main(int argc, char **argv)
{
	static const struct command commands[] = {
		{ "send", 0, send_all }, { "receive", 0, receive_all }, { NULL },
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	dev = open_luo();
	return run_command(argc, argv, commands);
}
