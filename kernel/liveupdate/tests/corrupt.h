/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update exerciser: ways to damage what travels
 */
#ifndef _LUX_CORRUPT_H
#define _LUX_CORRUPT_H

#include <linux/types.h>

/**
 * struct lux_way - one thing that is done to what travels
 * @name:	what it is called by who asks for it
 * @corrupt:	does it
 */
struct lux_way {
	const char *name;
	void (*corrupt)(void);
};

#define WAY(_fn)	{ #_fn, _fn }

/* corrupt.c: what the handler wrote down for the file in the extension, or for that one */
void *lux_ext_data(void);
void *lux_file_data(unsigned int i);

/* Each ends with an empty entry. */
extern const struct lux_way lux_ways[];
#ifdef CONFIG_LIVEUPDATE_MEMFD
extern const struct lux_way lux_memfd_ways[];
#else
static const struct lux_way lux_memfd_ways[] __maybe_unused = { { } };
#endif
#ifdef CONFIG_LIVEUPDATE_HUGETLB
extern const struct lux_way lux_hugetlb_ways[];
#else
static const struct lux_way lux_hugetlb_ways[] __maybe_unused = { { } };
#endif

#endif /* _LUX_CORRUPT_H */
