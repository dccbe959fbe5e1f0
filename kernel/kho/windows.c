// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: the windows of early boot
 */

/**
 * DOC: Windows
 *
 * Until the page allocator runs, memory that the previous kernel preserved is
 * protected by where memblock is allowed to look, not by reservations: a few
 * windows instead of one reservation for every block, so that the cost of an
 * early allocation does not depend on how preserved memory is scattered.
 */
#include <linux/align.h>
#include <linux/bitmap.h>
#include <linux/bits.h>
#include <linux/find.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "windows.h"

static u64 window_size(const struct kho_window *w)
{
	return w->end - w->base;
}

/**
 * kho_windows_add - add a window
 * @ws:		windows
 * @base:	start
 * @end:	end, exclusive
 *
 * When there are KHO_WINDOWS_MAX already, the smallest one gives way.
 */
void kho_windows_add(struct kho_windows *ws, u64 base, u64 end)
{
	struct kho_window new = { base, end };
	unsigned int i, smallest = 0;

	if (base >= end)
		return;
	if (ws->nr < KHO_WINDOWS_MAX) {
		ws->w[ws->nr++] = new;
		return;
	}
	for (i = 1; i < ws->nr; i++) {
		if (window_size(&ws->w[i]) < window_size(&ws->w[smallest]))
			smallest = i;
	}
	if (window_size(&ws->w[smallest]) < window_size(&new))
		ws->w[smallest] = new;
}

/**
 * kho_windows_sort - sort by address
 * @ws:		windows
 */
void kho_windows_sort(struct kho_windows *ws)
{
	unsigned int i, j;

	for (i = 1; i < ws->nr; i++) {
		struct kho_window w = ws->w[i];

		for (j = i; j && ws->w[j - 1].base > w.base; j--)
			ws->w[j] = ws->w[j - 1];
		ws->w[j] = w;
	}
}

/**
 * kho_windows_bytes - how large are all windows together?
 * @ws:		windows
 *
 * Returns: bytes.
 */
u64 kho_windows_bytes(const struct kho_windows *ws)
{
	unsigned int i;
	u64 sum = 0;

	for (i = 0; i < ws->nr; i++)
		sum += window_size(&ws->w[i]);
	return sum;
}

/**
 * kho_windows_overlap - does a range touch a window?
 * @ws:		windows
 * @base:	start
 * @end:	end, exclusive
 *
 * Returns: true if it does.
 */
bool kho_windows_overlap(const struct kho_windows *ws, u64 base, u64 end)
{
	unsigned int i;

	for (i = 0; i < ws->nr; i++) {
		if (base < ws->w[i].end && ws->w[i].base < end)
			return true;
	}
	return false;
}

/**
 * kho_windows_find - search the windows
 * @ws:		sorted windows
 * @start:	lowest address
 * @end:	highest address, exclusive
 * @top_down:	search the highest window first
 * @find:	searches a part of one window
 * @arg:	for @find
 *
 * Returns: the first address @find returned, or 0.
 */
u64 kho_windows_find(const struct kho_windows *ws, u64 start, u64 end,
		     bool top_down, kho_find_fn find, void *arg)
{
	unsigned int i;

	for (i = 0; i < ws->nr; i++) {
		const struct kho_window *w = &ws->w[top_down ? ws->nr - 1 - i : i];
		u64 from = max(start, w->base);
		u64 to = min(end, w->end);
		u64 found;

		if (from >= to)
			continue;
		found = find(from, to, arg);
		if (found)
			return found;
	}
	return 0;
}

/* How much of the picture is below an address; of a hole, all that is below it. */
static u64 squash(const struct kho_coarse *c, u64 addr)
{
	u64 at = addr;
	unsigned int i;

	for (i = 0; i < c->nr_holes && c->holes[i].base < addr; i++)
		at -= min(addr, c->holes[i].end) - c->holes[i].base;
	return at - c->base;
}

static bool in_hole(const struct kho_coarse *c, u64 addr)
{
	unsigned int i;

	for (i = 0; i < c->nr_holes; i++) {
		if (addr >= c->holes[i].base && addr < c->holes[i].end)
			return true;
	}
	return false;
}

static void choose_shift(struct kho_coarse *c)
{
	u64 end;

	for (c->shift = KHO_COARSE_SHIFT; ; c->shift++) {
		c->base = c->start >> c->shift << c->shift;
		end = squash(c, c->end - 1) >> c->shift;
		if (end < KHO_COARSE_BITS)
			return;
	}
}

/**
 * kho_coarse_init - an empty picture of a part of the address space
 * @c:		picture
 * @base:	start of what it shows
 * @end:	end, exclusive
 *
 * A chunk is 2 MiB, or as much larger as the fixed number of bits demands.
 */
void kho_coarse_init(struct kho_coarse *c, u64 base, u64 end)
{
	memset(c, 0, sizeof(*c));
	c->start = base;
	c->end = end;
	choose_shift(c);
}

/**
 * kho_coarse_skip - a part of the picture that nobody is going to look at
 * @c:		picture, with nothing in it yet
 * @base:	start, above those of earlier calls
 * @end:	end, exclusive, below the end of the picture
 *
 * There are machines whose memory is at 2 GiB and at 64 TiB.  What lies in such a hole
 * is not marked.
 */
void kho_coarse_skip(struct kho_coarse *c, u64 base, u64 end)
{
	u64 size = 1ULL << KHO_HOLE_SHIFT;

	base = ALIGN(base, size);
	end = ALIGN_DOWN(end, size);
	if (base >= end || c->nr_holes == KHO_COARSE_HOLES)
		return;
	c->holes[c->nr_holes++] = (struct kho_window){ base, end };
	choose_shift(c);
}

/**
 * kho_coarse_mark - something lies here
 * @c:		picture
 * @base:	start; what is outside of the picture is ignored
 * @end:	end, exclusive; 0 is the end of the address space
 */
void kho_coarse_mark(struct kho_coarse *c, u64 base, u64 end)
{
	u64 first, last = end - 1;

	if (base > last || last < c->base)
		return;
	first = squash(c, max(base, c->base));
	last = squash(c, last);
	/* All of a hole is where memory goes on: behind what was before it. */
	if (in_hole(c, end - 1) && !last--)
		return;
	if (first > last)
		return;
	first >>= c->shift;
	last = min(last >> c->shift, (u64)KHO_COARSE_BITS - 1);
	if (first > last)
		return;
	if (first == last)
		c->bits[first / BITS_PER_LONG] |= 1UL << (first % BITS_PER_LONG);
	else
		bitmap_set(c->bits, first, last - first + 1);
}

/**
 * kho_coarse_gaps - collect the parts of a range where nothing lies
 * @c:		picture
 * @base:	start of the range, not below the picture's
 * @end:	end, exclusive, not beyond the picture's; there is no hole between
 * @min_size:	smallest gap worth having
 * @ws:		the gaps are added here
 */
void kho_coarse_gaps(const struct kho_coarse *c, u64 base, u64 end, u64 min_size,
		     struct kho_windows *ws)
{
	u64 below = base - squash(c, base);
	unsigned long bit = squash(c, base) >> c->shift;
	unsigned long bits = (squash(c, end - 1) >> c->shift) + 1;

	while (bit < bits) {
		unsigned long first = find_next_zero_bit(c->bits, bits, bit);
		u64 from, to;

		bit = find_next_bit(c->bits, bits, first);
		from = max(base, below + ((u64)first << c->shift));
		to = min(end, below + ((u64)bit << c->shift));
		if (from < to && to - from >= min_size)
			kho_windows_add(ws, from, to);
	}
}
