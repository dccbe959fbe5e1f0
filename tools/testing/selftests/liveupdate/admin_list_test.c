// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/liveupdate-admin: lists of what was created here
 *
 * Needs kho=on liveupdate=on and, for files, CONFIG_LIVEUPDATE_EXERCISER.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdlib.h>
#include <sched.h>
#include <sys/prctl.h>

#include "admin.h"
#include "fixture.h"

#define NR		7
#define ROOM		(2 * NR)
#define UNTOUCHED	0x55
#define MIN_SESSION	offsetof(struct liveupdate_admin_session, box)
#define MIN_FILE	offsetof(struct liveupdate_admin_file, name)
#define KERNEL_ADDRESS	(UINT64_MAX << 40)

static const int sizes_of_pages[] = { 1, 2, 3, NR - 1, NR, NR + 1, ROOM };

/* Is it this byte everywhere? */
static bool all_are(const void *from, const void *to, unsigned char byte)
{
	const unsigned char *c;

	for (c = from; c < (const unsigned char *)to; c++) {
		if (*c != byte)
			return false;
	}
	return true;
}

/*
 * Sessions
 */

/* Seven sessions s0 to s6; returns a cursor that is before the first one. */
static uint64_t seven_sessions(struct __test_metadata *_metadata, int dev, int admin, int *s)
{
	char name[NAME_LEN] = "s?";
	int i;

	for (i = 0; i < NR; i++) {
		name[1] = '0' + i;
		s[i] = luo_create(dev, name);
		ASSERT_GE(s[i], 0);
	}
	return admin_id(admin, "s0") - 1;
}

/* Whatever the number that is asked for at once, each is there once, in order. */
TEST_F(luo, admin_sessions_by_pages)
{
	struct liveupdate_admin_session list[NR][2 * ROOM];
	int admin = admin_open(O_RDONLY), s[NR], got;
	uint64_t first = seven_sessions(_metadata, self->dev, admin, s), cursor, last;
	int i, n, room;
	char name[NAME_LEN] = "s?";

	for (i = 0; i < (int)ARRAY_SIZE(sizes_of_pages); i++) {
		room = sizes_of_pages[i];
		memset(list[i], UNTOUCHED, sizeof(list[i]));
		cursor = first;
		n = 0;
		do {
			last = cursor;
			got = admin_sessions(admin, &cursor, list[i] + n, room);
			ASSERT_EQ(room < NR - n ? room : NR - n, got);
			n += got;
			EXPECT_EQ(n ? list[i][n - 1].id : first, cursor);
		} while (got);
		EXPECT_EQ(last, cursor);
		EXPECT_EQ(NR, n);
		EXPECT_TRUE(all_are(list[i] + NR, list[i] + 2 * ROOM, UNTOUCHED));
		EXPECT_EQ(0, memcmp(list[0], list[i], NR * sizeof(list[0][0])));
	}
	for (n = 0; n < NR; n++) {
		name[1] = '0' + n;
		EXPECT_STREQ(name, (char *)list[0][n].name);
		if (n)
			EXPECT_LT(list[0][n - 1].id, list[0][n].id);
	}
}

TEST_F(luo, admin_session_entry)
{
	struct liveupdate_admin_session s;
	static const char comm[16] = "first name";
	char name[NAME_LEN];
	int admin = admin_open(O_RDONLY), session;

	memset(name, 'n', sizeof(name));
	name[NAME_LEN - 1] = '\0';
	prctl(PR_SET_NAME, comm);
	session = luo_create(self->dev, name);
	ASSERT_GE(session, 0);
	/* It is the name of then that counts. */
	prctl(PR_SET_NAME, "second name");
	memset(&s, UNTOUCHED, sizeof(s));
	ASSERT_EQ(0, admin_find(admin, name, &s));
	EXPECT_LT(0, s.id);
	EXPECT_EQ(0, s.files);
	EXPECT_EQ(LIVEUPDATE_SESSION_CREATED, s.state);
	EXPECT_EQ(getpid(), s.pid);
	EXPECT_EQ(0, s.hops);
	EXPECT_EQ(0, s.reserved);
	EXPECT_EQ(0, memcmp(comm, s.comm, sizeof(comm)));
	EXPECT_EQ(0, memcmp(name, s.name, sizeof(name)));
	EXPECT_TRUE(all_are(s.box, s.box + sizeof(s.box), 0));
	close(session);
	/* nothing of it is behind shorter names */
	session = luo_create(self->dev, "x");
	ASSERT_EQ(0, admin_find(admin, "x", &s));
	EXPECT_TRUE(all_are(s.name + 1, s.name + sizeof(s.name), 0));
	EXPECT_TRUE(all_are(s.comm + strlen("second name"), s.comm + sizeof(s.comm), 0));
}

/* As much of each is written as is known here, and zeroes for what is not. */
static void are_entries(struct __test_metadata *_metadata, const unsigned char *got,
			unsigned int nr, uint32_t stride, const void *want, size_t size)
{
	size_t known = stride < size ? stride : size;
	unsigned int n;

	for (n = 0; n < nr; n++, got += stride, want += size) {
		EXPECT_EQ(0, memcmp(want, got, known))
			TH_LOG("stride %u, entry %u", stride, n);
		EXPECT_TRUE(all_are(got + known, got + stride, 0))
			TH_LOG("stride %u, entry %u", stride, n);
	}
}

/* Elements of older and newer programs */
TEST_F(luo, admin_session_strides)
{
	static const uint32_t strides[] = {
		MIN_SESSION, MIN_SESSION + 1, 200, sizeof(struct liveupdate_admin_session) - 1,
		sizeof(struct liveupdate_admin_session),
		sizeof(struct liveupdate_admin_session) + 1, 500, 4096,
	};
	static unsigned char got[(NR + 1) * 4096];
	struct liveupdate_admin_session want[NR];
	struct liveupdate_admin_list_sessions args;
	int admin = admin_open(O_RDONLY), s[NR];
	uint64_t first = seven_sessions(_metadata, self->dev, admin, s), cursor = first;
	unsigned int i;

	ASSERT_EQ(NR, admin_sessions(admin, &cursor, want, NR));
	for (i = 0; i < ARRAY_SIZE(strides); i++) {
		args = (struct liveupdate_admin_list_sessions) {
			.size = sizeof(args), .count = NR + 1, .cursor = first,
			.sessions = (uintptr_t)got, .stride = strides[i],
		};
		memset(got, UNTOUCHED, sizeof(got));
		ASSERT_EQ(0, luo_call(admin, LIVEUPDATE_ADMIN_LIST_SESSIONS, &args));
		ASSERT_EQ(NR, args.count);
		EXPECT_EQ(cursor, args.cursor);
		EXPECT_EQ(strides[i], args.stride);
		are_entries(_metadata, got, NR, strides[i], want, sizeof(*want));
		EXPECT_TRUE(all_are(got + NR * strides[i], got + sizeof(got), UNTOUCHED));
	}
}

/* Nothing is said to have been listed, and the same call can be tried again. */
TEST_F(luo, admin_sessions_faults)
{
	const size_t size = sizeof(struct liveupdate_admin_session);
	char *end = edge(), *page = end - sysconf(_SC_PAGESIZE);
	struct {
		uint64_t array;
		uint32_t count, stride;
		int err;
	} *t, tries[] = {
		{ 0, 0, size, 0 },
		{ 0, 1, size, -EFAULT },
		{ 0, NR, size, -EFAULT },
		{ (uintptr_t)end, 1, size, -EFAULT },
		{ (uintptr_t)end - size + 1, 1, size, -EFAULT },
		{ (uintptr_t)end - size, 1, size, 0 },
		{ (uintptr_t)end - size, 2, size, -EFAULT },
		{ (uintptr_t)end - 2 * size, 2, size, 0 },
		{ (uintptr_t)end - 2 * size, 3, size, -EFAULT },
		{ (uintptr_t)end - size, 1, size + 1, -EFAULT },
		{ (uintptr_t)end - MIN_SESSION, 1, MIN_SESSION, 0 },
		{ (uintptr_t)end - MIN_SESSION, 1, UINT32_MAX, -EFAULT },
		{ (uintptr_t)page, 1, UINT32_MAX, -EFAULT },
		{ (uintptr_t)page, 0, UINT32_MAX, 0 },
		{ KERNEL_ADDRESS, 1, size, -EFAULT },
		{ UINT64_MAX, 1, size, -EFAULT },
		{ (uintptr_t)read_only("", 1) - size, 1, size, -EFAULT },
	};
	int admin = admin_open(O_RDONLY), s[NR];
	uint64_t first = seven_sessions(_metadata, self->dev, admin, s);

	for (t = tries; t < tries + ARRAY_SIZE(tries); t++) {
		struct liveupdate_admin_list_sessions args = {
			.size = sizeof(args), .count = t->count, .cursor = first,
			.sessions = t->array, .stride = t->stride,
		}, before = args;

		EXPECT_EQ(t->err, luo_call(admin, LIVEUPDATE_ADMIN_LIST_SESSIONS, &args))
			TH_LOG("try %td", t - tries);
		if (!t->err)
			before.cursor += t->count;
		EXPECT_EQ(0, memcmp(&before, &args, sizeof(args))) TH_LOG("try %td", t - tries);
	}
}

TEST_F(luo, admin_session_small_strides)
{
	struct liveupdate_admin_session entry;
	struct liveupdate_admin_list_sessions args = {
		.size = sizeof(args), .count = 1, .sessions = (uintptr_t)&entry,
	};
	int admin = admin_open(O_RDONLY), s = luo_create(self->dev, "small");

	ASSERT_GE(s, 0);
	memset(&entry, UNTOUCHED, sizeof(entry));
	for (; args.stride < MIN_SESSION; args.stride++)
		EXPECT_EQ(-EINVAL, luo_call(admin, LIVEUPDATE_ADMIN_LIST_SESSIONS, &args));
	/* also if nothing is asked for */
	args.count = 0;
	args.stride = MIN_SESSION - 1;
	EXPECT_EQ(-EINVAL, luo_call(admin, LIVEUPDATE_ADMIN_LIST_SESSIONS, &args));
	EXPECT_EQ(0, args.cursor);
	EXPECT_TRUE(all_are(&entry, &entry + 1, UNTOUCHED));
}

/* The end is wherever the list ends at that time. */
TEST_F(luo, admin_sessions_cursor)
{
	struct liveupdate_admin_session list[ROOM];
	int admin = admin_open(O_RDONLY), s[NR], more;
	uint64_t first = seven_sessions(_metadata, self->dev, admin, s), cursor = UINT64_MAX;

	EXPECT_EQ(0, admin_sessions(admin, &cursor, list, ROOM));
	EXPECT_EQ(UINT64_MAX, cursor);
	cursor = first + NR;
	EXPECT_EQ(0, admin_sessions(admin, &cursor, NULL, ROOM));
	EXPECT_EQ(first + NR, cursor);

	cursor = first;
	ASSERT_EQ(3, admin_sessions(admin, &cursor, list, 3));
	/* where the cursor is, before and behind it */
	close(s[2]);
	close(s[1]);
	close(s[4]);
	settle();
	more = luo_create(self->dev, "more");
	ASSERT_GE(more, 0);
	ASSERT_EQ(4, admin_sessions(admin, &cursor, list, ROOM));
	EXPECT_STREQ("s3", (char *)list[0].name);
	EXPECT_STREQ("s5", (char *)list[1].name);
	EXPECT_STREQ("s6", (char *)list[2].name);
	EXPECT_STREQ("more", (char *)list[3].name);
	EXPECT_EQ(0, admin_sessions(admin, &cursor, list, ROOM));
	close(more);
	settle();
	more = luo_create(self->dev, "one more");
	EXPECT_EQ(1, admin_sessions(admin, &cursor, list, UINT32_MAX));
	EXPECT_STREQ("one more", (char *)list[0].name);
}

static int child_dev, child_admin;

static void create_by_child(int stop)
{
	struct liveupdate_admin_session s;

	prctl(PR_SET_NAME, "child");
	if (luo_create(child_dev, "child's") < 0)
		_exit(1);
	/* Whoever looks, pids are those of the initial namespace. */
	if (admin_find(child_admin, "child's", &s) || s.pid == 1)
		_exit(2);
	just_wait(stop);
}

/* It is the process that counts, not whose descriptors these are. */
static void other_creator(struct __test_metadata *_metadata, int dev)
{
	struct liveupdate_admin_session s;
	int ours = luo_create(dev, "ours"), i;
	struct child child;

	ASSERT_GE(ours, 0);
	child_dev = dev;
	child_admin = admin_open(O_RDONLY);
	child = start_child(create_by_child);
	for (i = 0; i < 1000 && admin_find(child_admin, "child's", &s); i++)
		usleep(10000);
	EXPECT_EQ(child.pid, s.pid);
	EXPECT_STREQ("child", (char *)s.comm);
	EXPECT_EQ(0, admin_find(child_admin, "ours", &s));
	EXPECT_EQ(getpid(), s.pid);
	EXPECT_EQ(0, stop_child(child));
	EXPECT_EQ(-ENOENT, admin_find(child_admin, "child's", &s));
	/* It had this one as well. */
	EXPECT_EQ(0, admin_find(child_admin, "ours", &s));
}

TEST_F(luo, admin_creator)
{
	other_creator(_metadata, self->dev);
}

TEST_F(luo, admin_creator_in_namespace)
{
	if (unshare(CLONE_NEWPID))
		SKIP(return, "no CONFIG_PID_NS");
	other_creator(_metadata, self->dev);
}

TEST_F(luo, admin_ids_are_not_reused)
{
	int admin = admin_open(O_RDWR), s, i;
	struct liveupdate_admin_file f;
	uint64_t id, last = 0;

	for (i = 0; i < 200; i++) {
		s = luo_create(self->dev, "again");
		ASSERT_GE(s, 0);
		id = admin_id(admin, "again");
		EXPECT_LT(last, id);
		close(s);
		settle();
		EXPECT_EQ(-ENOENT, admin_files(admin, id, &f, 1));
		EXPECT_EQ(-ENOENT, admin_discard(admin, id));
		last = id;
	}
}

/* Only what waits can be discarded. */
TEST_F(luo, admin_discard_created)
{
	int admin = admin_open(O_RDWR), s = luo_create(self->dev, "created"), fd;
	uint64_t id = admin_id(admin, "created");
	struct liveupdate_admin_session entry;
	struct liveupdate_admin_file f;
	char name[NAME_LEN];

	NEEDS_EXERCISER();
	fd = test_file('a', "f0");
	ASSERT_EQ(0, luo_preserve_fd(s, fd, 0));
	EXPECT_EQ(-EBUSY, admin_discard(admin, id));
	ASSERT_EQ(0, admin_find(admin, "created", &entry));
	EXPECT_EQ(id, entry.id);
	EXPECT_EQ(LIVEUPDATE_SESSION_CREATED, entry.state);
	EXPECT_EQ(1, entry.files);
	EXPECT_EQ(0, luo_get_name(s, name));
	EXPECT_EQ(0, count_of("unpreserve"));
	EXPECT_EQ(-EEXIST, luo_preserve_fd(s, fd, 0));
	EXPECT_EQ(0, luo_preserve_fd(s, test_file('a', "f1"), 1));
	close(s);
	settle();
	EXPECT_EQ(2, count_of("unpreserve"));
	EXPECT_EQ(-ENOENT, admin_discard(admin, id));
	EXPECT_EQ(-ENOENT, admin_files(admin, id, &f, 1));
	EXPECT_EQ(-ENOENT, admin_discard(admin, 0));
	EXPECT_EQ(-ENOENT, admin_discard(admin, UINT64_MAX));
}

/*
 * Files
 */

/* In which order they were preserved, not that of the tokens */
static const uint64_t tokens[] = { 7, UINT64_MAX, 0, 1ULL << 32, 3 };

#define FILES	((int)ARRAY_SIZE(tokens))

static uint64_t five_files(struct __test_metadata *_metadata, int dev, int admin)
{
	int s = luo_create(dev, "files"), i, fd;
	struct liveupdate_admin_session entry;

	for (i = 0; i < FILES; i++) {
		fd = test_file("abmab"[i], "ff");
		ASSERT_GE(fd, 0);
		ASSERT_EQ(0, luo_preserve_fd(s, fd, tokens[i]));
		close(fd);
	}
	EXPECT_EQ(0, admin_find(admin, "files", &entry));
	EXPECT_EQ(FILES, entry.files);
	return entry.id;
}

TEST_F(luo, admin_file_entries)
{
	static const char *const formats[] = {
		"test-a", "x-test-b", "memfd-v2", "test-a", "x-test-b",
	};
	struct liveupdate_admin_file f[FILES + 1];
	int admin = admin_open(O_RDONLY), i;
	long page = sysconf(_SC_PAGESIZE);
	uint64_t id;

	NEEDS_EXERCISER();
	id = five_files(_metadata, self->dev, admin);
	memset(f, UNTOUCHED, sizeof(f));
	ASSERT_EQ(FILES, admin_files(admin, id, f, FILES + 1));
	EXPECT_TRUE(all_are(&f[FILES], &f[FILES + 1], UNTOUCHED));
	for (i = 0; i < FILES; i++) {
		EXPECT_EQ(tokens[i], f[i].token);
		/* The handler of one kind cannot tell. */
		EXPECT_EQ(strcmp(formats[i], "x-test-b") ? page : 0, f[i].bytes);
		EXPECT_EQ(LIVEUPDATE_FILE_PRESERVED, f[i].state);
		EXPECT_EQ(0, f[i].error);
		EXPECT_STREQ(formats[i], (char *)f[i].compatible);
		EXPECT_TRUE(all_are(f[i].compatible + strlen(formats[i]), f[i].name, 0));
		EXPECT_TRUE(all_are(f[i].name, f[i].name + sizeof(f[i].name), 0));
	}
}

/* More than the kernel looks up at a time, by any number */
TEST_F(luo, admin_files_by_pages)
{
	static const int rooms[] = { 1, 7, 1000, 4095, 4096, 4097, 5000, 5001 };
	static struct liveupdate_admin_file f[5001];
	struct liveupdate_admin_list_files args;
	int admin = admin_open(O_RDONLY), s = luo_create(self->dev, "many"), fd, i, n, left;

	NEEDS_EXERCISER();
	for (i = 0; i < 5000; i++) {
		fd = test_file('b', "ff");
		ASSERT_EQ(0, luo_preserve_fd(s, fd, 9000 - i));
		close(fd);
	}
	for (i = 0; i < (int)ARRAY_SIZE(rooms); i++) {
		args = (struct liveupdate_admin_list_files) {
			.size = sizeof(args), .session = admin_id(admin, "many"),
			.files = (uintptr_t)f, .stride = sizeof(*f),
		};
		memset(f, UNTOUCHED, sizeof(f));
		for (left = 5000; left; left -= args.count) {
			args.count = rooms[i];
			ASSERT_EQ(0, luo_call(admin, LIVEUPDATE_ADMIN_LIST_FILES, &args));
			ASSERT_EQ(left < rooms[i] ? left : rooms[i], args.count);
			args.files += args.count * sizeof(*f);
		}
		args.count = 1;
		ASSERT_EQ(0, luo_call(admin, LIVEUPDATE_ADMIN_LIST_FILES, &args));
		EXPECT_EQ(0, args.count);
		for (n = 0; n < 5000; n++)
			ASSERT_EQ(9000 - n, f[n].token) TH_LOG("%d by %d", n, rooms[i]);
		EXPECT_TRUE(all_are(&f[5000], &f[5001], UNTOUCHED));
	}
}

TEST_F(luo, admin_file_strides)
{
	static const uint32_t strides[] = {
		MIN_FILE, MIN_FILE + 1, 200, sizeof(struct liveupdate_admin_file) - 1,
		sizeof(struct liveupdate_admin_file), sizeof(struct liveupdate_admin_file) + 1,
		500, 4096,
	};
	static unsigned char got[(ARRAY_SIZE(tokens) + 1) * 4096];
	struct liveupdate_admin_list_files args = { .size = sizeof(args) };
	struct liveupdate_admin_file want[FILES];
	int admin = admin_open(O_RDONLY);
	unsigned int i;

	NEEDS_EXERCISER();
	args.session = five_files(_metadata, self->dev, admin);
	args.files = (uintptr_t)got;
	ASSERT_EQ(FILES, admin_files(admin, args.session, want, FILES));
	memset(got, UNTOUCHED, sizeof(got));
	for (i = 0; i <= MIN_FILE; i++) {
		args.stride = i;
		EXPECT_EQ(i < MIN_FILE ? -EINVAL : 0,
			  luo_call(admin, LIVEUPDATE_ADMIN_LIST_FILES, &args));
	}
	EXPECT_TRUE(all_are(got, got + sizeof(got), UNTOUCHED));
	for (i = 0; i < ARRAY_SIZE(strides); i++) {
		args.count = FILES + 1;
		args.cursor = 0;
		args.stride = strides[i];
		memset(got, UNTOUCHED, sizeof(got));
		ASSERT_EQ(0, luo_call(admin, LIVEUPDATE_ADMIN_LIST_FILES, &args));
		ASSERT_EQ(FILES, args.count);
		are_entries(_metadata, got, FILES, strides[i], want, sizeof(*want));
		EXPECT_TRUE(all_are(got + FILES * strides[i], got + sizeof(got), UNTOUCHED));
	}
}

TEST_F(luo, admin_files_faults)
{
	const size_t size = sizeof(struct liveupdate_admin_file);
	uintptr_t end = (uintptr_t)edge();
	struct {
		uint64_t session, array, cursor;
		uint32_t count, stride;
		int err, got;
	} *t, tries[] = {
		{ 1, 0, 0, 0, size, 0, 0 },
		{ 1, 0, 0, 1, size, -EFAULT, 0 },
		{ 1, 0, 0, UINT32_MAX, size, -EFAULT, 0 },
		{ 1, end, 0, 1, size, -EFAULT, 0 },
		{ 1, end - size + 1, 0, 1, size, -EFAULT, 0 },
		{ 1, end - size, 0, 1, size, 0, 1 },
		{ 1, end - size, 0, 2, size, -EFAULT, 0 },
		{ 1, end - 2 * size, 0, 2, size, 0, 2 },
		{ 1, end - 2 * size, FILES - 2, UINT32_MAX, size, 0, 2 },
		{ 1, end - size, 0, 1, size + 1, -EFAULT, 0 },
		{ 1, end - MIN_FILE, 0, 1, MIN_FILE, 0, 1 },
		{ 1, end - MIN_FILE, 0, 1, UINT32_MAX, -EFAULT, 0 },
		{ 1, KERNEL_ADDRESS, 0, 1, size, -EFAULT, 0 },
		{ 1, UINT64_MAX, 0, 1, size, -EFAULT, 0 },
		{ 1, (uintptr_t)read_only("", 1) - size, 0, 1, size, -EFAULT, 0 },
		{ 1, 0, FILES, 1, size, 0, 0 },
		{ 1, 0, UINT64_MAX, 1, size, 0, 0 },
		/* No such session: what else there is does not matter. */
		{ 0, 0, 0, 1, size, -ENOENT, 0 },
		{ 0, 0, 0, 0, size, -ENOENT, 0 },
		{ 0, end - size, UINT64_MAX, 1, size, -ENOENT, 0 },
	};
	int admin = admin_open(O_RDONLY);
	uint64_t id;

	NEEDS_EXERCISER();
	id = five_files(_metadata, self->dev, admin);
	for (t = tries; t < tries + ARRAY_SIZE(tries); t++) {
		struct liveupdate_admin_list_files args = {
			.size = sizeof(args), .count = t->count, .cursor = t->cursor,
			.session = t->session ? id : 0, .files = t->array, .stride = t->stride,
		}, after = args;

		EXPECT_EQ(t->err, luo_call(admin, LIVEUPDATE_ADMIN_LIST_FILES, &args))
			TH_LOG("try %td", t - tries);
		if (!t->err) {
			after.count = t->got;
			after.cursor += t->got;
		}
		EXPECT_EQ(0, memcmp(&after, &args, sizeof(args))) TH_LOG("try %td", t - tries);
	}
}

TEST_HARNESS_MAIN
