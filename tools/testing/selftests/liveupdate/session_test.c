// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions that are created: names, descriptors, replies
 *
 * Needs kho=on liveupdate=on.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include <linux/magic.h>
#include <linux/reboot.h>

#include "fixture.h"

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
	int s = luo_create(self->dev, "copies"), copy;
	char name[NAME_LEN];
	struct child child;

	copy = dup(s);
	close(s);
	EXPECT_EQ(-EEXIST, luo_create(self->dev, "copies"));
	EXPECT_EQ(0, luo_get_name(copy, name));
	child = start_child(just_wait);
	close(copy);
	EXPECT_EQ(-EEXIST, luo_create(self->dev, "copies"));
	EXPECT_EQ(0, stop_child(child));
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
	rlim_t was = allow_fds(0);
	int s;

	s = luo_create(self->dev, "emfile");
	allow_fds(was);
	EXPECT_EQ(-EMFILE, s);
	s = luo_create(self->dev, "emfile");
	EXPECT_GE(s, 0);
	close(s);
}

static int crowd_sessions(long more)
{
	char command[32];

	sprintf(command, "sessions %ld", more);
	return crowd(command);
}

/* As many as can travel: 10000 pages of 51 each, this limit is brought near. */
TEST_F_TIMEOUT(luo, create_too_many, 600)
{
	int s = luo_create(self->dev, "before"), admin = open(LUO_ADMIN, O_RDWR), last, before;
	struct liveupdate_admin_get_status status = { .size = sizeof(status) };
	char name[NAME_LEN];
	long others;

	NEEDS_EXERCISER();
	ASSERT_EQ(0, luo_call(admin, LIVEUPDATE_ADMIN_GET_STATUS, &status));
	others = 509999 - status.created - status.pending - status.held - status.boxes;
	ASSERT_EQ(0, crowd_sessions(others));
	last = luo_create(self->dev, "last");
	EXPECT_GE(last, 0);
	before = next_fd();
	EXPECT_EQ(-ENOSPC, luo_create(self->dev, "more"));
	EXPECT_EQ(before, next_fd());
	EXPECT_EQ(-ENOENT, luo_retrieve(self->dev, "more"));
	EXPECT_EQ(-EEXIST, luo_create(self->dev, "last"));
	/* It is the only thing there is no room for. */
	EXPECT_EQ(0, luo_get_name(s, name));
	EXPECT_STREQ("before", name);
	EXPECT_EQ(0, luo_preserve_fd(s, test_file('b', "b0"), 0));
	EXPECT_EQ(0, luo_preserve_fd(last, test_file('a', "a0"), 0));
	/* One ends, one can come. */
	close(s);
	settle();
	s = luo_create(self->dev, "more");
	EXPECT_GE(s, 0);
	EXPECT_EQ(-ENOSPC, luo_create(self->dev, "before"));
	ASSERT_EQ(0, crowd_sessions(-others));
	s = luo_create(self->dev, "before");
	EXPECT_GE(s, 0);
	EXPECT_EQ(0, luo_preserve_fd(s, test_file('b', "b0"), 0));
	ASSERT_EQ(0, luo_call(admin, LIVEUPDATE_ADMIN_GET_STATUS, &status));
	EXPECT_EQ(3, status.created);
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

/* The id of the session that was created last */
static uint64_t last_session(int admin)
{
	struct liveupdate_admin_session session = { .id = 0 };
	struct liveupdate_admin_list_sessions list = {
		.size = sizeof(list), .stride = sizeof(session),
		.sessions = (uintptr_t)&session,
	};

	do {
		list.count = 1;
	} while (!luo_call(admin, LIVEUPDATE_ADMIN_LIST_SESSIONS, &list) && list.count);
	return session.id;
}

/* Pages that are there, not those that could be; and what another handler says. */
TEST_F(luo, bytes_of_files)
{
	struct liveupdate_admin_file files[3] = {};
	struct liveupdate_admin_list_files list = {
		.size = sizeof(list), .count = 3, .stride = sizeof(*files),
		.files = (uintptr_t)files,
	};
	long page = sysconf(_SC_PAGESIZE);
	int s = luo_create(self->dev, "bytes"), admin = open(LUO_ADMIN, O_RDONLY), fd;

	NEEDS_EXERCISER();
	ASSERT_GE(s, 0);
	ASSERT_GE(admin, 0);
	fd = memfd_create("bytes", MFD_CLOEXEC);
	EXPECT_EQ(0, ftruncate(fd, 100 * page));
	EXPECT_EQ(3, pwrite(fd, "one", 3, 0));
	EXPECT_EQ(3, pwrite(fd, "two", 3, 50 * page - 1));
	EXPECT_EQ(0, luo_preserve_fd(s, fd, 7));
	close(fd);
	fd = test_file('a', "bytes");
	EXPECT_EQ(0, luo_preserve_fd(s, fd, 8));
	close(fd);
	list.session = last_session(admin);
	EXPECT_EQ(0, luo_call(admin, LIVEUPDATE_ADMIN_LIST_FILES, &list));
	EXPECT_EQ(2, list.count);
	EXPECT_EQ(7, files[0].token);
	EXPECT_EQ(3 * page, files[0].bytes);
	EXPECT_EQ(LIVEUPDATE_FILE_PRESERVED, files[0].state);
	EXPECT_EQ(8, files[1].token);
	EXPECT_EQ(page, files[1].bytes);
	EXPECT_EQ(1, count_of("get_size"));
	close(admin);
	close(s);
}

/* All that the administrator can list, until the parent says that it is enough. */
static void list_all(int stop)
{
	struct liveupdate_admin_session session;
	struct liveupdate_admin_list_sessions list = {
		.size = sizeof(list), .stride = sizeof(session),
		.sessions = (uintptr_t)&session,
	};
	struct liveupdate_admin_file files[16];
	struct liveupdate_admin_list_files of = {
		.size = sizeof(of), .stride = sizeof(*files), .files = (uintptr_t)files,
	};
	int fd = open(LUO_ADMIN, O_RDWR);
	char c;

	fcntl(stop, F_SETFL, O_NONBLOCK);
	while (read(stop, &c, 1) < 0) {
		list.count = 1;
		if (luo_call(fd, LIVEUPDATE_ADMIN_LIST_SESSIONS, &list))
			_exit(1);
		if (!list.count) {
			list.cursor = 0;
			continue;
		}
		of.session = session.id;
		of.cursor = 0;
		of.count = ARRAY_SIZE(files);
		switch (luo_call(fd, LIVEUPDATE_ADMIN_LIST_FILES, &of)) {
		case 0:
		case -ENOENT:
			break;
		default:
			_exit(1);
		}
	}
	_exit(0);
}

/* The files of a session went away under who looked at them. */
TEST_F(luo, regression_listed_while_closed)
{
	struct child child = start_child(list_all);
	int i, j, s, fd;

	for (i = 0; i < 300; i++) {
		s = luo_create(self->dev, "listed");
		ASSERT_GE(s, 0);
		for (j = 0; j < 8; j++) {
			fd = memfd_create("listed", 0);
			ASSERT_GE(fd, 0);
			EXPECT_EQ(0, ftruncate(fd, 4096));
			EXPECT_EQ(0, luo_preserve_fd(s, fd, j));
			close(fd);
		}
		close(s);
	}
	EXPECT_EQ(0, stop_child(child));
}

TEST_HARNESS_MAIN
