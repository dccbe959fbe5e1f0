/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update: what session.c and handover.c share.
 */
#ifndef _LUO_SESSION_H
#define _LUO_SESSION_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/types.h>

#include "internal.h"

/**
 * struct luo_session - a named set of files
 * @node:	place in its table, in order of creation or arrival
 * @by_name:	place in the hash of its table
 * @by_wire:	place in the hash of names that go over
 * @namesakes:	how many others wanted its name there
 * @ref:	its table, and whoever looks at it
 * @lock:	protects @files
 * @files:	the files
 * @id:		never used again for another session
 * @hops:	how many kernels got it and handed it on, before this one
 * @pid:	process that created or holds it
 * @comm:	name of that process
 * @incoming:	it arrived; otherwise it was created here
 * @held:	it arrived, and somebody has a file descriptor of it
 * @finished:	it arrived, and its user said that this was all
 * @box:	FDBox has it as a box; otherwise NULL
 * @box_name:	name of the box, also of one that FDBox does not have; or NULL
 * @box_records: room for names that travel
 * @name:	name here
 * @wire_name:	name in the next kernel
 */
struct luo_session {
	struct list_head node;
	struct hlist_node by_name;
	struct hlist_node by_wire;
	unsigned int namesakes;
	struct kref ref;
	struct mutex lock;	/* of files */
	struct luo_files files;
	u64 id;
	u32 hops;
	pid_t pid;
	char comm[TASK_COMM_LEN];
	bool incoming;
	bool held;
	bool finished;
	struct luo_box *box;
	const char *box_name;
	unsigned long box_records;
	char name[LIVEUPDATE_SESSION_NAME_LENGTH];
	char wire_name[LIVEUPDATE_SESSION_NAME_LENGTH];
};

#define LUO_SESSION_HASH_BITS	12

/**
 * struct luo_sessions - a table of sessions
 * @list:	in order
 * @by_name:	hash of them; boxes are found by other names
 * @nr:		how many
 */
struct luo_sessions {
	struct list_head list;
	struct hlist_head *by_name;
	unsigned long nr;
};

extern struct luo_sessions luo_outgoing, luo_incoming, luo_boxes;
extern struct mutex luo_sessions_lock;		/* all tables, held, room */
extern struct kho_block_set luo_session_blocks;	/* room for all of them */

unsigned int luo_session_hash(const char *name);
struct luo_session *luo_session_alloc(const char *name, bool incoming);
int luo_session_insert(struct luo_session *s);
struct luo_session *luo_session_pending(const char *name);
bool luo_session_waits(const char *box);
void luo_session_remove(struct luo_session *s);
void luo_session_let_go(struct luo_session *s);
int luo_session_hold_box(struct luo_session *s);
void luo_session_to_box(struct luo_session *s, struct luo_box *box);
unsigned long luo_sessions_nr(void);

/* What the next kernel is told: how many kernels got it and handed it on */
static inline u32 luo_session_hops(const struct luo_session *s)
{
	return s->incoming ? s->hops + (s->hops < U32_MAX) : 0;
}

/* xluo.c */
int luo_xluo_add_session(const struct luo_session *s);

/* For the administrator. */

/**
 * struct luo_session_counts - how many sessions are there?
 * @created:	of this kernel
 * @pending:	those that wait
 * @held:	those that arrived and are held open
 * @forwarded:	of the last two, those the previous kernel did not create
 * @boxes:	boxes
 */
struct luo_session_counts {
	u64 created;
	u64 pending;
	u64 held;
	u64 forwarded;
	u64 boxes;
};

struct luo_session *luo_session_get(u64 id);
struct luo_session *luo_session_next(u64 id);
void luo_session_put(struct luo_session *s);
void luo_sessions_count(struct luo_session_counts *counts);
int luo_session_discard(u64 id);

#ifdef CONFIG_LIVEUPDATE_BOX

/* box.c */
void luo_box_free(struct luo_session *s);
bool luo_box_travels(struct luo_session *s);
bool luo_box_sealed(struct luo_session *s);

/* box_handover.c */
int luo_box_reserve(struct luo_session *s);
int luo_box_write(struct luo_session *s);

#else

static inline void luo_box_free(struct luo_session *s) { }

static inline bool luo_box_travels(struct luo_session *s)
{
	return false;
}

static inline bool luo_box_sealed(struct luo_session *s)
{
	return false;
}

static inline int luo_box_reserve(struct luo_session *s)
{
	return 0;
}

static inline int luo_box_write(struct luo_session *s)
{
	return 0;
}

#endif /* CONFIG_LIVEUPDATE_BOX */

#endif /* _LUO_SESSION_H */
