/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hooks of a kernel without a handover, and what else mm/memblock.c calls
 */
#ifndef _KHO_HOOKS_H
#define _KHO_HOOKS_H

struct seq_file;

#include "../../../../../include/linux/kho/hooks.h"

/* There is one thread. */
static inline void guard_mutex(int *lock) { }

#define DEFINE_MUTEX(_name)	int _name
#define guard(_class)		guard_##_class

#define free_reserved_area(_start, ...)	((void)(_start))

#endif
