// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: ioctls whose structures can grow
 */
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/uaccess.h>

#include "internal.h"

/* The largest structure of all of them. */
#define LUO_IOCTL_MAX	128

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
	err = luo_gate_enter();
	if (err)
		return err;
	err = op->run(file, arg, uarg);
	luo_gate_leave();
	return err;
}

/**
 * luo_ioctl_reply - hand a structure back to the user
 * @uarg:	where to
 * @arg:	the structure, with the user's size at its start
 * @size:	our size of it
 *
 * Returns: 0 or -EFAULT.
 */
int luo_ioctl_reply(void __user *uarg, const void *arg, size_t size)
{
	size_t usize = *(const u32 *)arg;

	return copy_to_user(uarg, arg, min(usize, size)) ? -EFAULT : 0;
}

/**
 * luo_ioctl_reply_fd - hand a structure with a new descriptor back to the user
 * @uarg:	where to
 * @arg:	the structure, with the user's size at its start
 * @size:	our size of it
 * @fdp:	member of @arg that tells the descriptor
 * @file:	the open file; the reference is used up if this succeeds
 *
 * Returns: 0; -EFAULT or -EMFILE, and no descriptor was made.
 */
int luo_ioctl_reply_fd(void __user *uarg, void *arg, size_t size, s32 *fdp, struct file *file)
{
	int fd = get_unused_fd_flags(O_CLOEXEC);
	int err;

	if (fd < 0)
		return fd;
	*fdp = fd;
	err = luo_ioctl_reply(uarg, arg, size);
	if (err) {
		put_unused_fd(fd);
		return err;
	}
	fd_install(fd, file);
	return 0;
}
