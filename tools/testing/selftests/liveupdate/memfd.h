/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests of memfds: results, contents that can be told apart, and what
 * becomes of the memory.
 */
#ifndef _LUO_TEST_MEMFD_H
#define _LUO_TEST_MEMFD_H

#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "luo.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL	8U
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC	0x20
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT	21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#define KIB		1024UL
#define MIB		(1024UL * KIB)
#define PAGE		4096UL
#define SHMEM_ENABLED	"/sys/kernel/mm/transparent_hugepage/shmem_enabled"
#define KPF_COMPOUND_HEAD 15
#define KPF_COMPOUND_TAIL 16
#define KPF_THP		22
#define PAGE_WORDS	(PAGE / sizeof(uint64_t))

/*
 * Results: "ok - SUBJECT: WHAT", or what was wrong
 */

static inline const char *value_name(long long value, char *buf, size_t len)
{
	const char *name = value < 0 && value > -4096 ? strerrorname_np(-value) : NULL;

	snprintf(buf, len, "%lld", value);
	return name ? name : buf;
}

/* Values that are errors, negative, are shown by their names. */
static inline void is(const char *subject, const char *what, long long got, long long want)
{
	char g[32], w[32];

	if (got == want)
		printf("ok - %s: %s\n", subject, what);
	else
		printf("not ok - %s: %s: got %s, want %s\n", subject, what,
		       value_name(got, g, sizeof(g)), value_name(want, w, sizeof(w)));
}

static inline void is_text(const char *subject, const char *what, const char *got,
			   const char *want)
{
	if (!strcmp(got, want))
		printf("ok - %s: %s\n", subject, what);
	else
		printf("not ok - %s: %s: got '%s', want '%s'\n", subject, what, got, want);
}

static inline void is_more(const char *subject, const char *what, long long got,
			   long long than)
{
	if (got > than)
		printf("ok - %s: %s\n", subject, what);
	else
		printf("not ok - %s: %s: got %lld, want more than %lld\n", subject, what,
		       got, than);
}

static inline void skip(const char *subject, const char *what, const char *why)
{
	printf("ok - %s: %s # SKIP %s\n", subject, what, why);
}

/* What a system call returned, or the negative errno */
static inline long err_of(long ret)
{
	return ret < 0 ? -errno : ret;
}

/*
 * What the program is told to do
 */

struct command {
	const char *name;
	int words;			/* after the name */
	void (*run)(char **words);
};

/* The last of @commands has no name.  Returns the exit status. */
static inline int run_command(int argc, char **argv, const struct command *c)
{
	for (; c->name; c++) {
		if (argc != c->words + 2 || strcmp(argv[1], c->name))
			continue;
		c->run(argv + 2);
		return 0;
	}
	return 2;
}

/*
 * Files
 */

/* Without this, nothing can be tested. */
static inline int must(const char *what, int ret)
{
	if (ret >= 0)
		return ret;
	printf("not ok - %s: %s\n", what, strerror(ret == -1 ? errno : -ret));
	exit(1);
}

static inline int open_luo(void)
{
	return must(LUO_DEVICE, open(LUO_DEVICE, O_RDWR | O_CLOEXEC));
}

/* What was preserved stays until there is another kernel. */
static inline void wait_for_the_end(void)
{
	printf("ready\n");
	for (;;)
		pause();
}

static inline int make_memfd(const char *name, unsigned int flags, off_t size)
{
	int fd = must("memfd_create", syscall(SYS_memfd_create, name, flags));

	must("ftruncate", ftruncate(fd, size));
	return fd;
}

/* The same file once more, with other flags */
static inline int reopen(int fd, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, flags | O_CLOEXEC);
}

static inline void *map_shared(int fd, size_t len, off_t off)
{
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, off);

	must("mmap", map == MAP_FAILED ? -1 : 0);
	return map;
}

static inline void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		printf("not ok - %s: cannot be set to %s (errno %d)\n", path, text, errno);
	close(fd);
}

static inline void read_text(const char *path, char *buf, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, buf, len - 1);

	buf[n < 0 ? 0 : n] = '\0';
	close(fd);
}

/* A number of a file of keys and values; -1 if it is not there */
static inline long value_of(const char *path, const char *key)
{
	char text[8192], *at;

	read_text(path, text, sizeof(text));
	at = strstr(text, key);
	return at ? atol(at + strlen(key)) : -1;
}

static inline long kb_of(const char *key)
{
	return value_of("/proc/meminfo", key);
}

/*
 * Contents: a word depends on the file's number and on where it is
 */

#define ZEROES	(~0ULL)

static inline uint64_t pattern(uint64_t id, uint64_t word)
{
	uint64_t x = ((id + 1) * 0x9e3779b97f4a7c15ULL) ^ ((word + 1) * 0xc2b2ae3d27d4eb4fULL);

	if (id == ZEROES)
		return 0;
	x ^= x >> 29;
	return x * 0xbf58476d1ce4e5b9ULL;
}

static inline void fill_page(uint64_t *page, uint64_t id, off_t off)
{
	unsigned int i;

	for (i = 0; i < PAGE_WORDS; i++)
		page[i] = pattern(id, off / sizeof(*page) + i);
}

/* @off is that of a page, @len need not be */
static inline int put(int fd, uint64_t id, off_t off, size_t len)
{
	uint64_t page[PAGE_WORDS];
	size_t done, n;

	for (done = 0; done < len; done += n) {
		fill_page(page, id, off + done);
		n = len - done < PAGE ? len - done : PAGE;
		if (pwrite(fd, page, n, off + done) != (ssize_t)n)
			return -errno;
	}
	return 0;
}

/* Pages that are not as put() made them */
static inline long bad_pages(int fd, uint64_t id, off_t off, size_t len)
{
	uint64_t got[PAGE_WORDS], want[PAGE_WORDS];
	size_t done, n;
	long bad = 0;

	for (done = 0; done < len; done += n) {
		fill_page(want, id, off + done);
		n = len - done < PAGE ? len - done : PAGE;
		bad += pread(fd, got, n, off + done) != (ssize_t)n || memcmp(got, want, n);
	}
	return bad;
}

/*
 * Memory
 */

/* Is as much in use as before?  Every processor has some KiB that it did not report yet. */
static inline void is_returned(const char *subject, long before_kb)
{
	long more = kb_of("Shmem:") - before_kb;

	is(subject, "memory is returned", more > 512 ? more : 0, 0);
}

/* Accesses that are not optimized away */
static inline void read_at(const char *at)
{
	__atomic_load_n(at, __ATOMIC_SEQ_CST);
}

static inline void write_at(char *at, char c)
{
	__atomic_store_n(at, c, __ATOMIC_SEQ_CST);
}

/* Can the page cache of a memfd have huge folios here? */
static inline bool has_thp(void)
{
	return !access(SHMEM_ENABLED, F_OK);
}

/* What is written while this is "always" gets huge folios, if there are any. */
static inline void set_thp(const char *when)
{
	if (has_thp())
		write_text(SHMEM_ENABLED, when);
}

/* KPF_* bits of the page that is mapped at @at */
static inline uint64_t page_flags(const char *at)
{
	uint64_t entry = 0, flags = 0;
	int file;

	read_at(at);
	file = must("pagemap", open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC));
	/* The kernel's pages may be larger than ours. */
	must("pagemap", pread(file, &entry, 8, (uintptr_t)at / getpagesize() * 8));
	close(file);
	file = must("kpageflags", open("/proc/kpageflags", O_RDONLY | O_CLOEXEC));
	must("kpageflags", pread(file, &flags, 8, (entry & ((1ULL << 55) - 1)) * 8));
	close(file);
	return flags;
}

/* Is the folio at @off a huge one? */
static inline bool is_huge(int fd, off_t off)
{
	char *map = map_shared(fd, PAGE, off);
	uint64_t flags = page_flags(map);

	munmap(map, PAGE);
	return flags >> KPF_THP & 1;
}

/* A value of the mapping whose line begins with @range; -1 if there is none */
static inline long smaps_kb(const char *range, const char *key)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	char line[256];
	bool here = false;
	long kb = -1;

	while (f && kb < 0 && fgets(line, sizeof(line), f)) {
		if (!strncmp(line, range, strlen(range)))
			here = true;
		else if (here && !strncmp(line, key, strlen(key)))
			kb = atol(line + strlen(key));
	}
	if (f)
		fclose(f);
	return kb;
}

/* Tries to reclaim a file; returns how many KiB went to swap. */
static inline long page_out(int fd, size_t len)
{
	char *map = map_shared(fd, len, 0);
	long before;
	size_t i;

	/* Only what is mapped is tried. */
	for (i = 0; i < len; i += PAGE)
		read_at(map + i);
	before = kb_of("SwapFree:");
	madvise(map, len, MADV_PAGEOUT);
	munmap(map, len);
	return before - kb_of("SwapFree:");
}

/* A page gets a memory error: the one of which the second file of the session tells. */
static inline void poison_told(const char *name, int session)
{
	int where = must("the place", luo_retrieve_fd(session, 1));
	uint64_t pfn = 0;
	char text[32];

	is(name, "the place", pread(where, &pfn, sizeof(pfn), 0), sizeof(pfn));
	is_more(name, "the place is there", pfn, 0);
	snprintf(text, sizeof(text), "%#llx", (unsigned long long)pfn);
	/* It is marked, and that this does not make it usable is no news. */
	write_command("/sys/kernel/debug/hwpoison/corrupt-pfn", text);
	close(where);
}

#endif /* _LUO_TEST_MEMFD_H */
