// SPDX-License-Identifier: GPL-2.0-only
/*
 * memfds while everything is done that moves, replaces or takes away memory
 *
 *	memfd_pressure send	preserve and let go, again and again; preserve, and
 *				go on until the kernel is gone
 *	memfd_pressure receive	in the next kernel: retrieve, and go on
 *
 * Best with swap, with scratch as large as half of the memory, and with two nodes.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "memfd.h"

#define SESSION		"pressure"
#define NR_FILES	4
#define SIZE		(32 * MIB)
#define HUGE_PAGE	(2 * MIB)
#define ROUNDS		3
#define LEAVE_KB	(160 * 1024)
#define MPOL_MF_MOVE_ALL 4

static int dev, fds[NR_FILES];
static char *maps[NR_FILES];

/* What was done, to see that it was */
enum { COMPACTED, COLLAPSED, MOVED, PAGED_OUT, HOGGED, NR_COUNTS };

static const char * const names[NR_COUNTS] = {
	"compact_memory", "MADV_COLLAPSE", "move_pages", "MADV_PAGEOUT", "memory in use",
};

static unsigned long counts[NR_COUNTS];
static bool stop;

static bool go_on(int what)
{
	__atomic_add_fetch(&counts[what], 1, __ATOMIC_SEQ_CST);
	usleep(1000);
	return !__atomic_load_n(&stop, __ATOMIC_SEQ_CST);
}

static void *compact(void *arg)
{
	while (go_on(COMPACTED))
		write_text("/proc/sys/vm/compact_memory", "1");
	return arg;
}

static void *collapse(void *arg)
{
	unsigned long i = 0;

	for (; go_on(COLLAPSED); i++)
		madvise(maps[i % NR_FILES] + i * HUGE_PAGE % SIZE, HUGE_PAGE, MADV_COLLAPSE);
	return arg;
}

static void *move(void *arg)
{
	void *pages[64];
	int nodes[64], status[64], j;
	unsigned long i = 0;

	for (; go_on(MOVED); i++) {
		for (j = 0; j < 64; j++) {
			pages[j] = maps[i % NR_FILES] + (i * 64 + j) * PAGE % SIZE;
			nodes[j] = i / NR_FILES % 2;
		}
		syscall(SYS_move_pages, 0, 64, pages, nodes, status, MPOL_MF_MOVE_ALL);
	}
	return arg;
}

static void *page_out_all(void *arg)
{
	unsigned long i = 0;

	for (; go_on(PAGED_OUT); i++)
		madvise(maps[i % NR_FILES] + i * 4 * HUGE_PAGE % SIZE, 4 * HUGE_PAGE, MADV_PAGEOUT);
	return arg;
}

/* Takes what is free, but for a little, and gives it back. */
static void *hog(void *arg)
{
	while (go_on(HOGGED)) {
		long kb = kb_of("MemAvailable:") - LEAVE_KB;
		size_t len = kb > 0 ? kb * KIB : PAGE, i;
		char *map = mmap(NULL, len, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		must("hog", map == MAP_FAILED ? -1 : 0);
		for (i = 0; i < len && kb_of("MemAvailable:") > LEAVE_KB / 2; i += MIB)
			memset(map + i, i, len - i < MIB ? len - i : MIB);
		munmap(map, len);
	}
	return arg;
}

static pthread_t threads[NR_COUNTS];

static void start(void)
{
	static void *(* const work[NR_COUNTS])(void *) = {
		compact, collapse, move, page_out_all, hog,
	};
	int i;

	for (i = 0; i < NR_COUNTS; i++)
		must("pthread_create", -pthread_create(&threads[i], NULL, work[i], NULL));
}

static void end(void)
{
	int i;

	__atomic_store_n(&stop, true, __ATOMIC_SEQ_CST);
	for (i = 0; i < NR_COUNTS; i++) {
		pthread_join(threads[i], NULL);
		is_more(names[i], "was done", counts[i], 1);
	}
}

static void map_files(void)
{
	char *area = mmap(NULL, NR_FILES * SIZE + HUGE_PAGE, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int i;

	area += -(uintptr_t)area % HUGE_PAGE;
	for (i = 0; i < NR_FILES; i++) {
		maps[i] = mmap(area + i * SIZE, SIZE, PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_FIXED, fds[i], 0);
		must("mmap", maps[i] == MAP_FAILED ? -1 : 0);
	}
}

/*
 * File 0 is full, file 1 has huge pages, of file 2 one half is written while it
 * is preserved, and file 3 only if it is not.
 */
static void make_files(void)
{
	int i;

	for (i = 0; i < NR_FILES; i++) {
		fds[i] = make_memfd("pressure", 0, SIZE);
		set_thp(i == 1 ? "always" : "never");
		must("file", put(fds[i], i, 0, i == 2 ? SIZE / 2 : SIZE));
	}
	set_thp("never");
}

static long bad_files(int nr)
{
	long bad = 0;
	int i;

	for (i = 0; i < nr; i++)
		bad += bad_pages(fds[i], i, 0, SIZE);
	return bad;
}

/* There may be no place for it outside of scratch, for the moment. */
static int preserve_file(int session, int i)
{
	int err, try;

	for (try = 0; try < 100; try++) {
		err = luo_preserve_fd(session, fds[i], i);
		if (err != -ENOMEM && err != -EBUSY)
			break;
		is("under pressure", "contents after a failure", bad_pages(fds[i], i, 0, MIB), 0);
		usleep(100000);
	}
	return err;
}

static int preserve(void)
{
	int session = must("session", luo_create(dev, SESSION)), i;

	for (i = 0; i < NR_FILES - 1; i++)
		is("under pressure", "preserve", preserve_file(session, i), 0);
	is("under pressure", "write", put(fds[2], 2, SIZE / 2, SIZE / 2), 0);
	return session;
}

static void send_all(char **words)
{
	int session, i;

	make_files();
	map_files();
	start();
	for (i = 0; i < ROUNDS; i++) {
		session = preserve();
		is("under pressure", "contents", bad_files(NR_FILES), 0);
		close(session);
		is("under pressure", "contents afterwards", bad_files(NR_FILES), 0);
		must("a hole", fallocate(fds[2], FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
					 SIZE / 2, SIZE / 2));
	}
	preserve();
	close(dev);
	for (i = 0; i < NR_COUNTS; i++)
		is_more(names[i], "was done", counts[i], 1);
	printf("ready\n");
	for (;;)
		pause();
}

static void receive_all(char **words)
{
	int session = must("session", luo_retrieve(dev, SESSION)), i;

	/* There has to be something to put pressure on. */
	for (i = 0; i < NR_FILES; i++) {
		fds[i] = i == 3 ? make_memfd("pressure", 0, SIZE) : luo_retrieve_fd(session, i);
		is("next kernel", "retrieve", fds[i] < 0 ? fds[i] : 0, 0);
	}
	must("file", put(fds[3], 3, 0, SIZE));
	map_files();
	start();
	is("next kernel", "finish", luo_finish(session), 0);
	for (i = 0; i < ROUNDS; i++) {
		is("next kernel", "contents", bad_files(NR_FILES), 0);
		sleep(1);
	}
	end();
	is("next kernel", "contents afterwards", bad_files(NR_FILES), 0);
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
