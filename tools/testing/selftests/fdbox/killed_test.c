// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who is killed while a reboot freezes files was inside an ioctl, and left it with
 * EINTR: nothing has changed.
 *
 * Needs kho=on liveupdate=on, CONFIG_LIVEUPDATE_EXERCISER, and a kernel that was
 * loaded with kexec -s -l: the reboot fails.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/reboot.h>
#include <sys/uio.h>
#include <sys/user.h>

#include "fixture.h"

static struct {
	int control;
	int box;
	int fd;
} given;

static int call_create(void)
{
	return box_create(given.control, "new");
}

static int call_delete(void)
{
	return box_delete(given.control, "other");
}

static int call_put(void)
{
	return box_put(given.box, given.fd, "out");
}

static int call_get(void)
{
	return box_get(given.box, "in");
}

static int call_seal(void)
{
	return box_seal(given.box);
}

static int call_unseal(void)
{
	return box_unseal(given.box);
}

/*
 * Of CREATE_BOX and DELETE_BOX the second one waits for the first one, which waits
 * for the reboot, as all others do.
 */
static const struct call {
	const char *name;
	int (*run)(void);
} calls_of_all[] = {
	{ "CREATE_BOX", call_create },
	{ "DELETE_BOX", call_delete },
	{ "PUT_FD", call_put },
	{ "GET_FD", call_get },
	{ "SEAL", call_seal },
	{ "UNSEAL", call_unseal },
}, calls_of_control[] = {
	{ "DELETE_BOX", call_delete },
	{ "CREATE_BOX", call_create },
};

static char state_of(pid_t pid)
{
	char path[32], state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (f && fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = '?';
	if (f)
		fclose(f);
	return state;
}

/* Returns when it waits, and only a signal that kills can end that. */
static pid_t start(const struct call *c)
{
	pid_t pid = fork();
	int waits;

	if (!pid)
		_exit(c->run() ? 1 : 0);
	ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT);
	/* And not for something else, which does not take long. */
	for (waits = 0; waits < 10; waits++) {
		usleep(1000);
		if (strchr("RS", state_of(pid)))
			waits = -1;
	}
	return pid;
}

/* What the system call returned to nobody */
static int last_words(pid_t pid)
{
	struct user_regs_struct regs;
	struct iovec iov = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov))
		return -errno;
#if defined(__x86_64__)
	return regs.rax;
#elif defined(__i386__)
	return regs.eax;
#else
	return regs.regs[0];
#endif
}

static int kill_it(pid_t pid)
{
	int status = 0, ret;

	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	if (status >> 8 != (SIGTRAP | PTRACE_EVENT_EXIT << 8))
		return status;
	ret = last_words(pid);
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	waitpid(pid, &status, 0);
	return WTERMSIG(status) == SIGKILL ? ret : status;
}

static void kill_all(struct __test_metadata *_metadata, const struct call *c, unsigned int nr)
{
	pid_t pids[8];
	unsigned int i;

	for (i = 0; i < nr; i++)
		pids[i] = start(&c[i]);
	while (nr--)
		EXPECT_EQ(-EINTR, kill_it(pids[nr])) TH_LOG("%s", c[nr].name);
}

static void read_line(const char *path, char *line, size_t len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, line, len - 1);

	line[n > 0 ? n : 0] = '\0';
	close(fd);
}

static bool is_freezing(void)
{
	char state[32];

	read_line("/sys/kernel/liveupdate/state", state, sizeof(state));
	return !strcmp(state, "freezing\n");
}

/* Ends when the reboot failed. */
static void slow_reboot(int stop)
{
	exerciser("rule freeze slow 5 1 60000");
	_exit(reboot(RB_KEXEC) && errno == EIO ? 0 : 1);
}

TEST_F(box, killed)
{
	char loaded[4];
	struct child child;
	int fd;

	read_line("/sys/kernel/kexec_loaded", loaded, sizeof(loaded));
	if (!self->seals || !self->exerciser || *loaded != '1')
		SKIP(return, "no live update, no exerciser or no kernel is loaded");
	ASSERT_EQ(0, box_put(self->box, test_file('a', "slow"), "slow"));
	ASSERT_EQ(0, box_seal(self->box));
	fd = text_memfd("in", 1);
	ASSERT_EQ(0, box_put(self->other, fd, "in"));
	given.control = self->control;
	given.box = self->other;
	given.fd = text_memfd("out", 1);

	child = start_child(slow_reboot);
	while (!is_freezing() && state_of(child.pid) != 'Z')
		usleep(1000);
	kill_all(_metadata, calls_of_all, ARRAY_SIZE(calls_of_all));
	kill_all(_metadata, calls_of_control, ARRAY_SIZE(calls_of_control));
	EXPECT_TRUE(is_freezing());
	exerciser("go");
	EXPECT_EQ(0, stop_child(child));

	/* The boxes are as they were, and so is what was put. */
	EXPECT_EQ(-ENOENT, box_open("new"));
	EXPECT_EQ(-EBUSY, box_unseal(self->other));
	EXPECT_EQ(-ENOENT, box_get(self->other, "out"));
	EXPECT_EQ(0, box_put(self->other, given.fd, "out"));
	fd = box_get(self->other, "in");
	EXPECT_EQ(0, text_check(fd, "in", 1));
}

TEST_HARNESS_MAIN
