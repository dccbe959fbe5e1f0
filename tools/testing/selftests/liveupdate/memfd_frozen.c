// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is done to a memfd while a reboot keeps it frozen
 *
 *	memfd_frozen [hugetlb]
 *
 * Each operation is tried on a file of its own, from when that is frozen.  What
 * would change something that travels waits until the reboot was called off, or
 * is refused; what does not travel anyway works as always.  Nothing may be
 * acknowledged, and be lost.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/file.h>
#include <sys/reboot.h>
#include <sys/xattr.h>

#include <linux/fs.h>
#include <linux/reboot.h>

#include "acl.h"
#include "hugetlb.h"

#define FREEZE_MS	"60000"	/* or until it is told to go */
#define LIMIT_MS	30000
#define XATTR		"trusted.frozen"
#define PREFERRED	1	/* <linux/mempolicy.h> */

static bool hugetlb;

/*
 * Operations
 */

struct op {
	const char *name;
	long (*run)(struct op *op);
	long (*seen)(struct op *op);	/* 1: its effect is there */
	bool waits;
	bool shmem_only;		/* hugetlb has nothing of the kind */
	long result;
	/* of the test */
	int fd;
	char *map;
	pthread_t thread;
	bool done;
	bool was_done;			/* when all was frozen */
	long got;
};

static struct stat stat_of(struct op *op)
{
	struct stat st = { 0 };

	must("fstat", fstat(op->fd, &st));
	return st;
}

static long run_chmod(struct op *op)
{
	return fchmod(op->fd, 0640);
}

static long seen_chmod(struct op *op)
{
	return (stat_of(op).st_mode & 07777) == 0640;
}

static long run_chown(struct op *op)
{
	return fchown(op->fd, 12, 34);
}

static long seen_chown(struct op *op)
{
	return stat_of(op).st_uid == 12 && stat_of(op).st_gid == 34;
}

static long run_times(struct op *op)
{
	const struct timespec times[2] = { { 1000, 1 }, { 2000, 2 } };

	return futimens(op->fd, times);
}

static long seen_times(struct op *op)
{
	return stat_of(op).st_atime == 1000 && stat_of(op).st_mtime == 2000;
}

static long run_same_size(struct op *op)
{
	return ftruncate(op->fd, stat_of(op).st_size);
}

static long run_truncate(struct op *op)
{
	return ftruncate(op->fd, 0);
}

static long run_fallocate(struct op *op)
{
	return fallocate(op->fd, 0, 0, PAGE);
}

static long run_set_xattr(struct op *op)
{
	return fsetxattr(op->fd, XATTR, "new", 3, 0);
}

static long seen_set_xattr(struct op *op)
{
	char value[8];

	return fgetxattr(op->fd, XATTR, value, sizeof(value)) == 3;
}

static long run_remove_xattr(struct op *op)
{
	return fremovexattr(op->fd, XATTR);
}

static long seen_remove_xattr(struct op *op)
{
	char value[8];

	return err_of(fgetxattr(op->fd, XATTR, value, sizeof(value))) == -ENODATA;
}

static long run_acl(struct op *op)
{
	return set_acl(op->fd, 1000);
}

static long seen_acl(struct op *op)
{
	return acl_is(op->fd, 1000);
}

static long run_inode_flags(struct op *op)
{
	int flags = FS_NODUMP_FL;

	return ioctl(op->fd, FS_IOC_SETFLAGS, &flags);
}

static long seen_inode_flags(struct op *op)
{
	int flags = 0;

	must("FS_IOC_GETFLAGS", ioctl(op->fd, FS_IOC_GETFLAGS, &flags));
	return flags == FS_NODUMP_FL;
}

static long run_open_flags(struct op *op)
{
	return fcntl(op->fd, F_SETFL, O_RDWR | O_APPEND);
}

static long seen_open_flags(struct op *op)
{
	return !!(fcntl(op->fd, F_GETFL) & O_APPEND);
}

static long run_nonblock(struct op *op)
{
	int on = 1;

	return ioctl(op->fd, FIONBIO, &on);
}

static long seen_nonblock(struct op *op)
{
	return !!(fcntl(op->fd, F_GETFL) & O_NONBLOCK);
}

static long run_seal(struct op *op)
{
	return fcntl(op->fd, F_ADD_SEALS, F_SEAL_GROW);
}

static long seen_seal(struct op *op)
{
	return !!(fcntl(op->fd, F_GET_SEALS) & F_SEAL_GROW);
}

static long run_mbind(struct op *op)
{
	unsigned long nodes = 1;

	return syscall(SYS_mbind, op->map, hugetlb ? HUGE : PAGE, PREFERRED, &nodes, 64, 0);
}

static long seen_mbind(struct op *op)
{
	int mode = 0;

	must("get_mempolicy", syscall(SYS_get_mempolicy, &mode, NULL, 0, op->map, 2));
	return mode == PREFERRED;
}

static long run_flock(struct op *op)
{
	return flock(op->fd, LOCK_EX);
}

static long run_lock(struct op *op)
{
	struct flock lock = { .l_type = F_WRLCK };

	return fcntl(op->fd, F_OFD_SETLK, &lock);
}

static long run_seek(struct op *op)
{
	return lseek(op->fd, 0, SEEK_SET);
}

static long run_store(struct op *op)
{
	write_at(op->map, 'x');
	return 0;
}

static long seen_store(struct op *op)
{
	char c = 0;

	must("read", pread(op->fd, &c, 1, 0));
	return c == 'x';
}

static struct op ops[] = {
	{ "fchmod", run_chmod, seen_chmod, .waits = true },
	{ "fchown", run_chown, seen_chown, .waits = true },
	{ "futimens", run_times, seen_times, .waits = true },
	{ "ftruncate to the same size", run_same_size, NULL, .waits = true },
	{ "ftruncate", run_truncate, NULL, .result = -EPERM },
	{ "fallocate", run_fallocate, NULL, .result = -EPERM },
	{ "fsetxattr", run_set_xattr, seen_set_xattr, .waits = true, .shmem_only = true },
	{ "fremovexattr", run_remove_xattr, seen_remove_xattr, .waits = true,
	  .shmem_only = true },
	{ "an access control list", run_acl, seen_acl, .waits = true, .shmem_only = true },
	{ "FS_IOC_SETFLAGS", run_inode_flags, seen_inode_flags, .waits = true,
	  .shmem_only = true },
	{ "F_SETFL", run_open_flags, seen_open_flags, .waits = true },
	{ "FIONBIO", run_nonblock, seen_nonblock, .waits = true },
	{ "F_ADD_SEALS", run_seal, seen_seal, .result = -EBUSY },
	{ "mbind", run_mbind, seen_mbind, .result = -EBUSY, .shmem_only = true },
	/* Locks are lost with those who have them; the position is that of the freeze. */
	{ .name = "flock", .run = run_flock },
	{ .name = "F_OFD_SETLK", .run = run_lock },
	{ .name = "lseek", .run = run_seek },
	{ .name = "a store to a page that is there", .run = run_store, .seen = seen_store },
};

#define NR_OPS	(int)(sizeof(ops) / sizeof(*ops))

static bool takes_part(const struct op *op)
{
	if (op->shmem_only && hugetlb)
		return false;
	if (op->run == run_acl)
		return has_acl();
	/* Without NUMA there is no policy. */
	return op->run != run_mbind || !access("/sys/devices/system/node", F_OK);
}

/*
 * The test
 */

static void prepare(int session)
{
	size_t size = hugetlb ? HUGE : PAGE;
	struct op *op;

	for (op = ops; op < ops + NR_OPS; op++) {
		if (!takes_part(op))
			continue;
		op->fd = make_memfd(op->name, MFD_ALLOW_SEALING | (hugetlb ? MFD_2M : 0), size);
		op->map = map_shared(op->fd, size, 0);
		write_at(op->map, 'a');
		if (op->run == run_remove_xattr)
			must(XATTR, fsetxattr(op->fd, XATTR, "old", 3, 0));
		is(op->name, "preserve", luo_preserve_fd(session, op->fd, op - ops), 0);
	}
}

static void *run_op(void *arg)
{
	struct op *op = arg;

	op->got = err_of(op->run(op));
	__atomic_store_n(&op->done, true, __ATOMIC_SEQ_CST);
	return NULL;
}

static bool rebooting;

static bool is_rebooting(void)
{
	return __atomic_load_n(&rebooting, __ATOMIC_SEQ_CST);
}

static bool freezing(void)
{
	char calls[4096];

	read_text(EXERCISER "calls", calls, sizeof(calls));
	return strstr(calls, "freeze w0");
}

/* Those that do not wait */
static bool are_done(void)
{
	struct op *op;

	for (op = ops; op < ops + NR_OPS; op++) {
		if (takes_part(op) && !op->waits &&
		    !__atomic_load_n(&op->done, __ATOMIC_SEQ_CST))
			return false;
	}
	return true;
}

/* Starts them when all is frozen; returns whether it was so to the end. */
static void *look(void *arg)
{
	bool *seen = arg;
	struct op *op;
	int i;

	while (is_rebooting() && !freezing())
		usleep(1000);
	for (op = ops; op < ops + NR_OPS; op++) {
		if (takes_part(op))
			must("pthread_create",
			     -pthread_create(&op->thread, NULL, run_op, op));
	}
	for (i = 0; i < LIMIT_MS && !are_done(); i++)
		usleep(1000);
	/* Time for the others not to wait, if they do not. */
	usleep(500000);
	for (op = ops; op < ops + NR_OPS; op++)
		op->was_done = __atomic_load_n(&op->done, __ATOMIC_SEQ_CST);
	*seen = is_rebooting();
	must("exerciser", exerciser("go"));
	return NULL;
}

static void reboot_fails(void)
{
	pthread_t thread;
	bool seen = false;
	long err;

	must("exerciser", exerciser("clear"));
	must("exerciser", exerciser("rule freeze w0 5 1 " FREEZE_MS));
	rebooting = true;
	must("pthread_create", -pthread_create(&thread, NULL, look, &seen));
	err = err_of(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			     LINUX_REBOOT_CMD_KEXEC, NULL));
	__atomic_store_n(&rebooting, false, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	is("reboot", "is called off", err, -EIO);
	is("reboot", "all was tried while files were frozen", seen, true);
}

static void results(struct op *op)
{
	if (!takes_part(op)) {
		skip(op->name, "while frozen", "there is no such thing here");
		return;
	}
	pthread_join(op->thread, NULL);
	is(op->name, op->waits ? "waits while frozen" : "does not wait while frozen",
	   op->was_done, !op->waits);
	is(op->name, op->result ? "is refused" : "succeeds", op->got, op->result);
	if (op->seen)
		is(op->name, op->result ? "has no effect" : "has its effect", op->seen(op),
		   !op->result);
	/* Not for ever. */
	if (op->result == -EBUSY)
		is(op->name, "works afterwards", err_of(op->run(op)), 0);
}

int main(int argc, char **argv)
{
	int dev, session, fails, file;
	struct op *op;

	setvbuf(stdout, NULL, _IOLBF, 0);
	hugetlb = argc == 2 && !strcmp(argv[1], "hugetlb");
	dev = open_luo();
	session = must("session", luo_create(dev, "frozen"));
	prepare(session);
	fails = must("session", luo_create(dev, "fails"));
	file = must("file", test_file('a', "w0"));
	must("preserve", luo_preserve_fd(fails, file, 0));
	reboot_fails();
	for (op = ops; op < ops + NR_OPS; op++)
		results(op);
	return 0;
}
