// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/liveupdate-admin: what arrived, and discarding it
 *
 * As guest/ioctl sends them the sessions are, in this order, "look" with the files
 * l7 (a memfd), l9 (kind b) and l3 (kind a), whose tokens are not in order;
 * "unwanted" with u0 (kind a) and u1 (kind b); "nothing", which is empty; "broken"
 * with b5 and b6 (kind a); and "onward" with w0 (kind a) and w1 (a memfd). The last
 * one goes on to a third kernel, beside "fresh", which is created by the second.
 *
 * Needs kho=on liveupdate=on and CONFIG_LIVEUPDATE_EXERCISER.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/prctl.h>

#include "admin.h"
#include "fixture.h"

FIXTURE(arrived) {
	int dev;
	int admin;
};

FIXTURE_SETUP(arrived)
{
	struct liveupdate_admin_session s;

	self->dev = open(LUO_DEVICE, O_RDWR | O_CLOEXEC);
	if (self->dev < 0 && errno == ENOENT)
		SKIP(return, "no " LUO_DEVICE ": kho=on liveupdate=on is needed");
	ASSERT_GE(self->dev, 0);
	self->admin = admin_open(O_RDWR);
	ASSERT_GE(self->admin, 0);
	if (admin_find(self->admin, "onward", &s) || s.hops)
		SKIP(return, "no session \"onward\" of the kernel before arrived");
	exerciser("norules");
	exerciser("clear");
}

FIXTURE_TEARDOWN(arrived)
{
	close(self->admin);
	if (self->dev >= 0)
		close(self->dev);
}

/* What is counted; of boxes there are none. */
static void check_status(struct __test_metadata *_metadata, int admin, unsigned int created,
			 unsigned int pending, unsigned int held, unsigned int forwarded)
{
	struct liveupdate_admin_get_status s;

	ASSERT_EQ(0, admin_status(admin, &s));
	EXPECT_EQ(created, s.created);
	EXPECT_EQ(pending, s.pending);
	EXPECT_EQ(held, s.held);
	EXPECT_EQ(forwarded, s.forwarded);
	EXPECT_EQ(0, s.boxes);
}

/* It waits, nobody has it, and it has these many files. */
static uint64_t check_pending(struct __test_metadata *_metadata, int admin, const char *name,
			      unsigned int files)
{
	struct liveupdate_admin_session s;
	struct liveupdate_admin_file f[8];
	unsigned int i;

	EXPECT_EQ(0, admin_find(admin, name, &s));
	EXPECT_EQ(LIVEUPDATE_SESSION_PENDING, s.state);
	EXPECT_EQ(files, s.files);
	EXPECT_EQ(0, s.pid);
	for (i = 0; i < sizeof(s.comm); i++)
		EXPECT_EQ(0, s.comm[i]);
	EXPECT_EQ(0, s.box[0]);
	ASSERT_EQ(files, admin_files(admin, s.id, f, ARRAY_SIZE(f)));
	for (i = 0; i < files; i++) {
		EXPECT_EQ(LIVEUPDATE_FILE_PENDING, f[i].state);
		EXPECT_EQ(0, f[i].error);
		EXPECT_EQ(0, f[i].name[0]);
	}
	return s.id;
}

static void check_file(struct __test_metadata *_metadata, int admin, const char *session,
		       uint64_t token, unsigned int state, unsigned int error, uint64_t bytes)
{
	struct liveupdate_admin_file f[8];
	int nr = admin_files(admin, admin_id(admin, session), f, ARRAY_SIZE(f)), i;

	for (i = 0; i < nr && f[i].token != token; i++)
		;
	ASSERT_LT(i, nr) TH_LOG("token %llu", (unsigned long long)token);
	EXPECT_EQ(state, f[i].state);
	EXPECT_EQ(error, f[i].error);
	EXPECT_EQ(bytes, f[i].bytes);
}

TEST_F(arrived, admin_arrived)
{
	static const struct {
		const char *name;
		unsigned int files;
	} want[] = {
		{ "look", 3 }, { "unwanted", 2 }, { "nothing", 0 }, { "broken", 2 },
		{ "onward", 2 },
	};
	struct liveupdate_admin_session list[ARRAY_SIZE(want) + 1];
	struct liveupdate_admin_get_status s;
	uint64_t cursor = 0;
	unsigned int i;

	check_status(_metadata, self->admin, 0, 5, 0, 0);
	ASSERT_EQ(0, admin_status(self->admin, &s));
	EXPECT_EQ(1, s.number);
	ASSERT_EQ(5, admin_sessions(self->admin, &cursor, list, ARRAY_SIZE(list)));
	for (i = 0; i < 5; i++) {
		EXPECT_STREQ(want[i].name, (char *)list[i].name);
		EXPECT_EQ(0, list[i].hops);
		EXPECT_EQ(list[i].id, check_pending(_metadata, self->admin, want[i].name,
						    want[i].files));
		if (i)
			EXPECT_LT(list[i - 1].id, list[i].id);
	}
}

TEST_F(arrived, admin_arrived_files)
{
	uint64_t id = admin_id(self->admin, "look");
	long page = sysconf(_SC_PAGESIZE);
	const struct {
		uint64_t token;
		const char *format;
		uint64_t bytes;
	} want[] = {
		{ 7, "memfd-v2", page }, { 9, "x-test-b", 0 }, { 3, "test-a", page },
	};
	struct liveupdate_admin_file f[4];
	unsigned int i;

	ASSERT_EQ(3, admin_files(self->admin, id, f, 4));
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(want[i].token, f[i].token);
		EXPECT_STREQ(want[i].format, (char *)f[i].compatible);
		EXPECT_EQ(want[i].bytes, f[i].bytes);
	}
	/* Looking takes nothing away, and a memfd's size can be told again. */
	ASSERT_EQ(3, admin_files(self->admin, id, f, 4));
	EXPECT_EQ(page, f[0].bytes);
}

/* Then nobody knows how large it is, nor what would have to be freed. */
TEST_F(arrived, admin_without_handler)
{
	uint64_t id = admin_id(self->admin, "unwanted");

	ASSERT_EQ(0, exerciser("unregister a"));
	check_file(_metadata, self->admin, "unwanted", 0, LIVEUPDATE_FILE_PENDING, 0, 0);
	EXPECT_EQ(-EBUSY, admin_discard(self->admin, id));
	EXPECT_EQ(id, check_pending(_metadata, self->admin, "unwanted", 2));
	EXPECT_STREQ("", calls());
	ASSERT_EQ(0, exerciser("register a"));
	check_file(_metadata, self->admin, "unwanted", 0, LIVEUPDATE_FILE_PENDING, 0,
		   sysconf(_SC_PAGESIZE));
}

TEST_F(arrived, admin_held)
{
	uint64_t id = admin_id(self->admin, "look");
	struct liveupdate_admin_session s;
	int held;

	prctl(PR_SET_NAME, "holder");
	held = luo_retrieve(self->dev, "look");
	ASSERT_GE(held, 0);
	prctl(PR_SET_NAME, "called otherwise");
	ASSERT_EQ(0, admin_find(self->admin, "look", &s));
	EXPECT_EQ(id, s.id);
	EXPECT_EQ(LIVEUPDATE_SESSION_HELD, s.state);
	EXPECT_EQ(getpid(), s.pid);
	EXPECT_STREQ("holder", (char *)s.comm);
	EXPECT_EQ(3, s.files);
	check_status(_metadata, self->admin, 0, 4, 1, 0);
	EXPECT_EQ(-EBUSY, admin_discard(self->admin, id));
	EXPECT_EQ(LIVEUPDATE_SESSION_HELD, admin_state(self->admin, "look"));
	check_file(_metadata, self->admin, "look", 9, LIVEUPDATE_FILE_PENDING, 0, 0);
	EXPECT_STREQ("", calls());
	close(held);
	settle();
	EXPECT_EQ(id, check_pending(_metadata, self->admin, "look", 3));
	check_status(_metadata, self->admin, 0, 5, 0, 0);
}

static int child_dev;

static void hold_again_and_again(int stop)
{
	char c;
	int held;

	prctl(PR_SET_NAME, "holder");
	fcntl(stop, F_SETFL, O_NONBLOCK);
	while (read(stop, &c, 1) < 0) {
		held = luo_retrieve(child_dev, "look");
		if (held < 0)
			_exit(1);
		close(held);
	}
	_exit(0);
}

/* A session was listed as held by nobody, or as pending and somebody's. */
TEST_F(arrived, regression_listed_while_held)
{
	uint64_t before = admin_id(self->admin, "look") - 1, cursor;
	int i, got, held = 0, wrong_holder = 0, pending_of_holder = 0;
	struct liveupdate_admin_session s;
	struct child child;

	child_dev = self->dev;
	child = start_child(hold_again_and_again);
	for (i = 0; i < 100000 || !held || held == i; i++) {
		cursor = before;
		got = admin_sessions(self->admin, &cursor, &s, 1);
		if (got != 1)
			break;
		if (s.state == LIVEUPDATE_SESSION_HELD) {
			held++;
			wrong_holder += s.pid != child.pid || strcmp((char *)s.comm, "holder");
		} else {
			pending_of_holder += s.pid || s.comm[0];
		}
	}
	EXPECT_EQ(0, stop_child(child));
	EXPECT_EQ(1, got);
	/* both of them */
	EXPECT_LT(0, held);
	EXPECT_LT(held, i);
	EXPECT_EQ(0, wrong_holder);
	EXPECT_EQ(0, pending_of_holder);
}

TEST_F(arrived, admin_retrieved)
{
	int held = luo_retrieve(self->dev, "look"), fd = luo_retrieve_fd(held, 3);
	struct liveupdate_admin_session s;
	struct liveupdate_admin_file f[4];
	uint64_t id;

	ASSERT_GE(fd, 0);
	check_file(_metadata, self->admin, "look", 3, LIVEUPDATE_FILE_RETRIEVED, 0, 0);
	check_file(_metadata, self->admin, "look", 7, LIVEUPDATE_FILE_PENDING, 0,
		   sysconf(_SC_PAGESIZE));
	close(fd);
	settle();
	/* The session has it still. */
	check_file(_metadata, self->admin, "look", 3, LIVEUPDATE_FILE_RETRIEVED, 0, 0);
	ASSERT_EQ(0, admin_find(self->admin, "look", &s));
	EXPECT_EQ(3, s.files);
	close(held);
	settle();
	id = check_pending(_metadata, self->admin, "look", 2);
	EXPECT_EQ(s.id, id);
	ASSERT_EQ(2, admin_files(self->admin, id, f, 4));
	EXPECT_EQ(7, f[0].token);
	EXPECT_EQ(9, f[1].token);
}

TEST_F(arrived, admin_failed)
{
	int held = luo_retrieve(self->dev, "broken");
	long page = sysconf(_SC_PAGESIZE);

	ASSERT_GE(held, 0);
	ASSERT_EQ(0, exerciser("rule retrieve b5 5 1"));
	ASSERT_EQ(0, exerciser("rule retrieve b6 12 1 0 retryable"));
	EXPECT_EQ(-EIO, luo_retrieve_fd(held, 5));
	EXPECT_EQ(-ENOMEM, luo_retrieve_fd(held, 6));
	check_file(_metadata, self->admin, "broken", 5, LIVEUPDATE_FILE_FAILED, EIO, 0);
	check_file(_metadata, self->admin, "broken", 6, LIVEUPDATE_FILE_PENDING, 0, page);
	EXPECT_EQ(-EIO, luo_retrieve_fd(held, 5));
	close(held);
	settle();
	check_pending(_metadata, self->admin, "broken", 1);
	check_file(_metadata, self->admin, "broken", 6, LIVEUPDATE_FILE_PENDING, 0, page);
}

/* One file of two is not to be freed, or the caller is not allowed to. */
TEST_F(arrived, admin_discard_refused)
{
	uint64_t id = admin_id(self->admin, "unwanted");

	ASSERT_EQ(0, exerciser("rule can_finish u0 1 1"));
	EXPECT_EQ(-EBUSY, admin_discard(self->admin, id));
	EXPECT_EQ(id, check_pending(_metadata, self->admin, "unwanted", 2));
	EXPECT_STREQ("can_finish u0 status=0", calls());
	exerciser("clear");
	ASSERT_EQ(0, set_capability(CAP_SYS_ADMIN, false));
	EXPECT_EQ(-EPERM, admin_discard(self->admin, id));
	ASSERT_EQ(0, set_capability(CAP_SYS_ADMIN, true));
	EXPECT_EQ(id, check_pending(_metadata, self->admin, "unwanted", 2));
	EXPECT_STREQ("", calls());
	check_status(_metadata, self->admin, 0, 5, 0, 0);
}

/* A descriptor that can do nothing else is enough. */
TEST_F(arrived, admin_discard)
{
	uint64_t id = admin_id(self->admin, "unwanted");
	int writes = admin_open(O_WRONLY);
	struct liveupdate_admin_file f;
	long before = kho_bytes("unclaimed");

	ASSERT_GT(before, 0);
	EXPECT_EQ(0, admin_discard(writes, id));
	EXPECT_STREQ("can_finish u0 status=0 finish u1 status=0 finish u0 status=0", calls());
	EXPECT_EQ(before - 2 * sysconf(_SC_PAGESIZE), kho_bytes("unclaimed"));
	EXPECT_EQ(-ENOENT, admin_state(self->admin, "unwanted"));
	EXPECT_EQ(-ENOENT, admin_files(self->admin, id, &f, 1));
	EXPECT_EQ(-ENOENT, admin_discard(self->admin, id));
	EXPECT_EQ(-ENOENT, luo_retrieve(self->dev, "unwanted"));
	check_status(_metadata, self->admin, 0, 4, 0, 0);

	/* of one without files, with one that can only read */
	id = admin_id(self->admin, "nothing");
	EXPECT_EQ(0, admin_discard(admin_open(O_RDONLY), id));
	EXPECT_EQ(-ENOENT, admin_discard(self->admin, id));
	EXPECT_EQ(-ENOENT, luo_retrieve(self->dev, "nothing"));
	check_status(_metadata, self->admin, 0, 3, 0, 0);
}

/* One of them does. */
TEST_F(arrived, admin_discard_race)
{
	uint64_t id = admin_id(self->admin, "broken");
	int i, status, ended[3] = { 0 };

	ASSERT_EQ(0, exerciser("rule can_finish b6 0 1 50"));
	for (i = 0; i < 8; i++) {
		if (fork())
			continue;
		switch (admin_discard(self->admin, id)) {
		case 0:
			_exit(0);
		case -EBUSY:
		case -ENOENT:
			_exit(1);
		}
		_exit(2);
	}
	while (wait(&status) > 0) {
		ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) < 3);
		ended[WEXITSTATUS(status)]++;
	}
	EXPECT_EQ(1, ended[0]);
	EXPECT_EQ(7, ended[1]);
	EXPECT_STREQ("can_finish b6 status=0 finish b6 status=0", calls());
	EXPECT_EQ(-ENOENT, admin_state(self->admin, "broken"));
	check_status(_metadata, self->admin, 0, 2, 0, 0);
}

TEST_F(arrived, admin_finished)
{
	int held = luo_retrieve(self->dev, "look");
	struct liveupdate_admin_session s;
	struct liveupdate_admin_file f;

	ASSERT_GE(held, 0);
	ASSERT_EQ(0, luo_finish(held));
	ASSERT_EQ(0, admin_find(self->admin, "look", &s));
	EXPECT_EQ(LIVEUPDATE_SESSION_FINISHED, s.state);
	EXPECT_EQ(getpid(), s.pid);
	EXPECT_EQ(0, s.files);
	EXPECT_EQ(0, admin_files(self->admin, s.id, &f, 1));
	check_status(_metadata, self->admin, 0, 1, 1, 0);
	EXPECT_EQ(-EBUSY, admin_discard(self->admin, s.id));
	close(held);
	settle();
	EXPECT_EQ(-ENOENT, admin_state(self->admin, "look"));
	EXPECT_EQ(-ENOENT, admin_files(self->admin, s.id, &f, 1));
	EXPECT_EQ(-ENOENT, admin_discard(self->admin, s.id));
}

/* Ids tell sessions of one name apart, and go on where those that arrived end. */
TEST_F(arrived, admin_same_name)
{
	uint64_t id = check_pending(_metadata, self->admin, "onward", 2);
	int created = luo_create(self->dev, "onward");
	struct liveupdate_admin_session s;

	ASSERT_GE(created, 0);
	ASSERT_EQ(0, admin_find(self->admin, "onward", &s));
	EXPECT_LT(id, s.id);
	EXPECT_EQ(LIVEUPDATE_SESSION_CREATED, s.state);
	check_status(_metadata, self->admin, 1, 1, 0, 0);
	EXPECT_EQ(-EBUSY, admin_discard(self->admin, s.id));
	close(created);
	settle();
	EXPECT_EQ(id, check_pending(_metadata, self->admin, "onward", 2));
}

/*
 * In the third kernel
 */

FIXTURE(forwarded) {
	int dev;
	int admin;
};

FIXTURE_SETUP(forwarded)
{
	struct liveupdate_admin_session s;

	self->dev = open(LUO_DEVICE, O_RDWR | O_CLOEXEC);
	if (self->dev < 0 && errno == ENOENT)
		SKIP(return, "no " LUO_DEVICE ": kho=on liveupdate=on is needed");
	ASSERT_GE(self->dev, 0);
	self->admin = admin_open(O_RDWR);
	ASSERT_GE(self->admin, 0);
	if (admin_find(self->admin, "onward", &s) || !s.hops)
		SKIP(return, "no session \"onward\" was handed on");
}

FIXTURE_TEARDOWN(forwarded)
{
	close(self->admin);
	if (self->dev >= 0)
		close(self->dev);
}

/* Counted among those that wait or are held */
TEST_F(forwarded, admin_forwarded)
{
	struct liveupdate_admin_get_status status;
	struct liveupdate_admin_session s;
	int held;

	ASSERT_EQ(0, admin_status(self->admin, &status));
	EXPECT_EQ(2, status.number);
	check_status(_metadata, self->admin, 0, 2, 0, 1);
	check_pending(_metadata, self->admin, "fresh", 1);
	ASSERT_EQ(0, admin_find(self->admin, "fresh", &s));
	EXPECT_EQ(0, s.hops);
	check_pending(_metadata, self->admin, "onward", 2);
	ASSERT_EQ(0, admin_find(self->admin, "onward", &s));
	EXPECT_EQ(1, s.hops);
	check_file(_metadata, self->admin, "onward", 1, LIVEUPDATE_FILE_PENDING, 0,
		   sysconf(_SC_PAGESIZE));

	held = luo_retrieve(self->dev, "onward");
	ASSERT_GE(held, 0);
	check_status(_metadata, self->admin, 0, 1, 1, 1);
	EXPECT_EQ(-EBUSY, admin_discard(self->admin, s.id));
	close(held);
	settle();
	check_status(_metadata, self->admin, 0, 2, 0, 1);
	EXPECT_EQ(0, admin_discard(self->admin, s.id));
	check_status(_metadata, self->admin, 0, 1, 0, 0);
	EXPECT_EQ(0, admin_discard(self->admin, admin_id(self->admin, "fresh")));
	check_status(_metadata, self->admin, 0, 0, 0, 0);
}

TEST_HARNESS_MAIN
