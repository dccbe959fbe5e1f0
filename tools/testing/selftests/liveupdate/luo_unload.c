// SPDX-License-Identifier: GPL-2.0-only
/*
 * luo_unload MODULE TIMES SESSION NR: handlers and FLBs are unloaded while files are
 * preserved, retrieved and finished
 *
 * MODULE is the exerciser; it is loaded and unloaded at least so many times, and until
 * the sessions SESSION0, SESSION1, ... are finished that arrived.  Each has a file of
 * its name, token 0, that is of kind a in every second one.  Every fourth one is
 * finished without a look at its file.
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "memfd.h"
#include "module.h"

#define NAME		"liveupdate_exerciser"
#define PRESERVERS	2

static bool preserving = true, finishing = true;
static unsigned long preserved, waited;
static int dev;

static void check_file(int fd, const char *name)
{
	char got[16] = "";

	check("contents", test_file_check(fd, got), 0, 0);
	if (strcmp(got, name))
		check(name, -EILSEQ, 0, 0);
}

static bool go_on(const bool *what)
{
	return __atomic_load_n(what, __ATOMIC_RELAXED);
}

static void stop(bool *what)
{
	__atomic_store_n(what, false, __ATOMIC_RELAXED);
}

/* Who has a file keeps its handler, from when that is registered. */
static void preserve_one(const char *name)
{
	int fd = test_file(name[0], name), s, err;

	check("make", fd, -ENOENT, -ENODEV);
	if (fd < 0)
		return;
	s = luo_create(dev, name);
	check("create", s, 0, 0);
	err = luo_preserve_fd(s, fd, 7);
	check("preserve", err, -ENOENT, 0);
	close(fd);
	if (!err) {
		fd = luo_retrieve_fd(s, 7);
		check("retrieve what is of this kernel", fd, -EINVAL, 0);
		count(&preserved);
	}
	close(s);
}

static void *preserve(void *name)
{
	unsigned int seed = (uintptr_t)name;
	long start;

	while (go_on(&preserving)) {
		start = now_us();
		preserve_one(name);
		rest(start, &seed);
	}
	return NULL;
}

/* Returns the error of a try that has to be repeated. */
static int take(int s, const char *name, bool look)
{
	int fd = look ? luo_retrieve_fd(s, 0) : -ENOENT, err;

	check("retrieve", fd, -EAGAIN, look ? 0 : -ENOENT);
	if (fd == -EAGAIN)
		return fd;
	if (fd >= 0)
		check_file(fd, name);
	close(fd);
	err = luo_finish(s);
	/* It has its handler, or that is not there. */
	check("finish", err, look ? 0 : -EBUSY, 0);
	return err;
}

static void finish_one(const char *name, bool look)
{
	int s = luo_retrieve(dev, name);

	check("retrieve session", s, 0, 0);
	while (s >= 0 && take(s, name, look)) {
		count(&waited);
		usleep(200);
	}
	close(s);
}

static void *finish(void *words)
{
	char **w = words, name[64];
	int i, nr = atoi(w[1]);

	for (i = 0; i < nr; i++) {
		snprintf(name, sizeof(name), "%.32s%d", w[0], i);
		finish_one(name, i % 4);
	}
	stop(&finishing);
	return NULL;
}

int main(int argc, char **argv)
{
	static char names[PRESERVERS][8] = { "a-file", "b-file" };
	pthread_t preservers[PRESERVERS], finisher;
	unsigned long refused = 0;
	int times, i;

	if (argc != 5)
		return 2;
	dev = must(LUO_DEVICE, err_of(open(LUO_DEVICE, O_RDWR | O_CLOEXEC)));
	for (i = 0; i < PRESERVERS; i++)
		pthread_create(&preservers[i], NULL, preserve, names[i]);
	pthread_create(&finisher, NULL, finish, argv + 3);
	for (times = atoi(argv[2]); times > 0 || go_on(&finishing); times--) {
		must("load", module_load(argv[1], ""));
		usleep((times & 7) * 1000);
		refused += must("unload", module_unload_soon(NAME));
		/* Without it for a while */
		usleep((times & 3) * 500);
	}
	stop(&preserving);
	for (i = 0; i < PRESERVERS; i++)
		pthread_join(preservers[i], NULL);
	pthread_join(finisher, NULL);
	printf("# %lu files were preserved, %lu tries waited, unloading was refused %lu times\n",
	       preserved, waited, refused);
	is("unload", "what is neither done nor refused", odd, 0);
	is_more("unload", "files were preserved meanwhile", preserved, 0);
	is_more("unload", "refused while there is a file", refused, 0);
	if (atoi(argv[4]))
		is_more("unload", "finished when the handler was there", waited, 0);
	return 0;
}
