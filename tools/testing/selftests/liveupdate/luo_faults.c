// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation of every ioctl, and of reboot(2), fails, one after the other
 *
 *	luo_faults send		in the first kernel; ends with a reboot that does
 *				not fail
 *	luo_faults receive	in the next kernel
 *
 * Needs what faults.h needs, the exerciser, and huge pages of 2 MiB.
 */
#define _GNU_SOURCE
#include <sys/reboot.h>

#include <linux/liveupdate_admin.h>

#include "acl.h"
#include "faults.h"
#include "hugetlb.h"

#define SESSION		"faults"
#define COPIES		"copies"
#define ADMIN		"/dev/liveupdate-admin"
#define SIZE		(2 * MIB)
#define HOLE		(SIZE / 2)
#define NR_COPIES	40	/* files to be retrieved */
#define NR_DISPENSABLE	16	/* sessions to be discarded, and to be finished */
#define NR_SESSIONS	(2 * NR_DISPENSABLE + 2)

static int dev, admin;
static bool last_step_fails;

/*
 * Files
 */

enum { SMALL_PAGES, HUGE_PAGES, HOLES, ATTRIBUTES, READ_ONLY, HUGETLB, NR_FILES };

static struct file_under_test {
	const char *name;
	int fd;			/* what is preserved */
	int rw;			/* the same file, to be changed */
	int session;
	uint64_t token;		/* and that plus NR_FILES, and so on: copies */
} files[NR_FILES] = {
	{ .name = "small pages", .token = SMALL_PAGES },
	{ .name = "huge pages", .token = HUGE_PAGES },
	{ .name = "holes", .token = HOLES },
	{ .name = "attributes", .token = ATTRIBUTES },
	{ .name = "read-only", .token = READ_ONLY },
	{ .name = "hugetlb", .token = HUGETLB },
};

static int nr_of(const struct file_under_test *f)
{
	return f - files;
}

/* How much of it has contents */
static size_t data_of(const struct file_under_test *f)
{
	return nr_of(f) == SMALL_PAGES || nr_of(f) == HUGE_PAGES ? HOLE : PAGE;
}

/*
 * What few have: extended attributes, an access control list if there are any, a
 * memory policy
 */

#define XATTR		"user.name"
#define BIND		2	/* <linux/mempolicy.h> */
#define F_ADDR		2

static void give_extras(int fd)
{
	char *map = map_shared(fd, PAGE, 0);
	unsigned long nodes = 1;

	must(XATTR, fsetxattr(fd, XATTR, "value", 5, 0));
	if (has_acl())
		must("ACL", set_acl(fd, 1000));
	must("mbind", syscall(SYS_mbind, map, PAGE, BIND, &nodes, 64, 0));
	munmap(map, PAGE);
}

static bool has_extras(int fd)
{
	char *map = map_shared(fd, PAGE, 0), value[16];
	int mode = -1;

	must("get_mempolicy", syscall(SYS_get_mempolicy, &mode, NULL, 0, map, F_ADDR));
	munmap(map, PAGE);
	return fgetxattr(fd, XATTR, value, sizeof(value)) == 5 && !memcmp(value, "value", 5) &&
	       acl_is(fd, 1000) == has_acl() && mode == BIND;
}

/* Pages, or whatever else is not as it was made */
static long bad_file(const struct file_under_test *f, int fd)
{
	long bad = bad_pages(fd, nr_of(f), 0, data_of(f));

	if (nr_of(f) == ATTRIBUTES)
		bad += !has_extras(fd);
	if (nr_of(f) == READ_ONLY)
		bad += (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
	return bad;
}

static long preserved_before, pinned_before;

static int make_file(const struct file_under_test *f)
{
	unsigned int flags = MFD_ALLOW_SEALING | (nr_of(f) == HUGETLB ? MFD_2M : 0);
	int fd = make_memfd(f->name, flags, SIZE);

	if (nr_of(f) == HUGE_PAGES)
		set_thp("always");
	if (nr_of(f) == HUGETLB)
		put_mapped(fd, HUGETLB, 0, SIZE);
	else
		must(f->name, put(fd, nr_of(f), 0, data_of(f)));
	set_thp("never");
	if (nr_of(f) == ATTRIBUTES)
		give_extras(fd);
	return fd;
}

/* Opened once more, if that is what it is about; @fd is closed then, or kept in *@rw. */
static int as_preserved(const struct file_under_test *f, int fd, int *rw)
{
	int ro;

	if (rw)
		*rw = fd;
	if (nr_of(f) != READ_ONLY)
		return fd;
	ro = must(f->name, reopen(fd, O_RDONLY));
	if (!rw)
		close(fd);
	return ro;
}

static void make_files(void)
{
	int i;

	for (i = 0; i < NR_FILES; i++)
		files[i].fd = as_preserved(&files[i], make_file(&files[i]), &files[i].rw);
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

	return !ftruncate(f->rw, 2 * SIZE) && !ftruncate(f->rw, SIZE) && !bad_file(f, f->fd) &&
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

static struct liveupdate_admin_session sessions[NR_SESSIONS];

static int run_list_sessions(void *arg)
{
	struct liveupdate_admin_list_sessions args = {
		.size = sizeof(args), .count = NR_SESSIONS, .sessions = (uintptr_t)sessions,
		.stride = sizeof(*sessions),
	};
	int err = luo_call(admin, LIVEUPDATE_ADMIN_LIST_SESSIONS, &args);

	(void)arg;
	return err ? err : (int)args.count;
}

static int run_list_files(void *arg)
{
	struct liveupdate_admin_file list[NR_FILES * NR_COPIES];
	struct liveupdate_admin_list_files args = {
		.size = sizeof(args), .count = NR_FILES * NR_COPIES, .session = *(uint64_t *)arg,
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

static void admin_ioctls(const char *session, int count, int want_files)
{
	uint64_t id = id_of(session);

	inject(&(struct op) { .name = "GET_STATUS", .run = run_get_status });
	is("LIST_SESSIONS", "count",
	   inject(&(struct op) { .name = "LIST_SESSIONS", .run = run_list_sessions }),
	   count);
	is("LIST_FILES", "count",
	   inject(&(struct op) { .name = "LIST_FILES", .run = run_list_files, .arg = &id }),
	   want_files);
}

/*
 * The first kernel
 */

/* Sessions of one file, which are discarded or finished in the next kernel */
static void send_sessions(const char *kind)
{
	char name[LIVEUPDATE_SESSION_NAME_LENGTH];
	int i, session, fd;

	for (i = 0; i < NR_DISPENSABLE; i++) {
		snprintf(name, sizeof(name), "%s%d", kind, i);
		session = must(name, luo_create(dev, name));
		fd = make_memfd(name, 0, SIZE);
		must(name, put(fd, i, 0, 8 * PAGE));
		must(name, luo_preserve_fd(session, fd, 0));
		close(fd);
	}
}

static void send_copies(void)
{
	int session = must(COPIES, luo_create(dev, COPIES)), i, fd;

	for (i = 0; i < NR_FILES * NR_COPIES; i++) {
		struct file_under_test *f = &files[i % NR_FILES];

		fd = as_preserved(f, make_file(f), NULL);
		must(COPIES, luo_preserve_fd(session, fd, i));
		close(fd);
	}
}

/*
 * A set of files is preserved, and holes are written afterwards: that has to be
 * recorded when it is frozen, and the array has no room for so much.  A file of
 * the exerciser goes another way, and has FLBs.
 */
static void renew_session(void *arg)
{
	struct file_under_test *f = &files[HOLES];
	int *session = arg, i, other;

	close(*session);
	must("punch", fallocate(f->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, HOLE, HOLE));
	*session = must("session", luo_create(dev, SESSION));
	for (i = 0; i < NR_FILES; i++)
		must(files[i].name, luo_preserve_fd(*session, files[i].fd, i));
	other = must("a file of another kind", test_file('b', "other"));
	must("a file of another kind", luo_preserve_fd(*session, other, NR_FILES));
	close(other);
	must("holes", put(f->fd, HOLES, HOLE, HOLE));
	must("exerciser", exerciser("norules"));
	if (last_step_fails)
		must("exerciser", exerciser("rule flb_freeze x-flb2 5 1"));
	if (!last_step_fails)
		let_results_out();
}

static int run_reboot(void *arg)
{
	(void)arg;
	return err_of(reboot(RB_KEXEC));
}

/* A file that had stayed frozen would not take the next page. */
static bool is_usable(void *arg)
{
	int i, bad = 0;

	(void)arg;
	alarm(120);
	for (i = 0; i < NR_FILES; i++)
		bad += bad_file(&files[i], files[i].fd) != 0;
	bad += put(files[HOLES].fd, HOLES, PAGE, PAGE) != 0;
	bad += err_of(fsetxattr(files[ATTRIBUTES].fd, XATTR, "value", 5, 0)) != 0;
	bad += err_of(ftruncate(files[HOLES].fd, 0)) != -EPERM;
	return !bad;
}

/*
 * First with an FLB that fails after all files were frozen, so that it can go on
 * after an allocation that is not needed; then, with everything there that the next
 * kernel is to have, what comes after that.
 */
static struct op reboot_op(const char *name, int *session)
{
	last_step_fails = true;
	return (struct op) {
		.name = name, .prepare = renew_session, .run = run_reboot,
		.intact = is_usable, .arg = session, .want = -EIO,
	};
}

static void reboots_until_frozen(int *session)
{
	static const char name[] =
		"reboot, until files are frozen, when all allocations fail in turn";
	struct op op = reboot_op(name, session);

	inject(&op);
}

static void reboots_after_frozen(int *session)
{
	struct op op = reboot_op("reboot, after files are frozen", session);
	unsigned int from = allocations(&op) + 1;

	last_step_fails = false;
	op.want = 0;
	op.from = &from;
	inject(&op);
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

static void send_all(char **words)
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
	reboots_until_frozen(&session);
	send_sessions("discard");
	send_sessions("finish");
	send_copies();
	admin_ioctls(COPIES, NR_SESSIONS, NR_FILES * NR_COPIES);
	reboots_after_frozen(&session);
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

/* Once more it would be given as it is: so this is about another one. */
static void undo_retrieve_fd(void *arg, int ret)
{
	struct file_under_test *f = arg;

	is(f->name, "contents", bad_file(f, ret), 0);
	close(ret);
	f->token += NR_FILES;
	must("another copy", f->token < NR_FILES * NR_COPIES ? 0 : -ENOENT);
}

static void retrieve_copies(void)
{
	int session, i;

	session = inject(&(struct op) {
		.name = "RETRIEVE_SESSION", .run = run_retrieve, .undo = undo_fd, .arg = COPIES,
	});
	for (i = 0; i < NR_FILES; i++) {
		struct file_under_test *f = &files[i];
		char name[64];
		int fd;

		snprintf(name, sizeof(name), "RETRIEVE_FD of %s", f->name);
		f->session = session;
		fd = inject(&(struct op) {
			.name = name, .run = run_retrieve_fd, .undo = undo_retrieve_fd, .arg = f,
		});
		is(f->name, "contents", bad_file(f, fd), 0);
		close(fd);
	}
	is(COPIES, "finish", luo_finish(session), 0);
	close(session);
}

/*
 * One session after the other
 */

static struct session_under_test {
	const char *kind;
	int nr;
	int fd;
	uint64_t id;
} discarded = { .kind = "discard", .nr = -1 }, finished = { .kind = "finish", .nr = -1 };

static void next_session(void *arg, int ret)
{
	struct session_under_test *s = arg;
	char name[LIVEUPDATE_SESSION_NAME_LENGTH];

	(void)ret;
	s->nr++;
	snprintf(name, sizeof(name), "%s%d", s->kind, s->nr);
	s->id = id_of(name);
	must(name, s->id ? 0 : -ENOENT);
	if (s == &finished)
		s->fd = must(name, luo_retrieve(dev, name));
}

static int run_discard(void *arg)
{
	struct session_under_test *s = arg;
	struct liveupdate_admin_discard_session args = { .size = sizeof(args), .session = s->id };

	return luo_call(admin, LIVEUPDATE_ADMIN_DISCARD_SESSION, &args);
}

static int run_finish(void *arg)
{
	struct session_under_test *s = arg;

	return luo_finish(s->fd);
}

static void discard_and_finish(void)
{
	next_session(&discarded, 0);
	inject(&(struct op) {
		.name = "DISCARD_SESSION", .run = run_discard, .undo = next_session,
		.arg = &discarded,
	});
	is("DISCARD_SESSION", "again", run_discard(&discarded), -ENOENT);
	next_session(&finished, 0);
	inject(&(struct op) {
		.name = "FINISH", .run = run_finish, .undo = next_session, .arg = &finished,
	});
}

/* The rest of them */
static void discard_all(void)
{
	int nr = run_list_sessions(NULL);
	long bad = 0;

	while (nr-- > 0) {
		struct session_under_test s = { .id = sessions[nr].id };

		bad += sessions[nr].state == LIVEUPDATE_SESSION_PENDING && run_discard(&s);
	}
	is("the rest", "DISCARD_SESSION", bad, 0);
}

static void check_files(void)
{
	int session = must(SESSION, luo_retrieve(dev, SESSION)), i, fd;
	char name[16] = "";

	for (i = 0; i < NR_FILES; i++) {
		fd = must(files[i].name, luo_retrieve_fd(session, i));
		is(files[i].name, "contents, after all the reboots", bad_file(&files[i], fd), 0);
		if (i == HOLES)
			is("holes", "what was written when they were preserved",
			   bad_pages(fd, i, HOLE, HOLE), 0);
		close(fd);
	}
	fd = must("a file of another kind", luo_retrieve_fd(session, NR_FILES));
	is("a file of another kind", "contents", test_file_check(fd, name), 0);
	is_text("a file of another kind", "its name", name, "other");
	close(fd);
	is(SESSION, "finish", luo_finish(session), 0);
	close(session);
}

static void receive_all(char **words)
{
	admin_ioctls(COPIES, NR_SESSIONS, NR_FILES * NR_COPIES);
	retrieve_copies();
	discard_and_finish();
	check_files();
	discard_all();
}

int main(int argc, char **argv)
{
	static const struct command commands[] = {
		{ "send", 0, send_all }, { "receive", 0, receive_all }, { NULL },
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	faults_init();
	dev = open_luo();
	admin = must(ADMIN, open(ADMIN, O_RDWR | O_CLOEXEC));
	return run_command(argc, argv, commands);
}
