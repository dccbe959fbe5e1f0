// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is refused, what a preserved hugetlb memfd allows, and what it allows
 * afterwards
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/shm.h>
#include <sys/wait.h>

#include "hugetlb.h"
#include "rules.h"
#include "udmabuf.h"

#define MOUNTED	"/huge/file"

static int dev;

static void refusals(void)
{
	const int anon = MAP_ANONYMOUS | MAP_HUGETLB;
	int session = must("session", luo_create(dev, "refused")), id;

	refuse_mapping(session, "private anonymous memory",
		       mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | anon, -1, 0),
		       HUGE);
	refuse_mapping(session, "shared anonymous memory",
		       mmap(NULL, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | anon, -1, 0),
		       HUGE);

	id = must("shmget", shmget(IPC_PRIVATE, HUGE, 0600 | IPC_CREAT | SHM_HUGETLB));
	refuse_mapping(session, "SysV shared memory", shmat(id, NULL, 0), HUGE);
	shmctl(id, IPC_RMID, NULL);

	refuse_named(session, "hugetlbfs", MOUNTED);
	close(session);
}

static void size_is_fixed(int fd, char *map)
{
	const int keep = FALLOC_FL_KEEP_SIZE;
	void *more;

	is("size", "truncate to less", err_of(ftruncate(fd, 0)), -EPERM);
	is("size", "truncate to more", err_of(ftruncate(fd, 8 * HUGE)), -EPERM);
	is("size", "truncate to the same", err_of(ftruncate(fd, 4 * HUGE)), 0);
	is("size", "open with O_TRUNC", err_of(reopen(fd, O_RDWR | O_TRUNC)), -EPERM);
	is("size", "allocate", err_of(fallocate(fd, 0, 0, HUGE)), -EPERM);
	is("size", "allocate beyond the end", err_of(fallocate(fd, keep, 4 * HUGE, HUGE)), -EPERM);
	is("size", "punch a hole",
	   err_of(fallocate(fd, FALLOC_FL_PUNCH_HOLE | keep, 0, HUGE)), -EPERM);
	is("size", "remove pages", err_of(madvise(map, HUGE, MADV_REMOVE)), -EPERM);
	more = mmap(NULL, 8 * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	is("size", "map more than there is", more == MAP_FAILED ? -errno : 0, -EPERM);
	more = mmap(NULL, 8 * HUGE, PROT_READ, MAP_SHARED | MAP_NORESERVE, fd, 0);
	is("size", "map more, to read", more == MAP_FAILED ? -errno : 0, 0);
	munmap(more, 8 * HUGE);
	is("size", "is what it was", lseek(fd, 0, SEEK_END), 4 * HUGE);
}

static void rules(void)
{
	int session = must("session", luo_create(dev, "rules"));
	int fd = make_memfd("rules", MFD_2M | MFD_ALLOW_SEALING, 4 * HUGE);
	const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	struct pool was = pool_of(HUGE);
	char *map;

	put_mapped(fd, 50, 0, 2 * HUGE);
	map = map_huge(fd, 4 * HUGE, 0);
	is("rules", "preserve", luo_preserve_fd(session, fd, 1), 0);
	preserve_twice(dev, session, fd);
	size_is_fixed(fd, map);
	is("seals", "F_SEAL_WRITE", err_of(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)), -EBUSY);
	is("seals", "F_SEAL_SHRINK", err_of(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK)), 0);
	is("contents", "as they were", bad_pages(fd, 50, 0, 2 * HUGE), 0);
	put_mapped(fd, 51, HUGE, 2 * HUGE);
	is("contents", "of data and of a hole that were written to",
	   bad_pages(fd, 51, HUGE, 2 * HUGE), 0);
	is("contents", "other holes have zeroes", bad_pages(fd, ZEROES, 3 * HUGE, HUGE), 0);
	close(session);

	is("afterwards", "contents", bad_pages(fd, 50, 0, HUGE) + bad_pages(fd, 51, HUGE, 2 * HUGE),
	   0);
	is("afterwards", "punch a hole", err_of(fallocate(fd, punch, 0, HUGE)), 0);
	is("afterwards", "a hole has zeroes", bad_pages(fd, ZEROES, 0, HUGE), 0);
	is("afterwards", "remove pages", err_of(madvise(map + HUGE, HUGE, MADV_REMOVE)), 0);
	is("afterwards", "allocate", err_of(fallocate(fd, 0, 0, 2 * HUGE)), 0);
	munmap(map, 4 * HUGE);
	is("afterwards", "F_SEAL_WRITE", err_of(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)), 0);
	close(fd);
	is_pool("afterwards", HUGE, was, 0, 0, 0, 0);
}

/*
 * Scratch
 */

static bool is_scratch(uint64_t phys)
{
	unsigned long long start, size;
	bool found = false;
	FILE *f = fopen("/sys/kernel/kho/scratch", "re");

	must("scratch", f ? 0 : -1);
	while (!found && fscanf(f, "%llx %llx", &start, &size) == 2)
		found = phys >= start && phys - start < size;
	fclose(f);
	return found;
}

/* Huge pages of a mapping in the place where the next kernel boots */
static long in_scratch(const char *map, size_t len)
{
	int fd = must("pagemap", open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
	uint64_t entry;
	long nr = 0;
	size_t i;

	for (i = 0; i < len; i += HUGE) {
		read_at(map + i);
		must("pagemap", pread(fd, &entry, 8, (uintptr_t)(map + i) / PAGE * 8));
		nr += is_scratch((entry & ((1ULL << 55) - 1)) * PAGE);
	}
	close(fd);
	return nr;
}

static void out_of_scratch(void)
{
	int session = must("session", luo_create(dev, "scratch"));
	int fd = make_memfd("scratch", MFD_2M, 32 * HUGE);
	char *map = map_huge(fd, 32 * HUGE, 0);
	struct pool was = pool_of(HUGE);

	put_mapped(fd, 53, 0, 32 * HUGE);
	is_more("scratch", "huge pages are there", in_scratch(map, 32 * HUGE), 0);
	is("scratch", "preserve", luo_preserve_fd(session, fd, 1), 0);
	is("scratch", "huge pages that are still there", in_scratch(map, 32 * HUGE), 0);
	is("scratch", "contents", bad_pages(fd, 53, 0, 32 * HUGE), 0);
	close(session);
	is("scratch", "contents, afterwards", bad_pages(fd, 53, 0, 32 * HUGE), 0);
	munmap(map, 32 * HUGE);
	close(fd);
	is_pool("scratch", HUGE, was, 0, 0, 0, 0);
}

/* Sessions that go before and after the file, with more in it than they saw */
static void again_and_again(void)
{
	struct pool was = pool_of(HUGE);
	int i, fd, session;
	long bad = 0;

	for (i = 0; i < 20; i++) {
		session = must("session", luo_create(dev, "again"));
		fd = make_memfd("again", MFD_2M, 4 * HUGE);
		put_mapped(fd, 1, HUGE, HUGE);
		bad += luo_preserve_fd(session, fd, 1) != 0;
		put_mapped(fd, 1, 3 * HUGE, HUGE);
		if (i & 1) {
			close(fd);
			close(session);
		} else {
			close(session);
			bad += bad_pages(fd, 1, HUGE, HUGE) + bad_pages(fd, 1, 3 * HUGE, HUGE);
			close(fd);
		}
	}
	is("again and again", "preserve, write, close", bad, 0);
	is_pool("again and again", HUGE, was, 0, 0, 0, 0);
}

/* What is pinned for a device, also where a hole was, can be preserved, and stays. */
static void pins(void)
{
	int session = must("session", luo_create(dev, "pins"));
	int fd = make_memfd("pins", MFD_2M | MFD_ALLOW_SEALING, 4 * HUGE), buffer;
	struct pool was = pool_of(HUGE);
	char *map;

	must("pins", fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));
	put_mapped(fd, 55, 0, HUGE);
	/* Only reserved huge pages can fill holes. */
	map = map_shared(fd, 4 * HUGE, 0);
	is("pins", "preserve", luo_preserve_fd(session, fd, 1), 0);
	buffer = must("pins", pin_pages(fd, 0, 4 * HUGE));
	is("pins", "contents",
	   bad_pages(fd, 55, 0, HUGE) + bad_pages(fd, ZEROES, HUGE, 3 * HUGE), 0);
	is("pins", "write to what is pinned", put_pinned(buffer, 56, 0, 4 * HUGE), 0);
	close(session);
	is("pins", "contents afterwards", bad_pages(fd, 56, 0, 4 * HUGE), 0);
	close(buffer);
	munmap(map, 4 * HUGE);
	close(fd);
	is_pool("pins", HUGE, was, 0, 0, 0, 0);
}

/* Memory with an error cannot be handed over. */
static void poisoned(void)
{
	int session = must("session", luo_create(dev, "poisoned"));
	int fd = make_memfd("poisoned", MFD_2M, 2 * HUGE);
	int status;

	put_mapped(fd, 54, 0, 2 * HUGE);
	if (!fork()) {
		char *map = map_huge(fd, HUGE, HUGE);

		read_at(map);
		_exit(madvise(map, PAGE, MADV_HWPOISON));
	}
	wait(&status);
	is("poisoned", "who has it mapped is killed", WTERMSIG(status), SIGBUS);
	is("poisoned", "preserve", luo_preserve_fd(session, fd, 1), -EINVAL);
	is("poisoned", "the rest is there", bad_pages(fd, 54, 0, HUGE), 0);
	close(session);
	close(fd);
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	dev = open_luo();
	refusals();
	rules();
	out_of_scratch();
	again_and_again();
	preserve_meanwhile(dev, MFD_2M, HUGE, 50);
	pins();
	poisoned();
	return 0;
}
