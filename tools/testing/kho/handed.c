// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that are handed over.
 */
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
	struct folio *f = of_page(mem);

	CHECK(f->preserved);
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
