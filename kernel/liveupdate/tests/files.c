// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update exerciser: files of one page, and their handlers
 *
 * /dev/liveupdate-test-a and -b give a new file at each open.  Its page begins
 * with its name, a C string.  What travels is the address of the page, and,
 * below it, the number of the freeze.
 *
 * Files of kind "a" have a handler with every operation there is, those of kind
 * "b" one with the mandatory ones, whose format is none that mainline could know.
 */
#include <linux/anon_inodes.h>
#include <linux/atomic.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "exerciser.h"

struct test_file {
	refcount_t refs;
	struct liveupdate_file_handler *fh;
	struct folio *folio;
};

static struct liveupdate_file_handler handlers[5];
static const struct file_operations test_fops;
static atomic_long_t alive;

long lux_files_alive(void)
{
	return atomic_long_read(&alive);
}

/* The name a page begins with. */
static const char *name_of(const void *page)
{
	return strnlen(page, 16) < 16 ? page : "?";
}

static struct test_file *make(struct liveupdate_file_handler *fh, struct folio *folio)
{
	struct test_file *t = kzalloc(sizeof(*t), GFP_KERNEL_ACCOUNT);

	if (!t)
		return NULL;
	refcount_set(&t->refs, 1);
	t->fh = fh;
	t->folio = folio;
	atomic_long_inc(&alive);
	return t;
}

static void put(struct test_file *t)
{
	if (!refcount_dec_and_test(&t->refs))
		return;
	folio_put(t->folio);
	kfree(t);
	atomic_long_dec(&alive);
}

/* Takes over a reference of @t. */
static struct file *open_file(struct test_file *t)
{
	struct file *file = anon_inode_getfile("[liveupdate-test]", &test_fops, t, O_RDWR);

	if (!IS_ERR(file))
		file->f_mode |= FMODE_LSEEK | FMODE_PREAD | FMODE_PWRITE;
	return file;
}

/*
 * The files
 */

/* As many as there are kinds. */
static struct miscdevice devices[2];

static int test_open(struct inode *inode, struct file *file)
{
	struct miscdevice *dev = file->private_data;
	struct folio *folio = folio_alloc(GFP_KERNEL_ACCOUNT | __GFP_ZERO, 0);
	struct test_file *t = folio ? make(&handlers[dev - devices], folio) : NULL;

	if (!t) {
		if (folio)
			folio_put(folio);
		return -ENOMEM;
	}
	file->private_data = t;
	return 0;
}

static int test_release(struct inode *inode, struct file *file)
{
	put(file->private_data);
	return 0;
}

static ssize_t test_read(struct file *file, char __user *buf, size_t count, loff_t *pos)
{
	struct test_file *t = file->private_data;

	return simple_read_from_buffer(buf, count, pos, folio_address(t->folio), PAGE_SIZE);
}

static ssize_t test_write(struct file *file, const char __user *buf, size_t count, loff_t *pos)
{
	struct test_file *t = file->private_data;

	return simple_write_to_buffer(folio_address(t->folio), PAGE_SIZE, pos, buf, count);
}

/* Whatever the command: another open file with the same page. */
static long test_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct test_file *t = file->private_data;
	int fd = get_unused_fd_flags(O_CLOEXEC);
	struct file *twin;

	if (fd < 0)
		return fd;
	refcount_inc(&t->refs);
	twin = open_file(t);
	if (IS_ERR(twin)) {
		put(t);
		put_unused_fd(fd);
		return PTR_ERR(twin);
	}
	fd_install(fd, twin);
	return fd;
}

static const struct file_operations test_fops = {
	.owner = THIS_MODULE,
	.open = test_open,
	.release = test_release,
	.read = test_read,
	.write = test_write,
	.unlocked_ioctl = test_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice devices[2] = {
	{ .minor = MISC_DYNAMIC_MINOR, .name = "liveupdate-test-a", .fops = &test_fops },
	{ .minor = MISC_DYNAMIC_MINOR, .name = "liveupdate-test-b", .fops = &test_fops },
};

/*
 * The operations.  Arguments that are not what they were are worth a word in
 * the list of calls.
 */

static u64 phys_of(const struct test_file *t)
{
	return PFN_PHYS(folio_pfn(t->folio));
}

static void *page_of(u64 data)
{
	return phys_to_virt(data & PAGE_MASK);
}

static const char *verdict(const struct liveupdate_file_op_args *args)
{
	struct test_file *t = args->private_data;

	if (!t || !args->file || args->file->private_data != t || args->handler != t->fh ||
	    (args->serialized_data & PAGE_MASK) != phys_of(t))
		return " BAD ARGUMENTS";
	return "";
}

static bool test_can_preserve(struct liveupdate_file_handler *handler, struct file *file)
{
	struct test_file *t = file->private_data;

	if (file->f_op != &test_fops || t->fh != handler)
		return false;
	return !lux_call(LUX_CAN_PRESERVE, name_of(folio_address(t->folio)), NULL, NULL);
}

static int test_preserve(struct liveupdate_file_op_args *args)
{
	struct test_file *t = args->file->private_data;
	bool good = args->handler == t->fh && !args->serialized_data && !args->private_data;
	int err = lux_call(LUX_PRESERVE, name_of(folio_address(t->folio)), NULL, "%s",
			   good ? "" : " BAD ARGUMENTS");

	err = err ?: kho_preserve_folio(t->folio);
	/* After an error, nobody is to look at this. */
	args->serialized_data = err ? ~0ULL : phys_of(t);
	args->private_data = t;
	return err;
}

static void test_unpreserve(struct liveupdate_file_op_args *args)
{
	struct test_file *t = args->private_data;

	lux_call(LUX_UNPRESERVE, name_of(folio_address(t->folio)), NULL, "%s", verdict(args));
	kho_unpreserve_folio(t->folio);
}

static int test_freeze(struct liveupdate_file_op_args *args)
{
	struct test_file *t = args->private_data;
	int err = lux_call(LUX_FREEZE, name_of(folio_address(t->folio)), NULL, "%s",
			   verdict(args));

	args->serialized_data = err ? ~0ULL : phys_of(t) | lux_freeze_number();
	return err;
}

static void test_unfreeze(struct liveupdate_file_op_args *args)
{
	struct test_file *t = args->private_data;
	bool frozen = args->serialized_data & ~PAGE_MASK;

	lux_call(LUX_UNFREEZE, name_of(folio_address(t->folio)), NULL, "%s%s", verdict(args),
		 frozen ? "" : " NOT FROZEN");
}

static int test_retrieve(struct liveupdate_file_op_args *args)
{
	u64 data = args->serialized_data;
	struct folio *folio;
	struct test_file *t;
	int err;

	err = lux_call(LUX_RETRIEVE, name_of(page_of(data)), &args->retryable, " freeze=%u%s",
		       (unsigned int)(data & ~PAGE_MASK),
		       args->file || args->retrieve_status ? " BAD ARGUMENTS" : "");
	if (err)
		return err;
	folio = kho_restore_folio(data & PAGE_MASK);
	if (!folio)
		return -EIO;
	t = make(args->handler, folio);
	if (!t) {
		folio_put(folio);
		return -ENOMEM;
	}
	args->file = open_file(t);
	if (!IS_ERR(args->file))
		return 0;
	err = PTR_ERR(args->file);
	put(t);
	return err;
}

static bool test_can_finish(struct liveupdate_file_op_args *args)
{
	return !lux_call(LUX_CAN_FINISH, name_of(page_of(args->serialized_data)), NULL,
			 " status=%d", args->retrieve_status);
}

static void test_finish(struct liveupdate_file_op_args *args)
{
	void *page = page_of(args->serialized_data);
	bool good = (args->retrieve_status == 1) == !!args->file;

	lux_call(LUX_FINISH, name_of(page), NULL, " status=%d%s", args->retrieve_status,
		 good ? "" : " BAD ARGUMENTS");
	if (args->retrieve_status != 1)
		kho_restore_free(page);
}

static unsigned long test_get_id(struct file *file)
{
	struct test_file *t = file->private_data;

	return (unsigned long)t->folio;
}

static u64 test_get_size(struct liveupdate_file_op_args *args)
{
	lux_call(LUX_GET_SIZE, name_of(page_of(args->serialized_data)), NULL, NULL);
	return PAGE_SIZE;
}

static const struct liveupdate_file_ops all_ops = {
	.can_preserve = test_can_preserve,
	.preserve = test_preserve,
	.unpreserve = test_unpreserve,
	.freeze = test_freeze,
	.unfreeze = test_unfreeze,
	.retrieve = test_retrieve,
	.can_finish = test_can_finish,
	.finish = test_finish,
	.get_id = test_get_id,
	.owner = THIS_MODULE,
	.get_size = test_get_size,
};

static const struct liveupdate_file_ops mandatory_ops = {
	.can_preserve = test_can_preserve,
	.preserve = test_preserve,
	.unpreserve = test_unpreserve,
	.retrieve = test_retrieve,
	.finish = test_finish,
	.owner = THIS_MODULE,
};

static const struct liveupdate_file_ops too_few_ops = {
	.can_preserve = test_can_preserve,
	.preserve = test_preserve,
	.unpreserve = test_unpreserve,
	.finish = test_finish,
	.owner = THIS_MODULE,
};

#define KIND(_ops, _name)	{ .ops = &(_ops), .compatible = _name }

/* Two that work, one in mainline's lists and one in "x-luo"; and three that are refused. */
static struct liveupdate_file_handler handlers[5] = {
	KIND(all_ops, "test-a"),
	KIND(mandatory_ops, "x-test-b"),
	KIND(all_ops, "test-a"),
	KIND(too_few_ops, "test-few"),
	KIND(all_ops, ""),
};
MODULE_ALIAS("liveupdate-test-a");
MODULE_ALIAS("liveupdate-x-test-b");

static const char *const handler_names[] = { "a", "b", "same", "few", "nameless" };

struct liveupdate_file_handler *lux_handler(const char *name)
{
	int i = match_string(handler_names, ARRAY_SIZE(handler_names), name);

	return i < 0 ? NULL : &handlers[i];
}

int lux_files_init(void)
{
	int err = misc_register(&devices[0]);

	if (err)
		return err;
	err = misc_register(&devices[1]);
	if (err)
		misc_deregister(&devices[0]);
	return err;
}

void lux_files_exit(void)
{
	misc_deregister(&devices[1]);
	misc_deregister(&devices[0]);
}
