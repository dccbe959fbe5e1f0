// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation of every ioctl fails, one after the other
 *
 *	luo_faults send		in the first kernel; ends with a reboot in which all
 *				allocations fail, and one in which none does
 *	luo_faults receive	in the next kernel
 *
 * Needs what faults.h needs.
 */
#define _GNU_SOURCE
#include <sys/reboot.h>

#include <linux/liveupdate_admin.h>
#include <linux/reboot.h>

#include "faults.h"

#define SESSION		"faults"
#define DISCARD		"discard"
#define ADMIN		"/dev/liveupdate-admin"
#define SIZE		(2 * MIB)
#define HOLE		(SIZE / 2)
#define NR_FILES	3

static int dev, admin;

/*
 * Files
 */

static struct file_under_test {
	const char *name;
	int fd;
	int session;
	uint64_t token;
} files[NR_FILES] = {
	{ .name = "small pages", .token = 0 },
	{ .name = "huge pages", .token = 1 },
	{ .name = "holes", .token = 2 },
};

static long preserved_before, pinned_before;

static void make_files(void)
{
	int i;

	for (i = 0; i < NR_FILES; i++) {
		if (i == 1)
			write_text(SHMEM_ENABLED, "always");
		files[i].fd = make_memfd(files[i].name, MFD_ALLOW_SEALING, SIZE);
		must(files[i].name, put(files[i].fd, i, 0, i == 2 ? PAGE : HOLE));
		if (i == 1)
			write_text(SHMEM_ENABLED, "never");
	}
}

static int run_preserve(void *arg)
{
	struct file_under_test *f = arg;

	return luo_preserve_fd(f->session, f->fd, f->token);
}

static void undo_preserve(void *arg, int ret)
{
	struct file_under_test *f = arg;

	is(f->name, "preserve", ret, 0);
	close(f->session);
	f->session = must("session", luo_create(dev, SESSION));
}

/* The size can be changed, nothing is missing, nothing is kept. */
static bool is_as_before(void *arg)
{
	struct file_under_test *f = arg;
	int nr = f - files;

	return !ftruncate(f->fd, SIZE + PAGE) && !ftruncate(f->fd, SIZE) &&
	       !bad_pages(f->fd, nr, 0, nr == 2 ? PAGE : HOLE) &&
	       preserved() == preserved_before && pinned() == pinned_before;
}

/*
 * The devices
 */

static int run_open(void *arg)
{
	int fd;

	(void)arg;
	fd = open(LUO_DEVICE, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int run_create(void *arg)
{
	return luo_create(dev, arg);
}

static void undo_fd(void *arg, int ret)
{
	(void)arg;
	close(ret);
}

static int run_get_name(void *arg)
{
	char name[LIVEUPDATE_SESSION_NAME_LENGTH];

	return luo_get_name(*(int *)arg, name);
}

static struct liveupdate_admin_session sessions[8];

static int run_list_sessions(void *arg)
{
	struct liveupdate_admin_list_sessions args = {
		.size = sizeof(args), .count = 8, .sessions = (uintptr_t)sessions,
		.stride = sizeof(*sessions),
	};
	int err = luo_call(admin, LIVEUPDATE_ADMIN_LIST_SESSIONS, &args);

	(void)arg;
	return err ? err : (int)args.count;
}

static int run_list_files(void *arg)
{
	struct liveupdate_admin_file list[8];
	struct liveupdate_admin_list_files args = {
		.size = sizeof(args), .count = 8, .session = *(uint64_t *)arg,
		.files = (uintptr_t)list, .stride = sizeof(*list),
	};
	int err = luo_call(admin, LIVEUPDATE_ADMIN_LIST_FILES, &args);

	return err ? err : (int)args.count;
}

static int run_get_status(void *arg)
{
	struct liveupdate_admin_get_status args = { .size = sizeof(args) };

	(void)arg;
	return luo_call(admin, LIVEUPDATE_ADMIN_GET_STATUS, &args);
}

static uint64_t id_of(const char *name)
{
	int nr = run_list_sessions(NULL);

	while (nr-- > 0) {
		if (!strcmp((char *)sessions[nr].name, name))
			return sessions[nr].id;
	}
	return 0;
}

static int run_discard(void *arg)
{
	struct liveupdate_admin_discard_session args = {
		.size = sizeof(args), .session = *(uint64_t *)arg,
	};

	return luo_call(admin, LIVEUPDATE_ADMIN_DISCARD_SESSION, &args);
}

static void admin_ioctls(const char *session, int want_files)
{
	uint64_t id = id_of(session);

	inject(&(struct op) { .name = "GET_STATUS", .run = run_get_status });
	is_more("LIST_SESSIONS", "count",
		inject(&(struct op) { .name = "LIST_SESSIONS", .run = run_list_sessions }), 0);
	is("LIST_FILES", "count",
	   inject(&(struct op) { .name = "LIST_FILES", .run = run_list_files, .arg = &id }),
	   want_files);
}

/*
 * The first kernel
 */

static void discarded_session(void)
{
	int session = must("session", luo_create(dev, DISCARD));
	int fd = make_memfd(DISCARD, 0, SIZE);

	must(DISCARD, put(fd, 9, 0, HOLE));
	is(DISCARD, "preserve", luo_preserve_fd(session, fd, 0), 0);
	close(fd);
}

/*
 * A hole that was written has to be recorded, which needs memory.  A file that had
 * stayed frozen would not take the next page.
 */
static void reboots(void)
{
	struct file_under_test *f = &files[2];
	int err;

	alarm(120);
	must("a hole", put(f->fd, 2, HOLE, PAGE));
	fail_all(true);
	err = err_of(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			     LINUX_REBOOT_CMD_KEXEC, NULL));
	fail_all(false);
	is("reboot", "error when all allocations fail", err, -ENOMEM);
	must("a hole", put(f->fd, 2, HOLE + PAGE, PAGE));
	let_results_out();
	err = err_of(syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			     LINUX_REBOOT_CMD_KEXEC, NULL));
	is("reboot", "error", err, 0);
}

static bool preserved_as_before(void *arg)
{
	(void)arg;
	return preserved() == preserved_before;
}

static const struct op open_op = {
	.name = "open", .run = run_open, .undo = undo_fd, .intact = preserved_as_before,
};

static const struct op create_op = {
	.name = "CREATE_SESSION", .run = run_create, .undo = undo_fd,
	.intact = preserved_as_before, .arg = SESSION,
};

static void send_all(void)
{
	int session, i;

	make_files();
	preserved_before = preserved();
	close(dev);
	dev = inject(&open_op);
	session = inject(&create_op);
	inject(&(struct op) { .name = "GET_NAME", .run = run_get_name, .arg = &session });
	for (i = 0; i < NR_FILES; i++) {
		char name[64];
		struct op op;

		snprintf(name, sizeof(name), "PRESERVE_FD of %s", files[i].name);
		files[i].session = session;
		preserved_before = preserved();
		pinned_before = pinned();
		op = (struct op) {
			.name = name, .run = run_preserve, .undo = undo_preserve,
			.intact = is_as_before, .arg = &files[i],
		};
		inject(&op);
		/* A session that was closed on the way took the earlier files along. */
		close(files[i].session);
		session = must("session", luo_create(dev, SESSION));
	}
	for (i = 0; i < NR_FILES; i++)
		is(files[i].name, "preserve", luo_preserve_fd(session, files[i].fd, i), 0);
	discarded_session();
	admin_ioctls(SESSION, NR_FILES);
	reboots();
}

/*
 * The second kernel
 */

static int run_retrieve(void *arg)
{
	return luo_retrieve(dev, arg);
}

static int run_retrieve_fd(void *arg)
{
	struct file_under_test *f = arg;

	return luo_retrieve_fd(f->session, f->token);
}

/* Closed, it can be retrieved once more: so this tries the rest, too. */
static void undo_retrieve_fd(void *arg, int ret)
{
	struct file_under_test *f = arg;

	is(f->name, "contents", bad_pages(ret, f->token, 0, PAGE), 0);
	close(ret);
}

static int run_finish(void *arg)
{
	return luo_finish(*(int *)arg);
}

static void check_files(void)
{
	int i;

	for (i = 0; i < 2; i++)
		is(files[i].name, "contents", bad_pages(files[i].fd, i, 0, HOLE), 0);
	is("holes", "contents", bad_pages(files[2].fd, 2, 0, PAGE), 0);
	is("holes", "what was written before and between the reboots",
	   bad_pages(files[2].fd, 2, HOLE, 2 * PAGE), 0);
}

static const struct op retrieve_op = {
	.name = "RETRIEVE_SESSION", .run = run_retrieve, .undo = undo_fd, .arg = SESSION,
};

static void receive_all(void)
{
	uint64_t discard = id_of(DISCARD);
	struct op discard_op = {
		.name = "DISCARD_SESSION", .run = run_discard, .arg = &discard, .once = true,
	};
	int session, i;

	admin_ioctls(DISCARD, 1);
	inject(&discard_op);
	is("DISCARD_SESSION", "again", run_discard(&discard), -ENOENT);
	session = inject(&retrieve_op);
	for (i = 0; i < NR_FILES; i++) {
		char name[64];
		struct op op;

		snprintf(name, sizeof(name), "RETRIEVE_FD of %s", files[i].name);
		files[i].session = session;
		op = (struct op) {
			.name = name, .run = run_retrieve_fd, .undo = undo_retrieve_fd,
			.arg = &files[i],
		};
		files[i].fd = inject(&op);
	}
	inject(&(struct op) { .name = "FINISH", .run = run_finish, .arg = &session });
	check_files();
	close(session);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	faults_init();
	dev = must(LUO_DEVICE, open(LUO_DEVICE, O_RDWR | O_CLOEXEC));
	admin = must(ADMIN, open(ADMIN, O_RDWR | O_CLOEXEC));
	if (argc == 2 && !strcmp(argv[1], "send"))
		send_all();
	else if (argc == 2 && !strcmp(argv[1], "receive"))
		receive_all();
	else
		return 2;
	return 0;
}
