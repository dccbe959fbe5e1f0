/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All properties of a file, as text, so that they can be compared
 */
#ifndef _LUO_TEST_RECORD_H
#define _LUO_TEST_RECORD_H

#include "memfd.h"

enum prop { OWNER, SIZE, BLOCKS, TIMES, FLAGS, SEALS, POSITION, NAME, HOLES, NR_PROPS };

static const char * const prop_names[NR_PROPS] = {
	"mode and owner", "size", "blocks", "times", "flags", "seals", "position", "name",
	"SEEK_HOLE and SEEK_DATA",
};

struct record {
	char prop[NR_PROPS][160];
};

#define PROP(r, prop_nr, ...)	snprintf((r)->prop[prop_nr], sizeof((r)->prop[0]), __VA_ARGS__)

static inline void describe_holes(int fd, char *buf, size_t size)
{
	off_t pos = lseek(fd, 0, SEEK_CUR), data = 0, hole;
	size_t len = 0;

	buf[0] = '\0';
	while (len < size && (data = lseek(fd, data, SEEK_DATA)) >= 0) {
		hole = lseek(fd, data, SEEK_HOLE);
		len += snprintf(buf + len, size - len, "%llx-%llx ", (long long)data,
				(long long)hole);
		data = hole;
	}
	lseek(fd, pos, SEEK_SET);
}

static inline void describe(int fd, struct record *r)
{
	char path[32], name[128] = "";
	struct statx x;

	memset(r, 0, sizeof(*r));
	must("statx", statx(fd, "", AT_EMPTY_PATH, STATX_ALL, &x));
	PROP(r, OWNER, "%o %d:%d", x.stx_mode, x.stx_uid, x.stx_gid);
	PROP(r, SIZE, "%llu", (unsigned long long)x.stx_size);
	PROP(r, BLOCKS, "%llu", (unsigned long long)x.stx_blocks);
	PROP(r, TIMES, "%lld.%u %lld.%u %lld.%u %lld.%u",
	     (long long)x.stx_atime.tv_sec, x.stx_atime.tv_nsec,
	     (long long)x.stx_mtime.tv_sec, x.stx_mtime.tv_nsec,
	     (long long)x.stx_ctime.tv_sec, x.stx_ctime.tv_nsec,
	     (long long)x.stx_btime.tv_sec, x.stx_btime.tv_nsec);
	PROP(r, FLAGS, "%x", fcntl(fd, F_GETFL));
	PROP(r, SEALS, "%x", fcntl(fd, F_GET_SEALS));
	PROP(r, POSITION, "%lld", (long long)lseek(fd, 0, SEEK_CUR));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must("readlink", readlink(path, name, sizeof(name) - 1));
	PROP(r, NAME, "%s", name);
	describe_holes(fd, r->prop[HOLES], sizeof(r->prop[HOLES]));
}

/* Are they as they were? */
static inline void is_same(const char *name, int fd, const struct record *before)
{
	struct record now;
	int prop;

	describe(fd, &now);
	for (prop = 0; prop < NR_PROPS; prop++)
		is_text(name, prop_names[prop], now.prop[prop], before->prop[prop]);
}

#endif /* _LUO_TEST_RECORD_H */
