// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of memfds that has an error, and swap that goes away
 *
 *	memfd_memory here	before a file is preserved, and while it is; needs a
 *				kernel that is loaded for kexec, which is refused
 *	memfd_memory send	preserve a file, wait
 *	memfd_memory receive	in the next kernel: an error before it is retrieved
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/reboot.h>
#include <sys/swap.h>
#include <sys/wait.h>

#include "memfd.h"

#ifndef MADV_HWPOISON
#define MADV_HWPOISON	100
#endif

#define NR_PAGES	4
#define SIZE		(NR_PAGES * getpagesize())
#define SWAP_SIZE	(2 * MIB)
#define SESSION		"breaks"
#define FILL_SIZE	(128 * MIB)

static int dev;

/*
 * Errors
 */

/* The third page has an error; that kills whoever has it mapped. */
static void poison(const char *name, int fd)
{
	size_t len = getpagesize();
	int status;

	fflush(stdout);
	if (!fork()) {
		char *map = map_shared(fd, len, 2 * len);

		read_at(map);
		_exit(madvise(map, len, MADV_HWPOISON) ? errno : 0);
	}
	wait(&status);
	is(name, "who has it mapped is killed", WIFSIGNALED(status) ? WTERMSIG(status) : -status,
	   SIGBUS);
}

static void only_that_is_bad(const char *name, int fd)
{
	size_t len = getpagesize();
	char c;

	is(name, "it cannot be read", err_of(pread(fd, &c, 1, 2 * len)), -EIO);
	is(name, "the rest is there", bad_pages(fd, 60, 0, 2 * len) +
	   bad_pages(fd, 60, 3 * len, len), 0);
}

static void error_before(void)
{
	static const char name[] = "an error, before it is preserved";
	int session = must("session", luo_create(dev, "poisoned"));
	int fd = make_memfd("poisoned", 0, SIZE);

	must("contents", put(fd, 60, 0, SIZE));
	poison(name, fd);
	is(name, "preserve", luo_preserve_fd(session, fd, 1), -EINVAL);
	only_that_is_bad(name, fd);
	is(name, "the size is not fixed", err_of(ftruncate(fd, 2 * SIZE)), 0);
	is(name, "without the page: truncate", err_of(ftruncate(fd, getpagesize())), 0);
	is(name, "without the page: preserve", luo_preserve_fd(session, fd, 1), 0);
	close(session);
	is(name, "without the page: contents", bad_pages(fd, 60, 0, getpagesize()), 0);
	close(fd);
}

/* The next kernel would not know: so there is none while the file is preserved. */
static void error_afterwards(void)
{
	static const char name[] = "an error, after it was preserved";
	int session = must("session", luo_create(dev, "poisoned"));
	int fd = make_memfd("poisoned", 0, SIZE);

	must("contents", put(fd, 60, 0, SIZE));
	is(name, "preserve", luo_preserve_fd(session, fd, 1), 0);
	poison(name, fd);
	is(name, "kexec", err_of(reboot(RB_KEXEC)), -EBUSY);
	only_that_is_bad(name, fd);
	is(name, "it is preserved still", err_of(ftruncate(fd, 0)), -EPERM);
	is(name, "it is not frozen", put(fd, 60, 0, PAGE), 0);
	close(session);
	only_that_is_bad(name, fd);
	is(name, "not preserved any more: truncate", err_of(ftruncate(fd, 0)), 0);
	close(fd);
}

/* Preserved memory stays where it is; another file says where. */
static void send(char **words)
{
	int session = must("session", luo_create(dev, SESSION));
	int fd = make_memfd("breaks", 0, SIZE), where = make_memfd("where", 0, 8);
	char *map = map_shared(fd, SIZE, 0);
	uint64_t entry;
	int pages;

	(void)words;
	must("contents", put(fd, 60, 0, SIZE));
	is(SESSION, "preserve", luo_preserve_fd(session, fd, 0), 0);
	is(SESSION, "preserve the place", luo_preserve_fd(session, where, 1), 0);
	read_at(map + 2 * getpagesize());
	pages = must("pagemap", open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
	must("pagemap", pread(pages, &entry, 8,
			      ((uintptr_t)map / getpagesize() + 2) * 8));
	entry &= (1ULL << 55) - 1;
	must("the place", pwrite(where, &entry, 8, 0));
	close(dev);
	wait_for_the_end();
}

static void receive(char **words)
{
	static const char name[] = "an error, before it is retrieved";
	int session = must("session", luo_retrieve(dev, SESSION));

	(void)words;
	poison_told(name, session);
	is(name, "retrieve", luo_retrieve_fd(session, 0), -EIO);
	is(name, "once more", luo_retrieve_fd(session, 0), -EIO);
	is(name, "finish", luo_finish(session), 0);
}

/*
 * Swap
 */

/* The one that is there; returns false if there is none. */
static bool find_swap(char *path)
{
	FILE *f = fopen("/proc/swaps", "re");
	bool found = f && fscanf(f, "%*[^\n] %127s", path) == 1;

	if (f)
		fclose(f);
	return found;
}

/* What was swapped out was read when it was preserved, and is not missed. */
static void swap_goes_away(void)
{
	static const char name[] = "swapoff";
	int session = must("session", luo_create(dev, "swapoff"));
	int fd = make_memfd("preserved", 0, SWAP_SIZE);
	int other = make_memfd("not preserved", 0, SWAP_SIZE);
	char path[128];

	if (!find_swap(path)) {
		skip(name, "contents of what is preserved", "no swap");
		return;
	}
	must("contents", put(fd, 61, 0, SWAP_SIZE));
	must("contents", put(other, 62, 0, SWAP_SIZE));
	is_more(name, "swapped out", page_out(fd, SWAP_SIZE), 0);
	is(name, "preserve", luo_preserve_fd(session, fd, 1), 0);
	is_more(name, "swapped out, of another file", page_out(other, SWAP_SIZE), 0);
	must("contents", put(fd, 63, 0, PAGE));
	is(name, "while it is preserved", err_of(swapoff(path)), 0);
	is(name, "contents", bad_pages(fd, 63, 0, PAGE) +
	   bad_pages(fd, 61, PAGE, SWAP_SIZE - PAGE), 0);
	is(name, "contents of the other file", bad_pages(other, 62, 0, SWAP_SIZE), 0);
	is(name, "swapon", err_of(swapon(path, 0)), 0);
	is(name, "nothing of it is swapped out", page_out(fd, SWAP_SIZE), 0);
	close(session);
	is_more(name, "afterwards it is", page_out(fd, SWAP_SIZE), 0);
	is(name, "contents, afterwards", bad_pages(fd, 63, 0, PAGE) +
	   bad_pages(fd, 61, PAGE, SWAP_SIZE - PAGE), 0);
	close(other);
	close(fd);
}

/*
 * Holes that are filled
 */

static long blocks_of(int fd)
{
	struct stat st;

	must("fstat", fstat(fd, &st));
	return st.st_blocks;
}

static int fill_fast(int fd)
{
	char *map = map_shared(fd, FILL_SIZE, 0);

	if (madvise(map, FILL_SIZE, MADV_POPULATE_WRITE))
		return errno;
	return -put(fd, 64, 0, FILL_SIZE);
}

/* What is added while the file is preserved, faster than it can be recorded */
static void filled_meanwhile(void)
{
	static const char name[] = "regression_filled_meanwhile";
	int session = must("session", luo_create(dev, "filled"));
	int fd = make_memfd("filled", 0, FILL_SIZE), status;
	long before;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child)
		_exit(fill_fast(fd));
	while (blocks_of(fd) < FILL_SIZE / 512 / 16)
		usleep(1000);
	before = blocks_of(fd);
	is(name, "preserve", luo_preserve_fd(session, fd, 1), 0);
	/* No result: how much depends on how busy the host is. */
	printf("# %s: %ld KiB were added meanwhile\n", name, (blocks_of(fd) - before) / 2);
	waitpid(child, &status, 0);
	is(name, "writes", status, 0);
	is(name, "contents", bad_pages(fd, 64, 0, FILL_SIZE), 0);
	close(session);
	close(fd);
}

static void here(char **words)
{
	(void)words;
	filled_meanwhile();
	swap_goes_away();
	error_before();
	error_afterwards();
}

int main(int argc, char **argv)
{
	static const struct command commands[] = {
		{ "here", 0, here }, { "send", 0, send }, { "receive", 0, receive }, { NULL },
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	dev = open_luo();
	return run_command(argc, argv, commands);
}
