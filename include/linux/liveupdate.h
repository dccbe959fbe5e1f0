/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live Update Orchestrator: the API for those who preserve files
 *
 * Documentation/core-api/liveupdate.rst explains how to write a handler; the
 * kernel-doc of every function is at its definition in kernel/liveupdate/.
 */
#ifndef _LINUX_LIVEUPDATE_H
#define _LINUX_LIVEUPDATE_H

#include <linux/atomic.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kho/abi/luo.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/types.h>

struct file;
struct liveupdate_file_handler;
struct liveupdate_flb;
struct module;

/**
 * struct liveupdate_file_op_args - arguments of the operations on a file
 * @handler:		the handler of the file
 * @retrieve_status:	for finish: 1 if the file was retrieved, 0 if nobody
 *			tried, the negative errno of the failed try otherwise
 * @file:		the file; set by retrieve, which gives a reference; NULL
 *			for finish if there is none
 * @serialized_data:	what travels; set by preserve, may be replaced by freeze
 * @private_data:	the handler's, from preserve to unpreserve
 * @retryable:		set by a retrieve that fails and used nothing up: the next
 *			try may succeed.  Otherwise its error is final.
 */
struct liveupdate_file_op_args {
	struct liveupdate_file_handler *handler;
	int retrieve_status;
	struct file *file;
	u64 serialized_data;
	void *private_data;
	bool retryable;
};

/**
 * struct liveupdate_file_ops - how a kind of file is preserved
 * @can_preserve:	is this a file of the handler?
 * @preserve:		make the file's state and memory travel
 * @unpreserve:		undo @preserve; the file is as before
 * @freeze:		optional: last step before the kexec, nothing may change
 *			afterwards
 * @unfreeze:		optional: undo @freeze, the reboot was aborted
 * @retrieve:		make a file of what arrived
 * @can_finish:		optional: may the session be finished now?
 * @finish:		the session is over: free what arrived, unless it became
 *			part of the file
 * @get_id:		optional: what makes two files the same one; by default
 *			the address of the struct file
 * @owner:		module of the handler
 * @get_size:		optional: bytes of memory that travel with the file, for
 *			those who look; called for files that are preserved and
 *			for files that arrived
 *
 * All but @can_preserve may sleep, and may not register or unregister anything.
 */
struct liveupdate_file_ops {
	bool (*can_preserve)(struct liveupdate_file_handler *handler, struct file *file);
	int (*preserve)(struct liveupdate_file_op_args *args);
	void (*unpreserve)(struct liveupdate_file_op_args *args);
	int (*freeze)(struct liveupdate_file_op_args *args);
	void (*unfreeze)(struct liveupdate_file_op_args *args);
	int (*retrieve)(struct liveupdate_file_op_args *args);
	bool (*can_finish)(struct liveupdate_file_op_args *args);
	void (*finish)(struct liveupdate_file_op_args *args);
	unsigned long (*get_id)(struct file *file);
	struct module *owner;
	u64 (*get_size)(struct liveupdate_file_op_args *args);
};

/**
 * struct liveupdate_file_handler - a kind of file that can be preserved
 * @ops:	how
 * @compatible:	name of the format; the next kernel needs a handler of that name
 */
struct liveupdate_file_handler {
	const struct liveupdate_file_ops *ops;
	const char compatible[LIVEUPDATE_HNDL_COMPAT_LENGTH];

	/* private: */
	struct list_head __private list;
	struct list_head __private flb_list;
	atomic_long_t __private preserved;
};

/**
 * struct liveupdate_flb_op_args - arguments of the operations on an FLB
 * @flb:	the FLB
 * @data:	what travels; set by preserve
 * @obj:	the live object; set by preserve and by retrieve
 */
struct liveupdate_flb_op_args {
	struct liveupdate_flb *flb;
	u64 data;
	void *obj;
};

/**
 * struct liveupdate_flb_ops - how state that files share is preserved
 * @preserve:	the first file that depends on it is being preserved
 * @unpreserve:	the last one no longer is
 * @retrieve:	make the object of what arrived; if it fails, nothing of that is left
 * @finish:	the last file is finished: free what arrived
 * @owner:	module of the FLB
 * @freeze:	optional: all files are frozen; may replace the data
 * @unfreeze:	optional: undo @freeze, the reboot was aborted
 * @forward:	optional: the object was retrieved here, and files that depend on it
 *		were not and are handed on: make it travel for them, set @data
 * @unforward:	optional: undo @forward, the reboot was aborted
 */
struct liveupdate_flb_ops {
	int (*preserve)(struct liveupdate_flb_op_args *argp);
	void (*unpreserve)(struct liveupdate_flb_op_args *argp);
	int (*retrieve)(struct liveupdate_flb_op_args *argp);
	void (*finish)(struct liveupdate_flb_op_args *argp);
	struct module *owner;
	int (*freeze)(struct liveupdate_flb_op_args *argp);
	void (*unfreeze)(struct liveupdate_flb_op_args *argp);
	int (*forward)(struct liveupdate_flb_op_args *argp);
	void (*unforward)(struct liveupdate_flb_op_args *argp);
};

/* private: one direction of an FLB */
struct liveupdate_flb_state {
	refcount_t count;
	u64 data;
	void *obj;
	struct mutex lock;	/* of all the rest; held in operations */
	bool finished;
	int retrieve_status;
};

/* private: what arrived is kept by name, not here */
struct liveupdate_flb_private {
	struct liveupdate_flb_state outgoing;
	struct list_head list;
	int users;
	unsigned int files;	/* that are preserved, part of outgoing.count */
	unsigned int abandoned;	/* of these, by unlinking it while it was frozen */
	bool initialized;
};

/**
 * struct liveupdate_flb - File-Lifecycle-Bound state: what files of a kind share
 * @ops:	how it is preserved
 * @compatible:	name of the format
 *
 * Preserved with the first file that depends on it, and finished with the last.
 * Static and zero apart from the first two members.
 */
struct liveupdate_flb {
	const struct liveupdate_flb_ops *ops;
	const char compatible[LIVEUPDATE_FLB_COMPAT_LENGTH];

	/* private: */
	struct liveupdate_flb_private __private state;
};

#ifdef CONFIG_LIVEUPDATE

bool liveupdate_enabled(void);
bool liveupdate_has_state(void);
int liveupdate_reboot(void);
void liveupdate_image_changed(void);

int liveupdate_register_file_handler(struct liveupdate_file_handler *fh);
void liveupdate_unregister_file_handler(struct liveupdate_file_handler *fh);

int liveupdate_register_flb(struct liveupdate_file_handler *fh, struct liveupdate_flb *flb);
void liveupdate_unregister_flb(struct liveupdate_file_handler *fh, struct liveupdate_flb *flb);
int liveupdate_flb_get_incoming(struct liveupdate_flb *flb, void **objp);
void liveupdate_flb_put_incoming(struct liveupdate_flb *flb);
int liveupdate_flb_get_outgoing(struct liveupdate_flb *flb, void **objp);
void liveupdate_flb_put_outgoing(struct liveupdate_flb *flb);

#else

static inline bool liveupdate_enabled(void)
{
	return false;
}

static inline bool liveupdate_has_state(void)
{
	return true;
}

static inline int liveupdate_reboot(void)
{
	return 0;
}

static inline void liveupdate_image_changed(void) { }

static inline int liveupdate_register_file_handler(struct liveupdate_file_handler *fh)
{
	return -EOPNOTSUPP;
}

static inline void liveupdate_unregister_file_handler(struct liveupdate_file_handler *fh) { }

static inline int liveupdate_register_flb(struct liveupdate_file_handler *fh,
					  struct liveupdate_flb *flb)
{
	return -EOPNOTSUPP;
}

static inline void liveupdate_unregister_flb(struct liveupdate_file_handler *fh,
					     struct liveupdate_flb *flb) { }

static inline int liveupdate_flb_get_incoming(struct liveupdate_flb *flb, void **objp)
{
	return -EOPNOTSUPP;
}

static inline void liveupdate_flb_put_incoming(struct liveupdate_flb *flb) { }

static inline int liveupdate_flb_get_outgoing(struct liveupdate_flb *flb, void **objp)
{
	return -EOPNOTSUPP;
}

static inline void liveupdate_flb_put_outgoing(struct liveupdate_flb *flb) { }

#endif /* CONFIG_LIVEUPDATE */

#endif /* _LINUX_LIVEUPDATE_H */
