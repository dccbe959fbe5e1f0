// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: ioctls whose structures can grow
 */
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/pagemap.h>
#include <linux/uaccess.h>

#include "internal.h"

/* The largest structure of all of them. */
#define LUO_IOCTL_MAX	128

/* How often memory may be there, and gone again when it is written to */
#define MAX_TRIES	100

static int run(const struct luo_ioctl *op, struct file *file, void *arg,
	       struct luo_reply *reply)
{
	int err = op->outside ? 0 : luo_gate_enter();

	if (err)
		return err;
	err = op->run(file, arg, reply);
	if (!op->outside)
		luo_gate_leave();
	return err;
}

/*
 * A reboot waits for whoever is inside the gate.  So nobody waits there for the
 * memory of a user, which may be up to another task that waits for the gate: if
 * it is not there all is undone, and tried again when it is.
 */
static int run_until_written(const struct luo_ioctl *op, struct file *file, void *arg,
			     size_t size, void __user *uarg)
{
	struct luo_reply reply = { .to = uarg, .may_wait = op->outside };
	unsigned int tries = 0;
	int err;

	do {
		reply.faulted = false;
		err = run(op, file, arg, &reply);
	} while (err && reply.faulted && ++tries < MAX_TRIES &&
		 !fault_in_safe_writeable(uarg, size));
	return err;
}

/**
 * luo_ioctl - check and run an ioctl
 * @file:	what it was called on
 * @cmd:	the command
 * @uarg:	its structure
 * @table:	the commands there are, without gaps
 * @nr:		how many
 * @base:	number of the first
 * @allowed:	is the command good for this file?  NULL: all are
 *
 * The order of the checks is part of the interface.
 *
 * Context: may sleep.
 * Returns: what the command returned; -EINVAL for a number that is not in the
 * table, -ENOTTY if just the number is right, -EFAULT, -EINVAL for a structure
 * that is too small, -E2BIG for one with an unknown part that is not zero.
 */
long luo_ioctl(struct file *file, unsigned int cmd, void __user *uarg,
	       const struct luo_ioctl *table, unsigned int nr, unsigned int base,
	       bool (*allowed)(struct file *file, unsigned int cmd))
{
	u8 arg[LUO_IOCTL_MAX] __aligned(8) = {};
	const struct luo_ioctl *op;
	u32 size;
	int err;

	if (_IOC_NR(cmd) < base || _IOC_NR(cmd) - base >= nr)
		return -EINVAL;
	op = &table[_IOC_NR(cmd) - base];
	if (get_user(size, (u32 __user *)uarg))
		return -EFAULT;
	if (op->cmd != cmd)
		return -ENOTTY;
	if (allowed && !allowed(file, cmd))
		return -EINVAL;
	if (size < op->min_size || WARN_ON_ONCE(op->size > sizeof(arg)))
		return -EINVAL;
	err = copy_struct_from_user(arg, op->size, uarg, size);
	if (err)
		return err;
	/* Whatever the user makes of it meanwhile, this is the size we checked. */
	*(u32 *)arg = size;
	return run_until_written(op, file, arg, min(size, op->size), uarg);
}

/**
 * luo_ioctl_reply - hand a structure back to the user
 * @reply:	where to
 * @arg:	the structure, with the user's size at its start
 * @size:	our size of it
 *
 * Context: does not wait inside the gate.
 * Returns: 0 or -EFAULT.
 */
int luo_ioctl_reply(struct luo_reply *reply, const void *arg, size_t size)
{
	size_t usize = *(const u32 *)arg;

	size = min(usize, size);
	if (reply->may_wait)
		return copy_to_user(reply->to, arg, size) ? -EFAULT : 0;
	reply->faulted = copy_to_user_nofault(reply->to, arg, size);
	return reply->faulted ? -EFAULT : 0;
}

/**
 * luo_ioctl_promise_fd - hand a structure with a descriptor to come back to the user
 * @reply:	where to
 * @arg:	the structure, with the user's size at its start
 * @size:	our size of it
 * @fdp:	member of @arg that tells the descriptor
 *
 * For files that are not to be made before it is certain that the user gets them.
 *
 * Returns: the descriptor, to be followed by fd_install() or luo_ioctl_break_promise();
 * -EFAULT or -EMFILE.
 */
int luo_ioctl_promise_fd(struct luo_reply *reply, void *arg, size_t size, s32 *fdp)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	s32 was = *fdp;
	int err;

	if (fd < 0)
		return fd;
	*fdp = fd;
	err = luo_ioctl_reply(reply, arg, size);
	*fdp = was;
	if (err) {
		put_unused_fd(fd);
		return err;
	}
	return fd;
}

/**
 * luo_ioctl_break_promise - there is no file after all
 * @reply:	where the descriptor was told
 * @arg:	the structure, as it came
 * @size:	our size of it
 * @fd:		the descriptor
 */
void luo_ioctl_break_promise(struct luo_reply *reply, const void *arg, size_t size, int fd)
{
	put_unused_fd(fd);
	/* Another try of it all is not worth it. */
	luo_ioctl_reply(reply, arg, size);
	reply->faulted = false;
}

/**
 * luo_ioctl_reply_fd - hand a structure with a new descriptor back to the user
 * @reply:	where to
 * @arg:	the structure, with the user's size at its start
 * @size:	our size of it
 * @fdp:	member of @arg that tells the descriptor
 * @file:	the open file; the reference is used up if this succeeds
 *
 * Returns: 0; -EFAULT or -EMFILE, and no descriptor was made.
 */
int luo_ioctl_reply_fd(struct luo_reply *reply, void *arg, size_t size, s32 *fdp,
		       struct file *file)
{
	int fd = luo_ioctl_promise_fd(reply, arg, size, fdp);

	if (fd < 0)
		return fd;
	fd_install(fd, file);
	return 0;
}
