// SPDX-License-Identifier: GPL-2.0-only
/*
 * 2000 sessions, and one with 5000 files, over a kexec
 *
 *	luo_many send
 *	luo_many receive
 */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <time.h>

#include "memfd.h"

#define NR_SESSIONS	2000
#define NR_FILES	5000
#define LARGE		"large"

static int dev;
static int sessions[NR_SESSIONS];

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static const char *session_name(int i)
{
	static char name[LIVEUPDATE_SESSION_NAME_LENGTH];

	snprintf(name, sizeof(name), "session %d", i);
	return name;
}

/* Tokens in no order */
static uint64_t token_of(int i)
{
	return (i + 1) * 0x9e3779b97f4a7c15ULL;
}

/* The descriptor is not needed: the session has the file. */
static long preserve_new(int session, uint64_t id)
{
	int fd = make_memfd("many", 0, PAGE);
	long bad;

	bad = put(fd, id, 0, PAGE) || luo_preserve_fd(session, fd, token_of(id));
	close(fd);
	return bad;
}

static long retrieve(int session, uint64_t id)
{
	int fd = luo_retrieve_fd(session, token_of(id));
	long bad = fd < 0 || bad_pages(fd, id, 0, PAGE);

	close(fd);
	return bad;
}

static void send_all(void)
{
	long bad = 0;
	double start = now();
	int i, large;

	for (i = 0; i < NR_SESSIONS; i++) {
		sessions[i] = must("session", luo_create(dev, session_name(i)));
		bad += preserve_new(sessions[i], i);
	}
	is("2000 sessions", "preserve", bad, 0);
	printf("# 2000 sessions of one file: %.2f s\n", now() - start);
	is("2000 sessions", "names are unique", luo_create(dev, session_name(1999)), -EEXIST);
	start = now();
	large = must("session", luo_create(dev, LARGE));
	for (bad = i = 0; i < NR_FILES; i++)
		bad += preserve_new(large, i);
	is("5000 files", "preserve", bad, 0);
	printf("# one session of 5000 files: %.2f s\n", now() - start);
	is("5000 files", "tokens are unique", preserve_new(large, NR_FILES - 1), 1);
	close(dev);
	printf("ready\n");
	for (;;)
		pause();
}

/* From the last to the first: the order does not matter. */
static void receive_sessions(void)
{
	double start = now();
	long bad = 0;
	int i;

	for (i = NR_SESSIONS - 1; i >= 0; i--) {
		sessions[i] = luo_retrieve(dev, session_name(i));
		bad += sessions[i] < 0 || retrieve(sessions[i], i) || luo_finish(sessions[i]);
		close(sessions[i]);
	}
	is("2000 sessions", "retrieve", bad, 0);
	printf("# 2000 sessions of one file: %.2f s\n", now() - start);
}

static void receive_large(void)
{
	int large = must("session", luo_retrieve(dev, LARGE)), i;
	double start = now();
	long bad = 0;

	/* Every third one is not taken. */
	for (i = NR_FILES - 1; i >= 0; i--)
		bad += i % 3 && retrieve(large, i);
	is("5000 files", "retrieve", bad, 0);
	is("5000 files", "finish", luo_finish(large), 0);
	printf("# one session of 5000 files: %.2f s\n", now() - start);
}

int main(int argc, char **argv)
{
	struct rlimit many = { 16384, 16384 };

	setvbuf(stdout, NULL, _IOLBF, 0);
	must("setrlimit", setrlimit(RLIMIT_NOFILE, &many));
	dev = must(LUO_DEVICE, open(LUO_DEVICE, O_RDWR | O_CLOEXEC));
	if (argc == 2 && !strcmp(argv[1], "send")) {
		send_all();
	} else if (argc == 2 && !strcmp(argv[1], "receive")) {
		receive_large();
		receive_sessions();
	} else {
		return 2;
	}
	return 0;
}
