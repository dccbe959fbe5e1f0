// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is refused, what a preserved memfd allows, and what it allows afterwards
 */
#define _GNU_SOURCE
#include <sys/shm.h>

#include "rules.h"
#include "udmabuf.h"

#define SIZE		MIB
#define DATA		(512 * KIB)
#define HUGE_PAGE	(2 * MIB)

static int dev;

static void refusals(void)
{
	int session = must("session", luo_create(dev, "refused"));
	void *map;
	int fd, id;

	map = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	refuse_mapping(session, "shared anonymous memory", map, 2 * PAGE);

	id = must("shmget", shmget(IPC_PRIVATE, 2 * PAGE, 0600 | IPC_CREAT));
	refuse_mapping(session, "SysV shared memory", shmat(id, NULL, 0), 2 * PAGE);
	shmctl(id, IPC_RMID, NULL);

	refuse_named(session, "tmpfs", "/tmp/gone");
	fd = must("/dev/null", open("/dev/null", O_RDWR | O_CLOEXEC));
	refuse(session, "/dev/null", fd, -ENOENT);
	close(fd);
	close(session);
}

/*
 * What does not fit is refused as a whole up to the size of the largest folio, and
 * from one to the next.  As always, those bytes count that went before.
 */
static void size_is_fixed(int fd)
{
	const int keep = FALLOC_FL_KEEP_SIZE;
	char buf[16] = "";

	is("size", "truncate to less", err_of(ftruncate(fd, 0)), -EPERM);
	is("size", "truncate to more", err_of(ftruncate(fd, 2 * SIZE)), -EPERM);
	is("size", "truncate to the same", err_of(ftruncate(fd, SIZE)), 0);
	is("size", "open with O_TRUNC", err_of(reopen(fd, O_RDWR | O_TRUNC)), -EPERM);
	is("size", "write beyond the end", err_of(pwrite(fd, buf, 10, SIZE)), -EPERM);
	is("size", "write across the end", err_of(pwrite(fd, buf, 10, SIZE - 5)),
	   has_thp() ? -EPERM : 5);
	is("size", "allocate", err_of(fallocate(fd, 0, 0, PAGE)), -EPERM);
	is("size", "allocate beyond the end", err_of(fallocate(fd, keep, SIZE, PAGE)), -EPERM);
	is("size", "punch a hole",
	   err_of(fallocate(fd, FALLOC_FL_PUNCH_HOLE | keep, 0, PAGE)), -EPERM);
}

static void contents_change(int fd, char *map)
{
	is("contents", "as they were", bad_pages(fd, 50, 0, DATA), 0);
	is("contents", "write to data", put(fd, 51, PAGE, 2 * PAGE), 0);
	is("contents", "write to a hole", put(fd, 51, 3 * SIZE / 4, PAGE), 0);
	fill_page((uint64_t *)(map + 3 * SIZE / 4 + PAGE), 51, 3 * SIZE / 4 + PAGE);
	is("contents", "a hole, through a mapping",
	   bad_pages(fd, 51, 3 * SIZE / 4, 2 * PAGE), 0);
	is("contents", "other holes have zeroes", bad_pages(fd, ZEROES, DATA, PAGE), 0);
}

static void memory_stays(int fd, char *map)
{
	is("memory", "remove pages", err_of(madvise(map, PAGE, MADV_REMOVE)), -EPERM);
	if (kb_of("SwapTotal:") > 0)
		is("memory", "nothing is swapped out", page_out(fd, DATA), 0);
	else
		skip("memory", "nothing is swapped out", "no swap");
}

/* As if it had never been preserved */
static void afterwards(int fd, char *map)
{
	is("afterwards", "contents, where data was", bad_pages(fd, 51, PAGE, 2 * PAGE), 0);
	is("afterwards", "contents, where holes were",
	   bad_pages(fd, 51, 3 * SIZE / 4, 2 * PAGE), 0);
	is("afterwards", "contents, elsewhere", bad_pages(fd, 50, 0, PAGE), 0);
	if (kb_of("SwapTotal:") > 0)
		is_more("afterwards", "swapped out", page_out(fd, DATA), 0);
	else
		skip("afterwards", "swapped out", "no swap");
	is("afterwards", "contents, swapped in", bad_pages(fd, 51, PAGE, 2 * PAGE), 0);
	is("afterwards", "punch a hole",
	   err_of(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE)), 0);
	is("afterwards", "a hole has zeroes", bad_pages(fd, ZEROES, 0, PAGE), 0);
	is("afterwards", "remove pages", err_of(madvise(map, PAGE, MADV_REMOVE)), 0);
	munmap(map, SIZE);
	is("afterwards", "truncate to more", err_of(ftruncate(fd, 2 * SIZE)), 0);
	is("afterwards", "F_SEAL_WRITE", err_of(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)), 0);
}

static void rules(void)
{
	int session = must("session", luo_create(dev, "rules"));
	int fd = make_memfd("rules", MFD_ALLOW_SEALING, SIZE);
	char *map;

	must("contents", put(fd, 50, 0, DATA));
	is("rules", "preserve", luo_preserve_fd(session, fd, 1), 0);
	preserve_twice(dev, session, fd);
	size_is_fixed(fd);
	is("seals", "F_SEAL_WRITE", err_of(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)), -EBUSY);
	is("seals", "F_SEAL_SHRINK", err_of(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK)), 0);
	map = map_shared(fd, SIZE, 0);
	contents_change(fd, map);
	memory_stays(fd, map);
	close(session);
	afterwards(fd, map);
	close(fd);
}

/*
 * Small pages are not replaced by a huge one, until the session is gone.  Where
 * there are none that is refused before anybody looks at the pages.
 */
static void collapse(void)
{
	const int refused = has_thp() ? -EAGAIN : -EINVAL;
	int session = must("session", luo_create(dev, "collapse"));
	int fd = make_memfd("collapse", 0, HUGE_PAGE);
	char *map;

	must("contents", put(fd, 52, 0, HUGE_PAGE));
	is("collapse", "preserve", luo_preserve_fd(session, fd, 1), 0);
	/* Any address that is aligned will do. */
	map = mmap(NULL, 2 * HUGE_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	map += -(uintptr_t)map % HUGE_PAGE;
	map = mmap(map, HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
	must("mmap", map == MAP_FAILED ? -1 : 0);
	is("collapse", "fails", err_of(madvise(map, HUGE_PAGE, MADV_COLLAPSE)), refused);
	is("collapse", "contents", bad_pages(fd, 52, 0, HUGE_PAGE), 0);
	close(session);
	is("collapse", "works afterwards, if at all",
	   err_of(madvise(map, HUGE_PAGE, MADV_COLLAPSE)), has_thp() ? 0 : refused);
	is("collapse", "contents afterwards", bad_pages(fd, 52, 0, HUGE_PAGE), 0);
	munmap(map, HUGE_PAGE);
	close(fd);
}

/* What is pinned for a device, also where a hole was, can be preserved, and stays. */
static void pins(void)
{
	int session = must("session", luo_create(dev, "pins"));
	int fd = make_memfd("pins", MFD_ALLOW_SEALING, 16 * PAGE), before, after;

	must("pins", fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	must("contents", put(fd, 55, 0, 4 * PAGE));
	before = must("pins", pin_pages(fd, 2 * PAGE, 4 * PAGE));
	is("pins", "preserve what is pinned", luo_preserve_fd(session, fd, 1), 0);
	after = must("pins", pin_pages(fd, 0, 16 * PAGE));
	is("pins", "contents of all, pinned afterwards",
	   bad_pages(fd, 55, 0, 4 * PAGE) + bad_pages(fd, ZEROES, 4 * PAGE, 12 * PAGE), 0);
	is("pins", "write to what is pinned", put_pinned(before, 56, 2 * PAGE, 4 * PAGE), 0);
	close(session);
	is("pins", "contents afterwards", bad_pages(fd, 55, 0, 2 * PAGE) +
	   bad_pages(fd, 56, 2 * PAGE, 4 * PAGE) + bad_pages(fd, ZEROES, 6 * PAGE, 10 * PAGE), 0);
	is("pins", "write to it afterwards", put_pinned(after, 57, 0, 16 * PAGE), 0);
	is("pins", "read it", bad_pages(fd, 57, 0, 16 * PAGE), 0);
	close(before);
	close(after);
	close(fd);
}

/* Sessions that go before and after the file, with more in it than they saw */
static void again_and_again(void)
{
	long before = kb_of("Shmem:"), bad = 0;
	int i, fd, session;

	for (i = 0; i < 50; i++) {
		session = must("session", luo_create(dev, "again"));
		fd = make_memfd("again", 0, 64 * PAGE);
		bad += put(fd, 1, 0, i * PAGE) != 0;
		bad += luo_preserve_fd(session, fd, 1) != 0;
		bad += put(fd, 1, i * PAGE, PAGE) != 0;
		if (i & 1) {
			close(fd);
			close(session);
		} else {
			close(session);
			bad += bad_pages(fd, 1, 0, (i + 1) * PAGE);
			close(fd);
		}
	}
	is("again and again", "preserve, write, close", bad, 0);
	is_returned("again and again", before);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	dev = open_luo();
	refusals();
	rules();
	collapse();
	pins();
	again_and_again();
	preserve_meanwhile(dev, 0, PAGE, 200);
	return 0;
}
