// SPDX-License-Identifier: GPL-2.0-only
/*
 * A memfd from a hostile sender: the page that describes it, and its extras.
 */
#include "../../../mm/memfd_luo_wire.h"

#include <linux/minmax.h>

#include "fuzz.h"
#include "handed.h"
#include "test.h"

/* So many bytes are the start of the page, the rest is extras. */
#define PAGE_BYTES	512

static void read_page(const u8 *data, size_t size)
{
	struct memfd_meta m;
	u8 *page = calloc(1, PAGE_SIZE);
	const char *why;
	int err;

	memcpy(page, data, min(size, PAGE_BYTES));
	err = memfd_wire_read(page, 1ULL << 40, &m, &why);
	if (!err) {
		CHECK_LE(m.size, 1ULL << 40);
		CHECK_LE(m.pos, 1ULL << 40);
		CHECK(!(m.seals & ~MEMFD_LUO_ALL_SEALS));
		CHECK_EQ(m.extended, !why);
	} else {
		CHECK(why && !m.extended);
	}
	CHECK(!m.nr_folios || m.folios.first.phys);
	if (m.extended) {
		CHECK(!(m.mode & ~07777U));
		CHECK_LE(strlen(m.name), MEMFD_NAME_LEN);
		CHECK(m.atime.nsec < MEMFD_NSEC_PER_SEC && m.btime.nsec < MEMFD_NSEC_PER_SEC);
	}
	free(page);
}

static void read_extras(const u8 *data, size_t size)
{
	u8 *blob = malloc(size ?: 1);	/* as long as it says, to the byte */
	struct memfd_extra e;
	u32 at = 0, before = 0;
	int ret;

	memcpy(blob, data, size);
	while ((ret = memfd_extras_next(blob, size, &at, &e)) > 0) {
		const struct memfd_luo_policy *p = e.data;
		const u8 *value;

		CHECK(at > before && at <= size);
		before = at;
		if (e.type == MEMFD_LUO_EXTRA_XATTR || e.type == MEMFD_LUO_EXTRA_LABEL) {
			value = memfd_extra_value(&e);
			CHECK(value > (const u8 *)e.data);
			CHECK(value <= (const u8 *)e.data + e.length);
			continue;
		}
		CHECK_EQ(e.type, MEMFD_LUO_EXTRA_POLICY);
		CHECK(p->first <= p->last && p->last < MEMFD_MAX_PAGES);
		CHECK_EQ(sizeof(*p) + p->nr_nodes / 8, e.length);
		/* They can be read. */
		CHECK(!p->nr_nodes || p->nodes[p->nr_nodes / 64 - 1] + 1);
	}
	CHECK(!ret || ret == -EINVAL || ret == -EOPNOTSUPP);
	free(blob);
}

void fuzz_memfd(const u8 *data, size_t size)
{
	handed_no_checksums = true;
	read_page(data, size);
	if (size > PAGE_BYTES)
		read_extras(data + PAGE_BYTES, size - PAGE_BYTES);
	handed_no_checksums = false;
}
