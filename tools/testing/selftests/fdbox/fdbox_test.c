// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boxes as a stash, with live update and without: every ioctl, every error.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <linux/capability.h>

#include "fixture.h"

#define LONGEST		(FDBOX_NAME_LEN - 1)

static char long_name[FDBOX_NAME_LEN + 1];

static char *fill_name(unsigned int len, char c)
{
	memset(long_name, c, len);
	long_name[len] = '\0';
	return long_name;
}

static int have_capability(bool have)
{
	return set_capability(CAP_SYS_ADMIN, have);
}

/*
 * Numbers and devices
 */

TEST_F(box, numbers)
{
	EXPECT_EQ(0x2e00, FDBOX_CREATE_BOX);
	EXPECT_EQ(0x2e01, FDBOX_DELETE_BOX);
	EXPECT_EQ(0x2e02, FDBOX_PUT_FD);
	EXPECT_EQ(0x2e03, FDBOX_GET_FD);
	EXPECT_EQ(0x2e04, FDBOX_SEAL);
	EXPECT_EQ(0x2e05, FDBOX_UNSEAL);
	EXPECT_EQ(264, sizeof(struct fdbox_create_box));
	EXPECT_EQ(264, sizeof(struct fdbox_delete_box));
	EXPECT_EQ(272, sizeof(struct fdbox_put_fd));
	EXPECT_EQ(16, offsetof(struct fdbox_put_fd, name));
	EXPECT_EQ(sizeof(long) == 8 ? 272 : 268, sizeof(struct fdbox_get_fd));
	EXPECT_EQ(12, offsetof(struct fdbox_get_fd, name));
}

TEST_F(box, nodes)
{
	struct stat st;

	ASSERT_EQ(0, stat(FDBOX_CONTROL, &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	ASSERT_EQ(0, stat(FDBOX_DIR "t", &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	EXPECT_EQ(0, st.st_uid);
	/* The name is the user's, and no business of sysfs. */
	EXPECT_EQ(0, access("/sys/class/fdbox", F_OK));
	EXPECT_EQ(-1, access("/sys/class/fdbox/t", F_OK));
}

TEST_F(box, unknown_ioctl)
{
	unsigned int nr;

	for (nr = 2; nr < 256; nr++)
		EXPECT_EQ(-ENOTTY, box_call(self->control, _IO('.', nr), NULL));
	for (nr = 6; nr < 256; nr++)
		EXPECT_EQ(-ENOTTY, box_call(self->box, _IO('.', nr), NULL));
	EXPECT_EQ(-ENOTTY, box_call(self->box, FDBOX_CREATE_BOX, NULL));
	EXPECT_EQ(-ENOTTY, box_call(self->box, FDBOX_DELETE_BOX, NULL));
	for (nr = 0; nr < 256; nr++) {
		EXPECT_EQ(-ENOTTY, box_call(self->box, _IO('/', nr), NULL));
		EXPECT_EQ(-ENOTTY, box_call(self->box, _IOW('.', nr, long), NULL));
	}
}

TEST_F(box, nothing_but_ioctl)
{
	char c;

	EXPECT_EQ(-1, read(self->box, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(self->control, &c, 1));
	EXPECT_EQ(EINVAL, errno);
}

/* Regression: the control ioctls relied on the mode of the device alone. */
TEST_F(box, regression_capability)
{
	struct fdbox_create_box args = { .name = "x" };
	int fd = text_memfd("m", 1), copy;

	ASSERT_EQ(0, box_put(self->box, fd, "in"));
	copy = dup(0);
	ASSERT_EQ(0, have_capability(false));
	EXPECT_EQ(-EPERM, box_call(self->control, FDBOX_CREATE_BOX, &args));
	EXPECT_EQ(-EPERM, box_call(self->control, FDBOX_CREATE_BOX, NULL));
	EXPECT_EQ(-EPERM, box_delete(self->control, "t"));
	EXPECT_EQ(-EPERM, box_put(self->box, copy, "x"));
	EXPECT_EQ(-EPERM, box_get(self->box, "in"));
	EXPECT_EQ(-EPERM, box_seal(self->box));
	EXPECT_EQ(-EPERM, box_unseal(self->box));
	EXPECT_EQ(-EPERM, box_call(self->box, _IO('.', 99), NULL));
	EXPECT_EQ(-EPERM, box_control());
	EXPECT_EQ(-EPERM, box_open("t"));
	EXPECT_EQ(0, have_capability(true));
}

static int in_user_namespace(int control, int box)
{
	if (unshare(CLONE_NEWUSER))
		return errno;
	return box_create(control, "x") != -EPERM || box_delete(control, "t") != -EPERM ||
	       box_put(box, 0, "x") != -EPERM || box_get(box, "in") != -EPERM ||
	       box_seal(box) != -EPERM || box_unseal(box) != -EPERM ||
	       box_control() != -EPERM || box_open("t") != -EPERM;
}

/* It is the initial user namespace's capability that counts. */
TEST_F(box, user_namespace)
{
	int status;
	pid_t child = fork();

	if (!child)
		_exit(in_user_namespace(self->control, self->box));
	waitpid(child, &status, 0);
	if (WEXITSTATUS(status) == EINVAL)
		SKIP(return, "no CONFIG_USER_NS");
	EXPECT_EQ(0, status);
}

/* Of who takes a file that another one put there, a security module may think otherwise. */
static int take_as(const char *label, int box)
{
	if (write_command("/proc/self/attr/current", label))
		return 2;
	return set_capability(CAP_MAC_OVERRIDE, false) || box_get(box, "in") != -EACCES ||
	       set_capability(CAP_MAC_OVERRIDE, true) || box_get(box, "in") < 0;
}

TEST_F(box, security_module)
{
	int status;
	pid_t child;

	if (access("/sys/fs/smackfs", F_OK))
		SKIP(return, "no Smack");
	ASSERT_EQ(0, box_put(self->box, text_memfd("m", 1), "in"));
	child = fork();
	if (!child)
		_exit(take_as("Taker", self->box));
	waitpid(child, &status, 0);
	EXPECT_EQ(0, status);
	EXPECT_EQ(-ENOENT, box_get(self->box, "in"));
}

/*
 * Boxes
 */

TEST_F(box, names_of_boxes)
{
	static const char * const bad[] = {
		"", ".", "..", "fdbox", "/", "a/b", "/a", "a/", "a\nb", "\t", "\x7f", "a\x01",
	};
	static const char * const good[] = {
		"...", "fdbox0", "FDBOX", "two words", "a!b", "a%sb%n", "b\xc3\xb6x", ".hidden",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, box_create(self->control, bad[i])) TH_LOG("'%s'", bad[i]);
		EXPECT_EQ(-EINVAL, box_delete(self->control, bad[i]));
	}
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_EQ(0, box_create(self->control, good[i])) TH_LOG("'%s'", good[i]);
		EXPECT_EQ(0, close(box_open(good[i]))) TH_LOG("'%s'", good[i]);
		EXPECT_EQ(0, box_delete(self->control, good[i]));
		EXPECT_EQ(-ENOENT, box_open(good[i]));
	}
	EXPECT_EQ(0, box_create(self->control, fill_name(LONGEST, 'n')));
	EXPECT_EQ(0, close(box_open(long_name)));
	EXPECT_EQ(0, box_delete(self->control, long_name));
	EXPECT_EQ(-EINVAL, box_create(self->control, fill_name(FDBOX_NAME_LEN, 'n')));
	EXPECT_EQ(-EINVAL, box_delete(self->control, long_name));
}

TEST_F(box, create_errors)
{
	struct fdbox_create_box args = { .name = "new" };
	unsigned int i;
	char *end;

	for (i = 0; i < 64; i++) {
		args.flags = 1ULL << i;
		EXPECT_EQ(-EINVAL, box_call(self->control, FDBOX_CREATE_BOX, &args));
		EXPECT_EQ(-EINVAL, box_call(self->control, FDBOX_DELETE_BOX, &args));
	}
	args.flags = 0;
	end = at_edge(&args, sizeof(args));
	EXPECT_EQ(-EFAULT, box_call(self->control, FDBOX_CREATE_BOX, NULL));
	EXPECT_EQ(-EFAULT, box_call(self->control, FDBOX_CREATE_BOX, end + 1));
	EXPECT_EQ(-EFAULT, box_call(self->control, FDBOX_DELETE_BOX, end + 1));
	EXPECT_EQ(-ENOENT, box_call(self->control, FDBOX_DELETE_BOX, end));
	EXPECT_EQ(0, box_call(self->control, FDBOX_CREATE_BOX, end));
	EXPECT_EQ(-EEXIST, box_call(self->control, FDBOX_CREATE_BOX, end));
	EXPECT_EQ(0, box_call(self->control, FDBOX_DELETE_BOX, end));
	EXPECT_EQ(-EEXIST, box_create(self->control, "t"));
	EXPECT_EQ(-ENOENT, box_open("new"));
}

/* Regression: deleting a box unregistered its device twice. */
TEST_F(box, regression_delete_twice)
{
	EXPECT_EQ(0, box_create(self->control, "twice"));
	EXPECT_EQ(0, box_delete(self->control, "twice"));
	EXPECT_EQ(-ENOENT, box_delete(self->control, "twice"));
	EXPECT_EQ(-ENOENT, box_open("twice"));
	EXPECT_EQ(0, box_create(self->control, "twice"));
	EXPECT_EQ(0, close(box_open("twice")));
	EXPECT_EQ(0, box_delete(self->control, "twice"));
}

TEST_F(box, deleted_while_open)
{
	int fd = text_memfd("m", 1), again;

	ASSERT_EQ(0, box_put(self->box, fd, "in"));
	fd = text_memfd("n", 1);
	EXPECT_EQ(0, box_delete(self->control, "t"));
	EXPECT_EQ(-ENOENT, box_open("t"));
	EXPECT_EQ(-ENODEV, box_put(self->box, fd, "x"));
	EXPECT_EQ(0, text_check(fd, "n", 1));
	EXPECT_EQ(-ENODEV, box_get(self->box, "in"));
	EXPECT_EQ(-ENODEV, box_seal(self->box));
	EXPECT_EQ(-ENODEV, box_unseal(self->box));
	/* The next one of that name is another box. */
	EXPECT_EQ(0, box_create(self->control, "t"));
	again = box_open("t");
	EXPECT_EQ(-ENOENT, box_get(again, "in"));
	EXPECT_EQ(-ENODEV, box_get(self->box, "in"));
	EXPECT_EQ(0, box_put(again, fd, "x"));
}

TEST_F(box, thousands)
{
	char name[32];
	unsigned int i;
	int box, fd;

	for (i = 0; i < 3000; i++) {
		snprintf(name, sizeof(name), "many%u", i);
		ASSERT_EQ(0, box_create(self->control, name));
	}
	for (i = 0; i < 3000; i += 100) {
		snprintf(name, sizeof(name), "many%u", i);
		box = box_open(name);
		fd = text_memfd(name, 1);
		EXPECT_EQ(0, box_put(box, fd, "f"));
		fd = box_get(box, "f");
		EXPECT_EQ(0, text_check(fd, name, 1));
		close(fd);
		close(box);
	}
	for (i = 3000; i--; ) {
		snprintf(name, sizeof(name), "many%u", i);
		ASSERT_EQ(0, box_delete(self->control, name));
	}
	EXPECT_EQ(-ENOENT, box_open("many0"));
}

/*
 * Putting
 */

TEST_F(box, put_closes)
{
	int fd = text_memfd("m", 2), copy = dup(fd), got;

	lseek(fd, 5, SEEK_SET);
	EXPECT_EQ(0, box_put(self->box, fd, "in"));
	EXPECT_EQ(-1, fcntl(fd, F_GETFD));
	EXPECT_EQ(EBADF, errno);
	/* A duplicate is not taken away. */
	EXPECT_EQ(5, lseek(copy, 0, SEEK_CUR));
	got = box_get(self->box, "in");
	EXPECT_EQ(fd, got);
	EXPECT_EQ(FD_CLOEXEC, fcntl(got, F_GETFD));
	EXPECT_EQ(5, lseek(got, 0, SEEK_CUR));
	lseek(got, 7, SEEK_SET);
	EXPECT_EQ(7, lseek(copy, 0, SEEK_CUR));
	EXPECT_EQ(-ENOENT, box_get(self->box, "in"));
}

TEST_F(box, outlives_the_process)
{
	int status, fd;
	pid_t child = fork();

	if (!child) {
		fd = text_memfd("from a child", 4);
		_exit(box_put(self->box, fd, "in") ? 1 : 0);
	}
	waitpid(child, &status, 0);
	ASSERT_EQ(0, status);
	close(self->box);
	self->box = box_open("t");
	fd = box_get(self->box, "in");
	ASSERT_GE(fd, 0);
	EXPECT_EQ(0, text_check(fd, "from a child", 4));
}

/* Regression: PUT ignored its flags. */
TEST_F(box, regression_put_flags)
{
	struct fdbox_put_fd args = { .name = "in" };
	unsigned int i;

	args.fd = text_memfd("m", 1);
	for (i = 0; i < 64; i++) {
		args.flags = 1ULL << i;
		EXPECT_EQ(-EINVAL, box_call(self->box, FDBOX_PUT_FD, &args));
	}
	args.flags = 0;
	for (i = 0; i < 32; i++) {
		args.pad = 1U << i;
		EXPECT_EQ(-EINVAL, box_call(self->box, FDBOX_PUT_FD, &args));
	}
	args.pad = 0;
	EXPECT_EQ(0, text_check(args.fd, "m", 1));
	EXPECT_EQ(-ENOENT, box_get(self->box, "in"));
	EXPECT_EQ(0, box_call(self->box, FDBOX_PUT_FD, &args));
}

TEST_F(box, names_of_files)
{
	static const char * const bad[] = { "", "\n", "a\tb", "\x7f" };
	static const char * const good[] = { ".", "..", "a/b", "fdbox", " ", "\xc3\xb6" };
	int fd = text_memfd("m", 1);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, box_put(self->box, fd, bad[i])) TH_LOG("'%s'", bad[i]);
		EXPECT_EQ(-EINVAL, box_get(self->box, bad[i]));
	}
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		EXPECT_EQ(0, box_put(self->box, fd, good[i])) TH_LOG("'%s'", good[i]);
		EXPECT_EQ(fd, box_get(self->box, good[i]));
	}
	EXPECT_EQ(-EINVAL, box_put(self->box, fd, fill_name(FDBOX_NAME_LEN, 'n')));
	EXPECT_EQ(-EINVAL, box_get(self->box, long_name));
	EXPECT_EQ(0, box_put(self->box, fd, fill_name(LONGEST, 'n')));
	EXPECT_EQ(fd, box_get(self->box, long_name));
}

TEST_F(box, put_errors)
{
	struct fdbox_put_fd args = { .name = "in" };
	int fd = text_memfd("m", 1), path, copy = dup(fd), second = text_memfd("s", 1);
	char *end;

	args.fd = fd;
	end = at_edge(&args, sizeof(args));
	EXPECT_EQ(-EFAULT, box_call(self->box, FDBOX_PUT_FD, NULL));
	EXPECT_EQ(-EFAULT, box_call(self->box, FDBOX_PUT_FD, end + 1));
	EXPECT_EQ(-EBADF, box_put(self->box, -1, "x"));
	EXPECT_EQ(-EBADF, box_put(self->box, 1 << 20, "x"));
	path = open("/", O_PATH);
	EXPECT_EQ(-EBADF, box_put(self->box, path, "x"));
	EXPECT_EQ(0, box_call(self->box, FDBOX_PUT_FD, end));
	EXPECT_EQ(-EBADF, box_call(self->box, FDBOX_PUT_FD, end));
	/* The same file, by whatever descriptor, and wherever */
	EXPECT_EQ(-EBUSY, box_put(self->box, copy, "x"));
	EXPECT_EQ(-EBUSY, box_put(self->other, copy, "in"));
	EXPECT_EQ(-EEXIST, box_put(self->box, second, "in"));
	EXPECT_EQ(0, text_check(copy, "m", 1));
	EXPECT_EQ(0, text_check(second, "s", 1));
	/* The same name in another box is another name. */
	EXPECT_EQ(0, box_put(self->other, second, "in"));
}

/*
 * Only what has a handler: nothing that pins something else, such as mount namespaces
 * or credentials.
 */
TEST_F(box, regression_pins)
{
	static const char * const paths[] = {
		"/dev/null", "/", "/proc/self/status", "/proc/self/ns/mnt",
	};
	int fd, pipes[2];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		fd = open(paths[i], O_RDONLY);
		ASSERT_GE(fd, 0);
		EXPECT_EQ(-EOPNOTSUPP, box_put(self->box, fd, "x")) TH_LOG("%s", paths[i]);
		EXPECT_EQ(0, close(fd));
	}
	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(-EOPNOTSUPP, box_put(self->box, pipes[0], "x"));
	fd = open("/tmp/named", O_RDWR | O_CREAT, 0600);
	EXPECT_EQ(-EOPNOTSUPP, box_put(self->box, fd, "x"));
	unlink("/tmp/named");
}

/* Nothing that keeps files may be kept. */
TEST_F(box, regression_box_in_a_box)
{
	int dev = open(LUO_DEVICE, O_RDWR | O_CLOEXEC), fd;

	EXPECT_EQ(-EOPNOTSUPP, box_put(self->box, self->box, "x"));
	EXPECT_EQ(-EOPNOTSUPP, box_put(self->box, self->other, "x"));
	EXPECT_EQ(-EOPNOTSUPP, box_put(self->box, self->control, "x"));
	EXPECT_EQ(-ENOENT, box_get(self->box, "x"));
	if (dev < 0)
		return;
	EXPECT_EQ(-EOPNOTSUPP, box_put(self->box, dev, "x"));
	fd = luo_create(dev, "in no box");
	EXPECT_EQ(-EOPNOTSUPP, box_put(self->box, fd, "x"));
	close(fd);
}

/*
 * Taking
 */

TEST_F(box, get_errors)
{
	struct fdbox_get_fd args = { .name = "in" };
	unsigned int i;
	rlim_t was;
	char *end;
	int fd;

	fd = text_memfd("m", 1);
	ASSERT_EQ(0, box_put(self->box, fd, "in"));
	EXPECT_EQ(-ENOENT, box_get(self->box, "out"));
	EXPECT_EQ(-ENOENT, box_get(self->other, "in"));
	for (i = 0; i < 64; i++) {
		args.flags = 1ULL << i;
		EXPECT_EQ(-EINVAL, box_call(self->box, FDBOX_GET_FD, &args));
	}
	args.flags = 0;
	for (i = 0; i < 32; i++) {
		args.pad = 1U << i;
		EXPECT_EQ(-EINVAL, box_call(self->box, FDBOX_GET_FD, &args));
	}
	args.pad = 0;
	EXPECT_EQ(-EFAULT, box_call(self->box, FDBOX_GET_FD, NULL));
	was = allow_fds(0);
	EXPECT_EQ(-EMFILE, box_get(self->box, "in"));
	allow_fds(was);
	EXPECT_EQ(fd, next_fd());
	/* 268 bytes are read, to the end of the name. */
	end = at_edge(&args, 268);
	EXPECT_EQ(-EFAULT, box_call(self->box, FDBOX_GET_FD, end + 1));
	EXPECT_EQ(fd, box_call(self->box, FDBOX_GET_FD, end));
	EXPECT_EQ(0, text_check(fd, "m", 1));
}

TEST_F(box, lowest_descriptor)
{
	int low = text_memfd("low", 1), high = text_memfd("high", 1);

	ASSERT_EQ(0, box_put(self->box, high, "high"));
	ASSERT_EQ(0, box_put(self->box, low, "low"));
	EXPECT_EQ(low, box_get(self->box, "high"));
	EXPECT_EQ(high, box_get(self->box, "low"));
	EXPECT_EQ(0, text_check(low, "high", 1));
	EXPECT_EQ(0, text_check(high, "low", 1));
}

/* Names that have the same hash, as the kernel has it on 64 bits of little endian */
static const char * const twins[] = {
	"file number 540050", "file number 1788570", "file number 4542495",
};

static const unsigned char orders[][3] = {
	{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
};

TEST_F(box, same_hash_of_files)
{
	unsigned int i, j;
	int fd;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		for (j = 0; j < 3; j++) {
			fd = text_memfd(twins[j], 1);
			ASSERT_EQ(0, box_put(self->box, fd, twins[j]));
			fd = text_memfd("again", 1);
			EXPECT_EQ(-EEXIST, box_put(self->box, fd, twins[j]));
			close(fd);
		}
		for (j = 0; j < 3; j++) {
			fd = box_get(self->box, twins[orders[i][j]]);
			ASSERT_GE(fd, 0);
			EXPECT_EQ(0, text_check(fd, twins[orders[i][j]], 1));
			close(fd);
			EXPECT_EQ(-ENOENT, box_get(self->box, twins[orders[i][j]]));
		}
	}
}

TEST_F(box, same_hash_of_boxes)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		for (j = 0; j < 3; j++) {
			ASSERT_EQ(0, box_create(self->control, twins[j]));
			EXPECT_EQ(-EEXIST, box_create(self->control, twins[j]));
		}
		for (j = 0; j < 3; j++) {
			EXPECT_EQ(0, close(box_open(twins[orders[i][j]])));
			EXPECT_EQ(0, box_delete(self->control, twins[orders[i][j]]));
			EXPECT_EQ(-ENOENT, box_delete(self->control, twins[orders[i][j]]));
		}
	}
}

/* Many names that have the same beginning */
TEST_F(box, many_files)
{
	char name[32];
	unsigned int i;
	int fd;

	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%u", i);
		fd = text_memfd(name, 1);
		ASSERT_EQ(0, box_put(self->box, fd, name));
	}
	for (i = 0; i < 1000; i++) {
		snprintf(name, sizeof(name), "%u", i * 7 % 1000);
		fd = box_get(self->box, name);
		ASSERT_GE(fd, 0);
		ASSERT_EQ(0, text_check(fd, name, 1));
		EXPECT_EQ(-ENOENT, box_get(self->box, name));
		if (i % 3 == 0) {
			ASSERT_EQ(0, box_put(self->box, fd, name));
			EXPECT_EQ(fd, box_get(self->box, name));
		}
		close(fd);
	}
}

TEST_HARNESS_MAIN
