// SPDX-License-Identifier: GPL-2.0-only
#include <libfdt.h>

#include "../../../kernel/kho/fdt.h"
#include "fuzz.h"
#include "test.h"

/* Returns the number of subtrees. */
static unsigned int read_all(const void *fdt, size_t size)
{
	struct kho_subtree st, found;
	unsigned int nr = 0;
	int node = 0, err;

	CHECK(kho_fdt_map_root(fdt));
	while ((node = kho_fdt_next(fdt, node, &st)) > 0) {
		CHECK_LE(++nr, size / 8);
		if (!st.name)
			continue;
		err = kho_fdt_find(fdt, st.name, &found);
		CHECK(!err || err == -EINVAL);	/* a malformed one of the same name */
		CHECK(err || !strcmp(found.name, st.name));
	}
	CHECK_EQ(node, -ENOENT);
	return nr;
}

/* What the receiver does with bad subtrees; ends because each one goes. */
static void take_apart(void *fdt, size_t size)
{
	unsigned int nr = read_all(fdt, size);
	char *name;
	int node;

	while (nr) {
		node = fdt_first_subnode(fdt, 0);
		CHECK(node > 0);
		name = strdup(fdt_get_name(fdt, node, NULL));
		CHECK_EQ(kho_fdt_del(fdt, name), 0);
		free(name);
		CHECK_EQ(read_all(fdt, size), nr - 1);
		CHECK_EQ(kho_fdt_check(fdt, size), 0);
		nr--;
	}
}

void fuzz_fdt(const u8 *data, size_t size)
{
	struct kho_subtree st;
	void *fdt;

	/* A heap block of the very size: ASan sees the first byte behind it. */
	fdt = malloc(size);
	memcpy(fdt, data, size);
	if (!kho_fdt_check(fdt, size)) {
		CHECK_LE(fdt_totalsize(fdt), size);
		kho_fdt_find(fdt, "LUO", &st);
		take_apart(fdt, size);
	}
	free(fdt);
}
