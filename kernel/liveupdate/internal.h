/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the rooms of kernel/liveupdate share.
 */
#ifndef _LUO_INTERNAL_H
#define _LUO_INTERNAL_H

#include <linux/kho_block.h>
#include <linux/list.h>
#include <linux/liveupdate.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/xarray.h>

#include "names.h"

struct file;
struct liveupdate_admin_file;
struct luo_ext;
struct luo_ext_arrived;

/* core.c */
extern struct luo_ser *luo_out;
extern u64 luo_number;	/* live updates since the last cold boot */

int luo_ext_receive(const struct luo_ext *ext, struct luo_ext_arrived *arrived);

/* state.c: how far a reboot got */
enum luo_phase {
	LUO_QUIET,		/* there is none */
	LUO_FREEZING,
	LUO_ABORTED,		/* the last one was called off */
};

void luo_state_set(enum luo_phase to);
int luo_state_init(void);

/*
 * gate.c: everything that userspace starts goes through the gate; a reboot
 * closes it, and it stays closed until the jump unless the reboot is aborted.
 */
bool luo_gate_try_enter(void);
bool luo_gate_is_closing(void);
int luo_gate_enter(void);
bool luo_gate_enter_late(void);
void luo_gate_leave(void);
int luo_gate_close(void);
void luo_gate_freeze(void);
void luo_gate_open(void);

/**
 * struct luo_file - a file in a set
 * @node:		place in the order of preservation
 * @compatible:		who understands @data
 * @token:		the user's name for it
 * @data:		what travels
 * @fh:			its handler, whose module we hold; NULL: not looked up yet
 * @file:		the open file, with a reference; NULL: not retrieved
 * @private_data:	the handler's
 * @id:			what makes it the same as another file
 * @retrieve_status:	see &struct liveupdate_file_op_args
 * @identified:		@id is in the table of those
 * @stashed:		in a box, and not preserved
 * @finished:		its handler knows already that it is given up
 * @name:		in a box; without text elsewhere
 */
struct luo_file {
	struct list_head node;
	char compatible[LIVEUPDATE_HNDL_COMPAT_LENGTH];
	u64 token;
	u64 data;
	struct liveupdate_file_handler *fh;
	struct file *file;
	void *private_data;
	unsigned long id;
	int retrieve_status;
	bool identified;
	bool stashed;
	bool finished;
	struct luo_name name;
};

/**
 * struct luo_files - a set of files that travel together
 * @list:	in order of preservation
 * @by_token:	token to &struct luo_file
 * @nr:		number of files
 * @nr_ext:	of these, files of formats that other kernels do not know
 * @over:	of @nr, files that go over
 * @over_ext:	of @nr_ext, files that go over
 * @arrived:	it came from the previous kernel
 * @blocks:	room for all other files that may have to be handed over
 * @records:	room in the extension
 */
struct luo_files {
	struct list_head list;
	struct xarray by_token;
	unsigned long nr;
	unsigned long nr_ext;
	unsigned long over;
	unsigned long over_ext;
	bool arrived;
	struct kho_block_set blocks;
	unsigned long records;
};

/* Files of a kind that are named, the rest is counted: meanwhile everybody waits. */
#define LUO_REPORT_MAX	10

/**
 * struct luo_summary - what becomes of everything at a reboot
 * @sessions:	sessions and boxes that go over
 * @files:	files that go over
 * @bytes:	their memory, as far as handlers tell
 * @lost:	files that were retrieved, and end here
 * @failed:	files that could not be retrieved, and end here
 */
struct luo_summary {
	unsigned long sessions;
	unsigned long files;
	u64 bytes;
	unsigned long lost;
	unsigned long failed;
};

/* file.c: callers lock the set */
void luo_files_init(struct luo_files *set);
void luo_files_destroy(struct luo_files *set);
void luo_files_trim(struct luo_files *set);
int luo_files_preserve(struct luo_files *set, u64 token, int fd);
void luo_files_unpreserve(struct luo_files *set);
int luo_files_freeze(struct luo_files *set);
void luo_files_unfreeze(struct luo_files *set);
u64 luo_files_serialize(struct luo_files *set, struct luo_summary *sum, unsigned long *count);
bool luo_file_travels(const struct luo_file *f);
void luo_files_report_lost(struct luo_files *set, const char *session, struct luo_summary *sum);
int luo_files_reserve(struct luo_files *set);

/* file_incoming.c: callers lock the set */
int luo_files_receive(struct luo_files *set, const struct luo_session_ser *ser);
int luo_files_add(struct luo_files *set, u64 token, u64 data, const char *compatible,
		  struct list_head *before);
struct file *luo_files_retrieve(struct luo_files *set, u64 token);
void luo_files_free_failed(struct luo_files *set, const char *session, struct luo_summary *sum);
int luo_files_finish(struct luo_files *set);
int luo_files_finish_retrieved(struct luo_files *set);

/* xluo.c */
extern struct luo_ext luo_xluo;

int luo_xluo_reserve(struct luo_files *set, unsigned long nr_ext);
void luo_xluo_release(struct luo_files *set, unsigned long nr_ext);
void luo_xluo_destroy(struct luo_files *set);
void luo_xluo_begin(void);
int luo_xluo_publish(void);
void luo_xluo_unpublish(void);
void luo_xluo_trim(void);
void luo_xluo_receive(u64 number);

/* describe.c: callers lock the set */
unsigned int luo_files_describe(struct luo_files *set, u64 first,
				struct liveupdate_admin_file *to, unsigned int room);

/* handler.c */
struct liveupdate_file_handler *luo_handler_for_file(struct file *file);
struct liveupdate_file_handler *luo_handler_find(const char *compatible);
struct liveupdate_file_handler *luo_handler_by_name(const char *compatible);
void luo_handler_put(struct liveupdate_file_handler *fh);
struct list_head *luo_handler_flbs(struct liveupdate_file_handler *fh);
bool luo_handler_registered(struct liveupdate_file_handler *fh);
void luo_registry_lock(bool write);
void luo_registry_unlock(bool write);

/* flb.c */
int luo_flb_file_preserve(struct liveupdate_file_handler *fh);
void luo_flb_file_unpreserve(struct liveupdate_file_handler *fh);
void luo_flb_unlink_all(struct liveupdate_file_handler *fh);

/* flb_incoming.c */
int luo_flb_receive(u64 pa);
int luo_flb_file_arrived(const char *compatible);
void luo_flb_file_lost(void);
void luo_flb_file_take(struct liveupdate_file_handler *fh);
void luo_flb_file_finish(struct liveupdate_file_handler *fh);

/* flb_reboot.c */
int luo_flb_init_outgoing(void);
int luo_flb_freeze(void);
void luo_flb_unfreeze(void);

/* session.c */
void luo_incoming_each(const char *compatible, void (*fn)(u64 data, void *arg), void *arg);
int luo_sessions_init(void);
struct file *luo_session_create(const char *name);
struct file *luo_session_retrieve(const char *name);
void luo_session_abandon(struct file *file);

/* handover.c */
int luo_sessions_receive(u64 head_pa);
int luo_sessions_reserve(void);
int luo_sessions_freeze(void);
void luo_sessions_unfreeze(void);
int luo_sessions_serialize(struct luo_summary *sum, u64 *head_pa);
void luo_sessions_trim(void);
bool luo_sessions_exist(void);

/* box.c */
#ifdef CONFIG_LIVEUPDATE_BOX
bool luo_boxes_travel(void);
void luo_boxes_report_dropped(void);

/* box_handover.c */
void luo_boxes_begin(void);
int luo_boxes_publish(void);
void luo_boxes_unpublish(void);
void luo_boxes_trim(void);
void luo_boxes_receive(u64 number);
#else
static inline bool luo_boxes_travel(void)
{
	return false;
}

static inline void luo_boxes_report_dropped(void) { }
static inline void luo_boxes_begin(void) { }

static inline int luo_boxes_publish(void)
{
	return 0;
}

static inline void luo_boxes_unpublish(void) { }
static inline void luo_boxes_trim(void) { }
static inline void luo_boxes_receive(u64 number) { }
#endif

/* device.c */
int luo_device_init(void);

/* admin.c */
int luo_admin_init(void);

/* lib/tests/liveupdate.c */
#ifdef CONFIG_LIVEUPDATE_TEST
void liveupdate_test_register(struct liveupdate_file_handler *fh);
#else
static inline void liveupdate_test_register(struct liveupdate_file_handler *fh) { }
#endif

/* ioctl.c */

/* Where the structure of an ioctl goes back to */
struct luo_reply {
	void __user *to;
	bool may_wait;		/* nobody waits for us: we are outside the gate */
	bool faulted;		/* it cannot be written without waiting */
};

/**
 * struct luo_ioctl - an ioctl
 * @cmd:	the command
 * @size:	our size of its structure, which starts with its size
 * @min_size:	what it had when it was introduced
 * @run:	does it; once more if @reply cannot be written without waiting, so
 *		everything is as before then
 * @outside:	it enters the gate itself
 */
struct luo_ioctl {
	unsigned int cmd;
	unsigned int size;
	unsigned int min_size;
	int (*run)(struct file *file, void *arg, struct luo_reply *reply);
	bool outside;
};

long luo_ioctl(struct file *file, unsigned int cmd, void __user *uarg,
	       const struct luo_ioctl *table, unsigned int nr, unsigned int base,
	       bool (*allowed)(struct file *file, unsigned int cmd));
int luo_ioctl_reply(struct luo_reply *reply, const void *arg, size_t size);
int luo_ioctl_promise_fd(struct luo_reply *reply, void *arg, size_t size, s32 *fdp);
void luo_ioctl_break_promise(struct luo_reply *reply, const void *arg, size_t size, int fd);
int luo_ioctl_reply_fd(struct luo_reply *reply, void *arg, size_t size, s32 *fdp,
		       struct file *file);

#endif /* _LUO_INTERNAL_H */
