// SPDX-License-Identifier: GPL-2.0-only
/*
 * fdbox_keep send|receive: memfds of all kinds in a box, over a kexec
 *
 * Prints "ok - WHAT" or "not ok - WHAT" for each. What a memfd keeps is the
 * business of its handler; these are the properties that a box has lost before.
 */
#define _GNU_SOURCE
#include <sched.h>

#include "../liveupdate/memfd.h"
#include "fdbox.h"

#define BOX	"properties"

static int failures;

static void result(bool good, const char *what)
{
	printf("%s - %s\n", good ? "ok" : "not ok", what);
	failures += !good;
}

static void fill(int fd, unsigned int pages, int advice)
{
	unsigned int *mem, i;
	size_t size = pages * 4096UL;

	if (ftruncate(fd, size))
		return;
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		return;
	if (advice == MADV_HUGEPAGE)
		madvise(mem, size, advice);
	for (i = 0; i < size / 4; i++)
		mem[i] = i * 2654435761U + fd;
	/* The seed of the pattern, as the descriptor is another one later */
	mem[0] = fd;
	if (advice == MADV_PAGEOUT)
		madvise(mem, size, advice);
	munmap(mem, size);
}

static bool is_filled(int fd, unsigned int pages)
{
	size_t size = pages * 4096UL;
	unsigned int *mem = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0), i;
	bool good = mem != MAP_FAILED && lseek(fd, 0, SEEK_END) == (off_t)size;

	for (i = 1; good && i < size / 4; i++)
		good = mem[i] == i * 2654435761U + mem[0];
	return good;
}

static int new_memfd(const char *name, unsigned int pages, int advice)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	fill(fd, pages, advice);
	return fd;
}

static int send_all(void)
{
	int control = box_control(), box, fd;
	unsigned long before, after;
	cpu_set_t one;

	/* What has just been written can be on a list of another processor. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		return 1;
	if (box_create(control, BOX))
		return 1;
	box = box_open(BOX);

	fd = new_memfd("sealed", 2, 0);
	fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
	box_put(box, fd, "seals");
	fd = new_memfd("owned", 1, 0);
	if (fchown(fd, 1234, 4321) || fchmod(fd, 0640))
		return 1;
	lseek(fd, 77, SEEK_SET);
	box_put(box, fd, "owner");
	fd = new_memfd("swapped", 64, MADV_PAGEOUT);
	box_put(box, fd, "swapped");
	set_thp("advise");
	fd = new_memfd("huge", 1024, MADV_HUGEPAGE);
	set_thp("never");
	result(is_huge(fd, 0) && is_huge(fd, 2 * MIB), "there are huge pages");
	box_put(box, fd, "huge");
	result(!box_seal(box) && !box_unseal(box), "seal and unseal what is to be sent");

	/* 16 MiB of small pages: what is handed over beside them */
	fd = new_memfd("cost", 4096, 0);
	box_put(box, fd, "cost");
	box_seal(box);
	after = kho_bytes("preserved");
	box_unseal(box);
	fd = box_get(box, "cost");
	close(fd);
	box_seal(box);
	before = kho_bytes("preserved");
	printf("# %lu bytes for each page\n", (after - before) / 4096 - 4096);
	result(after - before >= 4096 * 4096UL && after - before <= 4096 * (4096UL + 20),
	       "regression_cost: at most 20 bytes for each page");
	return failures != 0;
}

static int receive_all(void)
{
	int box = box_open(BOX), fd;
	struct stat st = { 0 };

	if (box < 0 || box_unseal(box))
		return 1;
	fd = box_get(box, "seals");
	result(fcntl(fd, F_GET_SEALS) == (F_SEAL_SHRINK | F_SEAL_GROW) && is_filled(fd, 2),
	       "regression_seals_and_ownership: seals");
	fd = box_get(box, "owner");
	result(!fstat(fd, &st) && st.st_uid == 1234 && st.st_gid == 4321 &&
	       (st.st_mode & 07777) == 0640,
	       "regression_seals_and_ownership: owner and mode");
	result(lseek(fd, 0, SEEK_CUR) == 77 && is_filled(fd, 1), "position");
	fd = box_get(box, "swapped");
	result(is_filled(fd, 64), "regression_unsupported_pages: swapped out");
	fd = box_get(box, "huge");
	result(is_filled(fd, 1024) && is_huge(fd, 0) && is_huge(fd, 2 * MIB),
	       "regression_unsupported_pages: huge");
	result(!box_delete(box_control(), BOX), "delete what was received");
	return failures != 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "send"))
		return send_all();
	if (argc == 2 && !strcmp(argv[1], "receive"))
		return receive_all();
	fprintf(stderr, "usage: fdbox_keep send|receive\n");
	return 2;
}
