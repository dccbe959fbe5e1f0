// SPDX-License-Identifier: GPL-2.0-only
/*
 * hugetlb memfds that came out of a pool, and a kernel that is to have the same pool
 *
 *	hugetlb_pool send NR GIGA	NR huge pages of 2 MiB, and GIGA of 1 GiB, in
 *					memfds that are preserved
 *	hugetlb_pool receive NR GIGA	in the next kernel: they are there
 */
#define _GNU_SOURCE
#include "hugetlb.h"

#define SESSION		"pool"

static const size_t sizes[] = { HUGE, GIGA };
static const unsigned int flags[] = { MFD_2M, MFD_1G };

static void send_all(char **words)
{
	int dev = open_luo(), session = must("session", luo_create(dev, SESSION)), fd, i;
	size_t len, at;
	char *map;

	for (i = 0; i < 2; i++) {
		len = atol(words[i]) * sizes[i];
		if (!len)
			continue;
		fd = make_memfd(SESSION, flags[i], len);
		map = map_huge(fd, len, 0);
		for (at = 0; at < len; at += sizes[i])
			fill_page((uint64_t *)(map + at), i + 1, at);
		is(SESSION, "preserve", luo_preserve_fd(session, fd, i), 0);
	}
	close(dev);
	printf("ready\n");
	for (;;)
		pause();
}

static void receive_all(char **words)
{
	int dev = open_luo(), session = must("session", luo_retrieve(dev, SESSION)), fd, i;
	long bad = 0, nr = 0, len;
	size_t at;

	for (i = 0; i < 2; i++) {
		len = atol(words[i]) * sizes[i];
		if (!len)
			continue;
		fd = must(SESSION, luo_retrieve_fd(session, i));
		is(SESSION, "size", lseek(fd, 0, SEEK_END), len);
		for (at = 0; at < (size_t)len; at += sizes[i], nr++)
			bad += bad_pages(fd, i + 1, at, PAGE);
		/* What is in use is no surplus. */
		is(SESSION, "surplus", pool_of(sizes[i]).surplus, 0);
	}
	is_more(SESSION, "huge pages", nr, 0);
	is(SESSION, "contents", bad, 0);
	is(SESSION, "finish", luo_finish(session), 0);
}

int main(int argc, char **argv)
{
	static const struct command commands[] = {
		{ "send", 2, send_all },
		{ "receive", 2, receive_all },
		{ NULL },
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	return run_command(argc, argv, commands);
}
