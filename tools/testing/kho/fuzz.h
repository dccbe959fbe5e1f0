/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fuzz targets.  Each takes any bytes, and stops the program where an
 * invariant does not hold.
 */
#ifndef _KHO_FUZZ_H
#define _KHO_FUZZ_H

#include <linux/types.h>

/* The bytes say what is in records that are then taken for boxes. */
void fuzz_box(const u8 *data, size_t size);
/* The bytes are a tree. */
void fuzz_fdt(const u8 *data, size_t size);
/* The bytes are a page, after the first one. */
void fuzz_hugetlb(const u8 *data, size_t size);
/* The bytes say how pages are filled that are then taken for sessions. */
void fuzz_luo(const u8 *data, size_t size);
/* The bytes say how pages are filled that are then taken for a map. */
void fuzz_map(const u8 *data, size_t size);
/* The bytes are the page of a memfd, and extras. */
void fuzz_memfd(const u8 *data, size_t size);
/* The bytes are an array. */
void fuzz_scratch_array(const u8 *data, size_t size);
/* The bytes are a string. */
void fuzz_scratch_param(const u8 *data, size_t size);

typedef void (*seed_fn)(const char *name, const void *data, size_t size, void *arg);

struct fuzz_target {
	const char *name;
	void (*run)(const u8 *data, size_t size);
	/* Calls @fn with every input to begin with. */
	void (*seeds)(seed_fn fn, void *arg);
	size_t max_size;	/* that random changes make of them */
};

/* seeds.c; ends with an empty entry. */
extern const struct fuzz_target fuzz_targets[];

/*
 * fuzz_random.c: runs a target with seeds, then with random changes to them,
 * for a number of rounds or, if that is 0, of seconds.
 */
unsigned long fuzz_random(const struct fuzz_target *t, u64 seed,
			  unsigned long rounds, unsigned int seconds);

/* fuzz_main.c: what libFuzzer calls. */
int libfuzzer_init(int *argc, char ***argv) asm("LLVMFuzzerInitialize");
int libfuzzer_one(const u8 *data, size_t size) asm("LLVMFuzzerTestOneInput");

/*
 * How fuzz_map() reads its input: instructions of 8 bytes.  Pages are numbered;
 * the first one is the root.
 */
struct fuzz_map_op {
	u8 what;
	u8 page;
	u16 word;
	u32 arg;
};

enum {
	FUZZ_MAP_POINT,		/* word of page = address of page number arg */
	FUZZ_MAP_FOLLOW,	/* the same, and the next op is about that page */
	FUZZ_MAP_ADDRESS,	/* word of page = address in page frames */
	FUZZ_MAP_RAW,		/* word of page = arg shifted by the page number */
	FUZZ_MAP_FILL,		/* page from word on, arg words of all ones */
	FUZZ_MAP_BLOCK,		/* as a sender does: block number arg, order word */
	FUZZ_MAP_OPS
};

#define FUZZ_MAP_PAGES	48

/* How fuzz_luo() reads its input: the same; page 0 is a struct luo_ser. */
struct fuzz_luo_op {
	u8 what;
	u8 page;
	u16 at;
	u32 arg;
};

enum {
	FUZZ_LUO_POINT,		/* at = address of page number arg */
	FUZZ_LUO_NUMBER,	/* at = arg */
	FUZZ_LUO_BIG,		/* at = a number of 64 bits */
	FUZZ_LUO_TEXT,		/* at = four bytes */
	FUZZ_LUO_FILL,		/* from at on, bytes */
	FUZZ_LUO_STATE,		/* the page is not preserved, or part of a large folio */
	FUZZ_LUO_OPS
};

#define FUZZ_LUO_PAGES	16
#define FUZZ_LUO_EXT	7	/* the page that is the head of an extension */

/* How fuzz_box() reads its input: a record for each of these. */
struct fuzz_box_op {
	u8 what;		/* its type; 128: its name does not end */
	u8 number;		/* 255: as large as can be */
	u8 length;		/* of the name, which repeats this letter */
	u8 letter;
};

#endif /* _KHO_FUZZ_H */
