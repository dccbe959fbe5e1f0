/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixture of the tests that have /dev/liveupdate open, with or without the
 * exerciser.
 */
#ifndef _LUO_TEST_FIXTURE_H
#define _LUO_TEST_FIXTURE_H

#include <stdbool.h>

#include "harness.h"

#define NAME_LEN	LIVEUPDATE_SESSION_NAME_LENGTH

/* A copy that cannot be written to. */
static inline void *read_only(const void *data, size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *copy = at_edge(data, size);

	mprotect(copy + size - page, page, PROT_READ);
	return copy;
}

FIXTURE(luo) {
	int dev;
	bool exerciser;
};

FIXTURE_SETUP(luo)
{
	self->dev = open(LUO_DEVICE, O_RDWR | O_CLOEXEC);
	if (self->dev < 0 && errno == ENOENT)
		SKIP(return, "no " LUO_DEVICE ": kho=on liveupdate=on is needed");
	ASSERT_GE(self->dev, 0);
	self->exerciser = !exerciser("norules") && !exerciser("clear");
}

FIXTURE_TEARDOWN(luo)
{
	if (self->dev >= 0)
		close(self->dev);
}

#define NEEDS_EXERCISER()	do {						\
	if (!self->exerciser)							\
		SKIP(return, "no CONFIG_LIVEUPDATE_EXERCISER");			\
} while (0)

#endif /* _LUO_TEST_FIXTURE_H */
