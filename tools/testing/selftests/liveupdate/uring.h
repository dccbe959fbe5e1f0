/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * As much of io_uring as a writer needs: one request at a time.
 */
#ifndef _LUO_TEST_URING_H
#define _LUO_TEST_URING_H

#include <linux/io_uring.h>

#include "memfd.h"

struct uring {
	int fd;
	unsigned int *sq_tail, *sq_mask, *sq_array;
	unsigned int *cq_head, *cq_tail, *cq_mask;
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqes;
};

static inline void *uring_map(struct uring *r, size_t len, off_t off)
{
	void *map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, off);

	must("map the ring", map == MAP_FAILED ? -1 : 0);
	return map;
}

static inline void uring_init(struct uring *r)
{
	struct io_uring_params p = {};
	char *sq, *cq;

	r->fd = must("io_uring_setup", syscall(SYS_io_uring_setup, 4, &p));
	sq = uring_map(r, p.sq_off.array + p.sq_entries * sizeof(unsigned int), IORING_OFF_SQ_RING);
	cq = uring_map(r, p.cq_off.cqes + p.cq_entries * sizeof(struct io_uring_cqe),
		       IORING_OFF_CQ_RING);
	r->sqes = uring_map(r, p.sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
	r->sq_tail = (void *)(sq + p.sq_off.tail);
	r->sq_mask = (void *)(sq + p.sq_off.ring_mask);
	r->sq_array = (void *)(sq + p.sq_off.array);
	r->cq_head = (void *)(cq + p.cq_off.head);
	r->cq_tail = (void *)(cq + p.cq_off.tail);
	r->cq_mask = (void *)(cq + p.cq_off.ring_mask);
	r->cqes = (void *)(cq + p.cq_off.cqes);
}

/* Returns what pwrite(2) would, when the request has been completed. */
static inline int uring_write(struct uring *r, int fd, const void *buf, size_t len, off_t off)
{
	unsigned int tail = *r->sq_tail, head = *r->cq_head;
	unsigned int i = tail & *r->sq_mask;
	int res;

	r->sqes[i] = (struct io_uring_sqe) {
		.opcode = IORING_OP_WRITE, .fd = fd, .addr = (uintptr_t)buf, .len = len, .off = off,
	};
	r->sq_array[i] = i;
	__atomic_store_n(r->sq_tail, tail + 1, __ATOMIC_RELEASE);
	must("io_uring_enter",
	     syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	while (__atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE) == head)
		must("io_uring_enter",
		     syscall(SYS_io_uring_enter, r->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	res = r->cqes[head & *r->cq_mask].res;
	__atomic_store_n(r->cq_head, head + 1, __ATOMIC_RELEASE);
	return res;
}

#endif /* _LUO_TEST_URING_H */
