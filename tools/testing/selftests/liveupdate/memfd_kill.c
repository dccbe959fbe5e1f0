// SPDX-License-Identifier: GPL-2.0-only
/*
 * Owners that are killed inside ioctls: sooner, later, and too late
 *
 *	memfd_kill send		while they preserve; then preserve, and wait
 *	memfd_kill receive	while they retrieve, and between two files
 */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "memfd.h"

#define SESSION		"kill"
#define SIZE		(128 * MIB)
#define TRIES		25

static int dev;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

/* Returns whether the child had got to its end before it was killed. */
static bool kill_after(pid_t child, double seconds)
{
	int status;

	usleep(seconds * 1e6);
	kill(child, SIGKILL);
	must("waitpid", waitpid(child, &status, 0));
	return WIFEXITED(status);
}

/* Sessions end a little later than those who have them. */
static bool becomes(bool (*is_so)(int fd), int fd)
{
	int i;

	for (i = 0; i < 3000 && !is_so(fd); i++)
		usleep(10000);
	return i < 3000;
}

static bool not_preserved(int fd)
{
	return !ftruncate(fd, SIZE + PAGE) && !ftruncate(fd, SIZE);
}

static void killed_while_preserving(int fd)
{
	int session = must("session", luo_create(dev, SESSION)), i, finished = 0;
	double took = now();
	long bad = 0;

	is("killed while preserving", "preserve", luo_preserve_fd(session, fd, 0), 0);
	took = now() - took;
	close(session);
	for (i = 0; i < TRIES; i++) {
		pid_t child = fork();

		if (!child) {
			session = luo_create(dev, SESSION);
			_exit(session < 0 || luo_preserve_fd(session, fd, 0));
		}
		finished += kill_after(child, took * 1.5 * i / TRIES);
		bad += !becomes(not_preserved, fd);
	}
	printf("# preserving took %.3f s; %d of %d had finished\n", took, finished, TRIES);
	is_more("killed while preserving", "some were", TRIES - finished, 0);
	is("killed while preserving", "the file is as before", bad, 0);
	is("killed while preserving", "contents", bad_pages(fd, 1, 0, SIZE), 0);
}

static void send_all(char **words)
{
	int fd = make_memfd("kill", 0, SIZE), other = make_memfd("other", 0, PAGE), session;

	must("contents", put(fd, 1, 0, SIZE));
	must("contents", put(other, 2, 0, PAGE));
	killed_while_preserving(fd);
	session = must("session", luo_create(dev, SESSION));
	is("kill", "preserve", luo_preserve_fd(session, fd, 0), 0);
	is("kill", "preserve another", luo_preserve_fd(session, other, 1), 0);
	close(dev);
	printf("ready\n");
	for (;;)
		pause();
}

/* Whoever is killed has it with us: the session stays held. */
static void killed_while_retrieving(int session)
{
	int i, fd, finished = 0;
	bool retrieved = false;
	long bad = 0;

	for (i = 0; i < TRIES && !retrieved; i++) {
		pid_t child = fork();

		if (!child)
			_exit(luo_retrieve_fd(session, 0) < 0);
		retrieved = kill_after(child, 0.002 * i);
		finished += retrieved;
		/* Whatever became of the file, the session can be used. */
		bad += luo_retrieve_fd(session, 7) != -ENOENT;
	}
	printf("# %d tries, %d of them finished\n", i, finished);
	fd = luo_retrieve_fd(session, 0);
	is("killed while retrieving", "then it works", fd < 0 ? fd : 0, 0);
	is("killed while retrieving", "errors", bad, 0);
	is("killed while retrieving", "contents", bad_pages(fd, 1, 0, SIZE), 0);
	close(fd);
}

static bool can_be_had(int unused)
{
	int session = luo_retrieve(dev, SESSION);

	(void)unused;
	if (session < 0)
		return false;
	close(session);
	return true;
}

/* What it had not taken waits for the next one; what it had is gone with it. */
static void killed_between_two_files(char **words)
{
	static const char name[] = "killed between two files";
	int session = luo_retrieve(dev, SESSION), fd;
	int pipes[2];
	pid_t child;
	char c;

	must("session", session);
	killed_while_retrieving(session);
	must("pipe", pipe(pipes));
	child = fork();
	if (!child) {
		c = luo_retrieve_fd(session, 0) >= 0;
		must("pipe", write(pipes[1], &c, 1));
		pause();
	}
	close(session);
	must("pipe", read(pipes[0], &c, 1));
	is(name, "it holds the session", luo_retrieve(dev, SESSION), -EINVAL);
	kill_after(child, 0);
	is(name, "the session waits", becomes(can_be_had, 0), true);
	session = must("session", luo_retrieve(dev, SESSION));
	is(name, "what was taken", luo_retrieve_fd(session, 0), -ENOENT);
	fd = luo_retrieve_fd(session, 1);
	is(name, "what was not", fd < 0 ? fd : 0, 0);
	is(name, "contents", bad_pages(fd, 2, 0, PAGE), 0);
	is(name, "finish", luo_finish(session), 0);
}

int main(int argc, char **argv)
{
	static const struct command commands[] = {
		{ "send", 0, send_all }, { "receive", 0, killed_between_two_files }, { NULL },
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	dev = open_luo();
	return run_command(argc, argv, commands);
}
