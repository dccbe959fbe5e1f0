/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KHO exerciser: ways to damage what travels
 */
#ifndef _KHO_EXERCISER_CORRUPT_H
#define _KHO_EXERCISER_CORRUPT_H

#include <linux/bits.h>
#include <linux/types.h>

/* Higher than any memory of a test machine. */
#define BEYOND_MEMORY	BIT_ULL(45)

/**
 * struct ex_way - one thing that is done to what travels
 * @what:	what it is called by who asks for it
 * @corrupt:	does it
 * @at_once:	when it is asked for, and not right before the jump
 */
struct ex_way {
	const char *what;
	int (*corrupt)(void);
	bool at_once;
};

/* Ends with an empty entry. */
extern const struct ex_way ex_blob_ways[];

#endif /* _KHO_EXERCISER_CORRUPT_H */
