// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reboot does not wait for the memory of a program
 *
 *	luo_stalled FILE	FILE is one that is preserved; the next kernel is loaded
 *
 * The structure of an ioctl can be read, but who writes to it waits for us: once
 * that kept the reboot waiting, and us, if we wait for the reboot, for ever.  So did
 * a write(2) to a memfd, from memory that is not there, when the memfd was preserved
 * or no longer.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/reboot.h>
#include <sys/wait.h>

#include <linux/reboot.h>
#include <linux/userfaultfd.h>

#include "memfd.h"

#define SESSION		"stalled"
#define LIMIT_MS	30000

static int uffd;
static void *area;
static const char *file;

static void protect(bool on)
{
	struct uffdio_writeprotect wp = {
		.range = { (uintptr_t)area, PAGE },
		.mode = on ? UFFDIO_WRITEPROTECT_MODE_WP : 0,
	};

	must("UFFDIO_WRITEPROTECT", ioctl(uffd, UFFDIO_WRITEPROTECT, &wp));
}

static void watch(uint64_t mode)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)area, PAGE },
		.mode = mode,
	};

	must("UFFDIO_REGISTER", ioctl(uffd, UFFDIO_REGISTER, &reg));
}

static void prepare(void)
{
	struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP };

	area = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must("mmap", area == MAP_FAILED ? -1 : 0);
	uffd = must("userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC));
	must("UFFDIO_API", ioctl(uffd, UFFDIO_API, &api));
	watch(UFFDIO_REGISTER_MODE_WP);
}

struct call {
	int fd;
	unsigned int cmd;
	int err;
};

static void *run_call(void *arg)
{
	struct call *call = arg;

	call->err = luo_call(call->fd, call->cmd, area);
	return NULL;
}

static bool faulted(void)
{
	struct pollfd fault = { .fd = uffd, .events = POLLIN };
	struct uffd_msg msg;

	return poll(&fault, 1, LIMIT_MS) == 1 && read(uffd, &msg, sizeof(msg)) == sizeof(msg) &&
	       msg.event == UFFD_EVENT_PAGEFAULT;
}

/* What a reboot returns that cannot succeed; 0 if it does not come back. */
static int try_reboot(void)
{
	char rule[64];
	int status, i;
	pid_t child;

	snprintf(rule, sizeof(rule), "rule freeze %s 5 1", file);
	must("exerciser", exerciser(rule));
	child = must("fork", fork());
	if (!child) {
		syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2,
			LINUX_REBOOT_CMD_KEXEC, NULL);
		_exit(errno);
	}
	for (i = 0; i < LIMIT_MS / 10; i++) {
		if (waitpid(child, &status, WNOHANG) == child)
			return WIFEXITED(status) ? -WEXITSTATUS(status) : 0;
		usleep(10000);
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	must("exerciser", exerciser("norules"));
	return 0;
}

/* @area has the structure. */
static void stall(const char *name, int fd, unsigned int cmd)
{
	struct call call = { .fd = fd, .cmd = cmd };
	pthread_t thread;

	protect(true);
	must("pthread_create", -pthread_create(&thread, NULL, run_call, &call));
	is(name, "waits for its memory", faulted(), true);
	is(name, "regression_reply_in_gate: the reboot does not", try_reboot(), -EIO);
	protect(false);
	pthread_join(thread, NULL);
	is(name, "goes on when it has its memory", call.err, 0);
}

static int create(int dev)
{
	struct liveupdate_ioctl_create_session *args = area;

	*args = (struct liveupdate_ioctl_create_session) {
		.size = sizeof(*args), .fd = -1, .name = SESSION,
	};
	stall("CREATE_SESSION", dev, LIVEUPDATE_IOCTL_CREATE_SESSION);
	is("CREATE_SESSION", "is done once", luo_create(dev, SESSION), -EEXIST);
	return args->fd;
}

static void get_name(int session)
{
	struct liveupdate_session_get_name *args = area;

	*args = (struct liveupdate_session_get_name) { .size = sizeof(*args) };
	stall("GET_NAME", session, LIVEUPDATE_SESSION_GET_NAME);
	is_text("GET_NAME", "name", (char *)args->name, SESSION);
}

static void get_status(int admin)
{
	struct liveupdate_admin_get_status *args = area;

	*args = (struct liveupdate_admin_get_status) { .size = sizeof(*args) };
	stall("GET_STATUS", admin, LIVEUPDATE_ADMIN_GET_STATUS);
	is_more("GET_STATUS", "sessions", args->created, 0);
}

/* Returns the id of ours. */
static uint64_t list_sessions(int admin)
{
	struct liveupdate_admin_list_sessions *args = area;
	struct liveupdate_admin_session *s = area + KIB;
	uint64_t id = 0;
	unsigned int i;

	*args = (struct liveupdate_admin_list_sessions) {
		.size = sizeof(*args), .count = 10, .stride = sizeof(*s),
		.sessions = (uintptr_t)s,
	};
	stall("LIST_SESSIONS", admin, LIVEUPDATE_ADMIN_LIST_SESSIONS);
	for (i = 0; i < args->count; i++) {
		if (!strcmp((char *)s[i].name, SESSION))
			id = s[i].id;
	}
	is_more("LIST_SESSIONS", "ours is in it", id, 0);
	return id;
}

static void list_files(int admin, uint64_t session)
{
	struct liveupdate_admin_list_files *args = area;
	struct liveupdate_admin_file *f = area + KIB;

	*args = (struct liveupdate_admin_list_files) {
		.size = sizeof(*args), .session = session, .count = 10, .stride = sizeof(*f),
		.files = (uintptr_t)f,
	};
	stall("LIST_FILES", admin, LIVEUPDATE_ADMIN_LIST_FILES);
	is("LIST_FILES", "files", args->count, 1);
	is("LIST_FILES", "token", f->token, 77);
}

/*
 * Somebody else who writes
 */

static void *run_write(void *arg)
{
	const int *fd = arg;

	return pwrite(*fd, area, PAGE, 0) == PAGE ? NULL : area;
}

struct preserve {
	int session;
	int fd;
	int err;
};

static void *run_preserve(void *arg)
{
	struct preserve *p = arg;

	p->err = luo_preserve_fd(p->session, p->fd, 1);
	return NULL;
}

static void *run_close(void *arg)
{
	struct preserve *p = arg;

	close(p->session);
	return NULL;
}

/* With the inode of a memfd locked by a write(2) that does not end */
static void while_writing(int dev, const char *name, bool preserved, void *(*run)(void *))
{
	struct preserve p = { .fd = make_memfd(name, 0, PAGE) };
	struct uffdio_zeropage zero = { .range = { (uintptr_t)area, PAGE } };
	pthread_t writer, other;
	void *failed;

	p.session = must("session", luo_create(dev, name));
	if (preserved)
		must("preserve", luo_preserve_fd(p.session, p.fd, 1));
	must("madvise", madvise(area, PAGE, MADV_DONTNEED));
	must("pthread_create", -pthread_create(&writer, NULL, run_write, &p.fd));
	is(name, "somebody writes from memory that is not there", faulted(), true);
	must("pthread_create", -pthread_create(&other, NULL, run, &p));
	/* Time to get inside */
	usleep(500000);
	is(name, "regression_writer_in_gate: the reboot does not wait", try_reboot(), -EIO);
	pthread_join(other, NULL);
	is(name, "what was tried", p.err, preserved ? 0 : -EBUSY);
	must("UFFDIO_ZEROPAGE", ioctl(uffd, UFFDIO_ZEROPAGE, &zero));
	pthread_join(writer, &failed);
	is(name, "the write", !failed, true);
	if (preserved)
		p.session = must("session", luo_create(dev, name));
	is(name, "and then: preserve", luo_preserve_fd(p.session, p.fd, 1), 0);
	close(p.session);
	is(name, "no longer", err_of(ftruncate(p.fd, 2 * PAGE)), 0);
	close(p.fd);
}

int main(int argc, char **argv)
{
	int dev, admin, session, fd;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc != 2)
		return 2;
	file = argv[1];
	dev = open_luo();
	admin = must(LUO_ADMIN, open(LUO_ADMIN, O_RDWR | O_CLOEXEC));
	prepare();
	session = create(dev);
	get_name(session);
	get_status(admin);
	fd = must("file", test_file('b', "stalled"));
	is("file", "preserve", luo_preserve_fd(session, fd, 77), 0);
	list_files(admin, list_sessions(admin));
	watch(UFFDIO_REGISTER_MODE_WP | UFFDIO_REGISTER_MODE_MISSING);
	while_writing(dev, "PRESERVE_FD", false, run_preserve);
	while_writing(dev, "close", true, run_close);
	return 0;
}
