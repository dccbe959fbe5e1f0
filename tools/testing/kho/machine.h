/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine with a map to fill, honestly or not, before it boots.
 */
#ifndef _KHO_MACHINE_H
#define _KHO_MACHINE_H

#include "test.h"
#include "world.h"

/* Nodes of the map have a place of their own. */
#define MACHINE_NODES	(3 * GiB)

/* 6 GiB in two parts, like a PC, and an empty map. */
struct world *machine(void);
u64 *root(struct world *w);
void preserve(struct world *w, u64 phys, unsigned int order);
bool preserved(struct world *w, u64 phys, unsigned int order);
/* The table at a level on the way to a key; level 0 is the leaf. */
u64 *node_at(struct world *w, u64 key, unsigned int level);
u64 *slot_at(struct world *w, u64 key, unsigned int level);
/* Both stages must accept it. */
void boot(struct world *w);

#endif /* _KHO_MACHINE_H */
