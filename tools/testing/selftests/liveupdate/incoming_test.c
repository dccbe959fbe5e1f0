// SPDX-License-Identifier: GPL-2.0-only
/*
 * What arrived: session "ioctl_test" with the files f0 to f4, tokens 0 to 4, and
 * the sessions "empty" and "other", the latter with o0; as guest/ioctl sends them
 *
 * Needs kho=on liveupdate=on and CONFIG_LIVEUPDATE_EXERCISER.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "fixture.h"

FIXTURE(incoming) {
	int dev;
	int s;
};

FIXTURE_SETUP(incoming)
{
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
	/* Nobody has it: it is not lost with whoever goes now. */
	EXPECT_EQ(0, count_of("retrieve"));
	close(self->s);
	settle();
	self->s = luo_retrieve(self->dev, "ioctl_test");
	ASSERT_GE(self->s, 0);
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
	int err, fd;
	rlim_t was;

	close(self->s);
	was = allow_fds(0);
	err = luo_retrieve(self->dev, "ioctl_test");
	allow_fds(was);
	EXPECT_EQ(-EMFILE, err);
	self->s = luo_retrieve(self->dev, "ioctl_test");
	ASSERT_GE(self->s, 0);
	allow_fds(0);
	err = luo_retrieve_fd(self->s, 2);
	allow_fds(was);
	EXPECT_EQ(-EMFILE, err);
	EXPECT_EQ(0, count_of("retrieve"));
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
	EXPECT_TRUE(!!strstr(calls(), "can_finish f3 status=0 can_finish f4 status=1 "
				      "finish f4 status=1 finish f3 status=0"));
	EXPECT_EQ(-EINVAL, luo_retrieve(self->dev, "ioctl_test"));
	close(self->s);
	settle();
	self->s = -1;
	EXPECT_EQ(-ENOENT, luo_retrieve(self->dev, "ioctl_test"));
}

TEST_HARNESS_MAIN
