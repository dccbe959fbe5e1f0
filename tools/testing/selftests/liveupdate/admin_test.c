// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/liveupdate-admin: who may use it, what all its commands check, and what they
 * say about sessions that were created
 *
 * Needs kho=on liveupdate=on.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <linux/capability.h>

#include "admin.h"
#include "fixture.h"

#define NO_SESSION	UINT64_MAX

/*
 * The device
 */

TEST_F(luo, admin_node)
{
	struct stat st;

	ASSERT_EQ(0, stat(LUO_ADMIN, &st));
	EXPECT_EQ(S_IFCHR | 0600, st.st_mode);
	EXPECT_EQ(10, major(st.st_rdev));
	EXPECT_EQ(0, st.st_uid);
}

/* It is nobody's alone, and /dev/liveupdate does not matter. */
TEST_F(luo, admin_opened_any_number)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR };
	struct liveupdate_admin_get_status s;
	int admin, i;

	for (i = 0; i < 300; i++) {
		admin = admin_open(modes[i % 3]);
		ASSERT_GE(admin, 0);
		EXPECT_EQ(i % 3 == 1 ? -EINVAL : 0, admin_status(admin, &s));
	}
	EXPECT_EQ(-1, open(LUO_DEVICE, O_RDWR));
	EXPECT_EQ(EBUSY, errno);
	close(self->dev);
	self->dev = open(LUO_DEVICE, O_RDWR);
	EXPECT_GE(self->dev, 0);
}

/* What can be read has to be opened for that; discarding takes a capability instead. */
TEST_F(luo, admin_open_modes)
{
	static const int modes[] = { O_RDONLY, O_WRONLY, O_RDWR };
	struct liveupdate_admin_get_status status;
	struct liveupdate_admin_session s;
	struct liveupdate_admin_file f;
	int session = luo_create(self->dev, "modes"), rw = admin_open(O_RDWR), fd, i;
	uint64_t id = admin_id(rw, "modes"), cursor;

	ASSERT_GE(session, 0);
	for (i = 0; i < 3; i++) {
		bool reads = modes[i] != O_WRONLY;

		fd = admin_open(modes[i]);
		cursor = 0;
		EXPECT_EQ(reads ? 0 : -EINVAL, admin_status(fd, &status));
		EXPECT_EQ(reads ? 1 : -EINVAL, admin_sessions(fd, &cursor, &s, 1));
		EXPECT_EQ(reads ? 0 : -EINVAL, admin_files(fd, id, &f, 1));
		EXPECT_EQ(reads ? -ENOENT : -EINVAL, admin_files(fd, NO_SESSION, &f, 1));
		EXPECT_EQ(-EBUSY, admin_discard(fd, id));
		EXPECT_EQ(-ENOENT, admin_discard(fd, NO_SESSION));
		close(fd);
	}
	fd = admin_open(O_PATH);
	EXPECT_EQ(-EBADF, admin_status(fd, &status));
	EXPECT_EQ(-EBADF, admin_discard(fd, id));
}

/* Lists are for whoever got the descriptor. */
static int run_without(int admin, uint64_t id)
{
	struct liveupdate_admin_discard_session args = { .size = sizeof(args), .reserved = 1 };
	struct liveupdate_admin_get_status status;
	struct liveupdate_admin_session s;
	struct liveupdate_admin_file f;
	uint64_t cursor = 0;

	if (admin_status(admin, &status))
		return 11;
	if (admin_sessions(admin, &cursor, &s, 1) != 1)
		return 12;
	if (admin_files(admin, id, &f, 1))
		return 13;
	if (admin_discard(admin, id) != -EPERM)
		return 14;
	/* not even whether there is one */
	if (admin_discard(admin, NO_SESSION) != -EPERM)
		return 15;
	if (luo_call(admin, LIVEUPDATE_ADMIN_DISCARD_SESSION, &args) != -EPERM)
		return 16;
	args.size = 15;
	if (luo_call(admin, LIVEUPDATE_ADMIN_DISCARD_SESSION, &args) != -EINVAL)
		return 17;
	return 0;
}

TEST_F(luo, admin_permissions)
{
	int s = luo_create(self->dev, "perm"), admin = admin_open(O_RDWR), status;
	uint64_t id = admin_id(admin, "perm");
	pid_t child;

	ASSERT_GE(s, 0);
	child = fork();
	if (!child) {
		if (setresuid(1000, 1000, 1000))
			_exit(1);
		if (admin_open(O_RDWR) != -EACCES || admin_open(O_RDONLY) != -EACCES ||
		    admin_open(O_WRONLY) != -EACCES)
			_exit(2);
		_exit(run_without(admin, id));
	}
	waitpid(child, &status, 0);
	EXPECT_EQ(0, status);
	EXPECT_EQ(LIVEUPDATE_SESSION_CREATED, admin_state(admin, "perm"));
}

/* The owner of the device may open it, but that is all. */
TEST_F(luo, admin_capability)
{
	int s = luo_create(self->dev, "cap"), admin;
	uint64_t id;

	ASSERT_GE(s, 0);
	ASSERT_EQ(0, set_capability(CAP_SYS_ADMIN, false));
	admin = admin_open(O_RDWR);
	ASSERT_GE(admin, 0);
	id = admin_id(admin, "cap");
	EXPECT_EQ(0, run_without(admin, id));
	ASSERT_EQ(0, set_capability(CAP_SYS_ADMIN, true));
	EXPECT_EQ(-EBUSY, admin_discard(admin, id));
	EXPECT_EQ(-ENOENT, admin_discard(admin, NO_SESSION));
}

/* The capability has to be that of the initial user namespace. */
TEST_F(luo, admin_user_namespace)
{
	int s = luo_create(self->dev, "userns"), admin = admin_open(O_RDWR);
	uint64_t id = admin_id(admin, "userns");

	ASSERT_GE(s, 0);
	if (unshare(CLONE_NEWUSER))
		SKIP(return, "no CONFIG_USER_NS");
	EXPECT_EQ(0, run_without(admin, id));
}

TEST_F(luo, admin_nothing_but_ioctl)
{
	int admin = admin_open(O_RDWR);
	char c = 0;

	EXPECT_EQ(-1, read(admin, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(-1, write(admin, &c, 1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_TRUE(mmap(NULL, 4096, PROT_READ, MAP_SHARED, admin, 0) == MAP_FAILED);
	EXPECT_EQ(ENODEV, errno);
}

/*
 * What every command checks, in this order: number, size can be read, whole
 * command, mode, minimal size, tail; then what there is to the command itself.
 */

struct command {
	unsigned int cmd;
	unsigned int min;	/* size in the first version */
	unsigned int size;
	unsigned int reserved;	/* where that is */
	unsigned int stride;
	int answer;		/* to zeroes and a good stride */
};

static const struct command commands[] = {
	{ LIVEUPDATE_ADMIN_GET_STATUS, 40, 56, 4, 0, 0 },
	{ LIVEUPDATE_ADMIN_LIST_SESSIONS, 32, 32, 28, 24, 0 },
	{ LIVEUPDATE_ADMIN_LIST_FILES, 40, 40, 36, 32, -ENOENT },
	{ LIVEUPDATE_ADMIN_DISCARD_SESSION, 16, 16, 4, 0, -ENOENT },
};

static const struct command *const commands_end = commands + ARRAY_SIZE(commands);

/* A structure that is all right, up to the end of what can be read */
static char *good_struct(const struct command *c, size_t size, char *end)
{
	char *args = end - size;

	memset(args, 0, size);
	if (c->stride)
		*(uint32_t *)(args + c->stride) = 512;
	*(uint32_t *)args = size;
	return args;
}

TEST_F(luo, admin_numbers)
{
	EXPECT_EQ(0xBAE0, LIVEUPDATE_ADMIN_GET_STATUS);
	EXPECT_EQ(0xBAE1, LIVEUPDATE_ADMIN_LIST_SESSIONS);
	EXPECT_EQ(0xBAE2, LIVEUPDATE_ADMIN_LIST_FILES);
	EXPECT_EQ(0xBAE3, LIVEUPDATE_ADMIN_DISCARD_SESSION);
	EXPECT_EQ(56, sizeof(struct liveupdate_admin_get_status));
	EXPECT_EQ(32, sizeof(struct liveupdate_admin_list_sessions));
	EXPECT_EQ(40, sizeof(struct liveupdate_admin_list_files));
	EXPECT_EQ(16, sizeof(struct liveupdate_admin_discard_session));
	EXPECT_EQ(368, sizeof(struct liveupdate_admin_session));
	EXPECT_EQ(112, offsetof(struct liveupdate_admin_session, box));
	EXPECT_EQ(328, sizeof(struct liveupdate_admin_file));
	EXPECT_EQ(72, offsetof(struct liveupdate_admin_file, name));
}

TEST_F(luo, admin_unknown_number)
{
	int admin = admin_open(O_RDWR);
	unsigned int nr;

	for (nr = 0; nr < 256; nr++) {
		if (nr >= 0xE0 && nr <= 0xE3)
			continue;
		EXPECT_EQ(-EINVAL, luo_call(admin, _IO(0xBA, nr), NULL)) TH_LOG("%#x", nr);
		EXPECT_EQ(-EINVAL, luo_call(admin, _IOWR('x', nr, long), NULL))
			TH_LOG("other type, %#x", nr);
	}
}

TEST_F(luo, admin_size_cannot_be_read)
{
	int admin = admin_open(O_RDWR);
	const struct command *c;
	char *end = edge();

	for (c = commands; c < commands_end; c++) {
		EXPECT_EQ(-EFAULT, luo_call(admin, c->cmd, NULL));
		EXPECT_EQ(-EFAULT, luo_call(admin, c->cmd, end));
		EXPECT_EQ(-EFAULT, luo_call(admin, c->cmd, end - 3));
		/* before the whole command is looked at */
		EXPECT_EQ(-EFAULT, luo_call(admin, _IO('x', _IOC_NR(c->cmd)), end));
	}
}

TEST_F(luo, admin_other_type)
{
	int admin = admin_open(O_WRONLY);	/* which would be EINVAL */
	uint32_t args[32] = { 0 };		/* this as well */
	const struct command *c;

	for (c = commands; c < commands_end; c++) {
		unsigned int nr = _IOC_NR(c->cmd);

		EXPECT_EQ(-ENOTTY, luo_call(admin, _IO('x', nr), args));
		EXPECT_EQ(-ENOTTY, luo_call(admin, _IO(0xBB, nr), args));
		EXPECT_EQ(-ENOTTY, luo_call(admin, _IOC(_IOC_READ, 0xBA, nr, 0), args));
		EXPECT_EQ(-ENOTTY, luo_call(admin, _IOC(_IOC_WRITE, 0xBA, nr, 0), args));
		EXPECT_EQ(-ENOTTY, luo_call(admin, _IOC(_IOC_NONE, 0xBA, nr, 8), args));
	}
}

/* Those of other devices are unknown here, and ours there. */
TEST_F(luo, admin_other_device)
{
	int s = luo_create(self->dev, "other device");
	const struct command *c;
	uint64_t args[16] = { 0 };

	ASSERT_GE(s, 0);
	for (c = commands; c < commands_end; c++) {
		good_struct(c, c->size, (char *)args + c->size);
		EXPECT_EQ(-EINVAL, luo_call(self->dev, c->cmd, args));
		EXPECT_EQ(-EINVAL, luo_call(s, c->cmd, args));
	}
	EXPECT_EQ(-EINVAL, luo_create(admin_open(O_RDWR), "elsewhere"));
}

TEST_F(luo, admin_mode_before_tail)
{
	int admin = admin_open(O_WRONLY);
	const struct command *c;
	char *end = edge();

	for (c = commands; c < commands_end; c++) {
		char *args = good_struct(c, c->size + 1, end);

		args[c->size] = 1;
		EXPECT_EQ(c->cmd == LIVEUPDATE_ADMIN_DISCARD_SESSION ? -E2BIG : -EINVAL,
			  luo_call(admin, c->cmd, args));
	}
}

TEST_F(luo, admin_short_structs)
{
	int admin = admin_open(O_RDWR);
	const struct command *c;
	char *end = edge();
	uint32_t size;

	for (c = commands; c < commands_end; c++) {
		for (size = 0; size < c->min; size++) {
			char *args = good_struct(c, c->size, end);

			*(uint32_t *)args = size;
			EXPECT_EQ(-EINVAL, luo_call(admin, c->cmd, args))
				TH_LOG("%#x with %u bytes", c->cmd, size);
			/* no more than the size is read */
			*(uint32_t *)(end - 4) = size;
			EXPECT_EQ(-EINVAL, luo_call(admin, c->cmd, end - 4));
		}
	}
}

TEST_F(luo, admin_structs_that_end_early)
{
	int admin = admin_open(O_RDWR);
	const struct command *c;
	unsigned int missing;
	char *end = edge();

	for (c = commands; c < commands_end; c++) {
		for (missing = 4; missing <= c->size - 4; missing += 4) {
			*(uint32_t *)(end - c->size + missing) = c->size;
			EXPECT_EQ(-EFAULT, luo_call(admin, c->cmd, end - c->size + missing));
		}
		*(uint32_t *)good_struct(c, c->size, end) = c->size + 1;
		EXPECT_EQ(-EFAULT, luo_call(admin, c->cmd, end - c->size));
		*(uint32_t *)good_struct(c, c->size, end) = UINT32_MAX;
		EXPECT_EQ(-EFAULT, luo_call(admin, c->cmd, end - c->size));
	}
}

TEST_F(luo, admin_long_structs)
{
	static const unsigned int extra[] = { 0, 1, 4, 7, 8, 72, 73, 100, 1000, 3000 };
	int admin = admin_open(O_RDWR);
	const struct command *c;
	char *end = edge(), *args;
	unsigned int i;

	for (c = commands; c < commands_end; c++) {
		for (i = 0; i < ARRAY_SIZE(extra); i++) {
			args = good_struct(c, c->size + extra[i], end);
			EXPECT_EQ(c->answer, luo_call(admin, c->cmd, args))
				TH_LOG("%#x with %u more", c->cmd, extra[i]);
			EXPECT_EQ(c->size + extra[i], *(uint32_t *)args);
			if (!extra[i])
				continue;
			args = good_struct(c, c->size + extra[i], end);
			end[-1] = 1;
			EXPECT_EQ(-E2BIG, luo_call(admin, c->cmd, args));
			end[-1] = 0;
			args[c->size] = (char)0x80;
			EXPECT_EQ(-E2BIG, luo_call(admin, c->cmd, args));
		}
	}
}

TEST_F(luo, admin_reserved)
{
	static const uint32_t values[] = { 1, 0x80000000, UINT32_MAX };
	int admin = admin_open(O_RDWR);
	const struct command *c;
	char *end = edge(), *args;
	unsigned int i;

	for (c = commands; c < commands_end; c++) {
		for (i = 0; i < ARRAY_SIZE(values); i++) {
			args = good_struct(c, c->size, end);
			*(uint32_t *)(args + c->reserved) = values[i];
			EXPECT_EQ(-EINVAL, luo_call(admin, c->cmd, args))
				TH_LOG("%#x with %#x", c->cmd, values[i]);
		}
	}
}

/* What has nothing to write back does not care. */
TEST_F(luo, admin_to_read_only)
{
	int admin = admin_open(O_RDWR), s = luo_create(self->dev, "ro");
	uint64_t args[16], id = admin_id(admin, "ro");
	const struct command *c;

	ASSERT_GE(s, 0);
	for (c = commands; c < commands_end; c++) {
		bool discards = c->cmd == LIVEUPDATE_ADMIN_DISCARD_SESSION;

		good_struct(c, c->size, (char *)args + c->size);
		args[1] = id;	/* of a session, or another cursor */
		EXPECT_EQ(discards ? -EBUSY : -EFAULT,
			  luo_call(admin, c->cmd, read_only(args, c->size)))
			TH_LOG("%#x", c->cmd);
	}
}

/*
 * Numbers
 */

/* Programs of before there were some of the members */
TEST_F(luo, admin_status_sizes)
{
	struct liveupdate_admin_get_status want;
	int admin = admin_open(O_RDWR), s = luo_create(self->dev, "sizes");
	unsigned char got[sizeof(want) + 16];
	uint32_t size, i;

	ASSERT_GE(s, 0);
	ASSERT_EQ(0, admin_status(admin, &want));
	EXPECT_LE(1, want.created);
	for (size = 40; size <= sizeof(got); size++) {
		/* Only written to, as far as it is known */
		memset(got, 0x55, sizeof(got));
		memset(got, 0, 8);
		if (size > sizeof(want))
			memset(got + sizeof(want), 0, size - sizeof(want));
		memcpy(got, &size, 4);
		ASSERT_EQ(0, luo_call(admin, LIVEUPDATE_ADMIN_GET_STATUS, got));
		want.size = size;
		EXPECT_EQ(0, memcmp(&want, got, size < sizeof(want) ? size : sizeof(want)))
			TH_LOG("%u bytes", size);
		for (i = sizeof(want); i < size; i++)
			EXPECT_EQ(0, got[i]);
		for (i = size; i < sizeof(got); i++)
			EXPECT_EQ(0x55, got[i]);
	}
}

TEST_F(luo, admin_counts)
{
	struct liveupdate_admin_get_status before, now;
	int admin = admin_open(O_RDONLY), s[5], i;
	char name[NAME_LEN] = "?";

	ASSERT_EQ(0, admin_status(admin, &before));
	for (i = 0; i < 5; i++) {
		name[0] = 'a' + i;
		s[i] = luo_create(self->dev, name);
		ASSERT_GE(s[i], 0);
		ASSERT_EQ(0, admin_status(admin, &now));
		EXPECT_EQ(before.created + i + 1, now.created);
	}
	/* nothing but that */
	now.created = before.created;
	EXPECT_EQ(0, memcmp(&before, &now, sizeof(now)));
	for (i = 0; i < 5; i++)
		close(s[i]);
	settle();
	ASSERT_EQ(0, admin_status(admin, &now));
	EXPECT_EQ(0, memcmp(&before, &now, sizeof(now)));
	EXPECT_EQ(sizeof(now), now.size);
	EXPECT_EQ(0, now.reserved);
}

TEST_HARNESS_MAIN
