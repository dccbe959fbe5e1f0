// SPDX-License-Identifier: GPL-2.0-only
/*
 * fdbox_unload MODULE TIMES: FDBox is unloaded while boxes come and go
 *
 * It is loaded and unloaded so many times.  Who has the control device open can
 * do all there is to do; who has a box open may lose it, at most.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>

#include "../liveupdate/memfd.h"
#include "../liveupdate/module.h"
#include "fdbox.h"

#define MAKERS	2

static bool over;
static unsigned long made, looked;

static void make_box(int control, const char *name)
{
	int fd = text_memfd(name, 1), box;

	check("create", box_create(control, name), 0, 0);
	box = box_open(name);
	check("open", box, 0, 0);
	check("put", box_put(box, fd, "f"), 0, 0);
	fd = box_get(box, "f");
	check("get", fd, 0, 0);
	check("contents", text_check(fd, name, 1), 0, 0);
	close(fd);
	check("delete", box_delete(control, name), 0, 0);
	/* Its device is put by whoever closes it last. */
	close(control);
	close(box);
	count(&made);
}

static bool is_over(void)
{
	return __atomic_load_n(&over, __ATOMIC_RELAXED);
}

static void *make_boxes(void *name)
{
	unsigned int seed = (uintptr_t)name;
	int control;
	long start;

	while (!is_over()) {
		start = now_us();
		control = box_control();
		/* There is no module, or it is going. */
		check("control", control, -ENOENT, -ENODEV);
		if (control >= 0)
			make_box(control, name);
		rest(start, &seed);
	}
	return NULL;
}

static void *look_at_boxes(void *name)
{
	int box;

	while (!is_over()) {
		box = box_open(name);
		check("open a box", box, -ENOENT, -ENXIO);
		if (box >= 0) {
			count(&looked);
			check("get", box_get(box, "nothing"), -ENOENT, -ENODEV);
			close(box);
		}
		usleep(1000);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static char names[MAKERS][4] = { "u0", "u1" };
	pthread_t makers[MAKERS], looker;
	unsigned long refused = 0;
	int times, i;

	if (argc != 3)
		return 2;
	for (i = 0; i < MAKERS; i++)
		pthread_create(&makers[i], NULL, make_boxes, names[i]);
	pthread_create(&looker, NULL, look_at_boxes, names[0]);
	for (times = atoi(argv[2]); times; times--) {
		must("load", module_load(argv[1], ""));
		usleep(times % 8 * 2000);
		refused += must("unload", module_unload_soon("fdbox"));
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	for (i = 0; i < MAKERS; i++)
		pthread_join(makers[i], NULL);
	pthread_join(looker, NULL);
	printf("# %lu boxes were made, %lu were looked at, unloading was refused %lu times\n",
	       made, looked, refused);
	is("unload", "what is neither done nor refused", odd, 0);
	is_more("unload", "boxes were made meanwhile", made, 0);
	is_more("unload", "boxes were looked at meanwhile", looked, 0);
	is_more("unload", "refused while there is a box", refused, 0);
	return 0;
}
