// SPDX-License-Identifier: GPL-2.0-only
/*
 * Simulated physical memory, and the functions that format code wants from
 * its user.  A page is an allocation of its own, so that ASan sees every
 * access outside of it.
 */
#include <sanitizer/asan_interface.h>

#include <asm/page.h>

#include "../../../kernel/kho/map.h"
#include "../../../kernel/kho/table.h"
#include "sim.h"
#include "test.h"

struct slot {
	u64 phys;
	u64 *page;
};

u64 sim_next_node = 4ULL << 30;
long sim_allocs_left = -1;
bool sim_all_memory;
unsigned long sim_pages;
unsigned long sim_lookups;

/* A hash table with open addressing, at most half full. */
static struct slot *slots;
static unsigned int bits;

static struct slot *next_slot(struct slot *slot)
{
	return &slots[(slot - slots + 1) & ((1UL << bits) - 1)];
}

static struct slot *find_slot(u64 phys)
{
	struct slot *slot = &slots[(phys >> PAGE_SHIFT) * 0x9e3779b97f4a7c15ULL >> (64 - bits)];

	while (slot->page && slot->phys != phys)
		slot = next_slot(slot);
	return slot;
}

static void resize(unsigned int new_bits)
{
	struct slot *old = slots;
	unsigned long nr = old ? 1UL << bits : 0, i;

	bits = new_bits;
	slots = calloc(1UL << bits, sizeof(*slots));
	CHECK(slots);
	for (i = 0; i < nr; i++) {
		if (old[i].page)
			*find_slot(old[i].phys) = old[i];
	}
	free(old);
}

/* Behind a page is its address, which only kho_node_phys() may read. */
static u64 *new_page(u64 phys)
{
	void *mem;
	u64 *page;

	CHECK(!posix_memalign(&mem, PAGE_SIZE, PAGE_SIZE + sizeof(phys)));
	page = mem;
	memset(page, 0, PAGE_SIZE);
	page[KHO_MAP_NODE_WORDS] = phys;
	ASAN_POISON_MEMORY_REGION(&page[KHO_MAP_NODE_WORDS], sizeof(phys));
	return page;
}

u64 *sim_peek(u64 phys)
{
	return sim_pages ? find_slot(phys)->page : NULL;
}

u64 *sim_page(u64 phys)
{
	struct slot *slot;

	CHECK(!(phys & (PAGE_SIZE - 1)));
	if (!slots || sim_pages >= 1UL << bits >> 1)
		resize(slots ? bits + 1 : 8);
	slot = find_slot(phys);
	if (!slot->page) {
		slot->page = new_page(phys);
		slot->phys = phys;
		sim_pages++;
	}
	return slot->page;
}

void sim_drop(u64 phys)
{
	struct slot *slot = find_slot(phys);

	CHECK(slot->page);
	free(slot->page);
	slot->page = NULL;
	/* The slots behind it may have wanted its place. */
	for (slot = next_slot(slot); slot->page; slot = next_slot(slot)) {
		struct slot moved = *slot;

		slot->page = NULL;
		*find_slot(moved.phys) = moved;
	}
	if (!--sim_pages)
		sim_drop_all();
}

void sim_drop_all(void)
{
	unsigned long i;

	for (i = 0; slots && i < 1UL << bits; i++)
		free(slots[i].page);
	free(slots);
	slots = NULL;
	sim_pages = 0;
}

static bool may_allocate(void)
{
	if (!sim_allocs_left)
		return false;
	if (sim_allocs_left > 0)
		sim_allocs_left--;
	return true;
}

u64 *kho_node_alloc(void)
{
	if (!may_allocate())
		return NULL;
	while (sim_peek(sim_next_node))
		sim_next_node += PAGE_SIZE;
	sim_next_node += PAGE_SIZE;
	return sim_page(sim_next_node - PAGE_SIZE);
}

void kho_node_free(u64 *node)
{
	sim_drop(kho_node_phys(node));
}

u64 kho_node_phys(const u64 *node)
{
	u64 phys;

	ASAN_UNPOISON_MEMORY_REGION(&node[KHO_MAP_NODE_WORDS], sizeof(phys));
	phys = node[KHO_MAP_NODE_WORDS];
	ASAN_POISON_MEMORY_REGION(&node[KHO_MAP_NODE_WORDS], sizeof(phys));
	return phys;
}

u64 *kho_node_virt(u64 phys)
{
	u64 *page = sim_all_memory ? sim_page(phys) : sim_peek(phys);

	sim_lookups++;
	if (!page)
		FAIL("there is nothing at %#llx", (unsigned long long)phys);
	return page;
}

void *kho_table_alloc(size_t size)
{
	return may_allocate() ? calloc(1, size) : NULL;
}
