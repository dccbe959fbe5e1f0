/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every allocation of an operation fails, one after the other
 *
 * Needs CONFIG_FAILSLAB and CONFIG_FAIL_PAGE_ALLOC.  An operation is repeated
 * with its first allocation failing, its second one, and so on, until it
 * succeeds before it gets there.  After each failure all has to be as before.
 */
#ifndef _LUO_TEST_FAULTS_H
#define _LUO_TEST_FAULTS_H

#include <sys/ioctl.h>

#include "memfd.h"

#define FAIL_NTH	"/proc/self/fail-nth"
#define FAIL_ALL	"/proc/self/make-it-fail"
#define MAX_NTH		2000U

static int nth_fd, all_fd;	/* open all the time: opening them allocates */

static inline void faults_init(void)
{
	nth_fd = must(FAIL_NTH, open(FAIL_NTH, O_RDWR | O_CLOEXEC));
	all_fd = must(FAIL_ALL, open(FAIL_ALL, O_RDWR | O_CLOEXEC));
}

static inline void set_fault(int fd, unsigned int value)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", value);

	if (pwrite(fd, text, len, 0) != len)
		printf("not ok - faults cannot be controlled (errno %d)\n", errno);
}

/* The @nth allocation of this task fails; 0: none does. */
static inline void arm(unsigned int nth)
{
	set_fault(nth_fd, nth);
}

/* All allocations of this task fail, or none does. */
static inline void fail_all(bool all)
{
	set_fault(all_fd, all);
}

/* Did it come to that? */
static inline bool disarm(void)
{
	char text[16] = "";
	bool hit;

	if (pread(nth_fd, text, sizeof(text) - 1, 0) <= 0)
		printf("not ok - faults cannot be counted (errno %d)\n", errno);
	hit = !atoi(text);
	arm(0);
	return hit;
}

struct op {
	const char *name;
	void (*prepare)(void *arg);	/* before each try; or NULL */
	int (*run)(void *arg);		/* a descriptor, a number, or an error */
	void (*undo)(void *arg, int ret);	/* or let it be about something else */
	bool (*intact)(void *arg);	/* after a failure */
	void *arg;
	int want;			/* if no allocation fails: 0, or an error */
	bool once;			/* what succeeded cannot be tried again */
	unsigned int *from;		/* where to begin, and how far it came; or NULL */
};

static inline int run_with_fault(const struct op *op, unsigned int nth, bool *hit)
{
	int ret;

	if (op->prepare)
		op->prepare(op->arg);
	arm(nth);
	ret = op->run(op->arg);
	*hit = disarm();
	return ret;
}

/* Is all well after an allocation failed that it could not do without? */
static inline bool failed_well(const struct op *op, unsigned int nth, int err)
{
	char buf[32];
	bool intact = !op->intact || op->intact(op->arg);

	if (err == -ENOMEM && intact)
		return true;
	printf("not ok - %s: allocation %u fails: %s%s\n", op->name, nth,
	       value_name(err, buf, sizeof(buf)), intact ? "" : ", not all is as before");
	return false;
}

/* Returns what the operation gave in the end. */
static inline int inject(const struct op *op)
{
	unsigned int first = op->from ? *op->from : 1, nth, failed = 0, bad = 0;
	bool hit = false;
	int ret = -EINVAL;

	for (nth = first; nth < MAX_NTH; nth++) {
		ret = run_with_fault(op, nth, &hit);
		if (!hit)
			break;
		/* It could do without. */
		if (ret >= 0 && op->once)
			break;
		if (ret >= 0 && op->undo)
			op->undo(op->arg, ret);
		if (ret == op->want || (ret > 0 && !op->want))
			continue;
		failed++;
		bad += !failed_well(op, nth, ret);
	}
	if (op->from)
		*op->from = nth + hit;
	printf("# %s: allocations %u to %u, %u of them are needed\n", op->name, first,
	       nth - !hit, failed);
	is(op->name, "how it ends", ret < 0 ? ret : 0, op->want);
	is(op->name, "failures that are not clean", bad, 0);
	return ret;
}

/* How many allocations does it have, if none fails? */
static inline unsigned int allocations(const struct op *op)
{
	char left[16] = "";

	if (op->prepare)
		op->prepare(op->arg);
	arm(MAX_NTH);
	is(op->name, "no allocation fails", op->run(op->arg), op->want);
	must("allocations", pread(nth_fd, left, sizeof(left) - 1, 0));
	arm(0);
	return MAX_NTH - atoi(left);
}

/* Results are read from a pipe; before there is nobody to read them any more. */
static inline void let_results_out(void)
{
	int left = 0;

	fflush(stdout);
	while (!ioctl(STDOUT_FILENO, FIONREAD, &left) && left)
		usleep(100000);
	sleep(1);
}

static inline long preserved(void)
{
	return value_of("/sys/kernel/kho/preserved_bytes", "");
}

static inline long pinned(void)
{
	/* Processors count on their own for a while. */
	write_text("/proc/sys/vm/stat_refresh", "1");
	return value_of("/proc/vmstat", "nr_foll_pin_acquired ") -
	       value_of("/proc/vmstat", "nr_foll_pin_released ");
}

#endif /* _LUO_TEST_FAULTS_H */
