// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation fails of FDBox that takes over a box which arrived
 *
 *	fdbox_takeover send BOXES		in the first kernel
 *	fdbox_takeover receive BOXES MODULE BOX...
 *						in the next one: leaves the module
 *						loaded, and the BOXes of others
 *
 * A box that arrived and is held, as a session, is not taken over: so every failure
 * can have a box of its own.  Needs what faults.h needs, and FDBox as a module.
 */
#define _GNU_SOURCE
#include <limits.h>

#include "../liveupdate/faults.h"
#include "../liveupdate/module.h"
#include "fdbox.h"

#define SUBJECT		"takeover"
#define MAX_BOXES	1000
#define SLACK		60	/* more than FDBox has allocations before it takes over */
#define GROUP		3	/* boxes that arrive together */
#define OPEN		5	/* the first allocation that is not of open(2) itself */
#define TRIES		8	/* to let the first one of a group fail */

static int nr_boxes, dev;
static const char *module;

static const char *name_of(int i)
{
	static char name[16];

	snprintf(name, sizeof(name), "w%d", i);
	return name;
}

static void send_all(char **words)
{
	int control = must(FDBOX_CONTROL, box_control()), box, i;
	long bad = 0;

	nr_boxes = atoi(words[0]);
	for (i = 0; i < nr_boxes; i++) {
		bad += box_create(control, name_of(i)) != 0;
		box = box_open(name_of(i));
		bad += box_put(box, text_memfd(name_of(i), 1 + i % 3), "f") != 0;
		bad += box_seal(box) != 0;
		close(box);
	}
	is(SUBJECT, "boxes that cannot be sent", bad, 0);
}

/*
 * Boxes that are held
 */

static int held[MAX_BOXES];

static int retrieve(const char *box)
{
	char session[64];

	snprintf(session, sizeof(session), "fdbox:%s", box);
	return luo_retrieve(dev, session);
}

static void hold_all(char **others)
{
	int i;

	dev = open_luo();
	for (i = 0; i < nr_boxes; i++)
		held[i] = must(name_of(i), retrieve(name_of(i)));
	for (; *others; others++)
		held[i++] = must(*others, retrieve(*others));
}

static void let_go(int i)
{
	close(held[i]);
	held[i] = 0;
}

/*
 * Without a box
 */

static int run_load(void *arg)
{
	(void)arg;
	return module_load(module, "");
}

static void undo_load(void *arg, int ret)
{
	(void)arg;
	(void)ret;
	must("unload", module_unload("fdbox"));
}

static bool is_not_loaded(void *arg)
{
	int control = box_control();

	(void)arg;
	close(control);
	return control == -ENOENT;
}

/*
 * Returns where to begin, SLACK before the last one: the others are the business of
 * all modules.
 */
static unsigned int load_alone(void)
{
	struct op op = {
		.name = "load the module", .run = run_load, .undo = undo_load,
		.intact = is_not_loaded,
	};
	unsigned int nr = allocations(&op), first = nr > SLACK ? nr - SLACK : 1;

	undo_load(NULL, 0);
	nr = first;
	op.from = &nr;
	inject(&op);
	undo_load(NULL, 0);
	return first;
}

/*
 * With one
 */

static bool is_there(int i)
{
	return !close(box_open(name_of(i)));
}

/* It is sealed, all is in it, and it can be deleted. */
static int take(int control, int i)
{
	int box = box_open(name_of(i)), fd, err;

	if (box < 0)
		return box;
	err = box_unseal(box);
	fd = err ? err : box_get(box, "f");
	close(box);
	if (fd < 0)
		return fd;
	err = text_check(fd, name_of(i), 1 + i % 3);
	close(fd);
	return err ? err : box_delete(control, name_of(i));
}

/*
 * How many allocations there are before the takeover is not always the same: now and
 * then a table has to grow.
 */
static struct {
	int next;		/* box */
	unsigned int device;	/* an allocation that a device needs */
	unsigned int run;	/* how many of those there are in a row */
	unsigned int devices;	/* that did not come at once */
	unsigned int sessions;	/* of boxes that were none at first */
	long bad;
} got;

/* Does it wait as a session, which it still can be? */
static bool is_session(int i)
{
	int session = retrieve(name_of(i));

	close(session);
	return session >= 0;
}

static void count_missing(unsigned int nth, int i)
{
	if (is_there(i)) {
		got.run = 0;
	} else if (is_session(i)) {
		got.sessions++;
	} else {
		got.devices++;
		/* That in the middle of three is the best one. */
		if (!got.device || ++got.run == 3)
			got.device = nth - (got.run == 3);
	}
}

/* Goes on to the first allocation without which the module can be loaded. */
static unsigned int load_with_fault(unsigned int nth, bool *hit)
{
	int err;

	for (;; nth++) {
		arm(nth);
		err = module_load(module, "");
		*hit = disarm();
		if (!err)
			return nth;
		if (err != -ENOMEM || !*hit)
			is("load with a box", "error", err, -ENOMEM);
	}
}

static bool boxes_left(int nr)
{
	return got.next + nr <= nr_boxes;
}

/* Returns true if there are more allocations than @to, and than there are at all. */
static bool load_with_each(unsigned int from, unsigned int to)
{
	unsigned int nth;
	bool hit = true;
	int control;

	for (nth = from; hit && nth < to && boxes_left(1); nth++, got.next++) {
		let_go(got.next);
		nth = load_with_fault(nth, &hit);
		count_missing(nth, got.next);
		/* Who gets the control device open sees all boxes. */
		control = box_control();
		got.bad += control < 0 || take(control, got.next);
		close(control);
		must("unload", module_unload("fdbox"));
	}
	printf("# allocations %u to %u: %u boxes had to wait for a device, %u stayed sessions\n",
	       from, nth - 1, got.devices, got.sessions);
	return hit;
}

static void load_with_box(unsigned int from)
{
	is(SUBJECT, "it comes to an end", load_with_each(from, MAX_NTH), false);
	/* One allocation makes this difference: the first one of the takeover. */
	while (!got.sessions && boxes_left(GROUP * TRIES))
		load_with_each(from + SLACK - 16, from + SLACK + 4);
	is_more(SUBJECT, "boxes that had to wait for a device", got.devices, 0);
	is_more(SUBJECT, "boxes that stayed sessions until then", got.sessions, 0);
	is(SUBJECT, "boxes that are not as they were sent", got.bad, 0);
}

/*
 * With many
 */

static int run_control(void *arg)
{
	(void)arg;
	return box_control();
}

/* Those behind the first one do not have to wait for it. */
static bool first_is_missing(void *arg)
{
	int *first = arg, i;

	for (i = 1; i < GROUP; i++) {
		if (!is_there(*first + i))
			return false;
	}
	return !is_there(*first);
}

static bool load_group(void)
{
	int i, err;

	for (i = 0; i < GROUP; i++)
		let_go(got.next + i);
	arm(got.device);
	err = module_load(module, "");
	disarm();
	/* There were more before, this time. */
	must("load", err == -ENOMEM ? module_load(module, "") : err);
	return first_is_missing(&got.next);
}

static void take_group(int control)
{
	int i;

	for (i = 0; i < GROUP; i++, got.next++)
		got.bad += take(control, got.next) != 0;
}

static void load_with_many(void)
{
	unsigned int from = OPEN;
	bool missing = load_group();
	int control;

	while (!missing && boxes_left(2 * GROUP)) {
		control = box_control();
		take_group(control);
		close(control);
		must("unload", module_unload("fdbox"));
		missing = load_group();
	}
	is(SUBJECT, "of many, the first one is missing", missing, true);
	control = inject(&(struct op) {
		.name = "open the control device, for a box that waits", .run = run_control,
		.intact = first_is_missing, .arg = &got.next, .once = true, .from = &from,
	});
	take_group(control);
	close(control);
	is(SUBJECT, "of many, boxes that are not as they were sent", got.bad, 0);
	must("unload", module_unload("fdbox"));
}

/* All that were not needed, and those of others */
static void load_rest(void)
{
	int control, i;

	for (i = got.next; held[i]; i++)
		let_go(i);
	close(dev);
	must("load", module_load(module, ""));
	control = must(FDBOX_CONTROL, box_control());
	for (; got.next < nr_boxes; got.next++)
		got.bad += take(control, got.next) != 0;
	is(SUBJECT, "of the rest, boxes that are not as they were sent", got.bad, 0);
}

static void receive_all(char **words)
{
	nr_boxes = atoi(words[0]);
	module = words[1];
	hold_all(words + 2);
	load_with_box(load_alone());
	load_with_many();
	load_rest();
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 3 && !strcmp(argv[1], "send")) {
		send_all(argv + 2);
	} else if (argc > 3 && !strcmp(argv[1], "receive")) {
		faults_init();
		receive_all(argv + 2);
	} else {
		return 2;
	}
	return 0;
}
