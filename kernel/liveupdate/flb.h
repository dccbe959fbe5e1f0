/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update: what flb.c, flb_incoming.c and flb_reboot.c share
 */
#ifndef _LUO_FLB_H
#define _LUO_FLB_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/liveupdate.h>

/* What arrived under a name */
struct flb_arrived {
	struct luo_flb_ser ser;
	struct liveupdate_flb_state st;	/* of who retrieved it */
	atomic_long_t files;		/* that depend on it, at most, and are not finished */
	atomic_long_t waiting;		/* of these, files that nobody retrieved */
	unsigned int users;		/* of the object */
	struct liveupdate_flb *flb;	/* who retrieved it */
	bool frozen;			/* a reboot has decided what goes over */
	bool forwarded;			/* by @flb: its object goes over */
};

/* What arrived; a table that does not change. */
extern struct flb_arrived *luo_flb_arrived;
extern unsigned int luo_flb_arrived_nr;

/* The FLBs that are linked, in order of registration, under the registry's lock. */
extern struct list_head luo_flbs;

struct liveupdate_flb *luo_flb_find(const char *compatible);
void luo_flb_drop_abandoned(void);

/* In the list of a file handler. */
struct flb_link {
	struct list_head node;
	struct liveupdate_flb *flb;
};

static inline struct liveupdate_flb_private *luo_flb_priv(struct liveupdate_flb *flb)
{
	return &ACCESS_PRIVATE(flb, state);
}

static inline struct liveupdate_flb *luo_flb_of(struct list_head *node)
{
	return container_of(node, struct liveupdate_flb, state.list);
}

static inline struct liveupdate_flb_op_args
luo_flb_op_args(struct liveupdate_flb *flb, const struct liveupdate_flb_state *st)
{
	return (struct liveupdate_flb_op_args) {
		.flb = flb,
		.data = st->data,
		.obj = st->obj,
	};
}

/* flb_incoming.c */
void luo_flb_linked(struct liveupdate_file_handler *fh, struct liveupdate_flb *flb);
unsigned long luo_flb_waiting(const struct flb_arrived *a);

/* flb_reboot.c */
bool luo_flbs_frozen(void);

#endif /* _LUO_FLB_H */
