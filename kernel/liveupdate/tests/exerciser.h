/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update exerciser: what its rooms share
 */
#ifndef _LUX_H
#define _LUX_H

#include <linux/liveupdate.h>
#include <linux/seq_file.h>
#include <linux/types.h>

/* The operations of handlers, then those of FLBs. */
enum lux_op {
	LUX_CAN_PRESERVE,
	LUX_PRESERVE,
	LUX_UNPRESERVE,
	LUX_FREEZE,
	LUX_UNFREEZE,
	LUX_RETRIEVE,
	LUX_CAN_FINISH,
	LUX_FINISH,
	LUX_GET_SIZE,
	LUX_FLB_PRESERVE,
	LUX_FLB_UNPRESERVE,
	LUX_FLB_FREEZE,
	LUX_FLB_UNFREEZE,
	LUX_FLB_RETRIEVE,
	LUX_FLB_FINISH,
	LUX_FLB_FORWARD,
	LUX_FLB_UNFORWARD,
	LUX_OPS
};

/**
 * struct lux_rule - what to do when an operation is called
 * @op:		which
 * @who:	for the file or FLB of this name; empty: for all
 * @err:	what to return, 0 or negative
 * @times:	how often, then the rule is gone
 * @ms:		how long it takes, or until somebody says go
 * @retryable:	a retrieve that fails may be tried again
 */
struct lux_rule {
	enum lux_op op;
	char who[16];
	int err;
	unsigned int times;
	unsigned int ms;
	bool retryable;
};

/* calls.c */
int lux_add_rule(const struct lux_rule *rule);
void lux_clear_rules(void);
void lux_clear_calls(void);
void lux_go(void);
int lux_find_op(const char *name);
int __printf(4, 5) lux_call(enum lux_op op, const char *who, bool *retryable,
			    const char *format, ...);
int lux_show_calls(struct seq_file *m);
int lux_show_counts(struct seq_file *m);
/* A number that grows with every freeze, and fits below the address of a page. */
unsigned int lux_freeze_number(void);

/* files.c */
int lux_files_init(void);
void lux_files_exit(void);
struct liveupdate_file_handler *lux_handler(const char *name);
long lux_files_alive(void);

/* flbs.c */
struct liveupdate_flb *lux_flb(const char *name);
void lux_flb_leaves(struct liveupdate_flb *flb, bool leaves);
int lux_flb_fill(struct liveupdate_file_handler *fh);
void lux_flb_unfill(struct liveupdate_file_handler *fh);

#endif /* _LUX_H */
