/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files of many kinds: made, preserved, changed, and compared with a record of
 * their properties, which travels in a memfd of its own
 */
#ifndef _LUO_TEST_KINDS_H
#define _LUO_TEST_KINDS_H

#include "record.h"

#define TOKEN_RECORDS	100
#define MAX_KINDS	16

struct kind {
	const char *name;
	int (*make)(void);
	void (*change)(int fd);		/* after it was preserved; or NULL */
	long (*bad)(int fd);		/* pages that are not as they were made; or NULL */
	long pages;			/* huge pages that go over */
};

/* The token is the place in the table of kinds. */
static int fds[MAX_KINDS];
static struct record records[MAX_KINDS];

static inline void send_kinds(int session, const struct kind *kinds, int nr)
{
	int i;

	for (i = 0; i < nr; i++)
		fds[i] = kinds[i].make();
	for (i = 0; i < nr; i++)
		is(kinds[i].name, "preserve", luo_preserve_fd(session, fds[i], i), 0);
	for (i = 0; i < nr; i++) {
		if (kinds[i].change)
			kinds[i].change(fds[i]);
	}
}

static inline void receive_kinds(int session, const struct kind *kinds, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		fds[i] = luo_retrieve_fd(session, i);
		is(kinds[i].name, "retrieve", fds[i] < 0 ? fds[i] : 0, 0);
		if (fds[i] < 0)
			continue;
		is_same(kinds[i].name, fds[i], &records[i]);
		if (kinds[i].bad)
			is(kinds[i].name, "contents", kinds[i].bad(fds[i]), 0);
	}
}

/* Of the first @nr files.  To preserve another one changes their times no more. */
static inline void send_records(int session, int nr)
{
	size_t size = nr * sizeof(*records);
	int log = make_memfd("records", 0, size), i;

	is("records", "preserve", luo_preserve_fd(session, log, TOKEN_RECORDS), 0);
	/* To map a file changes its times, so they count when that has been done. */
	for (i = 0; i < nr; i++) {
		describe(fds[i], &records[i]);
		describe_times(fds[i], &records[i]);
	}
	must("records", pwrite(log, records, size, 0));
}

static inline void receive_records(int session, int nr)
{
	int log = must("records", luo_retrieve_fd(session, TOKEN_RECORDS));
	ssize_t size = nr * sizeof(*records);

	is("records", "retrieve", pread(log, records, size, 0), size);
	close(log);
}

static inline void preserve_again(int dev, const struct kind *kinds, int nr)
{
	int session = must("session", luo_create(dev, "again")), i;

	for (i = 0; i < nr; i++)
		is(kinds[i].name, "preserve again", luo_preserve_fd(session, fds[i], i), 0);
	close(session);
}

#endif /* _LUO_TEST_KINDS_H */
