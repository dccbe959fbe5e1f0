// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/liveupdate and the sessions, as far as one kernel can show them: every
 * ioctl, every error, in the order in which they are found.
 *
 * Needs kho=on liveupdate=on and, for most, CONFIG_LIVEUPDATE_EXERCISER.  The
 * cases of "incoming" are for the second kernel of guest/ioctl.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>

#include <linux/magic.h>
#include <linux/reboot.h>
#include <sys/syscall.h>

#include "../kselftest_harness.h"
#include "luo.h"

#define NAME_LEN	LIVEUPDATE_SESSION_NAME_LENGTH

static size_t page_size;

/* Two pages, the second of which is not there: returns where it would begin. */
static char *edge(void)
{
	char *map = mmap(NULL, 2 * page_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	munmap(map + page_size, page_size);
	return map + page_size;
}

/* A copy that cannot be written to. */
static void *read_only(const void *data, size_t size)
{
	char *end = edge();

	memcpy(end - size, data, size);
	mprotect(end - page_size, page_size, PROT_READ);
	return end - size;
}

/* The next descriptor: the same again if none was leaked. */
static int next_fd(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static unsigned long count_of(const char *what)
{
	FILE *f = fopen(EXERCISER "counts", "re");
	unsigned long val = ULONG_MAX, n;
	char key[32];

	while (f && fscanf(f, "%31s %lu", key, &n) == 2) {
		if (!strcmp(key, what))
			val = n;
	}
	if (f)
		fclose(f);
	return val;
}

/* The calls since "clear", with blanks for newlines. */
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

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Closing is over when the last file has been let go. */
static void settle(void)
{
	usleep(1000);
}

static void allow_fds(rlim_t nr)
{
	struct rlimit lim = { nr, nr };

	setrlimit(RLIMIT_NOFILE, &lim);
}

FIXTURE(luo) {
	int dev;
	bool exerciser;
};

FIXTURE_SETUP(luo)
{
	page_size = sysconf(_SC_PAGESIZE);
	self->dev = open(LUO_DEVICE, O_RDWR | O_CLOEXEC);
	if (self->dev < 0 && errno == ENOENT)
		SKIP(return, "no " LUO_DEVICE ": kho=on liveupdate=on is needed");
	ASSERT_GE(self->dev, 0);
	self->exerciser = !exerciser("norules") && !exerciser("clear");
}

FIXTURE_TEARDOWN(luo)
{
	if (self->dev >= 0)
		close(self->dev);
}

#define NEEDS_EXERCISER()	do {						\
	if (!self->exerciser)							\
		SKIP(return, "no CONFIG_LIVEUPDATE_EXERCISER");			\
} while (0)

/*
 * The device
 */

TEST_F(luo, device_node)
{
	struct stat st;

	ASSERT_EQ(0, fstat(self->dev, &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	EXPECT_EQ(10, major(st.st_rdev));
	EXPECT_EQ(0, st.st_uid);
}

/* One open file, however many descriptors refer to it. */
TEST_F(luo, device_opened_once)
{
	int copy, status;
	pid_t child;
	int pipes[2];

	EXPECT_EQ(-1, open(LUO_DEVICE, O_RDWR));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(-1, open(LUO_DEVICE, O_RDONLY));
	EXPECT_EQ(EBUSY, errno);

	copy = dup(self->dev);
	close(self->dev);
	EXPECT_EQ(-1, open(LUO_DEVICE, O_RDWR));
	EXPECT_EQ(EBUSY, errno);

	ASSERT_EQ(0, pipe(pipes));
	child = fork();
	if (!child) {
		close(pipes[1]);
		_exit(read(pipes[0], &status, 1));
	}
	close(copy);
	EXPECT_EQ(-1, open(LUO_DEVICE, O_RDWR));
	EXPECT_EQ(EBUSY, errno);
	close(pipes[1]);
	waitpid(child, &status, 0);

	self->dev = open(LUO_DEVICE, O_RDONLY);
	EXPECT_GE(self->dev, 0);
}

TEST_F(luo, any_open_mode)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR };
	unsigned int i;
	int s;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		close(self->dev);
		self->dev = open(LUO_DEVICE, modes[i]);
		ASSERT_GE(self->dev, 0);
		s = luo_create(self->dev, "mode");
		EXPECT_GE(s, 0);
		close(s);
	}
}

/* Whoever has the descriptor may use it; opening takes permission. */
TEST_F(luo, permissions)
{
	int status, s;
	pid_t child;

	child = fork();
	if (!child) {
		if (setresuid(1000, 1000, 1000))
			_exit(1);
		s = luo_create(self->dev, "mine");
		if (s < 0)
			_exit(2);
		close(s);
		close(self->dev);
		if (open(LUO_DEVICE, O_RDWR) >= 0 || errno != EACCES)
			_exit(3);
		_exit(0);
	}
	waitpid(child, &status, 0);
	EXPECT_EQ(0, status);
}

TEST_F(luo, nothing_but_ioctl)
{
	int s = luo_create(self->dev, "plain");
	int fds[] = { self->dev, s };
	unsigned int i;
	char c;

	for (i = 0; i < 2; i++) {
		EXPECT_EQ(-1, read(fds[i], &c, 1));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_EQ(-1, write(fds[i], &c, 1));
		EXPECT_EQ(EINVAL, errno);
		EXPECT_TRUE(mmap(NULL, page_size, PROT_READ, MAP_SHARED, fds[i], 0) == MAP_FAILED);
		EXPECT_EQ(ENODEV, errno);
	}
	close(s);
}

TEST_F(luo, sessions_outlive_device)
{
	char name[NAME_LEN];
	int s = luo_create(self->dev, "outlives");

	close(self->dev);
	EXPECT_EQ(0, luo_get_name(s, name));
	EXPECT_STREQ("outlives", name);
	self->dev = open(LUO_DEVICE, O_RDWR);
	EXPECT_EQ(-EEXIST, luo_create(self->dev, "outlives"));
	close(s);
}

/*
 * What every command checks, in this order: number, size can be read, whole
 * command, kind of session, minimal size, tail.
 */

struct command {
	unsigned int cmd;
	unsigned int size;
	bool session;
	bool outgoing;		/* it works on a session that was created */
};

static const struct command commands[] = {
	{ LIVEUPDATE_IOCTL_CREATE_SESSION, 72, false, true },
	{ LIVEUPDATE_IOCTL_RETRIEVE_SESSION, 72, false, true },
	{ LIVEUPDATE_SESSION_PRESERVE_FD, 16, true, true },
	{ LIVEUPDATE_SESSION_RETRIEVE_FD, 16, true, false },
	{ LIVEUPDATE_SESSION_FINISH, 8, true, false },
	{ LIVEUPDATE_SESSION_GET_NAME, 72, true, true },
};

/* What a command says to a structure that is all right and all zero. */
static int answer(const struct command *c)
{
	switch (c->cmd) {
	case LIVEUPDATE_IOCTL_CREATE_SESSION:
		return -EINVAL;		/* no name */
	case LIVEUPDATE_IOCTL_RETRIEVE_SESSION:
		return -ENOENT;
	case LIVEUPDATE_SESSION_PRESERVE_FD:
		return -EBADF;
	default:
		return 0;
	}
}

/* A structure all right and all zero, up to the end of what can be read. */
static void *zero_struct(size_t size, char *end)
{
	memset(end - size, 0, size);
	if (size >= 4)
		*(uint32_t *)(end - size) = size;
	/* fd 0 is open, and nothing that can be preserved. */
	if (size >= 8)
		*(int32_t *)(end - size + 4) = 0;
	return end - size;
}

TEST_F(luo, numbers)
{
	EXPECT_EQ(0xBA00, LIVEUPDATE_IOCTL_CREATE_SESSION);
	EXPECT_EQ(0xBA01, LIVEUPDATE_IOCTL_RETRIEVE_SESSION);
	EXPECT_EQ(0xBA40, LIVEUPDATE_SESSION_PRESERVE_FD);
	EXPECT_EQ(0xBA41, LIVEUPDATE_SESSION_RETRIEVE_FD);
	EXPECT_EQ(0xBA42, LIVEUPDATE_SESSION_FINISH);
	EXPECT_EQ(0xBA43, LIVEUPDATE_SESSION_GET_NAME);
	EXPECT_EQ(72, sizeof(struct liveupdate_ioctl_create_session));
	EXPECT_EQ(72, sizeof(struct liveupdate_ioctl_retrieve_session));
	EXPECT_EQ(16, sizeof(struct liveupdate_session_preserve_fd));
	EXPECT_EQ(16, sizeof(struct liveupdate_session_retrieve_fd));
	EXPECT_EQ(8, sizeof(struct liveupdate_session_finish));
	EXPECT_EQ(72, sizeof(struct liveupdate_session_get_name));
}

/* Whatever the type, and whatever the pointer. */
TEST_F(luo, unknown_number)
{
	int s = luo_create(self->dev, "numbers");
	unsigned int nr;

	for (nr = 0; nr < 256; nr++) {
		if (nr > 1) {
			EXPECT_EQ(-EINVAL, luo_call(self->dev, _IO(0xBA, nr), NULL))
				TH_LOG("device %#x", nr);
			EXPECT_EQ(-EINVAL, luo_call(self->dev, _IOWR('x', nr, long), NULL))
				TH_LOG("device, other type, %#x", nr);
		}
		if (nr < 0x40 || nr > 0x43) {
			EXPECT_EQ(-EINVAL, luo_call(s, _IO(0xBA, nr), NULL))
				TH_LOG("session %#x", nr);
		}
	}
	close(s);
}

TEST_F(luo, size_cannot_be_read)
{
	int s = luo_create(self->dev, "fault");
	char *end = edge();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];
		int fd = c->session ? s : self->dev;

		EXPECT_EQ(-EFAULT, luo_call(fd, c->cmd, NULL));
		EXPECT_EQ(-EFAULT, luo_call(fd, c->cmd, end));
		EXPECT_EQ(-EFAULT, luo_call(fd, c->cmd, end - 3));
		/* before the whole command is looked at */
		EXPECT_EQ(-EFAULT, luo_call(fd, _IO('x', _IOC_NR(c->cmd)), end));
	}
	close(s);
}

TEST_F(luo, other_type)
{
	int s = luo_create(self->dev, "type");
	uint32_t args[32] = { 0 };	/* the size is too small as well */
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		int fd = commands[i].session ? s : self->dev;
		unsigned int nr = _IOC_NR(commands[i].cmd);

		EXPECT_EQ(-ENOTTY, luo_call(fd, _IO('x', nr), args));
		EXPECT_EQ(-ENOTTY, luo_call(fd, _IO(0xBB, nr), args));
		EXPECT_EQ(-ENOTTY, luo_call(fd, _IOC(_IOC_READ, 0xBA, nr, 0), args));
		EXPECT_EQ(-ENOTTY, luo_call(fd, _IOC(_IOC_WRITE, 0xBA, nr, 0), args));
		EXPECT_EQ(-ENOTTY, luo_call(fd, _IOC(_IOC_NONE, 0xBA, nr, 8), args));
	}
	close(s);
}

TEST_F(luo, commands_of_retrieved_sessions)
{
	int s = luo_create(self->dev, "kind");
	uint32_t args[32] = { sizeof(args) };

	args[31] = 1;	/* would be E2BIG */
	EXPECT_EQ(-EINVAL, luo_call(s, LIVEUPDATE_SESSION_RETRIEVE_FD, args));
	EXPECT_EQ(-EINVAL, luo_call(s, LIVEUPDATE_SESSION_FINISH, args));
	EXPECT_EQ(-E2BIG, luo_call(s, LIVEUPDATE_SESSION_PRESERVE_FD, args));
	EXPECT_EQ(-EINVAL, luo_retrieve_fd(s, 0));
	EXPECT_EQ(-EINVAL, luo_finish(s));
	close(s);
}

TEST_F(luo, short_structs)
{
	int s = luo_create(self->dev, "short");
	char *end = edge();
	unsigned int i;
	uint32_t size;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];
		int fd = c->session ? s : self->dev;

		for (size = 0; size < c->size; size++) {
			char *args = end - c->size;

			memset(args, 0, c->size);
			*(uint32_t *)args = size;
			EXPECT_EQ(-EINVAL, luo_call(fd, c->cmd, args));
			/* no more than the size is read */
			*(uint32_t *)(end - 4) = size;
			EXPECT_EQ(-EINVAL, luo_call(fd, c->cmd, end - 4));
		}
	}
	close(s);
}

TEST_F(luo, structs_that_end_early)
{
	int s = luo_create(self->dev, "end");
	char *end = edge();
	unsigned int i, missing;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];

		if (!c->outgoing)
			continue;
		for (missing = 4; missing <= c->size - 4; missing += 4) {
			*(uint32_t *)(end - c->size + missing) = c->size;
			EXPECT_EQ(-EFAULT, luo_call(c->session ? s : self->dev, c->cmd,
						    end - c->size + missing));
		}
	}
	close(s);
}

TEST_F(luo, long_structs)
{
	int s = luo_create(self->dev, "long");
	static const unsigned int extra[] = { 0, 1, 4, 7, 8, 56, 57, 100, 1000, 3000 };
	char *end = edge();
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];
		int fd = c->session ? s : self->dev;

		if (!c->outgoing)
			continue;
		for (j = 0; j < ARRAY_SIZE(extra); j++) {
			size_t size = c->size + extra[j];
			char *args = zero_struct(size, end);

			if (c->cmd == LIVEUPDATE_SESSION_PRESERVE_FD)
				*(int32_t *)(args + 4) = -1;
			EXPECT_EQ(answer(c), luo_call(fd, c->cmd, args))
				TH_LOG("%#x with %zu bytes", c->cmd, size);
			EXPECT_EQ(size, *(uint32_t *)args);
			if (!extra[j])
				continue;
			args = zero_struct(size, end);
			args[size - 1] = 1;
			EXPECT_EQ(-E2BIG, luo_call(fd, c->cmd, args));
			args[size - 1] = 0;
			args[c->size] = (char)0x80;
			EXPECT_EQ(-E2BIG, luo_call(fd, c->cmd, args));
		}
		/* longer than what is there */
		*(uint32_t *)zero_struct(c->size, end) = c->size + 1;
		EXPECT_EQ(-EFAULT, luo_call(fd, c->cmd, end - c->size));
		*(uint32_t *)zero_struct(c->size, end) = UINT32_MAX;
		EXPECT_EQ(-EFAULT, luo_call(fd, c->cmd, end - c->size));
	}
	close(s);
}

/* What is behind the structure that the kernel knows stays as it was. */
TEST_F(luo, long_reply)
{
	struct {
		struct liveupdate_ioctl_create_session args;
		char tail[16];
	} create = { .args = { .size = sizeof(create), .fd = -1, .name = "reply" } };
	struct {
		struct liveupdate_session_get_name args;
		char tail[16];
	} name = { .args = { .size = sizeof(name) } };

	ASSERT_EQ(0, luo_call(self->dev, LIVEUPDATE_IOCTL_CREATE_SESSION, &create));
	EXPECT_EQ(sizeof(create), create.args.size);
	EXPECT_GE(create.args.fd, 0);
	EXPECT_STREQ("reply", (char *)create.args.name);
	memset(name.args.name, 'x', NAME_LEN);
	ASSERT_EQ(0, luo_call(create.args.fd, LIVEUPDATE_SESSION_GET_NAME, &name));
	EXPECT_EQ(sizeof(name), name.args.size);
	EXPECT_STREQ("reply", (char *)name.args.name);
	EXPECT_EQ(0, name.args.name[NAME_LEN - 1]);
	close(create.args.fd);
}

/*
 * Sessions
 */

TEST_F(luo, names)
{
	static const char *const good[] = {
		"a", "with blank", "../../etc/passwd", "line\nbreak", "\xff\xfe\x01", "%s%n",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde",
	};
	char name[NAME_LEN], full[NAME_LEN + 1];
	unsigned int i;
	int s;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		s = luo_create(self->dev, good[i]);
		ASSERT_GE(s, 0);
		memset(name, 'x', sizeof(name));
		EXPECT_EQ(0, luo_get_name(s, name));
		EXPECT_STREQ(good[i], name);
		close(s);
	}
	EXPECT_EQ(-EINVAL, luo_create(self->dev, ""));
	memset(full, 'X', NAME_LEN);
	full[NAME_LEN] = '\0';
	EXPECT_EQ(-EINVAL, luo_create(self->dev, full));
	EXPECT_EQ(-ENOENT, luo_retrieve(self->dev, full));
	EXPECT_EQ(-ENOENT, luo_retrieve(self->dev, ""));
	EXPECT_EQ(-ENOENT, luo_retrieve(self->dev, "nobody has this name"));
}

/* A name ends at its NUL. */
TEST_F(luo, name_with_garbage)
{
	struct liveupdate_ioctl_create_session args = { .size = sizeof(args) };
	char name[NAME_LEN];
	int i;

	memset(args.name, 'g', NAME_LEN);
	strcpy((char *)args.name, "short");
	ASSERT_EQ(0, luo_call(self->dev, LIVEUPDATE_IOCTL_CREATE_SESSION, &args));
	EXPECT_EQ(-EEXIST, luo_create(self->dev, "short"));
	ASSERT_EQ(0, luo_get_name(args.fd, name));
	for (i = 5; i < NAME_LEN; i++)
		EXPECT_EQ(0, name[i]);
	close(args.fd);
}

TEST_F(luo, names_are_unique)
{
	int s = luo_create(self->dev, "one"), other;
	int before = next_fd();

	EXPECT_EQ(-EEXIST, luo_create(self->dev, "one"));
	EXPECT_EQ(before, next_fd());
	other = luo_create(self->dev, "One");
	EXPECT_GE(other, 0);
	close(other);
	/* What was created cannot be retrieved. */
	EXPECT_EQ(-ENOENT, luo_retrieve(self->dev, "one"));
	close(s);
	s = luo_create(self->dev, "one");
	EXPECT_GE(s, 0);
	close(s);
}

/* As those who keep file descriptors for others recognise it. */
TEST_F(luo, session_descriptor)
{
	int s = luo_create(self->dev, "looks like this");
	char path[64], link[128] = "";
	struct statfs fs;
	struct stat st;

	EXPECT_EQ(FD_CLOEXEC, fcntl(s, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(s, F_GETFL) & O_ACCMODE);
	sprintf(path, "/proc/self/fd/%d", s);
	EXPECT_LT(0, readlink(path, link, sizeof(link) - 1));
	EXPECT_STREQ("anon_inode:[luo_session] looks like this", link);
	EXPECT_EQ(0, fstatfs(s, &fs));
	EXPECT_EQ(ANON_INODE_FS_MAGIC, fs.f_type);
	EXPECT_EQ(0, fstat(s, &st));
	EXPECT_EQ(0600, st.st_mode);
	close(s);
}

TEST_F(luo, get_name_reserved)
{
	struct liveupdate_session_get_name args = { .size = sizeof(args), .reserved = 1 };
	int s = luo_create(self->dev, "reserved");

	EXPECT_EQ(-EINVAL, luo_call(s, LIVEUPDATE_SESSION_GET_NAME, &args));
	args.reserved = 0;
	memset(args.name, 'x', NAME_LEN);	/* only written to */
	EXPECT_EQ(0, luo_call(s, LIVEUPDATE_SESSION_GET_NAME, &args));
	close(s);
}

/* The session lives as long as somebody has it. */
TEST_F(luo, session_copies)
{
	int s = luo_create(self->dev, "copies"), copy, status, pipes[2];
	char name[NAME_LEN];
	pid_t child;

	copy = dup(s);
	close(s);
	EXPECT_EQ(-EEXIST, luo_create(self->dev, "copies"));
	EXPECT_EQ(0, luo_get_name(copy, name));
	ASSERT_EQ(0, pipe(pipes));
	child = fork();
	if (!child) {
		close(pipes[1]);
		_exit(read(pipes[0], &status, 1));
	}
	close(copy);
	EXPECT_EQ(-EEXIST, luo_create(self->dev, "copies"));
	close(pipes[1]);
	waitpid(child, &status, 0);
	s = luo_create(self->dev, "copies");
	EXPECT_GE(s, 0);
	close(s);
}

/* The reply cannot be written: nothing is left behind. */
TEST_F(luo, create_to_read_only)
{
	struct liveupdate_ioctl_create_session args = { .size = sizeof(args), .name = "ro" };
	int before = next_fd(), s;
	void *ro = read_only(&args, sizeof(args));

	EXPECT_EQ(-EFAULT, luo_call(self->dev, LIVEUPDATE_IOCTL_CREATE_SESSION, ro));
	EXPECT_EQ(before, next_fd());
	s = luo_create(self->dev, "ro");
	EXPECT_GE(s, 0);
	close(s);
}

TEST_F(luo, get_name_to_read_only)
{
	struct liveupdate_session_get_name args = { .size = sizeof(args) };
	int s = luo_create(self->dev, "ro");

	EXPECT_EQ(-EFAULT, luo_call(s, LIVEUPDATE_SESSION_GET_NAME,
				    read_only(&args, sizeof(args))));
	EXPECT_EQ(-EEXIST, luo_create(self->dev, "ro"));
	close(s);
}

TEST_F(luo, create_without_descriptors)
{
	struct rlimit lim, none = { 0, 0 };
	int s;

	getrlimit(RLIMIT_NOFILE, &lim);
	none.rlim_max = lim.rlim_max;
	setrlimit(RLIMIT_NOFILE, &none);
	s = luo_create(self->dev, "emfile");
	setrlimit(RLIMIT_NOFILE, &lim);
	EXPECT_EQ(-EMFILE, s);
	s = luo_create(self->dev, "emfile");
	EXPECT_GE(s, 0);
	close(s);
}

/* Nothing is loaded: nothing is frozen. */
TEST_F(luo, kexec_without_image)
{
	int s = luo_create(self->dev, "stays");

	EXPECT_EQ(-1, syscall(__NR_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			      LINUX_REBOOT_CMD_KEXEC, NULL));
	EXPECT_EQ(EINVAL, errno);
	if (self->exerciser)
		EXPECT_EQ(0, count_of("freeze"));
	EXPECT_EQ(-EEXIST, luo_create(self->dev, "stays"));
	close(s);
}

/*
 * Files
 */

TEST_F(luo, preserve)
{
	int s = luo_create(self->dev, "preserve"), fd;
	struct liveupdate_session_preserve_fd args = { .size = sizeof(args), .token = 5 };

	NEEDS_EXERCISER();
	fd = test_file('a', "one");
	ASSERT_GE(fd, 0);
	args.fd = fd;
	EXPECT_EQ(0, luo_call(s, LIVEUPDATE_SESSION_PRESERVE_FD, &args));
	EXPECT_EQ(sizeof(args), args.size);
	EXPECT_EQ(fd, args.fd);
	EXPECT_EQ(5, args.token);
	close(fd);
	settle();
	/* the session has it still */
	EXPECT_EQ(1, count_of("alive"));
	close(s);
	settle();
	EXPECT_EQ(0, count_of("alive"));
	EXPECT_STREQ("flb_preserve x-flb0 flb_preserve x-flb1 preserve one unpreserve one "
		     "flb_unpreserve x-flb1 flb_unpreserve x-flb0", calls());
}

TEST_F(luo, preserve_bad_descriptors)
{
	int s = luo_create(self->dev, "ebadf");
	int path = open("/dev/null", O_PATH), null = open("/dev/null", O_RDWR);
	int pipes[2];

	EXPECT_EQ(-EBADF, luo_preserve_fd(s, -1, 0));
	EXPECT_EQ(-EBADF, luo_preserve_fd(s, INT_MIN, 0));
	EXPECT_EQ(-EBADF, luo_preserve_fd(s, 999, 0));
	EXPECT_EQ(-EBADF, luo_preserve_fd(s, path, 0));
	/* Nobody wants these. */
	ASSERT_EQ(0, pipe(pipes));
	EXPECT_EQ(-ENOENT, luo_preserve_fd(s, null, 0));
	EXPECT_EQ(-ENOENT, luo_preserve_fd(s, pipes[0], 0));
	EXPECT_EQ(-ENOENT, luo_preserve_fd(s, s, 0));
	EXPECT_EQ(-ENOENT, luo_preserve_fd(s, self->dev, 0));
	close(s);
}

TEST_F(luo, tokens)
{
	static const uint64_t tokens[] = { 0, 1, 2, 1ULL << 32, 1ULL << 63, UINT64_MAX };
	int s = luo_create(self->dev, "tokens"), t = luo_create(self->dev, "tokens2");
	unsigned int i;
	int fd;

	NEEDS_EXERCISER();
	for (i = 0; i < ARRAY_SIZE(tokens); i++) {
		fd = test_file('b', "tt");
		EXPECT_EQ(0, luo_preserve_fd(s, fd, tokens[i])) TH_LOG("token %u", i);
		close(fd);
		fd = test_file('b', "tt");
		EXPECT_EQ(-EEXIST, luo_preserve_fd(s, fd, tokens[i])) TH_LOG("token %u", i);
		/* each session has its own */
		EXPECT_EQ(0, luo_preserve_fd(t, fd, tokens[i]));
		close(fd);
		/* before the descriptor is looked at */
		EXPECT_EQ(-EEXIST, luo_preserve_fd(s, -1, tokens[i]));
	}
	close(s);
	close(t);
	settle();
	EXPECT_EQ(0, count_of("alive"));
}

/* A file is in one session, once: whatever descriptor it comes from. */
TEST_F(luo, double_preserve)
{
	int s = luo_create(self->dev, "first"), t = luo_create(self->dev, "second");
	int a, b, copy, twin;

	NEEDS_EXERCISER();
	a = test_file('a', "ga");
	b = test_file('b', "gb");
	EXPECT_EQ(0, luo_preserve_fd(s, a, 1));
	EXPECT_EQ(0, luo_preserve_fd(s, b, 2));
	EXPECT_EQ(-EBUSY, luo_preserve_fd(s, a, 3));
	EXPECT_EQ(-EBUSY, luo_preserve_fd(t, a, 1));
	EXPECT_EQ(-EBUSY, luo_preserve_fd(t, b, 1));
	copy = dup(a);
	EXPECT_EQ(-EBUSY, luo_preserve_fd(t, copy, 1));
	/* Another open file: the handler says that it is the same. */
	twin = ioctl(a, 0);
	ASSERT_GE(twin, 0);
	EXPECT_EQ(-EBUSY, luo_preserve_fd(t, twin, 1));
	/* No trace of the failures: the tokens are free, the calls as they were. */
	EXPECT_EQ(2, count_of("preserve"));
	EXPECT_EQ(0, count_of("unpreserve"));
	close(s);
	settle();
	EXPECT_EQ(0, luo_preserve_fd(t, twin, 1));
	EXPECT_EQ(-EBUSY, luo_preserve_fd(t, a, 3));
	EXPECT_EQ(0, luo_preserve_fd(t, b, 3));
	close(t);
}

TEST_F(luo, unpreserve_in_reverse)
{
	int s = luo_create(self->dev, "reverse"), i, fd;
	char name[] = "r?";

	NEEDS_EXERCISER();
	for (i = 0; i < 4; i++) {
		name[1] = '0' + i;
		fd = test_file(i % 2 ? 'b' : 'a', name);
		EXPECT_EQ(0, luo_preserve_fd(s, fd, 100 - i));
		close(fd);
	}
	exerciser("clear");
	close(s);
	settle();
	EXPECT_STREQ("unpreserve r3 unpreserve r2 unpreserve r1 flb_unpreserve x-flb2 "
		     "unpreserve r0 flb_unpreserve x-flb1 flb_unpreserve x-flb0", calls());
}

/* The handler's error is the answer, and leaves nothing behind. */
TEST_F(luo, preserve_fails)
{
	int s = luo_create(self->dev, "fails"), fd;

	NEEDS_EXERCISER();
	fd = test_file('a', "bad");
	exerciser("rule preserve bad 28 1");
	EXPECT_EQ(-ENOSPC, luo_preserve_fd(s, fd, 1));
	EXPECT_STREQ("flb_preserve x-flb0 flb_preserve x-flb1 preserve bad "
		     "flb_unpreserve x-flb1 flb_unpreserve x-flb0", calls());
	exerciser("clear");
	exerciser("rule flb_preserve x-flb1 5 1");
	EXPECT_EQ(-EIO, luo_preserve_fd(s, fd, 1));
	EXPECT_STREQ("flb_preserve x-flb0 flb_preserve x-flb1 flb_unpreserve x-flb0", calls());
	exerciser("clear");
	exerciser("rule flb_preserve x-flb0 12 1");
	EXPECT_EQ(-ENOMEM, luo_preserve_fd(s, fd, 1));
	EXPECT_STREQ("flb_preserve x-flb0", calls());
	exerciser("rule can_preserve bad 1 1");
	EXPECT_EQ(-ENOENT, luo_preserve_fd(s, fd, 1));
	EXPECT_EQ(0, luo_preserve_fd(s, fd, 1));
	close(s);
}

/* Nothing needs to be written back for this one. */
TEST_F(luo, preserve_from_read_only)
{
	struct liveupdate_session_preserve_fd args = { .size = sizeof(args), .token = 9 };
	int s = luo_create(self->dev, "ro");

	NEEDS_EXERCISER();
	args.fd = test_file('b', "ro");
	EXPECT_EQ(0, luo_call(s, LIVEUPDATE_SESSION_PRESERVE_FD,
			      read_only(&args, sizeof(args))));
	EXPECT_EQ(-EEXIST, luo_preserve_fd(s, args.fd, 9));
	close(s);
}

/* The first file of each kind preserves what it shares, the last one undoes it. */
TEST_F(luo, shared_state)
{
	int s = luo_create(self->dev, "flbs"), t = luo_create(self->dev, "flbs2");
	int fds[4] = { 0 };

	NEEDS_EXERCISER();
	fds[0] = test_file('a', "a0");
	fds[1] = test_file('b', "b0");
	fds[2] = test_file('a', "a1");
	EXPECT_EQ(-ENOENT, exerciser("get-outgoing flb1"));
	EXPECT_EQ(0, luo_preserve_fd(s, fds[0], 0));
	EXPECT_EQ(0, luo_preserve_fd(t, fds[1], 0));
	EXPECT_EQ(0, luo_preserve_fd(t, fds[2], 1));
	EXPECT_STREQ("flb_preserve x-flb0 flb_preserve x-flb1 preserve a0 "
		     "flb_preserve x-flb2 preserve b0 preserve a1", calls());
	exerciser("clear");
	close(s);
	settle();
	EXPECT_STREQ("unpreserve a0", calls());
	/* A user of the object keeps it. */
	EXPECT_EQ(0, exerciser("get-outgoing flb1"));
	close(t);
	settle();
	EXPECT_STREQ("unpreserve a0 unpreserve a1 flb_unpreserve x-flb0 "
		     "unpreserve b0 flb_unpreserve x-flb2", calls());
	EXPECT_EQ(0, exerciser("put-outgoing flb1"));
	EXPECT_STREQ("unpreserve a0 unpreserve a1 flb_unpreserve x-flb0 "
		     "unpreserve b0 flb_unpreserve x-flb2 flb_unpreserve x-flb1", calls());
	EXPECT_EQ(-ENOENT, exerciser("get-outgoing flb1"));
	/* Nothing arrived in this kernel, or not this. */
	EXPECT_LT(exerciser("get-incoming flb1"), 0);
}

TEST_F(luo, registration)
{
	int s = luo_create(self->dev, "handlers"), fd;

	NEEDS_EXERCISER();
	EXPECT_EQ(-EEXIST, exerciser("register a"));
	EXPECT_EQ(-EEXIST, exerciser("register same"));
	EXPECT_EQ(-EINVAL, exerciser("register few"));
	EXPECT_EQ(-EINVAL, exerciser("register nameless"));
	EXPECT_EQ(-EEXIST, exerciser("link a flb0"));
	EXPECT_EQ(-EEXIST, exerciser("link b same"));
	fd = test_file('a', "late");
	EXPECT_EQ(0, exerciser("unregister a"));
	EXPECT_EQ(-ENOENT, luo_preserve_fd(s, fd, 0));
	EXPECT_EQ(0, exerciser("unregister a"));
	EXPECT_EQ(0, exerciser("register a"));
	EXPECT_EQ(0, luo_preserve_fd(s, fd, 0));
	close(s);
	settle();
	/* As many FLBs as there is room for. */
	EXPECT_EQ(-ENOSPC, exerciser("fill b"));
	EXPECT_EQ(0, exerciser("unfill b"));
	EXPECT_EQ(-ENOSPC, exerciser("fill a"));
	EXPECT_EQ(0, exerciser("unfill a"));
	/* Back to the order that other cases expect. */
	EXPECT_EQ(0, exerciser("unregister b"));
	EXPECT_EQ(0, exerciser("register b"));
}

/*
 * Many at a time
 */

struct racer {
	pthread_t thread;
	pthread_barrier_t *start;
	int session;
	int fd;
	uint64_t token;
	int err;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	pthread_barrier_wait(r->start);
	r->err = luo_preserve_fd(r->session, r->fd, r->token);
	return NULL;
}

/* One of four wins, with the same session or token or not. */
TEST_F(luo, preserve_race)
{
	struct racer racers[4];
	pthread_barrier_t start;
	int s[2], round, i, won;

	NEEDS_EXERCISER();
	pthread_barrier_init(&start, NULL, 4);
	for (round = 0; round < 50; round++) {
		int fd = test_file('a', "race");

		s[0] = luo_create(self->dev, "race0");
		s[1] = luo_create(self->dev, "race1");
		for (i = 0; i < 4; i++) {
			racers[i] = (struct racer){ .start = &start, .session = s[i % 2],
						    .fd = fd, .token = i / 2 };
			pthread_create(&racers[i].thread, NULL, race, &racers[i]);
		}
		for (i = won = 0; i < 4; i++) {
			pthread_join(racers[i].thread, NULL);
			won += !racers[i].err;
			EXPECT_TRUE(!racers[i].err || racers[i].err == -EBUSY);
		}
		EXPECT_EQ(1, won);
		close(fd);
		close(s[0]);
		close(s[1]);
	}
	settle();
	EXPECT_EQ(0, count_of("alive"));
}

static void *create_and_close(void *arg)
{
	int i, s;

	for (i = 0; i < 300; i++) {
		s = luo_create(*(int *)arg, "same name");
		if (s < 0 && s != -EEXIST)
			return "another error";
		if (s >= 0)
			close(s);
	}
	return NULL;
}

TEST_F(luo, create_race)
{
	pthread_t threads[4];
	void *ret;
	int i, s;

	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, create_and_close, &self->dev);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &ret);
		EXPECT_EQ(NULL, ret);
	}
	s = luo_create(self->dev, "same name");
	EXPECT_GE(s, 0);
	close(s);
}

/* Reports what the last of many cost, compared to the first. */
static void report(const char *what, unsigned int nr, const double *at)
{
	printf("# %u %s: %.1f us for one of the first tenth, %.1f us for one of the last\n",
	       nr, what, (at[1] - at[0]) * 1e7 / nr, (at[3] - at[2]) * 1e7 / nr);
}

static void many_sessions(struct __test_metadata *_metadata, int dev, int nr)
{
	int *s = calloc(nr, sizeof(*s)), i;
	char name[NAME_LEN];
	double at[4] = { 0 };

	allow_fds(nr + 100);
	at[0] = now();
	for (i = 0; i < nr; i++) {
		sprintf(name, "session number %d", i);
		s[i] = luo_create(dev, name);
		ASSERT_GE(s[i], 0);
		if (i == nr / 10 - 1)
			at[1] = now();
		if (i == nr - nr / 10 - 1)
			at[2] = now();
	}
	at[3] = now();
	report("sessions", nr, at);
	EXPECT_EQ(-EEXIST, luo_create(dev, "session number 0"));
	EXPECT_EQ(-EEXIST, luo_create(dev, name));
	EXPECT_EQ(0, luo_get_name(s[nr / 2], name));
	EXPECT_EQ(nr / 2, atoi(name + strlen("session number ")));
	for (i = 0; i < nr; i++)
		close(s[i]);
	free(s);
}

TEST_F_TIMEOUT(luo, sessions_2000, 60)
{
	many_sessions(_metadata, self->dev, 2000);
}

TEST_F_TIMEOUT(luo, sessions_20000, 120)
{
	many_sessions(_metadata, self->dev, 20000);
}

static void many_files(struct __test_metadata *_metadata, int dev, int nr)
{
	int s = luo_create(dev, "many files"), i, fd;
	double at[4] = { 0 }, end;

	at[0] = now();
	for (i = 0; i < nr; i++) {
		fd = open(i % 2 ? "/dev/liveupdate-test-a" : "/dev/liveupdate-test-b", O_RDWR);
		ASSERT_GE(fd, 0);
		ASSERT_EQ(0, luo_preserve_fd(s, fd, i * 3ULL));
		close(fd);
		if (i == nr / 10 - 1)
			at[1] = now();
		if (i == nr - nr / 10 - 1)
			at[2] = now();
	}
	at[3] = now();
	report("files", nr, at);
	EXPECT_EQ(-EEXIST, luo_preserve_fd(s, 0, 0));
	EXPECT_EQ(-EEXIST, luo_preserve_fd(s, 0, (nr - 1) * 3ULL));
	EXPECT_EQ(-ENOENT, luo_preserve_fd(s, dev, 1));
	EXPECT_EQ(nr, count_of("alive"));
	end = now();
	close(s);
	printf("# %d files: %.1f us to let one go\n", nr, (now() - end) * 1e6 / nr);
	settle();
	EXPECT_EQ(nr, count_of("unpreserve"));
	EXPECT_EQ(0, count_of("alive"));
}

TEST_F_TIMEOUT(luo, files_500, 60)
{
	NEEDS_EXERCISER();
	many_files(_metadata, self->dev, 500);
}

TEST_F_TIMEOUT(luo, files_100000, 180)
{
	NEEDS_EXERCISER();
	many_files(_metadata, self->dev, 100000);
}

/*
 * What arrived: session "ioctl_test" with the files f0 to f4, tokens 0 to 4,
 * and the sessions "empty" and "other", the latter with o0.
 */

FIXTURE(incoming) {
	int dev;
	int s;
};

FIXTURE_SETUP(incoming)
{
	page_size = sysconf(_SC_PAGESIZE);
	self->s = -1;
	self->dev = open(LUO_DEVICE, O_RDWR | O_CLOEXEC);
	if (self->dev < 0 && errno == ENOENT)
		SKIP(return, "no " LUO_DEVICE ": kho=on liveupdate=on is needed");
	ASSERT_GE(self->dev, 0);
	self->s = luo_retrieve(self->dev, "ioctl_test");
	if (self->s == -ENOENT)
		SKIP(return, "no session \"ioctl_test\" arrived");
	ASSERT_GE(self->s, 0);
	exerciser("norules");
	exerciser("clear");
}

FIXTURE_TEARDOWN(incoming)
{
	if (self->s >= 0)
		close(self->s);
	if (self->dev >= 0)
		close(self->dev);
}

TEST_F(incoming, descriptor)
{
	char path[64], link[128] = "", name[NAME_LEN];

	EXPECT_EQ(FD_CLOEXEC, fcntl(self->s, F_GETFD));
	EXPECT_EQ(O_RDWR, fcntl(self->s, F_GETFL) & O_ACCMODE);
	sprintf(path, "/proc/self/fd/%d", self->s);
	EXPECT_LT(0, readlink(path, link, sizeof(link) - 1));
	EXPECT_STREQ("anon_inode:[luo_session] ioctl_test", link);
	EXPECT_EQ(0, luo_get_name(self->s, name));
	EXPECT_STREQ("ioctl_test", name);
}

TEST_F(incoming, commands_of_created_sessions)
{
	uint32_t args[32] = { sizeof(args) };
	int fd = test_file('a', "new");

	EXPECT_EQ(-EINVAL, luo_preserve_fd(self->s, fd, 77));
	EXPECT_EQ(-EINVAL, luo_preserve_fd(self->s, -1, 0));
	args[31] = 1;
	EXPECT_EQ(-EINVAL, luo_call(self->s, LIVEUPDATE_SESSION_PRESERVE_FD, args));
	EXPECT_EQ(-E2BIG, luo_call(self->s, LIVEUPDATE_SESSION_RETRIEVE_FD, args));
	EXPECT_EQ(-E2BIG, luo_call(self->s, LIVEUPDATE_SESSION_FINISH, args));
	args[0] = 15;
	EXPECT_EQ(-EINVAL, luo_call(self->s, LIVEUPDATE_SESSION_RETRIEVE_FD, args));
	args[0] = 7;
	EXPECT_EQ(-EINVAL, luo_call(self->s, LIVEUPDATE_SESSION_FINISH, args));
	args[0] = 8;
	args[1] = 1;	/* reserved */
	EXPECT_EQ(-EINVAL, luo_call(self->s, LIVEUPDATE_SESSION_FINISH, args));
	EXPECT_EQ(-ENOENT, luo_retrieve_fd(self->s, 77));
}

/* One holder at a time; closing what was only looked at changes nothing. */
TEST_F(incoming, held)
{
	int i;

	EXPECT_EQ(-EINVAL, luo_retrieve(self->dev, "ioctl_test"));
	for (i = 0; i < 3; i++) {
		close(self->s);
		self->s = luo_retrieve(self->dev, "ioctl_test");
		ASSERT_GE(self->s, 0);
	}
	EXPECT_STREQ("", calls());
}

/* Those that are created have names of their own. */
TEST_F(incoming, same_name_created)
{
	int s = luo_create(self->dev, "ioctl_test");

	EXPECT_GE(s, 0);
	close(s);
	EXPECT_EQ(-EINVAL, luo_retrieve(self->dev, "ioctl_test"));
}

TEST_F(incoming, retrieve_to_read_only)
{
	struct liveupdate_ioctl_retrieve_session args = {
		.size = sizeof(args), .name = "ioctl_test",
	};
	struct liveupdate_session_retrieve_fd file = { .size = sizeof(file), .token = 0 };
	int before, fd;
	char name[16];

	close(self->s);
	before = next_fd();
	EXPECT_EQ(-EFAULT, luo_call(self->dev, LIVEUPDATE_IOCTL_RETRIEVE_SESSION,
				    read_only(&args, sizeof(args))));
	EXPECT_EQ(before, next_fd());
	self->s = luo_retrieve(self->dev, "ioctl_test");
	ASSERT_GE(self->s, 0);
	before = next_fd();
	EXPECT_EQ(-EFAULT, luo_call(self->s, LIVEUPDATE_SESSION_RETRIEVE_FD,
				    read_only(&file, sizeof(file))));
	EXPECT_EQ(before, next_fd());
	/* It was retrieved all the same, once. */
	fd = luo_retrieve_fd(self->s, 0);
	EXPECT_GE(fd, 0);
	EXPECT_EQ(0, test_file_check(fd, name));
	EXPECT_STREQ("f0", name);
	EXPECT_EQ(1, count_of("retrieve"));
	close(fd);
}

/* The last case retrieved f0 and did not finish: the rest is still there. */
TEST_F(incoming, closed_without_finish)
{
	EXPECT_EQ(-ENOENT, luo_retrieve_fd(self->s, 0));
	close(luo_retrieve_fd(self->s, 1));
	exerciser("clear");
	close(self->s);
	settle();
	EXPECT_STREQ("can_finish f1 status=1 finish f1 status=1", calls());
	self->s = luo_retrieve(self->dev, "ioctl_test");
	ASSERT_GE(self->s, 0);
	EXPECT_EQ(-ENOENT, luo_retrieve_fd(self->s, 1));
}

TEST_F(incoming, retrieve_without_descriptors)
{
	struct rlimit lim, none = { 0, 0 };
	int err, fd;

	getrlimit(RLIMIT_NOFILE, &lim);
	none.rlim_max = lim.rlim_max;
	close(self->s);
	setrlimit(RLIMIT_NOFILE, &none);
	err = luo_retrieve(self->dev, "ioctl_test");
	setrlimit(RLIMIT_NOFILE, &lim);
	EXPECT_EQ(-EMFILE, err);
	self->s = luo_retrieve(self->dev, "ioctl_test");
	ASSERT_GE(self->s, 0);
	setrlimit(RLIMIT_NOFILE, &none);
	err = luo_retrieve_fd(self->s, 2);
	setrlimit(RLIMIT_NOFILE, &lim);
	EXPECT_EQ(-EMFILE, err);
	fd = luo_retrieve_fd(self->s, 2);
	EXPECT_GE(fd, 0);
	EXPECT_EQ(1, count_of("retrieve"));
}

TEST_F(incoming, empty_session)
{
	int s = luo_retrieve(self->dev, "empty");

	ASSERT_GE(s, 0);
	EXPECT_EQ(-ENOENT, luo_retrieve_fd(s, 0));
	/* none remains: closing it finishes it */
	close(s);
	settle();
	EXPECT_EQ(-ENOENT, luo_retrieve(self->dev, "empty"));
}

TEST_F(incoming, finish_discards)
{
	int s = luo_retrieve(self->dev, "other");

	ASSERT_GE(s, 0);
	EXPECT_EQ(0, luo_finish(s));
	EXPECT_STREQ("can_finish o0 status=0 finish o0 status=0", calls());
	EXPECT_EQ(-ENOENT, luo_retrieve_fd(s, 0));
	close(s);
	EXPECT_EQ(-ENOENT, luo_retrieve(self->dev, "other"));
}

/* Any order, any number of times; in the end they are files like any other. */
TEST_F(incoming, retrieve_and_finish)
{
	int s = luo_create(self->dev, "again"), fd, again;
	char name[16];

	fd = luo_retrieve_fd(self->s, 4);
	again = luo_retrieve_fd(self->s, 4);
	ASSERT_GE(fd, 0);
	ASSERT_GE(again, 0);
	EXPECT_NE(fd, again);
	EXPECT_EQ(FD_CLOEXEC, fcntl(fd, F_GETFD));
	/* one open file, one position */
	EXPECT_EQ(9, read(fd, name, 9));
	EXPECT_EQ(9, lseek(again, 0, SEEK_CUR));
	EXPECT_EQ(0, test_file_check(fd, name));
	EXPECT_STREQ("f4", name);
	EXPECT_EQ(1, count_of("retrieve"));

	EXPECT_EQ(-EBUSY, luo_preserve_fd(s, fd, 0));
	EXPECT_EQ(0, luo_finish(self->s));
	EXPECT_EQ(0, luo_finish(self->s));
	EXPECT_EQ(-ENOENT, luo_retrieve_fd(self->s, 4));
	EXPECT_EQ(-ENOENT, luo_retrieve_fd(self->s, 3));
	EXPECT_EQ(0, test_file_check(again, name));
	EXPECT_EQ(0, luo_preserve_fd(s, fd, 0));
	close(s);
	/* f3 was discarded; in reverse, after all were asked */
	EXPECT_EQ(0, strncmp(calls(), "retrieve f4 freeze=", 19));
	EXPECT_NE(NULL, strstr(calls(), "can_finish f3 status=0 can_finish f4 status=1 "
			       "finish f4 status=1 finish f3 status=0"));
	EXPECT_EQ(-EINVAL, luo_retrieve(self->dev, "ioctl_test"));
	close(self->s);
	settle();
	self->s = -1;
	EXPECT_EQ(-ENOENT, luo_retrieve(self->dev, "ioctl_test"));
}

TEST_HARNESS_MAIN
