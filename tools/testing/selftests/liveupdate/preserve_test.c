// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files that are preserved, and their handlers
 *
 * Needs kho=on liveupdate=on and, for most, CONFIG_LIVEUPDATE_EXERCISER.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "fixture.h"

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

static long room_taken(void)
{
	return kho_bytes("preserved");
}

/* Room for what travels grows with it, and is given back, in whichever order. */
TEST_F(luo, room)
{
	long empty = room_taken(), before;
	int s = luo_create(self->dev, "room"), i, fd;

	NEEDS_EXERCISER();
	ASSERT_GE(empty, 0);
	for (i = 0; i < 200; i++) {
		fd = test_file(i % 2 ? 'b' : 'a', "rr");
		ASSERT_EQ(0, luo_preserve_fd(s, fd, i));
		close(fd);
		before = room_taken();
		fd = test_file(i % 2 ? 'a' : 'b', "rf");
		ASSERT_EQ(0, exerciser("rule preserve rf 28 1"));
		ASSERT_EQ(-ENOSPC, luo_preserve_fd(s, fd, 1000));
		close(fd);
		EXPECT_EQ(before, room_taken()) TH_LOG("after %d files", i + 1);
	}
	EXPECT_GT(before, empty);
	close(s);
	settle();
	EXPECT_EQ(empty, room_taken());
}

/*
 * As many files of formats that are none of mainline's as can travel: the limit is
 * brought near.  What is refused is as before, and what is there is.
 */
TEST_F(luo, preserve_too_many)
{
	int s = luo_create(self->dev, "crowded"), a, b, twin;
	long before = room_taken(), one;
	char name[16];

	NEEDS_EXERCISER();
	a = test_file('a', "a0");
	b = test_file('b', "b0");
	ASSERT_EQ(0, luo_preserve_fd(s, test_file('b', "b1"), 7));
	one = room_taken();
	exerciser("clear");
	ASSERT_EQ(0, crowd("records 510000"));
	EXPECT_EQ(-ENOSPC, luo_preserve_fd(s, b, 0));
	EXPECT_EQ(-ENOSPC, luo_preserve_fd(luo_create(self->dev, "another"), b, 0));
	EXPECT_EQ(count_of("preserve"), count_of("unpreserve"));
	EXPECT_EQ(0, test_file_check(b, name));
	EXPECT_STREQ("b0", name);
	EXPECT_EQ(-EEXIST, luo_preserve_fd(s, b, 7));
	/* Others have room, also under the token that was not used. */
	EXPECT_EQ(0, luo_preserve_fd(s, a, 0));
	twin = ioctl(a, 0);
	EXPECT_EQ(-EBUSY, luo_preserve_fd(s, twin, 1));
	ASSERT_EQ(0, crowd("records -510000"));

	EXPECT_EQ(0, luo_preserve_fd(s, b, 1));
	EXPECT_LT(one, room_taken());
	exerciser("clear");
	close(s);
	settle();
	EXPECT_STREQ("unpreserve b0 unpreserve a0 flb_unpreserve x-flb0 unpreserve b1 "
		     "flb_unpreserve x-flb2 flb_unpreserve x-flb1", calls());
	/* "another" has a page or two */
	EXPECT_GT(one, room_taken());
	EXPECT_LE(before, room_taken());
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

TEST_HARNESS_MAIN
