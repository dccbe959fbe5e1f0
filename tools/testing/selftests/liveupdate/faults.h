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
	int (*run)(void *arg);		/* a descriptor or 0, or an error */
	void (*undo)(void *arg, int ret);
	bool (*intact)(void *arg);	/* after a failure */
	void *arg;
	bool once;			/* what succeeded cannot be tried again */
	unsigned int *from;		/* where to begin, and how far it came; or NULL */
};

/* Returns what the operation gave in the end. */
static inline int inject(const struct op *op)
{
	unsigned int nth, failed = 0;
	long bad = 0;
	bool hit = false;
	int ret = -EINVAL;

	for (nth = op->from ? *op->from : 1; nth < MAX_NTH; nth++) {
		arm(nth);
		ret = op->run(op->arg);
		hit = disarm();
		if (!hit)
			break;
		if (ret >= 0) {
			/* It could do without. */
			if (op->once)
				break;
			if (op->undo)
				op->undo(op->arg, ret);
			continue;
		}
		failed++;
		bad += ret != -ENOMEM;
		bad += op->intact && !op->intact(op->arg);
	}
	if (op->from)
		*op->from = nth + hit;
	printf("# %s: %u allocations, %u of them are needed\n", op->name, nth - 1, failed);
	is(op->name, "succeeds in the end", ret < 0 ? ret : 0, 0);
	is(op->name, "errors, and what is not as before", bad, 0);
	return ret;
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
