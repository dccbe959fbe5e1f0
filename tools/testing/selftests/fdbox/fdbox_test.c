// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boxes, as far as one kernel can show them: every ioctl, every error.
 *
 * What has to do with seals needs kho=on liveupdate=on, and handlers that fail
 * need CONFIG_LIVEUPDATE_EXERCISER.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <linux/capability.h>
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "../liveupdate/luo.h"
#include "fdbox.h"

#define LONGEST		(FDBOX_NAME_LEN - 1)

static char long_name[FDBOX_NAME_LEN + 1];

static char *fill_name(unsigned int len, char c)
{
	memset(long_name, c, len);
	long_name[len] = '\0';
	return long_name;
}

/* The next descriptor: the same again if none was leaked. */
static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

/* The structure at the very end of what can be read. */
static void *at_edge(const void *data, size_t size)
{
	size_t page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(map + page, page);
	return memcpy(map + page - size, data, size);
}

static int have_capability(bool have)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		return -errno;
	data[0].effective &= ~(1U << CAP_SYS_ADMIN);
	data[0].effective |= have << CAP_SYS_ADMIN;
	return syscall(SYS_capset, &head, data) ? -errno : 0;
}

static unsigned long count_of(const char *what)
{
	FILE *f = fopen(EXERCISER "counts", "re");
	unsigned long val = -1UL, n;
	char key[32];

	while (f && fscanf(f, "%31s %lu", key, &n) == 2) {
		if (!strcmp(key, what))
			val = n;
	}
	if (f)
		fclose(f);
	return val;
}

/* The calls of handlers since "clear", with blanks for newlines. */
static const char *calls(void)
{
	static char text[65536];
	int fd = open(EXERCISER "calls", O_RDONLY | O_CLOEXEC);
	ssize_t n, len = 0;
	char *c;

	while ((n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	close(fd);
	text[len ? len - 1 : 0] = '\0';
	for (c = text; *c; c++) {
		if (*c == '\n')
			*c = ' ';
	}
	return text;
}

FIXTURE(box) {
	int control;
	int box;
	int other;
	bool seals;
	bool exerciser;
};

FIXTURE_SETUP(box)
{
	self->control = box_control();
	if (self->control == -ENOENT)
		SKIP(return, "no " FDBOX_CONTROL ": CONFIG_FDBOX is needed");
	ASSERT_GE(self->control, 0);
	ASSERT_EQ(0, box_create(self->control, "t"));
	ASSERT_EQ(0, box_create(self->control, "other"));
	self->box = box_open("t");
	self->other = box_open("other");
	ASSERT_GE(self->box, 0);
	ASSERT_GE(self->other, 0);
	self->seals = !box_seal(self->box) && !box_unseal(self->box);
	self->exerciser = !exerciser("norules") && !exerciser("clear");
}

FIXTURE_TEARDOWN(box)
{
	if (self->control < 0)
		return;
	box_unseal(self->box);
	box_unseal(self->other);
	box_delete(self->control, "t");
	box_delete(self->control, "other");
}

#define NEEDS_SEALS()	do {							\
	if (!self->seals)							\
		SKIP(return, "live update is off");				\
} while (0)

#define NEEDS_EXERCISER()	do {						\
	if (!self->exerciser)							\
		SKIP(return, "no CONFIG_LIVEUPDATE_EXERCISER");			\
} while (0)

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

/* It is the initial user namespace's capability that counts. */
TEST_F(box, user_namespace)
{
	int status;
	pid_t child = fork();

	if (!child) {
		if (unshare(CLONE_NEWUSER))
			_exit(4);
		_exit(box_create(self->control, "x") != -EPERM || box_seal(self->box) != -EPERM);
	}
	waitpid(child, &status, 0);
	if (WEXITSTATUS(status) == 4)
		SKIP(return, "no user namespaces");
	EXPECT_EQ(0, status);
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
	char *edge;

	for (i = 0; i < 64; i++) {
		args.flags = 1ULL << i;
		EXPECT_EQ(-EINVAL, box_call(self->control, FDBOX_CREATE_BOX, &args));
		EXPECT_EQ(-EINVAL, box_call(self->control, FDBOX_DELETE_BOX, &args));
	}
	args.flags = 0;
	edge = at_edge(&args, sizeof(args));
	EXPECT_EQ(-EFAULT, box_call(self->control, FDBOX_CREATE_BOX, NULL));
	EXPECT_EQ(-EFAULT, box_call(self->control, FDBOX_CREATE_BOX, edge + 1));
	EXPECT_EQ(-EFAULT, box_call(self->control, FDBOX_DELETE_BOX, edge + 1));
	EXPECT_EQ(-ENOENT, box_call(self->control, FDBOX_DELETE_BOX, edge));
	EXPECT_EQ(0, box_call(self->control, FDBOX_CREATE_BOX, edge));
	EXPECT_EQ(-EEXIST, box_call(self->control, FDBOX_CREATE_BOX, edge));
	EXPECT_EQ(0, box_call(self->control, FDBOX_DELETE_BOX, edge));
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

/* Regression: a sealed box could be deleted. */
TEST_F(box, regression_delete_sealed)
{
	int fd = text_memfd("kept", 3);

	NEEDS_SEALS();
	ASSERT_EQ(0, box_put(self->box, fd, "in"));
	ASSERT_EQ(0, box_seal(self->box));
	EXPECT_EQ(-EBUSY, box_delete(self->control, "t"));
	EXPECT_EQ(0, close(box_open("t")));
	EXPECT_EQ(0, box_unseal(self->box));
	fd = box_get(self->box, "in");
	EXPECT_EQ(0, text_check(fd, "kept", 3));
	EXPECT_EQ(0, box_delete(self->control, "t"));
}

TEST_F(box, delete_closes_files)
{
	unsigned long before;
	int fd;

	NEEDS_EXERCISER();
	before = count_of("alive");
	fd = test_file('a', "dropped");
	ASSERT_EQ(0, box_put(self->box, fd, "in"));
	EXPECT_EQ(before + 1, count_of("alive"));
	EXPECT_EQ(0, box_delete(self->control, "t"));
	usleep(1000);
	EXPECT_EQ(before, count_of("alive"));
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
	char *edge;

	args.fd = fd;
	edge = at_edge(&args, sizeof(args));
	EXPECT_EQ(-EFAULT, box_call(self->box, FDBOX_PUT_FD, NULL));
	EXPECT_EQ(-EFAULT, box_call(self->box, FDBOX_PUT_FD, edge + 1));
	EXPECT_EQ(-EBADF, box_put(self->box, -1, "x"));
	EXPECT_EQ(-EBADF, box_put(self->box, 1 << 20, "x"));
	path = open("/", O_PATH);
	EXPECT_EQ(-EBADF, box_put(self->box, path, "x"));
	EXPECT_EQ(0, box_call(self->box, FDBOX_PUT_FD, edge));
	EXPECT_EQ(-EBADF, box_call(self->box, FDBOX_PUT_FD, edge));
	/* The same file, by whatever descriptor, and wherever */
	EXPECT_EQ(-EBUSY, box_put(self->box, copy, "x"));
	EXPECT_EQ(-EBUSY, box_put(self->other, copy, "in"));
	EXPECT_EQ(-EEXIST, box_put(self->box, second, "in"));
	EXPECT_EQ(0, text_check(copy, "m", 1));
	EXPECT_EQ(0, text_check(second, "s", 1));
	/* The same name in another box is another name. */
	EXPECT_EQ(0, box_put(self->other, second, "in"));
}

/* Only what has a handler: no box in a box, nothing that pins something else. */
TEST_F(box, put_unsupported)
{
	static const char * const paths[] = {
		"/dev/null", "/", "/proc/self/status", "/dev/fdbox/t", "/dev/fdbox/fdbox",
	};
	int fd, pipes[2], dev = open(LUO_DEVICE, O_RDWR | O_CLOEXEC);
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
	EXPECT_EQ(-EOPNOTSUPP, box_put(self->box, self->box, "x"));
	if (dev >= 0) {
		EXPECT_EQ(-EOPNOTSUPP, box_put(self->box, dev, "x"));
		fd = luo_create(dev, "in no box");
		EXPECT_EQ(-EOPNOTSUPP, box_put(self->box, fd, "x"));
		close(fd);
	}
}

TEST_F(box, in_a_session)
{
	int dev = open(LUO_DEVICE, O_RDWR | O_CLOEXEC), s, fd = text_memfd("m", 1), copy = dup(fd);

	NEEDS_SEALS();
	s = luo_create(dev, "s");
	ASSERT_GE(s, 0);
	EXPECT_EQ(0, luo_preserve_fd(s, fd, 1));
	EXPECT_EQ(-EBUSY, box_put(self->box, fd, "in"));
	close(s);
	usleep(1000);
	EXPECT_EQ(0, box_put(self->box, fd, "in"));
	s = luo_create(dev, "s");
	/* from when it is put, not only from when it is sealed */
	EXPECT_EQ(-EBUSY, luo_preserve_fd(s, copy, 1));
	EXPECT_EQ(0, box_seal(self->box));
	EXPECT_EQ(-EBUSY, luo_preserve_fd(s, copy, 1));
	EXPECT_EQ(0, box_unseal(self->box));
	EXPECT_EQ(-EBUSY, luo_preserve_fd(s, copy, 1));
	EXPECT_GE(box_get(self->box, "in"), 0);
	EXPECT_EQ(0, luo_preserve_fd(s, copy, 1));
	close(s);
}

/*
 * Taking
 */

TEST_F(box, get_errors)
{
	struct fdbox_get_fd args = { .name = "in" };
	struct rlimit lim, none;
	unsigned int i;
	char *edge;
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
	getrlimit(RLIMIT_NOFILE, &lim);
	none = (struct rlimit){ .rlim_max = lim.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	EXPECT_EQ(-EMFILE, box_get(self->box, "in"));
	setrlimit(RLIMIT_NOFILE, &lim);
	EXPECT_EQ(fd, next_fd());
	/* 268 bytes are read, to the end of the name. */
	edge = at_edge(&args, 268);
	EXPECT_EQ(-EFAULT, box_call(self->box, FDBOX_GET_FD, edge + 1));
	EXPECT_EQ(fd, box_call(self->box, FDBOX_GET_FD, edge));
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

/* Many names, of which some have the same hash or the same beginning */
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

/*
 * Seals
 */

TEST_F(box, no_seals_without_live_update)
{
	int fd = text_memfd("m", 1);

	if (self->seals)
		SKIP(return, "live update is on");
	ASSERT_EQ(0, box_put(self->box, fd, "in"));
	EXPECT_EQ(-EOPNOTSUPP, box_seal(self->box));
	EXPECT_EQ(-EBUSY, box_unseal(self->box));
	fd = box_get(self->box, "in");
	EXPECT_EQ(0, text_check(fd, "m", 1));
}

TEST_F(box, sealed)
{
	int fd = text_memfd("m", 2), more = text_memfd("more", 1), map;
	char *mem;

	NEEDS_SEALS();
	map = dup(fd);
	mem = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	EXPECT_EQ(-EBUSY, box_unseal(self->box));
	ASSERT_EQ(0, box_put(self->box, fd, "in"));
	EXPECT_EQ(-EBUSY, box_unseal(self->box));
	EXPECT_EQ(0, box_seal(self->box));
	EXPECT_EQ(-EBUSY, box_seal(self->box));
	EXPECT_EQ(-EBUSY, box_put(self->box, more, "x"));
	EXPECT_EQ(-EBUSY, box_get(self->box, "in"));
	EXPECT_EQ(-EBUSY, box_get(self->box, "x"));
	/* Preserved: it keeps its size, its contents may change. */
	EXPECT_EQ(-1, ftruncate(map, 4096));
	EXPECT_EQ(EPERM, errno);
	mem[1] = 'M';
	EXPECT_EQ(0, box_unseal(self->box));
	EXPECT_EQ(-EBUSY, box_unseal(self->box));
	EXPECT_EQ(0, ftruncate(map, 4096));
	EXPECT_EQ(0, box_put(self->box, more, "x"));
	fd = box_get(self->box, "in");
	mem[1] = '\0';
	EXPECT_EQ(0, text_check(fd, "m", 1));
}

/* Regression: UNSEAL ran the operation of SEAL. */
TEST_F(box, regression_unseal_does_not_seal)
{
	int a = test_file('a', "f0"), b = test_file('a', "f1");

	NEEDS_EXERCISER();
	ASSERT_EQ(0, box_put(self->box, a, "second"));
	ASSERT_EQ(0, box_put(self->box, b, "first"));
	exerciser("clear");
	EXPECT_EQ(0, box_seal(self->box));
	EXPECT_EQ(0, box_unseal(self->box));
	/* in the order of the puts, and back */
	EXPECT_STREQ("flb_preserve x-flb0 flb_preserve x-flb1 preserve f0 preserve f1 "
		     "unpreserve f1 unpreserve f0 flb_unpreserve x-flb1 flb_unpreserve x-flb0",
		     calls());
}

/* Regression: a seal that failed destroyed the contents of the files. */
TEST_F(box, regression_failed_seal)
{
	int m = text_memfd("memory", 5), copy = dup(m), f;
	char name[16];

	NEEDS_EXERCISER();
	ASSERT_EQ(0, box_put(self->box, m, "m"));
	f = test_file('a', "f0");
	ASSERT_EQ(0, box_put(self->box, f, "f0"));
	f = test_file('a', "f1");
	ASSERT_EQ(0, box_put(self->box, f, "f1"));
	exerciser("rule preserve f1 28 1");
	exerciser("clear");
	EXPECT_EQ(-ENOSPC, box_seal(self->box));
	EXPECT_STREQ("flb_preserve x-flb0 flb_preserve x-flb1 preserve f0 preserve f1 "
		     "unpreserve f0 flb_unpreserve x-flb1 flb_unpreserve x-flb0", calls());
	/* As before: not sealed, nothing preserved, all there. */
	EXPECT_EQ(0, ftruncate(copy, 5 * 4096 - 1));
	EXPECT_EQ(0, ftruncate(copy, 5 * 4096));
	EXPECT_EQ(0, box_seal(self->box));
	EXPECT_EQ(0, box_unseal(self->box));
	m = box_get(self->box, "m");
	EXPECT_EQ(0, text_check(m, "memory", 5));
	f = box_get(self->box, "f1");
	EXPECT_EQ(0, test_file_check(f, name));
	EXPECT_STREQ("f1", name);
}

/* What a handler takes for its own it may still refuse to preserve. */
TEST_F(box, seal_refused)
{
	int fd, m = text_memfd("m", 1);

	NEEDS_SEALS();
	fd = open("/tmp/unlinked", O_RDWR | O_CREAT, 0600);
	unlink("/tmp/unlinked");
	ASSERT_EQ(0, box_put(self->box, m, "m"));
	if (box_put(self->box, fd, "u"))
		SKIP(return, "/tmp is no tmpfs");
	EXPECT_EQ(-EOPNOTSUPP, box_seal(self->box));
	EXPECT_GE(box_get(self->box, "u"), 0);
	EXPECT_EQ(0, box_seal(self->box));
}

TEST_F(box, empty_box_sealed)
{
	NEEDS_SEALS();
	EXPECT_EQ(0, box_seal(self->box));
	EXPECT_EQ(-EBUSY, box_delete(self->control, "t"));
	EXPECT_EQ(0, box_unseal(self->box));
}

TEST_HARNESS_MAIN
