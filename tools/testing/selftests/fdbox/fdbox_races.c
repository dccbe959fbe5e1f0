// SPDX-License-Identifier: GPL-2.0-only
/*
 * fdbox_races: what tasks do to boxes at the same time, and at random
 *
 *	fdbox_races [STEPS [SEED]]
 *
 * Prints "ok - WHAT" or "not ok - WHAT" for each case.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "../liveupdate/luo.h"
#include "fdbox.h"

static int failures;
static bool seals;	/* there are some: live update is on */

static void result(bool good, const char *what)
{
	printf("%s - %s\n", good ? "ok" : "not ok", what);
	failures += !good;
}

/*
 * PUT against dup2() in a thread that shares the descriptors: whoever wins, PUT
 * closes nothing but the file that it took.
 */

#define SLOT	100

static pthread_barrier_t barrier;
static int null_fd;

/* How long each of the two waits in a round */
struct pace {
	unsigned int put;
	unsigned int dup2;
	bool over;
};

static void set_pace(struct pace *pace, unsigned int round, unsigned int longer)
{
	unsigned int spins = round / 2 % 64 << (longer + 5);

	pace->put = round & 1 ? spins : 0;
	pace->dup2 = round & 1 ? 0 : spins;
}

static void spin(unsigned int nr)
{
	while (nr--)
		__asm__ volatile("" : : : "memory");
}

static void *replace_slot(void *arg)
{
	struct pace *pace = arg;

	for (;;) {
		pthread_barrier_wait(&barrier);
		if (pace->over)
			return NULL;
		spin(pace->dup2);
		dup2(null_fd, SLOT);
		pthread_barrier_wait(&barrier);
	}
}

static bool slot_is_null(void)
{
	struct stat slot, null;

	return !fstat(SLOT, &slot) && !fstat(null_fd, &null) && slot.st_rdev == null.st_rdev;
}

static void put_against_dup2(int control, unsigned int steps)
{
	unsigned int i, closed = 0, strange = 0, won = 0;
	int mem = text_memfd("raced", 1), box, err, fd;
	struct pace pace = { .over = false };
	pthread_t thread;

	null_fd = open("/dev/null", O_RDWR);
	box_create(control, "raced");
	box = box_open("raced");
	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, replace_slot, &pace);
	/* Until both came first, in some rounds */
	for (i = 0; i < steps || (i < 10 * steps && (!won || won == i)); i++) {
		dup2(mem, SLOT);
		set_pace(&pace, i, i / steps);
		pthread_barrier_wait(&barrier);
		spin(pace.put);
		err = box_put(box, SLOT, "f");
		pthread_barrier_wait(&barrier);
		closed += !slot_is_null();
		fd = box_get(box, "f");
		if (!err) {
			won++;
			strange += fd < 0 || text_check(fd, "raced", 1);
			close(fd);
		} else {
			strange += (err != -EBADF && err != -EOPNOTSUPP) || fd != -ENOENT;
		}
	}
	pace.over = true;
	pthread_barrier_wait(&barrier);
	pthread_join(thread, NULL);
	close(SLOT);
	printf("# PUT came first in %u of %u rounds\n", won, i);
	result(!closed, "regression_put_against_dup2: what dup2 put there stays open");
	result(!strange && won && won < i,
	       "regression_put_against_dup2: the file is in the box, or where it was");
	result(!box_delete(control, "raced"), "regression_put_against_dup2: delete");
}

/*
 * Boxes that are made, deleted, opened, filled and sealed at the same time
 */

static const char * const names[] = { "n0", "n1", "n2" };
static unsigned int race_steps, odd;

static bool one_of(int err, const int *allowed)
{
	if (err >= 0)
		return true;
	while (*allowed) {
		if (err == *allowed++)
			return true;
	}
	return false;
}

static const int create_errors[] = { -EEXIST, 0 };
static const int delete_errors[] = { -ENOENT, -EBUSY, 0 };
static const int open_errors[] = { -ENOENT, -ENXIO, 0 };
static const int put_errors[] = { -EEXIST, -EBUSY, -ENODEV, 0 };
static const int get_errors[] = { -ENOENT, -EBUSY, -ENODEV, 0 };
static const int seal_errors[] = { -EBUSY, -ENODEV, -EOPNOTSUPP, 0 };

static void check(const char *what, int err, const int *allowed)
{
	if (one_of(err, allowed))
		return;
	printf("# %s: %s\n", what, strerrorname_np(-err));
	__atomic_fetch_add(&odd, 1, __ATOMIC_RELAXED);
}

static void *make_and_delete(void *arg)
{
	int control = box_control();
	unsigned int i, seed = (uintptr_t)arg;

	for (i = 0; i < race_steps; i++) {
		const char *name = names[rand_r(&seed) % 3];

		if (rand_r(&seed) % 2)
			check("create", box_create(control, name), create_errors);
		else
			check("delete", box_delete(control, name), delete_errors);
	}
	close(control);
	return NULL;
}

static void *fill_and_seal(void *arg)
{
	unsigned int i, seed = (uintptr_t)arg;
	int box, fd, err;

	for (i = 0; i < race_steps; i++) {
		box = box_open(names[rand_r(&seed) % 3]);
		check("open", box, open_errors);
		if (box < 0)
			continue;
		fd = text_memfd("filled", 1);
		err = box_put(box, fd, rand_r(&seed) % 2 ? "a" : "b");
		check("put", err, put_errors);
		/* What was put is closed: by now its number is another thread's. */
		if (err < 0)
			close(fd);
		check("seal", box_seal(box), seal_errors);
		check("unseal", box_unseal(box), seal_errors);
		fd = box_get(box, rand_r(&seed) % 2 ? "a" : "b");
		check("get", fd, get_errors);
		if (fd >= 0) {
			check("contents", text_check(fd, "filled", 1), open_errors);
			close(fd);
		}
		close(box);
	}
	return NULL;
}

static void many_at_once(int control, unsigned int steps)
{
	void *(*run[])(void *) = { make_and_delete, fill_and_seal };
	pthread_t threads[6];
	unsigned int i;
	int box, left = 0;

	race_steps = steps;
	for (i = 0; i < 6; i++)
		pthread_create(&threads[i], NULL, run[i % 2], (void *)(uintptr_t)(i + 1));
	for (i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	for (i = 0; i < 3; i++) {
		box = box_open(names[i]);
		if (box < 0)
			continue;
		box_unseal(box);
		close(box);
		box_delete(control, names[i]);
		left += box_open(names[i]) != -ENOENT;
	}
	result(!odd && !left, "boxes that come and go while they are used");
}

/*
 * Boxes that are sealed at the same time: there is one place where the names of all
 * of them are to be written down.
 */

#define SEALERS	4
#define SEALED	16	/* names of more than one page */

static void *seal_and_unseal(void *arg)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < race_steps; i++)
		wrong += box_seal(*(int *)arg) || box_unseal(*(int *)arg);
	return (void *)(uintptr_t)wrong;
}

static void many_seals(int control, unsigned int steps)
{
	long before, wrong = 0;
	pthread_t threads[SEALERS];
	unsigned int i, j;
	int boxes[SEALERS];
	char name[16];
	void *ret;

	race_steps = steps;
	for (i = 0; i < SEALERS; i++) {
		snprintf(name, sizeof(name), "sealed%u", i);
		box_create(control, name);
		boxes[i] = box_open(name);
		for (j = 0; j < SEALED; j++) {
			snprintf(name, sizeof(name), "f%u", j);
			wrong += box_put(boxes[i], memfd_create(name, MFD_CLOEXEC), name) < 0;
		}
	}
	before = kho_bytes("preserved");
	for (i = 0; i < SEALERS; i++)
		pthread_create(&threads[i], NULL, seal_and_unseal, &boxes[i]);
	for (i = 0; i < SEALERS; i++) {
		pthread_join(threads[i], &ret);
		wrong += (uintptr_t)ret;
	}
	printf("# %ld calls failed, %ld bytes stay preserved\n", wrong,
	       kho_bytes("preserved") - before);
	result(!wrong && kho_bytes("preserved") == before,
	       "regression_many_seals: nothing stays preserved");
	for (i = 0; i < SEALERS; i++) {
		snprintf(name, sizeof(name), "sealed%u", i);
		box_delete(control, name);
	}
}

/*
 * Random calls, and what a simple model says that they give
 */

#define BOXES	4
#define FILES	6

struct model_box {
	bool there;
	bool sealed;
	int open;		/* a descriptor, or -1 */
	bool stale;		/* of a box that was deleted */
	int files[FILES];	/* number of the memfd + 1 */
};

static struct model_box model[BOXES];
static int where[FILES];	/* memfd: our descriptor, or -1 while in a box */
static unsigned int random_seed;

static unsigned int pick(unsigned int n)
{
	return rand_r(&random_seed) % n;
}

static const char *numbered(const char *what, unsigned int i)
{
	static char text[2][16];
	static unsigned int turn;

	turn ^= 1;
	snprintf(text[turn], sizeof(text[turn]), "%s%u", what, i);
	return text[turn];
}

static bool is_in_a_box(unsigned int mem)
{
	return where[mem] < 0;
}

static bool step_create(int control, struct model_box *m, const char *name)
{
	int err = box_create(control, name);

	if (m->there)
		return err == -EEXIST;
	m->there = true;
	m->sealed = false;
	m->stale = m->open >= 0;
	return !err;
}

static bool step_delete(int control, struct model_box *m, const char *name)
{
	int err = box_delete(control, name);
	unsigned int i;

	if (!m->there)
		return err == -ENOENT;
	if (m->sealed)
		return err == -EBUSY;
	for (i = 0; i < FILES; i++) {
		if (m->files[i])
			where[m->files[i] - 1] = text_memfd(numbered("m", m->files[i] - 1), 1);
		m->files[i] = 0;
	}
	m->there = false;
	m->stale = m->open >= 0;
	return !err;
}

static bool step_open(struct model_box *m, const char *name)
{
	if (m->open >= 0)
		close(m->open);
	m->open = box_open(name);
	m->stale = false;
	return m->there ? m->open >= 0 : m->open == -ENOENT;
}

static bool step_put(struct model_box *m)
{
	unsigned int mem = pick(FILES), slot = pick(FILES);
	int err = box_put(m->open, where[mem], numbered("f", slot));

	if (is_in_a_box(mem))
		return err == -EBADF;
	if (m->stale)
		return err == -ENODEV;
	if (m->sealed)
		return err == -EBUSY;
	if (m->files[slot])
		return err == -EEXIST;
	m->files[slot] = mem + 1;
	where[mem] = -1;
	return !err;
}

static bool step_get(struct model_box *m)
{
	unsigned int slot = pick(FILES), mem;
	int fd = box_get(m->open, numbered("f", slot));

	if (m->stale)
		return fd == -ENODEV;
	if (m->sealed)
		return fd == -EBUSY;
	if (!m->files[slot])
		return fd == -ENOENT;
	mem = m->files[slot] - 1;
	m->files[slot] = 0;
	where[mem] = fd;
	return fd >= 0 && !text_check(fd, numbered("m", mem), 1);
}

static bool step_seal(struct model_box *m)
{
	int err = box_seal(m->open);

	if (m->stale)
		return err == -ENODEV;
	if (!seals)
		return err == -EOPNOTSUPP;
	if (m->sealed)
		return err == -EBUSY;
	m->sealed = true;
	return !err;
}

static bool step_unseal(struct model_box *m)
{
	int err = box_unseal(m->open);

	if (m->stale)
		return err == -ENODEV;
	if (!m->sealed)
		return err == -EBUSY;
	m->sealed = false;
	return !err;
}

static bool step(int control)
{
	unsigned int i = pick(BOXES), what = pick(16);
	struct model_box *m = &model[i];
	const char *name = numbered("b", i);

	if (what == 0)
		return step_delete(control, m, name);
	if (what == 1 || !m->there)
		return step_create(control, m, name);
	if (what == 2 || m->open < 0)
		return step_open(m, name);
	if (what < 8)
		return step_put(m);
	if (what < 13)
		return step_get(m);
	return what == 13 ? step_seal(m) : step_unseal(m);
}

static void random_calls(int control, unsigned int steps)
{
	unsigned int i, wrong = 0;
	int box;

	for (i = 0; i < BOXES; i++)
		model[i].open = -1;
	for (i = 0; i < FILES; i++)
		where[i] = text_memfd(numbered("m", i), 1);
	for (i = 0; i < steps && !wrong; i++)
		wrong = !step(control);
	if (wrong)
		printf("# step %u is not what the model says\n", i);
	for (i = 0; i < BOXES; i++) {
		box_unseal(model[i].open);
		box = box_open(numbered("b", i));
		box_unseal(box);
		box_delete(control, numbered("b", i));
	}
	result(!wrong, "random calls");
}

static bool can_seal(int control)
{
	bool can;
	int box;

	box_create(control, "probe");
	box = box_open("probe");
	can = !box_seal(box);
	box_unseal(box);
	close(box);
	box_delete(control, "probe");
	return can;
}

int main(int argc, char **argv)
{
	unsigned int steps = argc > 1 ? atoi(argv[1]) : 5000;
	int control = box_control();

	random_seed = argc > 2 ? atoi(argv[2]) : 1;
	if (control < 0) {
		printf("not ok - " FDBOX_CONTROL ": %s\n", strerrorname_np(-control));
		return 1;
	}
	seals = can_seal(control);
	put_against_dup2(control, steps);
	many_at_once(control, steps / 5);
	if (seals)
		many_seals(control, steps / 5);
	random_calls(control, steps);
	return failures != 0;
}
