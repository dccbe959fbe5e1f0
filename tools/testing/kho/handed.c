// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that are handed over.
 */
#include <stdarg.h>
#include <string.h>

#include "handed.h"
#include "test.h"

#define MAX_FOLIOS	16384

long handed_allocs_left = -1;

static struct folio *folios[MAX_FOLIOS];
static unsigned int nr;
static u64 next_phys = 1ULL << 32;

static struct folio *add(u64 phys)
{
	struct folio *f = calloc(1, sizeof(*f));

	CHECK(nr < MAX_FOLIOS);
	f->phys = phys;
	f->page = calloc(1, PAGE_SIZE);
	f->preserved = true;
	folios[nr++] = f;
	return f;
}

static void drop(struct folio *f)
{
	unsigned int i = nr;

	while (folios[--i] != f)
		CHECK(i);
	folios[i] = folios[--nr];
	free(f->page);
	free(f);
}

struct folio *handed_page(u64 phys)
{
	CHECK(phys && !(phys & ~PAGE_MASK) && !handed_find(phys));
	return add(phys);
}

struct folio *handed_find(u64 phys)
{
	unsigned int i;

	for (i = nr; i--;) {
		if (folios[i]->phys == phys)
			return folios[i];
	}
	return NULL;
}

static struct folio *of_page(const void *page)
{
	unsigned int i;

	for (i = nr; i--;) {
		if (folios[i]->page == page)
			return folios[i];
	}
	FAIL("no page is at %p", page);
}

void handed_jump(void)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		CHECK(folios[i]->preserved && !folios[i]->claimed);
}

static unsigned long count(bool claimed)
{
	unsigned long sum = 0;
	unsigned int i;

	for (i = 0; i < nr; i++)
		sum += claimed ? folios[i]->claimed : folios[i]->preserved;
	return sum;
}

unsigned long handed_preserved(void)
{
	return count(false);
}

unsigned long handed_claimed(void)
{
	return count(true);
}

void handed_free_all(void)
{
	while (nr)
		drop(folios[nr - 1]);
}

static bool may_allocate(void)
{
	if (!handed_allocs_left)
		return false;
	if (handed_allocs_left > 0)
		handed_allocs_left--;
	return true;
}

void *kmalloc(size_t size, int gfp)
{
	return may_allocate() ? malloc(size) : NULL;
}

void kfree(const void *mem)
{
	free((void *)mem);
}

void *kho_alloc_preserve(size_t size)
{
	CHECK_EQ(size, PAGE_SIZE);
	if (!may_allocate())
		return (void *)-(long)ENOMEM;
	next_phys += 3 * PAGE_SIZE;
	return add(next_phys)->page;
}

void kho_unpreserve_free(void *mem)
{
	struct folio *f = mem ? of_page(mem) : NULL;

	CHECK(!f || f->preserved);
	if (f)
		drop(f);
}

struct folio *kho_restore_folio(phys_addr_t phys)
{
	struct folio *f = handed_find(phys);

	if (!f || !f->preserved)
		return NULL;
	f->preserved = false;
	f->claimed = true;
	return f;
}

void *folio_address(const struct folio *folio)
{
	return folio->page;
}

bool folio_test_large(const struct folio *folio)
{
	return folio->large;
}

void folio_put(struct folio *folio)
{
	CHECK(folio->claimed);
	drop(folio);
}

void free_page(unsigned long addr)
{
	folio_put(of_page((void *)addr));
}

phys_addr_t virt_to_phys(const void *mem)
{
	return of_page(mem)->phys;
}

/*
 * Subtrees
 */

#define MAX_SUBTREES	4

int handed_subtree_err;

static struct {
	const char *name;
	void *blob;
	size_t size;
} subtrees[MAX_SUBTREES];

void *handed_subtree(const char *name, size_t *size)
{
	unsigned int i;

	for (i = 0; i < MAX_SUBTREES; i++) {
		if (subtrees[i].name && !strcmp(subtrees[i].name, name)) {
			*size = subtrees[i].size;
			return subtrees[i].blob;
		}
	}
	return NULL;
}

unsigned int handed_subtrees(void)
{
	unsigned int i, sum = 0;

	for (i = 0; i < MAX_SUBTREES; i++)
		sum += !!subtrees[i].name;
	return sum;
}

int kho_add_subtree(const char *name, void *blob, size_t size)
{
	size_t old;
	unsigned int i = 0;

	CHECK(of_page(blob)->preserved);
	CHECK(!handed_subtree(name, &old));
	if (handed_subtree_err)
		return handed_subtree_err;
	while (subtrees[i].name)
		CHECK(++i < MAX_SUBTREES);
	subtrees[i].name = name;
	subtrees[i].blob = blob;
	subtrees[i].size = size;
	return 0;
}

void kho_remove_subtree(void *blob)
{
	unsigned int i;

	for (i = 0; i < MAX_SUBTREES; i++) {
		if (subtrees[i].blob == blob) {
			subtrees[i].name = NULL;
			subtrees[i].blob = NULL;
		}
	}
}

/*
 * What else is called
 */

unsigned int handed_lines;
bool handed_no_checksums;

/* Bit by bit. */
u32 crc32_le(u32 crc, const void *data, size_t len)
{
	const u8 *bytes = data;
	size_t i;
	int bit;

	if (handed_no_checksums)
		return 0;
	for (i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc;
}

void handed_log(const char *format, ...)
{
	char line[256];
	va_list args;

	va_start(args, format);
	CHECK(vsnprintf(line, sizeof(line), format, args) < sizeof(line));
	va_end(args);
	handed_lines++;
}
