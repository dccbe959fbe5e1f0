// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update handler, an example: files that count how often they were read
 */
#include <linux/anon_inodes.h>
#include <linux/cleanup.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/liveupdate.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define FORMAT	"x-example-counter-v1"

/* What travels.  A change of the layout is a new FORMAT. */
struct counter_ser {
	u64 value;
};

struct counter {
	struct mutex lock;	/* value, frozen */
	u64 value;
	bool frozen;
};

static struct counter *counter_alloc(void)
{
	struct counter *c = kzalloc(sizeof(*c), GFP_KERNEL);

	if (c)
		mutex_init(&c->lock);
	return c;
}

static int counter_open(struct inode *inode, struct file *file)
{
	file->private_data = counter_alloc();
	return file->private_data ? 0 : -ENOMEM;
}

static int counter_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static ssize_t counter_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	struct counter *c = file->private_data;
	u64 value;

	if (len < sizeof(value))
		return -EINVAL;
	scoped_guard(mutex, &c->lock) {
		/* What we told now would not be what travels. */
		if (c->frozen)
			return -EAGAIN;
		value = ++c->value;
	}
	return copy_to_user(buf, &value, sizeof(value)) ? -EFAULT : sizeof(value);
}

static const struct file_operations counter_fops = {
	.owner = THIS_MODULE,
	.open = counter_open,
	.release = counter_release,
	.read = counter_read,
};

static bool counter_can_preserve(struct liveupdate_file_handler *handler, struct file *file)
{
	return file->f_op == &counter_fops;
}

static int counter_preserve(struct liveupdate_file_op_args *args)
{
	struct counter_ser *ser = kho_alloc_preserve(sizeof(*ser));

	if (IS_ERR(ser))
		return PTR_ERR(ser);
	args->serialized_data = virt_to_phys(ser);
	args->private_data = ser;
	return 0;
}

static void counter_unpreserve(struct liveupdate_file_op_args *args)
{
	kho_unpreserve_free(args->private_data);
}

static int counter_freeze(struct liveupdate_file_op_args *args)
{
	struct counter *c = args->file->private_data;
	struct counter_ser *ser = args->private_data;

	guard(mutex)(&c->lock);
	c->frozen = true;
	ser->value = c->value;
	return 0;
}

static void counter_unfreeze(struct liveupdate_file_op_args *args)
{
	struct counter *c = args->file->private_data;

	guard(mutex)(&c->lock);
	c->frozen = false;
}

static int counter_retrieve(struct liveupdate_file_op_args *args)
{
	struct counter *c = counter_alloc();
	struct counter_ser *ser;
	struct folio *folio;
	struct file *file;

	/* All that may fail for want of memory comes before the claim. */
	args->retryable = true;
	if (!c)
		return -ENOMEM;
	file = anon_inode_getfile("[example-counter]", &counter_fops, c, O_RDONLY);
	if (IS_ERR(file)) {
		kfree(c);
		return PTR_ERR(file);
	}
	args->retryable = false;

	folio = kho_restore_folio(args->serialized_data);
	if (!folio) {
		fput(file);
		return -EIO;
	}
	ser = folio_address(folio);
	c->value = ser->value;
	folio_put(folio);
	args->file = file;
	return 0;
}

static void counter_finish(struct liveupdate_file_op_args *args)
{
	struct folio *folio;

	if (args->retrieve_status)
		return;
	folio = kho_restore_folio(args->serialized_data);
	if (folio)
		folio_put(folio);
}

static const struct liveupdate_file_ops counter_ops = {
	.can_preserve = counter_can_preserve,
	.preserve = counter_preserve,
	.unpreserve = counter_unpreserve,
	.freeze = counter_freeze,
	.unfreeze = counter_unfreeze,
	.retrieve = counter_retrieve,
	.finish = counter_finish,
	.owner = THIS_MODULE,
};

static struct liveupdate_file_handler counter_handler = {
	.ops = &counter_ops,
	.compatible = FORMAT,
};

static struct miscdevice counter_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "example-counter",
	.fops = &counter_fops,
};

static int __init counter_init(void)
{
	int err = liveupdate_register_file_handler(&counter_handler);

	if (err && err != -EOPNOTSUPP)
		return err;
	err = misc_register(&counter_device);
	if (err)
		liveupdate_unregister_file_handler(&counter_handler);
	return err;
}
module_init(counter_init);

static void __exit counter_exit(void)
{
	misc_deregister(&counter_device);
	liveupdate_unregister_file_handler(&counter_handler);
}
module_exit(counter_exit);

MODULE_ALIAS("liveupdate-" FORMAT);
MODULE_DESCRIPTION("Live update example: files that count");
MODULE_LICENSE("GPL");
