// SPDX-License-Identifier: GPL-2.0-only
/*
 * KHO exerciser: one block, and the list of ours
 */
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "exerciser.h"

#define WORDS	(PAGE_SIZE / sizeof(u64))

struct ex_block *ex_blocks;
unsigned long ex_nr;
u32 ex_next_seed = 1;

static unsigned long room;

const char *ex_kind_name(u32 kind)
{
	static const char * const names[] = { "folio", "pages", "vmalloc", "subtree" };

	return kind < EX_KINDS ? names[kind] : "?";
}

static int make_room(void)
{
	unsigned long want = max(2 * room, 1024UL);
	struct ex_block *more;

	if (ex_nr < room)
		return 0;
	more = kvrealloc(ex_blocks, want * sizeof(*more), GFP_KERNEL);
	if (!more)
		return -ENOMEM;
	ex_blocks = more;
	room = want;
	return 0;
}

/* A block of ours that came from the previous kernel.  NULL: no memory. */
struct ex_block *ex_adopt(const struct ex_record *rec)
{
	struct ex_block *b;

	if (make_room())
		return NULL;
	b = &ex_blocks[ex_nr++];
	*b = (struct ex_block){ .rec = *rec };
	return b;
}

/* A new block.  NULL: no memory. */
struct ex_block *ex_new(u32 kind, u64 phys, u64 nr_pages)
{
	struct ex_record rec = {
		.kind = kind, .phys = phys, .nr_pages = nr_pages, .seed = ex_next_seed,
	};
	struct ex_block *b = ex_adopt(&rec);

	if (b)
		ex_next_seed++;
	return b;
}

/* Forgets a block without freeing its memory; the last one takes its place. */
void ex_drop(struct ex_block *b)
{
	*b = ex_blocks[--ex_nr];
}

/*
 * Contents: every word depends on seed, page and place.
 */

static u64 page_base(const struct ex_record *rec, unsigned long i)
{
	u64 x = ((u64)rec->seed << 32 | i) + 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return (x ^ (x >> 31)) | 1;
}

static void fill_page(const struct ex_record *rec, unsigned long i, u64 *page)
{
	u64 base = page_base(rec, i);
	unsigned int w;

	for (w = 0; w < WORDS; w++)
		page[w] = base * (w + 1);
}

bool ex_check_page(const struct ex_record *rec, unsigned long i, const void *page)
{
	u64 base = page_base(rec, i);
	const u64 *words = page;
	unsigned int w;

	for (w = 0; w < WORDS; w++) {
		if (words[w] != base * (w + 1))
			return false;
	}
	return true;
}

static void *bytes(const struct ex_block *b)
{
	return b->rec.kind == EX_VMALLOC ? b->area : phys_to_virt(b->rec.phys);
}

void ex_fill(const struct ex_block *b)
{
	unsigned long i;

	for (i = 0; i < b->rec.nr_pages; i++) {
		fill_page(&b->rec, i, bytes(b) + i * PAGE_SIZE);
		cond_resched();
	}
}

bool ex_check(const struct ex_block *b)
{
	unsigned long i;

	for (i = 0; i < b->rec.nr_pages; i++) {
		if (!ex_check_page(&b->rec, i, bytes(b) + i * PAGE_SIZE)) {
			pr_err("kho_exerciser: %s at %#llx, page %lu: wrong contents\n",
			       ex_kind_name(b->rec.kind), b->rec.phys, i);
			return false;
		}
		cond_resched();
	}
	return true;
}

/*
 * What differs between kinds
 */

struct ops {
	int (*preserve)(struct ex_block *b);
	void (*unpreserve)(struct ex_block *b);
	int (*claim)(struct ex_block *b);
	void (*free)(struct ex_block *b);
};

static struct folio *folio_of(const struct ex_block *b)
{
	return pfn_folio(PHYS_PFN(b->rec.phys));
}

static int preserve_folio(struct ex_block *b)
{
	return kho_preserve_folio(folio_of(b));
}

static void unpreserve_folio(struct ex_block *b)
{
	kho_unpreserve_folio(folio_of(b));
}

static int claim_folio(struct ex_block *b)
{
	struct folio *folio = kho_restore_folio(b->rec.phys);

	if (!folio)
		return -ENOENT;
	return folio_nr_pages(folio) == b->rec.nr_pages && folio_ref_count(folio) == 1 ?
	       0 : -EINVAL;
}

static void free_folio(struct ex_block *b)
{
	folio_put(folio_of(b));
}

static int preserve_pages(struct ex_block *b)
{
	return kho_preserve_pages(pfn_to_page(PHYS_PFN(b->rec.phys)), b->rec.nr_pages);
}

static void unpreserve_pages(struct ex_block *b)
{
	kho_unpreserve_pages(pfn_to_page(PHYS_PFN(b->rec.phys)), b->rec.nr_pages);
}

static int claim_pages(struct ex_block *b)
{
	struct page *page = kho_restore_pages(b->rec.phys, b->rec.nr_pages);
	unsigned long i;

	if (!page)
		return -ENOENT;
	for (i = 0; i < b->rec.nr_pages; i++) {
		if (page_count(nth_page(page, i)) != 1 || PageCompound(nth_page(page, i)))
			return -EINVAL;
	}
	return 0;
}

static void free_pages_of(struct ex_block *b)
{
	unsigned long i;

	for (i = 0; i < b->rec.nr_pages; i++)
		__free_page(pfn_to_page(PHYS_PFN(b->rec.phys) + i));
}

static int preserve_vmalloc(struct ex_block *b)
{
	return kho_preserve_vmalloc(b->area, &b->rec.vmalloc);
}

static void unpreserve_vmalloc(struct ex_block *b)
{
	kho_unpreserve_vmalloc(&b->rec.vmalloc);
}

static int claim_vmalloc(struct ex_block *b)
{
	b->area = kho_restore_vmalloc(&b->rec.vmalloc);
	memset(&b->rec.vmalloc, 0, sizeof(b->rec.vmalloc));
	return b->area ? 0 : -ENOENT;
}

static void free_vmalloc(struct ex_block *b)
{
	vfree(b->area);
}

static void subtree_name(const struct ex_block *b, char name[32])
{
	snprintf(name, 32, "kho_exerciser-%u", b->rec.seed);
}

static int preserve_subtree(struct ex_block *b)
{
	char name[32];
	int err = preserve_folio(b);

	if (err)
		return err;
	subtree_name(b, name);
	err = kho_add_subtree(name, bytes(b), PAGE_SIZE);
	if (err)
		unpreserve_folio(b);
	return err;
}

static void unpreserve_subtree(struct ex_block *b)
{
	kho_remove_subtree(bytes(b));
	unpreserve_folio(b);
}

static int claim_subtree(struct ex_block *b)
{
	phys_addr_t phys;
	char name[32];
	size_t size;
	int err;

	subtree_name(b, name);
	err = kho_retrieve_subtree(name, &phys, &size);
	if (err)
		return err;
	return phys == b->rec.phys && size == PAGE_SIZE ? claim_folio(b) : -EINVAL;
}

static const struct ops ops[EX_KINDS] = {
	[EX_FOLIO] = { preserve_folio, unpreserve_folio, claim_folio, free_folio },
	[EX_PAGES] = { preserve_pages, unpreserve_pages, claim_pages, free_pages_of },
	[EX_VMALLOC] = { preserve_vmalloc, unpreserve_vmalloc, claim_vmalloc, free_vmalloc },
	[EX_SUBTREE] = { preserve_subtree, unpreserve_subtree, claim_subtree, free_folio },
};

int ex_preserve(struct ex_block *b)
{
	int err = ops[b->rec.kind].preserve(b);

	b->preserved = !err;
	return err;
}

void ex_unpreserve(struct ex_block *b)
{
	if (b->preserved)
		ops[b->rec.kind].unpreserve(b);
	b->preserved = false;
}

int ex_claim(struct ex_block *b)
{
	return ops[b->rec.kind].claim(b);
}

void ex_free(struct ex_block *b)
{
	ex_unpreserve(b);
	ops[b->rec.kind].free(b);
}

/* Folios in one call, unless @each. */
static int preserve_folios(unsigned long first)
{
	struct folio **folios = kvmalloc_array(ex_nr - first, sizeof(*folios), GFP_KERNEL);
	unsigned long i, nr = 0;
	int err;

	if (!folios)
		return -ENOMEM;
	for (i = first; i < ex_nr; i++) {
		if (ex_blocks[i].rec.kind == EX_FOLIO)
			folios[nr++] = folio_of(&ex_blocks[i]);
	}
	ex_timed(&ex_stats.preserve_ns)
		err = kho_preserve_folios(folios, nr);
	for (i = first; !err && i < ex_nr; i++) {
		if (ex_blocks[i].rec.kind == EX_FOLIO)
			ex_blocks[i].preserved = true;
	}
	kvfree(folios);
	return err;
}

/* Preserves all blocks from @first on that are not yet; all or, of new ones, none. */
int ex_preserve_from(unsigned long first, bool each)
{
	unsigned long i;
	int err = 0;

	if (!each)
		err = preserve_folios(first);
	for (i = first; !err && i < ex_nr; i++) {
		if (ex_blocks[i].preserved)
			continue;
		ex_timed(&ex_stats.preserve_ns)
			err = ex_preserve(&ex_blocks[i]);
		cond_resched();
	}
	return err;
}

void ex_free_from(unsigned long first)
{
	ex_timed(&ex_stats.free_ns) {
		while (ex_nr > first) {
			ex_free(&ex_blocks[--ex_nr]);
			cond_resched();
		}
	}
}
