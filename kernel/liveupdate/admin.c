// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: /dev/liveupdate-admin
 *
 * Not the device of the agents: that has one user at a time, and must not be
 * busy at the moment when it matters.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/user_namespace.h>
#include <uapi/linux/liveupdate_admin.h>

#include "session.h"

/* Sizes of the entries without what came later */
#define MIN_SESSION	offsetof(struct liveupdate_admin_session, box)
#define MIN_FILE	offsetof(struct liveupdate_admin_file, name)

/*
 * Entries that are looked up in one go.  Each time the list is walked from its
 * beginning, so few would make long lists expensive.
 */
#define BATCH	4096U

/* Newer programs may know larger entries, older ones get what they know. */
static int put_entry(u64 array, u32 stride, u32 i, const void *entry, size_t size)
{
	void __user *to = u64_to_user_ptr(array) + (size_t)stride * i;

	if (copy_to_user(to, entry, min(size, stride)))
		return -EFAULT;
	if (stride > size && clear_user(to + size, stride - size))
		return -EFAULT;
	return 0;
}

static int run_get_status(struct file *file, void *arg, struct luo_reply *reply)
{
	struct liveupdate_admin_get_status *args = arg;
	struct luo_session_counts counts;

	if (args->reserved)
		return -EINVAL;
	luo_sessions_count(&counts);
	args->number = luo_number;
	args->created = counts.created;
	args->pending = counts.pending;
	args->held = counts.held;
	args->forwarded = counts.forwarded;
	args->boxes = counts.boxes;
	return luo_ioctl_reply(reply, args, sizeof(*args));
}

static u32 state_of(struct luo_session *s)
{
	if (s->box)
		return luo_box_sealed(s) ? LIVEUPDATE_SESSION_SEALED : LIVEUPDATE_SESSION_UNSEALED;
	if (!s->incoming)
		return LIVEUPDATE_SESSION_CREATED;
	if (s->finished)
		return LIVEUPDATE_SESSION_FINISHED;
	return s->held ? LIVEUPDATE_SESSION_HELD : LIVEUPDATE_SESSION_PENDING;
}

static void describe_session(struct luo_session *s, struct liveupdate_admin_session *entry)
{
	guard(mutex)(&s->lock);
	/* Who holds it may change meanwhile. */
	guard(mutex)(&luo_sessions_lock);
	*entry = (struct liveupdate_admin_session) {
		.id = s->id,
		.state = state_of(s),
		.pid = s->pid,
		.hops = s->hops,
		.files = s->files.nr,
	};
	if (s->box_name)
		strscpy_pad((char *)entry->box, s->box_name, sizeof(entry->box));
	strscpy_pad((char *)entry->comm, s->comm, sizeof(entry->comm));
	strscpy_pad((char *)entry->name, s->name, sizeof(entry->name));
}

/*
 * Lists are written to memory of the user, which may have to be waited for: only
 * what goes there is looked up inside the gate.
 */

static int next_session(u64 last, struct liveupdate_admin_session *entry)
{
	struct luo_session *s;
	int err = luo_gate_enter();

	if (err)
		return err;
	s = luo_session_next(last);
	if (s) {
		describe_session(s, entry);
		luo_session_put(s);
	}
	luo_gate_leave();
	return s ? 0 : -ENOENT;
}

static int run_list_sessions(struct file *file, void *arg, struct luo_reply *reply)
{
	struct liveupdate_admin_list_sessions *args = arg;
	struct liveupdate_admin_session entry;
	u32 room = args->count;
	int err = 0;

	if (args->reserved || args->stride < MIN_SESSION)
		return -EINVAL;
	for (args->count = 0; !err && args->count < room; args->count++) {
		err = next_session(args->cursor, &entry);
		if (err)
			break;
		err = put_entry(args->sessions, args->stride, args->count, &entry, sizeof(entry));
		args->cursor = entry.id;
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	if (err == -ENOENT)
		err = 0;
	return err ?: luo_ioctl_reply(reply, args, sizeof(*args));
}

/* Returns how many there were, or an error. */
static int next_files(u64 session, u64 first, struct liveupdate_admin_file *batch,
		      unsigned int room)
{
	struct luo_session *s;
	int got = luo_gate_enter();

	if (got)
		return got;
	got = -ENOENT;
	s = luo_session_get(session);
	if (s) {
		scoped_guard(mutex, &s->lock)
			got = luo_files_describe(&s->files, first, batch, room);
		luo_session_put(s);
	}
	luo_gate_leave();
	return got;
}

static int run_list_files(struct file *file, void *arg, struct luo_reply *reply)
{
	struct liveupdate_admin_list_files *args = arg;
	struct liveupdate_admin_file *batch;
	u32 room = args->count;
	int i, got, err = 0;

	if (args->reserved || args->stride < MIN_FILE)
		return -EINVAL;

	batch = kvcalloc(min(room, BATCH), sizeof(*batch), GFP_KERNEL_ACCOUNT);
	if (!batch)
		return -ENOMEM;
	args->count = 0;
	do {
		got = next_files(args->session, args->cursor, batch,
				 min(room - args->count, BATCH));
		if (got < 0)
			break;
		for (i = 0; i < got && !err; i++)
			err = put_entry(args->files, args->stride, args->count++, &batch[i],
					sizeof(*batch));
		args->cursor += got;
		if (fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	} while (got && !err && args->count < room);
	kvfree(batch);
	/* It may be gone when part of it was listed. */
	if (got < 0 && !(got == -ENOENT && args->count))
		return got;
	return err ?: luo_ioctl_reply(reply, args, sizeof(*args));
}

static int run_discard_session(struct file *file, void *arg, struct luo_reply *reply)
{
	struct liveupdate_admin_discard_session *args = arg;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (args->reserved)
		return -EINVAL;
	return luo_session_discard(args->session);
}

static const struct luo_ioctl admin_ioctls[] = {
	{ LIVEUPDATE_ADMIN_GET_STATUS, sizeof(struct liveupdate_admin_get_status),
	  40, run_get_status },
	{ LIVEUPDATE_ADMIN_LIST_SESSIONS, sizeof(struct liveupdate_admin_list_sessions),
	  32, run_list_sessions, true },
	{ LIVEUPDATE_ADMIN_LIST_FILES, sizeof(struct liveupdate_admin_list_files),
	  40, run_list_files, true },
	{ LIVEUPDATE_ADMIN_DISCARD_SESSION, sizeof(struct liveupdate_admin_discard_session),
	  16, run_discard_session },
};

/* A list is for those who may read, like that of a directory. */
static bool admin_allows(struct file *file, unsigned int cmd)
{
	return cmd == LIVEUPDATE_ADMIN_DISCARD_SESSION || file->f_mode & FMODE_READ;
}

static long admin_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return luo_ioctl(file, cmd, (void __user *)arg, admin_ioctls, ARRAY_SIZE(admin_ioctls),
			 LIVEUPDATE_CMD_ADMIN_BASE, admin_allows);
}

static const struct file_operations admin_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = admin_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice admin_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "liveupdate-admin",
	.fops = &admin_fops,
	.mode = 0600,
};

/**
 * luo_admin_init - let the administrator in
 *
 * Returns: 0 or an error.
 */
int __init luo_admin_init(void)
{
	return misc_register(&admin_device);
}
