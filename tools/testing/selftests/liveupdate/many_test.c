// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many sessions and files, one after the other and at the same time
 *
 * Needs kho=on liveupdate=on and, for most, CONFIG_LIVEUPDATE_EXERCISER.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "fixture.h"

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

struct racer {
	pthread_t thread;
	pthread_barrier_t *start;
	int session;
	int fd;
	uint64_t token;
	int err;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	pthread_barrier_wait(r->start);
	r->err = luo_preserve_fd(r->session, r->fd, r->token);
	return NULL;
}

/* One of four wins, with the same session or token or not. */
TEST_F(luo, preserve_race)
{
	struct racer racers[4];
	pthread_barrier_t start;
	int s[2], round, i, won;

	NEEDS_EXERCISER();
	pthread_barrier_init(&start, NULL, 4);
	for (round = 0; round < 50; round++) {
		int fd = test_file('a', "race");

		s[0] = luo_create(self->dev, "race0");
		s[1] = luo_create(self->dev, "race1");
		for (i = 0; i < 4; i++) {
			racers[i] = (struct racer){ .start = &start, .session = s[i % 2],
						    .fd = fd, .token = i / 2 };
			pthread_create(&racers[i].thread, NULL, race, &racers[i]);
		}
		for (i = won = 0; i < 4; i++) {
			pthread_join(racers[i].thread, NULL);
			won += !racers[i].err;
			EXPECT_TRUE(!racers[i].err || racers[i].err == -EBUSY);
		}
		EXPECT_EQ(1, won);
		close(fd);
		close(s[0]);
		close(s[1]);
	}
	settle();
	EXPECT_EQ(0, count_of("alive"));
}

static void *create_and_close(void *arg)
{
	int i, s;

	for (i = 0; i < 300; i++) {
		s = luo_create(*(int *)arg, "same name");
		if (s < 0 && s != -EEXIST)
			return "another error";
		if (s >= 0)
			close(s);
	}
	return NULL;
}

TEST_F(luo, create_race)
{
	pthread_t threads[4];
	void *ret;
	int i, s;

	for (i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, create_and_close, &self->dev);
	for (i = 0; i < 4; i++) {
		pthread_join(threads[i], &ret);
		EXPECT_TRUE(!ret);
	}
	s = luo_create(self->dev, "same name");
	EXPECT_GE(s, 0);
	close(s);
}

/* Reports what the last of many cost, compared to the first. */
static void report(const char *what, unsigned int nr, const double *at)
{
	printf("# %u %s: %.1f us for one of the first tenth, %.1f us for one of the last\n",
	       nr, what, (at[1] - at[0]) * 1e7 / nr, (at[3] - at[2]) * 1e7 / nr);
}

static void many_sessions(struct __test_metadata *_metadata, int dev, int nr)
{
	int *s = calloc(nr, sizeof(*s)), i;
	char name[NAME_LEN];
	double at[4] = { 0 };

	allow_fds(nr + 100);
	at[0] = now();
	for (i = 0; i < nr; i++) {
		sprintf(name, "session number %d", i);
		s[i] = luo_create(dev, name);
		ASSERT_GE(s[i], 0);
		if (i == nr / 10 - 1)
			at[1] = now();
		if (i == nr - nr / 10 - 1)
			at[2] = now();
	}
	at[3] = now();
	report("sessions", nr, at);
	EXPECT_EQ(-EEXIST, luo_create(dev, "session number 0"));
	EXPECT_EQ(-EEXIST, luo_create(dev, name));
	EXPECT_EQ(0, luo_get_name(s[nr / 2], name));
	EXPECT_EQ(nr / 2, atoi(name + strlen("session number ")));
	for (i = 0; i < nr; i++)
		close(s[i]);
	free(s);
}

TEST_F_TIMEOUT(luo, sessions_2000, 600)
{
	many_sessions(_metadata, self->dev, 2000);
}

TEST_F_TIMEOUT(luo, sessions_20000, 1200)
{
	many_sessions(_metadata, self->dev, 20000);
}

static void many_files(struct __test_metadata *_metadata, int dev, int nr)
{
	int s = luo_create(dev, "many files"), i, fd;
	double at[4] = { 0 }, end;

	at[0] = now();
	for (i = 0; i < nr; i++) {
		fd = open(i % 2 ? "/dev/liveupdate-test-a" : "/dev/liveupdate-test-b", O_RDWR);
		ASSERT_GE(fd, 0);
		ASSERT_EQ(0, luo_preserve_fd(s, fd, i * 3ULL));
		close(fd);
		if (i == nr / 10 - 1)
			at[1] = now();
		if (i == nr - nr / 10 - 1)
			at[2] = now();
	}
	at[3] = now();
	report("files", nr, at);
	EXPECT_EQ(-EEXIST, luo_preserve_fd(s, 0, 0));
	EXPECT_EQ(-EEXIST, luo_preserve_fd(s, 0, (nr - 1) * 3ULL));
	EXPECT_EQ(-ENOENT, luo_preserve_fd(s, dev, 1));
	EXPECT_EQ(nr, count_of("alive"));
	end = now();
	close(s);
	printf("# %d files: %.1f us to let one go\n", nr, (now() - end) * 1e6 / nr);
	settle();
	EXPECT_EQ(nr, count_of("unpreserve"));
	EXPECT_EQ(0, count_of("alive"));
}

TEST_F_TIMEOUT(luo, files_500, 600)
{
	NEEDS_EXERCISER();
	many_files(_metadata, self->dev, 500);
}

TEST_F_TIMEOUT(luo, files_100000, 1800)
{
	NEEDS_EXERCISER();
	many_files(_metadata, self->dev, 100000);
}

TEST_HARNESS_MAIN
