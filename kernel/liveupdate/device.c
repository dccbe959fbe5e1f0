// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: /dev/liveupdate
 */
#include <linux/atomic.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "internal.h"
#include "wire.h"

/* One agent at a time. */
static atomic_t device_open = ATOMIC_INIT(0);

static int luo_open(struct inode *inode, struct file *file)
{
	if (!liveupdate_enabled())
		return -EOPNOTSUPP;
	return atomic_cmpxchg(&device_open, 0, 1) ? -EBUSY : 0;
}

static int luo_release(struct inode *inode, struct file *file)
{
	atomic_set(&device_open, 0);
	return 0;
}

/* The structures of both commands are the same. */
static int hand_out(struct file *session, struct liveupdate_ioctl_create_session *args,
		    struct luo_reply *reply)
{
	int err;

	if (IS_ERR(session))
		return PTR_ERR(session);
	err = luo_ioctl_reply_fd(reply, args, sizeof(*args), &args->fd, session);
	if (err)
		luo_session_abandon(session);
	return err;
}

static int run_create(struct file *file, void *arg, struct luo_reply *reply)
{
	struct liveupdate_ioctl_create_session *args = arg;

	if (!luo_wire_name_ok((char *)args->name, sizeof(args->name)))
		return -EINVAL;
	return hand_out(luo_session_create((char *)args->name), args, reply);
}

static int run_retrieve(struct file *file, void *arg, struct luo_reply *reply)
{
	struct liveupdate_ioctl_create_session *args = arg;

	if (strnlen((char *)args->name, sizeof(args->name)) == sizeof(args->name))
		return -ENOENT;
	return hand_out(luo_session_retrieve((char *)args->name), args, reply);
}

static const struct luo_ioctl luo_ioctls[] = {
	{ LIVEUPDATE_IOCTL_CREATE_SESSION, sizeof(struct liveupdate_ioctl_create_session),
	  72, run_create },
	{ LIVEUPDATE_IOCTL_RETRIEVE_SESSION, sizeof(struct liveupdate_ioctl_retrieve_session),
	  72, run_retrieve },
};

static long luo_dev_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	BUILD_BUG_ON(sizeof(struct liveupdate_ioctl_retrieve_session) !=
		     sizeof(struct liveupdate_ioctl_create_session));
	return luo_ioctl(file, cmd, (void __user *)arg, luo_ioctls, ARRAY_SIZE(luo_ioctls),
			 LIVEUPDATE_CMD_BASE, NULL);
}

static const struct file_operations luo_fops = {
	.owner = THIS_MODULE,
	.open = luo_open,
	.release = luo_release,
	.unlocked_ioctl = luo_dev_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice luo_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "liveupdate",
	.fops = &luo_fops,
};

/**
 * luo_device_init - let userspace in
 *
 * Returns: 0 or an error.
 */
int __init luo_device_init(void)
{
	return misc_register(&luo_device);
}
