/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine that boots with a handover, as far as format code goes: the two
 * stages of kernel/kho/early.c, and what must hold afterwards for any map.
 */
#ifndef _KHO_WORLD_H
#define _KHO_WORLD_H

#include <linux/types.h>

#include "../../../kernel/kho/receive.h"

#define WORLD_REGIONS	8

struct world {
	/* the machine: fill in before stage 1 */
	struct kho_window ram[WORLD_REGIONS];	/* sorted by address */
	unsigned int nr_ram;
	struct kho_windows scratch;
	u64 root;
	u64 min_gap;
	long maps_left;		/* early mappings that succeed; negative: all */
	/* what the stages found */
	struct kho_receive r;
	struct kho_windows gaps;
	struct kho_coarse coarse;
	struct kho_table table;
	struct kho_table nodes;
	unsigned long losses;	/* complaints about blocks */
	unsigned long bad_nodes;
	/* what they cost */
	unsigned long visits;	/* of nodes, in the last stage */
	unsigned long visit_limit;
	unsigned long mapped;	/* early mappings at the moment */
};

void world_ram(struct world *w, u64 base, u64 end);
void world_scratch(struct world *w, u64 base, u64 end);
u64 world_end(const struct world *w);

/* Each returns 0, or the error for which early.c abandons the handover. */
int world_stage1(struct world *w);
int world_stage2(struct world *w);

/* Checks what must hold after a stage that returned 0. */
void world_check_stage1(struct world *w);
void world_check_stage2(struct world *w);

/* Pages of the map. */
unsigned long world_nodes(struct world *w);

void world_free(struct world *w);

#endif /* _KHO_WORLD_H */
