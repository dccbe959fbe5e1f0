// SPDX-License-Identifier: GPL-2.0-only
/*
 * FDBox: boxes with a name, in which the kernel keeps file descriptors
 */

/**
 * DOC: FDBox
 *
 * This is the front of the boxes: devices and ioctls.  What a box is, and how it
 * goes over a kexec, is the business of kernel/liveupdate/box.c.
 *
 * Every box is a character device.  Its node goes when the box is deleted;
 * whoever has it open then gets ENODEV.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/capability.h>
#include <linux/cdev.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/liveupdate_box.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <uapi/linux/fdbox.h>

#define CONTROL_NAME	"fdbox"
#define MAX_BOXES	(MINORMASK + 1)

/**
 * struct fdbox - the device of a box
 * @dev:	keeps this structure
 * @cdev:	character device
 * @box:	the box; NULL: it was never made
 */
struct fdbox {
	struct device dev;
	struct cdev cdev;
	struct luo_session *box;
};

static dev_t fdbox_devt;
static DEFINE_IDA(fdbox_minors);

/* Boxes come and go one by one.  Taken before all locks of live update. */
static DEFINE_MUTEX(fdbox_mutex);

/*
 * On the device of a box
 */

/* The names are checked by whoever uses them. */

static int run_put(struct luo_session *box, void __user *uarg)
{
	struct fdbox_put_fd args;

	if (copy_from_user(&args, uarg, sizeof(args)))
		return -EFAULT;
	if (args.flags || args.pad)
		return -EINVAL;
	return liveupdate_box_put_fd(box, args.name, args.fd);
}

static int run_get(struct luo_session *box, void __user *uarg)
{
	struct fdbox_get_fd args;

	/* 32-bit programs have nothing behind the name. */
	if (copy_from_user(&args, uarg, offsetofend(struct fdbox_get_fd, name)))
		return -EFAULT;
	if (args.flags || args.pad)
		return -EINVAL;
	return liveupdate_box_get_fd(box, args.name);
}

static long box_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct fdbox *b = file->private_data;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	switch (cmd) {
	case FDBOX_PUT_FD:
		return run_put(b->box, (void __user *)arg);
	case FDBOX_GET_FD:
		return run_get(b->box, (void __user *)arg);
	case FDBOX_SEAL:
		return liveupdate_box_seal(b->box);
	case FDBOX_UNSEAL:
		return liveupdate_box_unseal(b->box);
	default:
		return -ENOTTY;
	}
}

static int box_open(struct inode *inode, struct file *file)
{
	struct fdbox *b = container_of(inode->i_cdev, struct fdbox, cdev);

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	get_device(&b->dev);
	file->private_data = b;
	return 0;
}

static int box_release(struct inode *inode, struct file *file)
{
	struct fdbox *b = file->private_data;

	put_device(&b->dev);
	return 0;
}

static const struct file_operations box_fops = {
	.owner = THIS_MODULE,
	.open = box_open,
	.release = box_release,
	.unlocked_ioctl = box_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

/*
 * The devices of boxes
 */

static char *fdbox_devnode(const struct device *dev, umode_t *mode)
{
	const struct fdbox *b = container_of(dev, struct fdbox, dev);

	if (mode)
		*mode = 0600;
	/* Without a name the node would get another one, and nobody would be told. */
	return kasprintf(GFP_KERNEL | __GFP_NOFAIL, CONTROL_NAME "/%s",
			 liveupdate_box_name(b->box));
}

static const struct class fdbox_class = {
	.name = "fdbox",
	.devnode = fdbox_devnode,
};

static void fdbox_device_release(struct device *dev)
{
	struct fdbox *b = container_of(dev, struct fdbox, dev);

	ida_free(&fdbox_minors, MINOR(dev->devt));
	if (b->box)
		liveupdate_box_put(b->box);
	kfree(b);
}

/* A device that is to be added, or to be put. */
static struct fdbox *alloc_device(void)
{
	struct fdbox *b = kzalloc(sizeof(*b), GFP_KERNEL_ACCOUNT);
	int minor;

	if (!b)
		return ERR_PTR(-ENOMEM);
	minor = ida_alloc_max(&fdbox_minors, MAX_BOXES - 1, GFP_KERNEL);
	if (minor < 0) {
		kfree(b);
		return ERR_PTR(minor);
	}
	device_initialize(&b->dev);
	b->dev.class = &fdbox_class;
	b->dev.release = fdbox_device_release;
	b->dev.devt = MKDEV(MAJOR(fdbox_devt), minor);
	cdev_init(&b->cdev, &box_fops);
	b->cdev.owner = THIS_MODULE;
	return b;
}

/*
 * Shows the box to userspace, and keeps the module as long as it is there.  Its
 * name is the user's, and stays out of sysfs.
 */
static int add_device(struct fdbox *b)
{
	int err = dev_set_name(&b->dev, "fdbox%u", MINOR(b->dev.devt)) ?:
		  cdev_device_add(&b->cdev, &b->dev);

	if (err)
		return err;
	liveupdate_box_own(b->box, b);
	__module_get(THIS_MODULE);
	return 0;
}

/*
 * Boxes that arrived
 */

static bool some_wait = true;	/* for a device; written under the mutex */

static int take_over(struct luo_session *box)
{
	struct fdbox *b = alloc_device();
	int err = PTR_ERR_OR_ZERO(b);

	if (err) {
		pr_err("box '%s' has no device: %d\n", liveupdate_box_name(box), err);
		liveupdate_box_put(box);
		return err;
	}
	b->box = box;
	err = add_device(b);
	if (err) {
		pr_err("box '%s' has no device: %d\n", liveupdate_box_name(box), err);
		put_device(&b->dev);
	}
	return err;
}

/*
 * Those for which there is no memory or no device, those that somebody has as a
 * session, and all while a reboot is under way, wait for the next one who opens
 * the control device.  Meanwhile a kexec hands them on, as they are.  Without
 * memory he is refused; otherwise he may be the one to make room.
 */
static int take_over_all(void)
{
	struct luo_session *box;
	bool wait = false;
	int err, failed = 0;
	u64 id = 0;

	if (!READ_ONCE(some_wait))
		return 0;
	/* Who opens a device keeps others from registering one, who may be waited for. */
	if (!mutex_trylock(&fdbox_mutex))
		return 0;
	while ((box = liveupdate_box_arrived(&id))) {
		err = IS_ERR(box) ? PTR_ERR(box) : take_over(box);
		wait |= err;
		if (err == -EAGAIN)
			break;
		if (err == -ENOMEM)
			failed = err;
	}
	WRITE_ONCE(some_wait, wait);
	mutex_unlock(&fdbox_mutex);
	return failed;
}

/*
 * The control device
 */

static int create(const u8 *name)
{
	struct fdbox *b = alloc_device();
	struct luo_session *box;
	int err;

	if (IS_ERR(b))
		return PTR_ERR(b);
	box = liveupdate_box_create(name);
	if (IS_ERR(box)) {
		err = PTR_ERR(box);
		goto fail;
	}
	b->box = box;
	err = add_device(b);
	if (err)
		goto fail_box;
	return 0;

fail_box:
	liveupdate_box_abandon(box);
fail:
	put_device(&b->dev);
	return err;
}

static int delete(const u8 *name)
{
	struct fdbox *b = liveupdate_box_owner(name);
	int err;

	if (IS_ERR(b))
		return PTR_ERR(b);
	err = liveupdate_box_delete(b->box);
	if (err)
		return err;
	cdev_device_del(&b->cdev, &b->dev);
	put_device(&b->dev);
	module_put(THIS_MODULE);
	return 0;
}

/* The structures of both commands are the same. */
static int run_control(int (*run)(const u8 *name), void __user *uarg)
{
	struct fdbox_create_box args;
	int err;

	BUILD_BUG_ON(sizeof(struct fdbox_delete_box) != sizeof(args));
	if (copy_from_user(&args, uarg, sizeof(args)))
		return -EFAULT;
	if (args.flags)
		return -EINVAL;
	if (mutex_lock_killable(&fdbox_mutex))
		return -EINTR;
	err = run(args.name);
	mutex_unlock(&fdbox_mutex);
	return err;
}

static long control_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	switch (cmd) {
	case FDBOX_CREATE_BOX:
		return run_control(create, (void __user *)arg);
	case FDBOX_DELETE_BOX:
		return run_control(delete, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

/* Who may be there before the boxes that arrived are; making them waits for nobody. */
static DECLARE_COMPLETION(looked);

/* Who gets it open sees all boxes that arrived. */
static int control_open(struct inode *inode, struct file *file)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (wait_for_completion_killable(&looked))
		return -EINTR;
	return take_over_all();
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = control_open,
	.unlocked_ioctl = control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice control_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = CONTROL_NAME,
	.nodename = CONTROL_NAME "/" CONTROL_NAME,
	.fops = &control_fops,
	.mode = 0600,
};

static int __init fdbox_init(void)
{
	int err;

	err = class_register(&fdbox_class);
	if (err)
		return err;
	err = alloc_chrdev_region(&fdbox_devt, 0, MAX_BOXES, "fdbox");
	if (err)
		goto fail_class;
	err = misc_register(&control_device);
	if (err)
		goto fail_region;
	take_over_all();
	complete_all(&looked);
	return 0;

fail_region:
	unregister_chrdev_region(fdbox_devt, MAX_BOXES);
fail_class:
	class_unregister(&fdbox_class);
	return err;
}
module_init(fdbox_init);

/* No box has a device: each that has keeps the module. */
static void __exit fdbox_exit(void)
{
	misc_deregister(&control_device);
	unregister_chrdev_region(fdbox_devt, MAX_BOXES);
	class_unregister(&fdbox_class);
	ida_destroy(&fdbox_minors);
}
module_exit(fdbox_exit);

MODULE_DESCRIPTION("Boxes with a name, in which the kernel keeps file descriptors");
MODULE_LICENSE("GPL");
