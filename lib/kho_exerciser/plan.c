// SPDX-License-Identifier: GPL-2.0-only
/*
 * KHO exerciser: how blocks travel, and commands for those that arrived
 *
 * The plan is a chain of pages with a record for each preserved block; the
 * subtree kho_exerciser points to the first.  It is written anew after every
 * command that changes what is preserved.  When what arrived is forwarded, its
 * pages become the end of the chain.
 */
#define pr_fmt(fmt) "kho_exerciser: " fmt

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kthread.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/clock.h>

#include "exerciser.h"

#define PLAN_NAME	"kho_exerciser"
#define PLAN_MAGIC	0x52455845204f484bULL

struct plan_page {
	u64 magic;
	u64 next;
	u32 nr;
	u32 next_seed;
	struct ex_record records[];
};

#define PER_PAGE	((PAGE_SIZE - sizeof(struct plan_page)) / sizeof(struct ex_record))

static struct plan_page *out;		/* our part of the outgoing chain */
static phys_addr_t forwarded;		/* the rest of it */

/*
 * Sender
 */

static void withdraw(void)
{
	if (!out)
		return;
	kho_remove_subtree(out);
	while (out && virt_to_phys(out) != forwarded) {
		struct plan_page *next = out->next ? phys_to_virt(out->next) : NULL;

		kho_unpreserve_free(out);
		out = next;
	}
	out = NULL;
}

/* Pages for all records, each in front of the last. */
static int make_chain(unsigned long nr)
{
	u64 next = forwarded;

	do {
		struct plan_page *page = kho_alloc_preserve(PAGE_SIZE);

		if (IS_ERR(page))
			return PTR_ERR(page);
		page->magic = PLAN_MAGIC;
		page->next = next;
		page->next_seed = ex_next_seed;
		next = virt_to_phys(page);
		out = page;
		nr -= min(nr, PER_PAGE);
	} while (nr);
	return 0;
}

static void write_records(void)
{
	struct plan_page *page = out;
	unsigned long i;

	for (i = 0; i < ex_nr; i++) {
		if (!ex_blocks[i].preserved)
			continue;
		if (page->nr == PER_PAGE)
			page = phys_to_virt(page->next);
		page->records[page->nr++] = ex_blocks[i].rec;
	}
}

/* Tells the next kernel of all blocks that are preserved now. */
int ex_publish(void)
{
	unsigned long i, nr = 0;
	int err;

	withdraw();
	for (i = 0; i < ex_nr; i++)
		nr += ex_blocks[i].preserved;
	if (!nr && !forwarded)
		return 0;
	err = make_chain(nr);
	if (!err) {
		write_records();
		err = kho_add_subtree(PLAN_NAME, out, PAGE_SIZE);
	}
	if (err)
		withdraw();
	return err;
}

/* What the next kernel is told of the first vmalloc area, or NULL. */
struct kho_vmalloc *ex_sent_vmalloc(void)
{
	struct plan_page *page;
	u32 i;

	for (page = out; page; page = page->next ? phys_to_virt(page->next) : NULL) {
		for (i = 0; i < page->nr; i++) {
			if (page->records[i].kind == EX_VMALLOC)
				return &page->records[i].vmalloc;
		}
	}
	return NULL;
}

/*
 * Receiver
 */

static enum { UNKNOWN, WAITING, FORWARDED, CLAIMED } state;
static phys_addr_t in;

static int find_plan(void)
{
	if (state == UNKNOWN && kho_retrieve_subtree(PLAN_NAME, &in, NULL))
		state = CLAIMED;
	if (state == UNKNOWN)
		state = WAITING;
	return state == CLAIMED ? -ENOENT : 0;
}

static int each_page(int (*fn)(struct plan_page *page, void *arg), void *arg)
{
	phys_addr_t phys, next;
	int err = find_plan();

	for (phys = in; !err && phys; phys = next) {
		struct plan_page *page = phys_to_virt(phys);

		if (page->magic != PLAN_MAGIC || page->nr > PER_PAGE)
			return -EINVAL;
		next = page->next;
		ex_next_seed = max(ex_next_seed, page->next_seed);
		err = fn(page, arg);
	}
	return err;
}

struct each_record {
	int (*fn)(const struct ex_record *rec, void *arg);
	void *arg;
};

static int page_records(struct plan_page *page, void *arg)
{
	struct each_record *e = arg;
	u32 i;
	int err = 0;

	for (i = 0; !err && i < page->nr; i++) {
		if (page->records[i].kind >= EX_KINDS)
			return -EINVAL;
		err = e->fn(&page->records[i], e->arg);
		cond_resched();
	}
	return err;
}

/* Calls @fn for every record that arrived, until it returns other than 0. */
int ex_each_arrived(int (*fn)(const struct ex_record *rec, void *arg), void *arg)
{
	struct each_record e = { fn, arg };

	return each_page(page_records, &e);
}

static int free_plan_page(struct plan_page *page, void *unused)
{
	kho_restore_free(page);
	return 0;
}

static void count(const struct ex_record *rec)
{
	ex_stats.blocks++;
	ex_stats.pages += rec->nr_pages;
}

static int verdict(void)
{
	pr_info("%lu blocks, %lu pages: %lu bad, %lu missing\n", ex_stats.blocks,
		ex_stats.pages, ex_stats.bad, ex_stats.missing);
	return ex_stats.bad || ex_stats.missing ? -EILSEQ : 0;
}

static int claim(const struct ex_record *rec, void *unused)
{
	struct ex_block *b = ex_adopt(rec);
	int err;

	if (!b)
		return -ENOMEM;
	count(rec);
	ex_timed(&ex_stats.claim_ns)
		err = ex_claim(b);
	if (err) {
		pr_err("%s at %#llx, %llu pages: cannot be claimed (%d)\n",
		       ex_kind_name(rec->kind), rec->phys, rec->nr_pages, err);
		ex_stats.missing++;
		ex_drop(b);
	}
	return 0;
}

static void check_from(unsigned long first)
{
	unsigned long i;

	ex_timed(&ex_stats.check_ns) {
		for (i = first; i < ex_nr; i++)
			ex_stats.bad += !ex_check(&ex_blocks[i]);
	}
}

static int claim_all(int (*fn)(const struct ex_record *rec, void *arg))
{
	unsigned long first = ex_nr;
	int err = find_plan();

	if (!err && state != WAITING)
		err = -EBUSY;
	err = err ?: ex_each_arrived(fn, NULL);
	if (err)
		return err;
	check_from(first);
	each_page(free_plan_page, NULL);
	state = CLAIMED;
	return verdict();
}

/* verify: claim all that arrived, compare every byte; it is ours then */
int ex_verify(const struct ex_args *a)
{
	return claim_all(claim);
}

/*
 * Without claiming: vmalloc areas are read through their chunks.
 */

typedef int (*block_fn)(phys_addr_t phys, unsigned long nr_pages, void *arg);

static int each_part(const struct ex_record *rec, block_fn fn, block_fn chunk_fn, void *arg)
{
	phys_addr_t phys = rec->vmalloc.first.phys;
	int err = 0;

	if (rec->kind != EX_VMALLOC)
		return fn(rec->phys, rec->nr_pages, arg);
	while (phys && !err) {
		struct kho_vmalloc_chunk *chunk = phys_to_virt(phys);
		unsigned int i;

		for (i = 0; !err && i < KHO_VMALLOC_SLOTS && chunk->phys[i]; i++)
			err = fn(chunk->phys[i], 1UL << rec->vmalloc.order, arg);
		if (!err && chunk_fn)
			err = chunk_fn(phys, 1, arg);
		phys = chunk->next.phys;
	}
	return err;
}

struct peek {
	const struct ex_record *rec;
	unsigned long at;
};

static int peek_part(phys_addr_t phys, unsigned long nr_pages, void *arg)
{
	struct peek *p = arg;

	for (; nr_pages; nr_pages--, phys += PAGE_SIZE) {
		if (ex_check_page(p->rec, p->at++, phys_to_virt(phys)))
			continue;
		pr_err("%s, page %lu at %pa: wrong contents\n",
		       ex_kind_name(p->rec->kind), p->at - 1, &phys);
		ex_stats.bad++;
		break;
	}
	return 0;
}

static int peek(const struct ex_record *rec, void *unused)
{
	struct peek p = { .rec = rec };

	count(rec);
	return each_part(rec, peek_part, NULL, &p);
}

/* peek: compare what arrived where it lies */
int ex_peek(const struct ex_args *a)
{
	int err = find_plan();

	if (!err && state != WAITING && state != FORWARDED)
		err = -ENOENT;
	return err ?: ex_each_arrived(peek, NULL) ?: verdict();
}

/*
 * Forwarding
 */

/* Blocks are cut as kho_preserve_pages() does; smaller at the border of nodes. */
static int move_part(phys_addr_t phys, unsigned long nr_pages, void *arg)
{
	int (*move)(phys_addr_t phys, unsigned int order) = arg;

	while (nr_pages) {
		unsigned long pfn = PHYS_PFN(phys);
		int order = ilog2(nr_pages);
		int err = -ENOENT;

		if (pfn)
			order = min_t(int, order, __ffs(pfn));
		for (; order >= 0; order--) {
			err = move(phys, order);
			if (err != -ENOENT)
				break;
		}
		if (err)
			return err;
		ex_stats.parts++;
		nr_pages -= 1UL << order;
		phys += PAGE_SIZE << order;
	}
	return 0;
}

static int move_record(const struct ex_record *rec, void *move)
{
	int err;

	count(rec);
	ex_timed(&ex_stats.forward_ns)
		err = each_part(rec, move_part, move_part, move);
	return err;
}

static int move_page(struct plan_page *page, void *move)
{
	return move_part(virt_to_phys(page), 1, move);
}

static int forward_subtree(const struct ex_record *rec, void *unused)
{
	char name[32];

	if (rec->kind != EX_SUBTREE)
		return 0;
	snprintf(name, sizeof(name), "kho_exerciser-%u", rec->seed);
	return kho_add_subtree(name, phys_to_virt(rec->phys), PAGE_SIZE);
}

static int unforward_subtree(const struct ex_record *rec, void *unused)
{
	if (rec->kind == EX_SUBTREE)
		kho_remove_subtree(phys_to_virt(rec->phys));
	return 0;
}

/* forward: hand all that arrived on, untouched */
int ex_forward(const struct ex_args *a)
{
	int err = find_plan();

	if (err || state != WAITING)
		return err ?: -EBUSY;
	err = ex_each_arrived(move_record, kho_forward);
	err = err ?: each_page(move_page, kho_forward);
	err = err ?: ex_each_arrived(forward_subtree, NULL);
	if (err)
		return err;
	state = FORWARDED;
	forwarded = in;
	return ex_publish();
}

/* unforward: and back */
int ex_unforward(const struct ex_args *a)
{
	int err;

	if (state != FORWARDED)
		return -ENOENT;
	withdraw();
	forwarded = 0;
	err = ex_each_arrived(unforward_subtree, NULL);
	err = err ?: each_page(move_page, kho_unforward);
	err = err ?: ex_each_arrived(move_record, kho_unforward);
	state = WAITING;
	return err ?: ex_publish();
}

/*
 * Two claim the same folio at the same moment: one gets it.
 */

static struct {
	atomic_t ready;		/* how many stand at the line */
	atomic_t wins;
	phys_addr_t phys;
	struct completion start[2], done[2];
	bool stop;
} race;

static int racer(void *arg)
{
	long me = (long)arg;

	for (;;) {
		wait_for_completion(&race.start[me]);
		if (race.stop)
			break;
		atomic_inc(&race.ready);
		while (atomic_read(&race.ready) < 2)
			cond_resched();
		if (kho_restore_folio(race.phys))
			atomic_inc(&race.wins);
		complete(&race.done[me]);
	}
	complete(&race.done[me]);
	return 0;
}

static int race_for(const struct ex_record *rec, void *unused)
{
	struct ex_block *b;

	if (rec->kind != EX_FOLIO)
		return claim(rec, NULL);
	b = ex_adopt(rec);
	if (!b)
		return -ENOMEM;
	count(rec);
	race.phys = rec->phys;
	atomic_set(&race.ready, 0);
	atomic_set(&race.wins, 0);
	complete(&race.start[0]);
	complete(&race.start[1]);
	wait_for_completion(&race.done[0]);
	wait_for_completion(&race.done[1]);
	if (atomic_read(&race.wins) != 1) {
		pr_err("folio at %#llx was claimed %d times\n", rec->phys,
		       atomic_read(&race.wins));
		ex_stats.missing++;
		ex_drop(b);
	}
	return 0;
}

static void end_race(unsigned int nr)
{
	unsigned int i;

	race.stop = true;
	for (i = 0; i < nr; i++) {
		complete(&race.start[i]);
		wait_for_completion(&race.done[i]);
	}
}

/* race: as verify, with two threads that claim each folio */
int ex_race(const struct ex_args *a)
{
	unsigned int i;
	int err;

	race.stop = false;
	for (i = 0; i < 2; i++) {
		struct task_struct *task;

		init_completion(&race.start[i]);
		init_completion(&race.done[i]);
		task = kthread_run(racer, (void *)(long)i, "kho-racer/%u", i);
		if (IS_ERR(task)) {
			end_race(i);
			return PTR_ERR(task);
		}
	}
	err = claim_all(race_for);
	end_race(2);
	return err;
}
