// SPDX-License-Identifier: GPL-2.0-only
/*
 * Boxes that are sealed, and what their files' handlers get to hear.
 *
 * Needs kho=on liveupdate=on and, for some, CONFIG_LIVEUPDATE_EXERCISER; but for
 * one case, which is about seals without live update.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "../liveupdate/admin.h"
#include "fixture.h"

#define NEEDS_SEALS()	do {							\
	if (!self->seals)							\
		SKIP(return, "live update is off");				\
} while (0)

#define NEEDS_EXERCISER()	do {						\
	if (!self->exerciser)							\
		SKIP(return, "no CONFIG_LIVEUPDATE_EXERCISER");			\
} while (0)

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

/* What /dev/liveupdate-admin says of a box */
TEST_F(box, administration)
{
	char box_name[FDBOX_NAME_LEN], file_name[FDBOX_NAME_LEN];
	struct liveupdate_admin_get_status before, now;
	int admin = admin_open(O_RDWR), box;
	struct liveupdate_admin_session s;
	struct liveupdate_admin_file f[2];

	NEEDS_SEALS();
	ASSERT_EQ(0, admin_status(admin, &before));
	EXPECT_LE(2, before.boxes);
	/* the longest names there are */
	memset(box_name, 'b', sizeof(box_name));
	memset(file_name, 'f', sizeof(file_name));
	box_name[FDBOX_NAME_LEN - 1] = '\0';
	file_name[FDBOX_NAME_LEN - 1] = '\0';
	ASSERT_EQ(0, box_create(self->control, box_name));
	ASSERT_EQ(0, admin_status(admin, &now));
	EXPECT_EQ(before.boxes + 1, now.boxes);
	EXPECT_EQ(before.created, now.created);
	ASSERT_EQ(0, admin_find(admin, box_name, &s));
	EXPECT_EQ(LIVEUPDATE_SESSION_UNSEALED, s.state);
	EXPECT_EQ(getpid(), s.pid);
	EXPECT_EQ(0, s.files);

	box = box_open(box_name);
	ASSERT_EQ(0, box_put(box, text_memfd("in", 3), file_name));
	ASSERT_EQ(1, admin_files(admin, s.id, f, 2));
	EXPECT_EQ(LIVEUPDATE_FILE_STASHED, f[0].state);
	EXPECT_STREQ(file_name, (char *)f[0].name);
	EXPECT_EQ(0, f[0].bytes);
	EXPECT_EQ(-EBUSY, admin_discard(admin, s.id));
	ASSERT_EQ(0, box_seal(box));
	ASSERT_EQ(0, admin_find(admin, box_name, &s));
	EXPECT_EQ(LIVEUPDATE_SESSION_SEALED, s.state);
	EXPECT_EQ(1, s.files);
	ASSERT_EQ(1, admin_files(admin, s.id, f, 2));
	EXPECT_EQ(LIVEUPDATE_FILE_PRESERVED, f[0].state);
	EXPECT_STREQ(file_name, (char *)f[0].name);
	EXPECT_STREQ("memfd-v2", (char *)f[0].compatible);
	EXPECT_EQ(3 * sysconf(_SC_PAGESIZE), f[0].bytes);
	EXPECT_EQ(-EBUSY, admin_discard(admin, s.id));
	ASSERT_EQ(0, box_unseal(box));
	EXPECT_EQ(LIVEUPDATE_SESSION_UNSEALED, admin_state(admin, box_name));
	EXPECT_EQ(0, text_check(box_get(box, file_name), "in", 3));

	ASSERT_EQ(0, box_delete(self->control, box_name));
	EXPECT_EQ(-ENOENT, admin_state(admin, box_name));
	EXPECT_EQ(-ENOENT, admin_files(admin, s.id, f, 2));
	EXPECT_EQ(-ENOENT, admin_discard(admin, s.id));
}

/*
 * More than can travel: the limits are brought near.
 */

TEST_F(box, create_too_many)
{
	NEEDS_EXERCISER();
	ASSERT_EQ(0, crowd("sessions 510000"));
	EXPECT_EQ(-ENOSPC, box_create(self->control, "more"));
	EXPECT_EQ(-ENOENT, box_open("more"));
	EXPECT_EQ(-ENOENT, box_delete(self->control, "more"));
	ASSERT_EQ(0, crowd("sessions -510000"));
	EXPECT_EQ(0, box_create(self->control, "more"));
	EXPECT_EQ(0, box_delete(self->control, "more"));
}

TEST_F(box, put_after_last_token)
{
	int fd = text_memfd("first", 1);

	NEEDS_EXERCISER();
	ASSERT_EQ(0, box_put(self->box, fd, "first"));
	ASSERT_EQ(0, crowd("last t"));
	fd = text_memfd("m", 1);
	EXPECT_EQ(-ENOSPC, box_put(self->box, fd, "m"));
	EXPECT_EQ(-ENOENT, box_get(self->box, "m"));
	/* It is nobody's. */
	EXPECT_EQ(0, box_put(self->other, fd, "m"));
	EXPECT_EQ(fd, box_get(self->other, "m"));
	EXPECT_EQ(0, text_check(fd, "m", 1));
	/* It can be handed over. */
	EXPECT_EQ(0, box_seal(self->box));
	EXPECT_EQ(0, box_unseal(self->box));
	EXPECT_EQ(0, text_check(box_get(self->box, "first"), "first", 1));
	EXPECT_EQ(0, box_put(self->box, fd, "m"));
}

static void seal_without_room(struct __test_metadata *_metadata, int box, int copy)
{
	EXPECT_EQ(-ENOSPC, box_seal(box));
	EXPECT_EQ(-EBUSY, box_unseal(box));
	/* It is not preserved. */
	EXPECT_EQ(0, ftruncate(copy, 3 * 4096));
	EXPECT_EQ(0, ftruncate(copy, 2 * 4096));
}

TEST_F(box, seal_too_many)
{
	int fd = text_memfd("m", 2), copy = dup(fd);
	long before;

	NEEDS_EXERCISER();
	ASSERT_EQ(0, box_put(self->box, fd, "m"));
	/* A file of a format that is none of mainline's has a record of its own. */
	ASSERT_EQ(0, box_put(self->box, test_file('b', "b0"), "b"));
	before = kho_bytes("preserved");
	ASSERT_EQ(0, crowd("names 140000"));
	seal_without_room(_metadata, self->box, copy);
	ASSERT_EQ(0, crowd("names -140000"));
	ASSERT_EQ(0, crowd("records 510000"));
	seal_without_room(_metadata, self->box, copy);
	ASSERT_EQ(0, crowd("records -510000"));
	EXPECT_EQ(before, kho_bytes("preserved"));
	EXPECT_EQ(0, box_seal(self->box));
	EXPECT_EQ(0, box_unseal(self->box));
	EXPECT_EQ(before, kho_bytes("preserved"));
	fd = box_get(self->box, "m");
	EXPECT_EQ(0, text_check(fd, "m", 2));
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
	settle();
	EXPECT_EQ(before, count_of("alive"));
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
	settle();
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

TEST_HARNESS_MAIN
