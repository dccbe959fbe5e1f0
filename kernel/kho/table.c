// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: exact table of the pages that are not free
 */

/**
 * DOC: Shape of the table
 *
 * A section is 2^(PAGE_SHIFT + 3) pages, so that its bitmap would be one page.
 * It has a bitmap only if it is partly in the set: nothing of it and all of
 * it are a NULL and a marker in the directory.  Directories exist only for
 * groups of sections in use, which keeps the table small on address maps with
 * large holes.
 */
#include <linux/bits.h>
#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/errno.h>
#include <linux/find.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/string.h>

#include "table.h"

static unsigned long whole __initdata;
#define FULL (&whole)

static unsigned long **__init section_slot(const struct kho_table *t, unsigned long pfn)
{
	unsigned long section = pfn >> KHO_SECTION_SHIFT;
	unsigned long group = section >> KHO_GROUP_SHIFT;

	if (group >= t->nr_groups || !t->group[group])
		return NULL;
	return &t->group[group][section & (KHO_GROUP_SECTIONS - 1)];
}

/* The part of [pfn, pfn + nr) that lies in the section of pfn. */
static unsigned long __init in_section(unsigned long pfn, unsigned long nr)
{
	return min(nr, KHO_SECTION_PAGES - (pfn & (KHO_SECTION_PAGES - 1)));
}

/**
 * kho_table_init - an empty table
 * @t:		table
 * @end_pfn:	every page below can become a member
 *
 * Returns: 0 or -ENOMEM.
 */
int __init kho_table_init(struct kho_table *t, unsigned long end_pfn)
{
	unsigned long span = KHO_SECTION_PAGES << KHO_GROUP_SHIFT;

	memset(t, 0, sizeof(*t));
	t->nr_groups = end_pfn / span + !!(end_pfn % span);
	if (!t->nr_groups)
		return 0;
	t->group = kho_table_alloc(t->nr_groups * sizeof(*t->group));
	if (!t->group) {
		t->nr_groups = 0;
		return -ENOMEM;
	}
	return 0;
}

/**
 * kho_table_any - is any page of a range a member?
 * @t:		table
 * @pfn:	first page
 * @nr:		number of pages
 *
 * Returns: true if one is.
 */
bool __init kho_table_any(const struct kho_table *t, unsigned long pfn, unsigned long nr)
{
	return kho_table_next(t, pfn, pfn + nr, true) < pfn + nr;
}

/* Finds the directory slot of a section, adding the directory if need be. */
static int __init make_slot(struct kho_table *t, unsigned long pfn, unsigned long ***slot)
{
	unsigned long section = pfn >> KHO_SECTION_SHIFT;
	unsigned long group = section >> KHO_GROUP_SHIFT;

	if (group >= t->nr_groups)
		return -ERANGE;
	if (!t->group[group]) {
		t->group[group] = kho_table_alloc(KHO_GROUP_SECTIONS *
						  sizeof(*t->group[group]));
		if (!t->group[group])
			return -ENOMEM;
	}
	*slot = &t->group[group][section & (KHO_GROUP_SECTIONS - 1)];
	return 0;
}

/* Gives a section a bitmap, filled as the section was. */
static int __init split_section(struct kho_table *t, unsigned long **slot)
{
	unsigned long *map;

	if (*slot && *slot != FULL)
		return 0;
	map = kho_table_alloc(KHO_SECTION_PAGES / 8);
	if (!map)
		return -ENOMEM;
	if (*slot == FULL)
		bitmap_fill(map, KHO_SECTION_PAGES);
	*slot = map;
	t->bitmaps++;
	return 0;
}

/**
 * kho_table_set - make the pages of a range members
 * @t:		table
 * @pfn:	first page
 * @nr:		number of pages
 *
 * Returns: 0, -ENOMEM, or -ERANGE for pages beyond the table's end; then a
 * part of the range may be set.
 */
int __init kho_table_set(struct kho_table *t, unsigned long pfn, unsigned long nr)
{
	while (nr) {
		unsigned long n = in_section(pfn, nr);
		unsigned long **slot;
		int err;

		err = make_slot(t, pfn, &slot);
		if (err)
			return err;
		if (n == KHO_SECTION_PAGES && !*slot) {
			*slot = FULL;
		} else if (*slot != FULL) {
			err = split_section(t, slot);
			if (err)
				return err;
			bitmap_set(*slot, pfn & (KHO_SECTION_PAGES - 1), n);
		}
		pfn += n;
		nr -= n;
	}
	return 0;
}

/**
 * kho_table_merge - make pages of one section members
 * @t:		table
 * @pfn:	first page of the section
 * @bits:	which pages, as the leaf of a map says it: a bit for each
 *
 * Returns: how many pages; 0 if there are none or if one is a member already,
 * then nothing was changed; -ENOMEM; -ERANGE for pages beyond the table's end.
 */
long __init kho_table_merge(struct kho_table *t, unsigned long pfn, const u64 *bits)
{
	const unsigned long *add = (const unsigned long *)bits;
	unsigned long nr = bitmap_weight(add, KHO_SECTION_PAGES);
	unsigned long **slot;
	int err;

	if (!nr)
		return 0;
	err = make_slot(t, pfn, &slot);
	if (err)
		return err;
	if (*slot == FULL || (*slot && bitmap_intersects(*slot, add, KHO_SECTION_PAGES)))
		return 0;
	err = split_section(t, slot);
	if (err)
		return err;
	bitmap_or(*slot, *slot, add, KHO_SECTION_PAGES);
	return nr;
}

/**
 * kho_table_clear - take the pages of a range out of the set
 * @t:		table
 * @pfn:	first page
 * @nr:		number of pages
 *
 * Returns: 0 or -ENOMEM; then a part of the range may be cleared.
 */
int __init kho_table_clear(struct kho_table *t, unsigned long pfn, unsigned long nr)
{
	while (nr) {
		unsigned long n = in_section(pfn, nr);
		unsigned long **slot = section_slot(t, pfn);
		int err;

		if (slot && *slot == FULL && n == KHO_SECTION_PAGES) {
			*slot = NULL;
		} else if (slot && *slot) {
			err = split_section(t, slot);
			if (err)
				return err;
			bitmap_clear(*slot, pfn & (KHO_SECTION_PAGES - 1), n);
		}
		pfn += n;
		nr -= n;
	}
	return 0;
}

/**
 * kho_table_next - find the next page that is, or is not, a member
 * @t:		table
 * @pfn:	first page to look at
 * @end:	where to stop
 * @set:	look for a member
 *
 * Returns: the page, or @end.
 */
unsigned long __init kho_table_next(const struct kho_table *t, unsigned long pfn,
				    unsigned long end, bool set)
{
	while (pfn < end) {
		unsigned long n = in_section(pfn, end - pfn);
		unsigned long bit = pfn & (KHO_SECTION_PAGES - 1);
		unsigned long **slot = section_slot(t, pfn);
		unsigned long *map = slot ? *slot : NULL;
		unsigned long hit;

		if (!map || map == FULL) {
			if (!!map == set)
				return pfn;
		} else {
			hit = set ? find_next_bit(map, bit + n, bit) :
				    find_next_zero_bit(map, bit + n, bit);
			if (hit < bit + n)
				return pfn + (hit - bit);
		}
		pfn += n;
	}
	return end;
}

/**
 * kho_table_each - visit a range as runs of members and of others
 * @t:		table
 * @pfn:	first page
 * @end:	end, exclusive
 * @fn:		called for every run, in ascending order; a run ends at the end of
 *		its section
 * @arg:	for @fn
 */
void __init kho_table_each(const struct kho_table *t, unsigned long pfn, unsigned long end,
			   kho_table_fn fn, void *arg)
{
	while (pfn < end) {
		unsigned long stop = pfn + in_section(pfn, end - pfn);
		unsigned long base = pfn & ~(KHO_SECTION_PAGES - 1);
		unsigned long **slot = section_slot(t, pfn);
		unsigned long *map = slot ? *slot : NULL;

		if (!map || map == FULL) {
			fn(pfn, stop, map, arg);
			pfn = stop;
			continue;
		}
		while (pfn < stop) {
			bool set = test_bit(pfn - base, map);
			unsigned long next;

			next = base + (set ? find_next_zero_bit(map, stop - base, pfn - base) :
					     find_next_bit(map, stop - base, pfn - base));
			fn(pfn, next, set, arg);
			pfn = next;
		}
	}
}

/**
 * kho_table_each_bitmap - visit the memory the table was built of
 * @t:		table
 * @fn:		called for every piece that kho_table_alloc() returned; may
 *		free it: the table itself is not used any more after the visit
 */
void __init kho_table_each_bitmap(struct kho_table *t, void (*fn)(void *mem, size_t size))
{
	unsigned long g, s;

	for (g = 0; g < t->nr_groups; g++) {
		unsigned long **dir = t->group[g];

		if (!dir)
			continue;
		for (s = 0; s < KHO_GROUP_SECTIONS; s++) {
			if (dir[s] && dir[s] != FULL)
				fn(dir[s], KHO_SECTION_PAGES / 8);
		}
		fn(dir, KHO_GROUP_SECTIONS * sizeof(*dir));
	}
	if (t->nr_groups)
		fn(t->group, t->nr_groups * sizeof(*t->group));
}
