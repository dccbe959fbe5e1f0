/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All properties of a file, as text, so that they can be compared
 */
#ifndef _LUO_TEST_RECORD_H
#define _LUO_TEST_RECORD_H

#include "memfd.h"

enum prop {
	TIMES, OWNER, SIZE, BLOCKS, FLAGS, SEALS, POSITION, NAME, HOLES, FOLIOS, PAGES, NR_PROPS
};

static const char * const prop_names[NR_PROPS] = {
	"times", "mode and owner", "size", "blocks", "flags", "seals", "position", "name",
	"SEEK_HOLE and SEEK_DATA", "folios",
	"pages",
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

#define KPF_UPTODATE	3
#define KPF_SWAPBACKED	14
#define KPF_BIT(nr)	((uint64_t)1 << (nr))
#define KPF_PAGES	(KPF_BIT(KPF_UPTODATE) | KPF_BIT(KPF_SWAPBACKED))
#define KPF_FOLIOS	(KPF_PAGES | KPF_BIT(KPF_THP) | KPF_BIT(KPF_COMPOUND_HEAD) | \
			 KPF_BIT(KPF_COMPOUND_TAIL))
#define MAX_LOOKED_AT	(16 * MIB)

/* Those of the flags in @mask that the pages from @data to @hole have, equal ones together */
static inline size_t describe_pages(int fd, off_t data, off_t hole, uint64_t mask, char *buf,
				    size_t size)
{
	char *map = mmap(NULL, hole - data, PROT_READ, MAP_SHARED, fd, data);
	unsigned long nr = 0, i, pages = (hole - data) / PAGE;
	uint64_t flags, was = 0;
	size_t len = 0;

	must("mmap", map == MAP_FAILED ? -1 : 0);
	for (i = 0; i <= pages && len < size; i++, nr++) {
		flags = i < pages ? page_flags(map + i * PAGE) & mask : 0;
		if (i < pages && (!i || flags == was)) {
			was = flags;
			continue;
		}
		len += snprintf(buf + len, size - len, "%lu*%llx ", nr, (unsigned long long)was);
		was = flags;
		nr = 0;
	}
	munmap(map, hole - data);
	return len;
}

/* Reading does not fill holes, and does not touch what nobody has written. */
static inline void describe_memory(int fd, uint64_t mask, char *buf, size_t size)
{
	off_t pos = lseek(fd, 0, SEEK_CUR), data = 0, hole;
	size_t len = 0;
	struct stat st;

	must("fstat", fstat(fd, &st));
	if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY || st.st_blksize != PAGE)
		return;
	while (len < size && (data = lseek(fd, data, SEEK_DATA)) >= 0) {
		hole = lseek(fd, data, SEEK_HOLE);
		hole = (hole + PAGE - 1) & -PAGE;
		if (hole > data + (off_t)MAX_LOOKED_AT)
			hole = data + MAX_LOOKED_AT;
		len += describe_pages(fd, data, hole, mask, buf + len, size - len);
		data = hole;
	}
	lseek(fd, pos, SEEK_SET);
}

static inline void describe_times(int fd, struct record *r)
{
	struct statx x;

	must("statx", statx(fd, "", AT_EMPTY_PATH, STATX_ALL, &x));
	PROP(r, TIMES, "%lld.%u %lld.%u %lld.%u %lld.%u",
	     (long long)x.stx_atime.tv_sec, x.stx_atime.tv_nsec,
	     (long long)x.stx_mtime.tv_sec, x.stx_mtime.tv_nsec,
	     (long long)x.stx_ctime.tv_sec, x.stx_ctime.tv_nsec,
	     (long long)x.stx_btime.tv_sec, x.stx_btime.tv_nsec);
}

static inline void describe(int fd, struct record *r)
{
	char path[32], name[128] = "";
	struct statx x;

	memset(r, 0, sizeof(*r));
	describe_times(fd, r);
	must("statx", statx(fd, "", AT_EMPTY_PATH, STATX_ALL, &x));
	PROP(r, OWNER, "%o %d:%d", x.stx_mode, x.stx_uid, x.stx_gid);
	PROP(r, SIZE, "%llu", (unsigned long long)x.stx_size);
	PROP(r, BLOCKS, "%llu", (unsigned long long)x.stx_blocks);
	PROP(r, FLAGS, "%x", fcntl(fd, F_GETFL));
	PROP(r, SEALS, "%x", fcntl(fd, F_GET_SEALS));
	PROP(r, POSITION, "%lld", (long long)lseek(fd, 0, SEEK_CUR));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must("readlink", readlink(path, name, sizeof(name) - 1));
	PROP(r, NAME, "%s", name);
	describe_holes(fd, r->prop[HOLES], sizeof(r->prop[HOLES]));
	describe_memory(fd, KPF_FOLIOS, r->prop[FOLIOS], sizeof(r->prop[FOLIOS]));
	describe_memory(fd, KPF_PAGES, r->prop[PAGES], sizeof(r->prop[PAGES]));
}

/* Are they as they were? */
static inline void is_same(const char *name, int fd, const struct record *before)
{
	struct record now;
	int prop;

	describe(fd, &now);
	for (prop = 0; prop < NR_PROPS; prop++) {
		/* Where there are no huge folios, they have become small ones. */
		const char *want = before->prop[prop == FOLIOS && !has_thp() ? PAGES : prop];

		is_text(name, prop_names[prop], now.prop[prop], want);
	}
}

#endif /* _LUO_TEST_RECORD_H */
