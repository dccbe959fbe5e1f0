// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/liveupdate, and what all commands check: every error, in the order in which
 * they are found.
 *
 * Needs kho=on liveupdate=on.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "fixture.h"

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
	struct child child;
	int copy;

	EXPECT_EQ(-1, open(LUO_DEVICE, O_RDWR));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(-1, open(LUO_DEVICE, O_RDONLY));
	EXPECT_EQ(EBUSY, errno);

	copy = dup(self->dev);
	close(self->dev);
	EXPECT_EQ(-1, open(LUO_DEVICE, O_RDWR));
	EXPECT_EQ(EBUSY, errno);

	child = start_child(just_wait);
	close(copy);
	EXPECT_EQ(-1, open(LUO_DEVICE, O_RDWR));
	EXPECT_EQ(EBUSY, errno);
	EXPECT_EQ(0, stop_child(child));

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
		EXPECT_TRUE(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fds[i], 0) == MAP_FAILED);
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

TEST_HARNESS_MAIN
