// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every allocation of every open and ioctl of boxes fails, one after the other
 *
 *	fdbox_faults send	in the first kernel; ends with a reboot in which all
 *				allocations fail, and one in which none does
 *	fdbox_faults receive	in the next kernel
 *
 * Needs what faults.h needs, and CONFIG_LIVEUPDATE_EXERCISER.
 */
#define _GNU_SOURCE
#include <sys/reboot.h>

#include "../liveupdate/faults.h"
#include "fdbox.h"

#define BOX		"faults"
#define LEFT		"left"
#define OTHER		"other"
#define PAGES		3
#define NR_FILES	3
#define NR_ARRIVED	12

static int control, box, other;
static long preserved_before, pinned_before;

static unsigned int wrong;	/* in what follows an operation that succeeded */

/* As is(), but says nothing if all is well. */
static void quietly(const char *subject, const char *what, long got, long want)
{
	if (got == want)
		return;
	wrong++;
	is(subject, what, got, want);
}

static bool nothing_new(void)
{
	return preserved() == preserved_before && pinned() == pinned_before;
}

static void remember(void)
{
	preserved_before = preserved();
	pinned_before = pinned();
}

/*
 * The devices
 */

static int run_open(void *arg)
{
	int fd = open(arg, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void undo_open(void *arg, int ret)
{
	(void)arg;
	close(ret);
}

static int run_create(void *arg)
{
	return box_create(control, arg);
}

/* What was created has its node, and is not there twice. */
static void undo_create(void *arg, int ret)
{
	(void)ret;
	quietly(arg, "node", close(box_open(arg)), 0);
	quietly(arg, "create again", box_create(control, arg), -EEXIST);
	quietly(arg, "delete", box_delete(control, arg), 0);
}

static bool is_not_there(void *arg)
{
	return box_open(arg) == -ENOENT && box_delete(control, arg) == -ENOENT &&
	       nothing_new();
}

static int run_delete(void *arg)
{
	return box_delete(control, arg);
}

static void undo_delete(void *arg, int ret)
{
	(void)ret;
	quietly(arg, "node of what was deleted", box_open(arg), -ENOENT);
	must("create", box_create(control, arg));
}

static bool is_there(void *arg)
{
	return !close(box_open(arg)) && box_create(control, arg) == -EEXIST;
}

static void devices(void)
{
	inject(&(struct op) {
		.name = "open the control device", .run = run_open, .undo = undo_open,
		.arg = FDBOX_CONTROL,
	});
	remember();
	inject(&(struct op) {
		.name = "CREATE_BOX", .run = run_create, .undo = undo_create,
		.intact = is_not_there, .arg = BOX,
	});
	inject(&(struct op) {
		.name = "DELETE_BOX", .run = run_delete, .undo = undo_delete,
		.intact = is_there, .arg = BOX,
	});
	must("create", box_create(control, BOX));
	box = inject(&(struct op) {
		.name = "open a box", .run = run_open, .undo = undo_open,
		.arg = FDBOX_DIR BOX,
	});
}

/*
 * Files: memfds of small and of huge pages, and one of the exerciser
 */

static struct file_under_test {
	const char *name;
	int fd;		/* what PUT takes, and GET gives */
	int copy;	/* the same file, to look at */
} files[NR_FILES] = {
	{ .name = "memory" }, { .name = "huge" }, { .name = "x1" },
};

static int make_file(int i)
{
	int fd;

	if (i == 2)
		return test_file('a', files[i].name);
	if (i == 0)
		return text_memfd(files[i].name, PAGES);
	write_text(SHMEM_ENABLED, "always");
	fd = make_memfd(files[i].name, MFD_ALLOW_SEALING, 2 * MIB);
	must(files[i].name, put(fd, i, 0, 2 * MIB));
	write_text(SHMEM_ENABLED, "never");
	return fd;
}

static bool has_contents(int i, int fd)
{
	char name[16];

	switch (i) {
	case 0:
		return !text_check(fd, files[i].name, PAGES);
	case 1:
		return !bad_pages(fd, i, 0, 2 * MIB);
	default:
		return !test_file_check(fd, name) && !strcmp(name, files[i].name);
	}
}

/* Neither missing nor pinned: the size of a memfd can be changed. */
static bool is_free(const struct file_under_test *f)
{
	off_t size = lseek(f->copy, 0, SEEK_END);

	if (!has_contents(f - files, f->copy))
		return false;
	return f == &files[2] || (!ftruncate(f->copy, size + PAGE) && !ftruncate(f->copy, size));
}

static bool all_are_free(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < NR_FILES; i++) {
		if (!is_free(&files[i]))
			return false;
	}
	return nothing_new();
}

static int run_put(void *arg)
{
	struct file_under_test *f = arg;

	return box_put(box, f->fd, f->name);
}

static int run_get(void *arg)
{
	struct file_under_test *f = arg;

	return box_get(box, f->name);
}

static void undo_put(void *arg, int ret)
{
	struct file_under_test *f = arg;

	quietly(f->name, "put", ret, 0);
	quietly(f->name, "the lowest descriptor", run_get(f), f->fd);
}

/* The descriptor is the caller's still, and the file is in no box. */
static bool is_outside(void *arg)
{
	struct file_under_test *f = arg;

	if (fcntl(f->fd, F_GETFD) != FD_CLOEXEC || run_get(f) != -ENOENT)
		return false;
	/* It has no owner, or another box could not take it. */
	if (box_put(other, f->fd, f->name) || box_get(other, f->name) != f->fd)
		return false;
	return is_free(f) && nothing_new();
}

static void undo_get(void *arg, int ret)
{
	struct file_under_test *f = arg;

	quietly(f->name, "the lowest descriptor", ret, f->fd);
	quietly(f->name, "put back", box_put(box, ret, f->name), 0);
}

/* No descriptor is taken, and the file is in the box. */
static bool is_inside(void *arg)
{
	struct file_under_test *f = arg;
	int fd = dup(0);

	close(fd);
	return fd == f->fd && box_put(other, f->copy, f->name) == -EBUSY;
}

static void puts_and_gets(void)
{
	char what[64];
	int i;

	for (i = 0; i < NR_FILES; i++) {
		files[i].copy = fcntl(make_file(i), F_DUPFD_CLOEXEC, 200);
		files[i].fd = i ? files[i - 1].fd : dup(0);
		dup3(files[i].copy, files[i].fd, O_CLOEXEC);
		remember();
		snprintf(what, sizeof(what), "PUT_FD of %s", files[i].name);
		inject(&(struct op) {
			.name = what, .run = run_put, .undo = undo_put,
			.intact = is_outside, .arg = &files[i],
		});
		snprintf(what, sizeof(what), "GET_FD of %s", files[i].name);
		inject(&(struct op) {
			.name = what, .run = run_get, .undo = undo_get,
			.intact = is_inside, .arg = &files[i],
		});
		must(files[i].name, run_put(&files[i]));
	}
}

/*
 * Seals
 */

static int run_seal(void *arg)
{
	return box_seal(*(int *)arg);
}

static int run_unseal(void *arg)
{
	return box_unseal(*(int *)arg);
}

static void undo_seal(void *arg, int ret)
{
	quietly(BOX, "seal", ret, 0);
	quietly(BOX, "unseal", run_unseal(arg), 0);
}

static void undo_unseal(void *arg, int ret)
{
	quietly(BOX, "unseal", ret, 0);
	quietly(BOX, "seal", run_seal(arg), 0);
}

static bool is_not_sealed(void *arg)
{
	return run_unseal(arg) == -EBUSY && all_are_free(NULL);
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

static void seals(void)
{
	remember();
	inject(&(struct op) {
		.name = "SEAL", .run = run_seal, .undo = undo_seal,
		.intact = is_not_sealed, .arg = &box,
	});
	/* It has nothing to ask for. */
	inject(&(struct op) {
		.name = "UNSEAL", .run = run_unseal, .undo = undo_unseal,
		.intact = never, .arg = &box,
	});
	is(BOX, "nothing is left of all that", all_are_free(NULL), true);
	is(BOX, "what was wrong after a success", wrong, 0);
	is(BOX, "seal", box_seal(box), 0);
}

/*
 * Departure
 */

static void fill(const char *name, int nr)
{
	int to, i, fd;
	char text[16];

	must("create", box_create(control, name));
	to = must("open", box_open(name));
	for (i = 0; i < nr; i++) {
		snprintf(text, sizeof(text), "f%d", i);
		fd = text_memfd(text, 1 + i);
		must("put", box_put(to, fd, text));
	}
	must("seal", box_seal(to));
	close(to);
}

static void reboots(void)
{
	long err;

	alarm(120);
	is("reboot", "unseal", box_unseal(box), 0);
	remember();
	is("reboot", "seal", box_seal(box), 0);
	fail_all(true);
	err = err_of(reboot(RB_KEXEC));
	fail_all(false);
	is("reboot", "error when all allocations fail", err, -ENOMEM);
	is("reboot", "unseal after it", box_unseal(box), 0);
	is("reboot", "all is as before", all_are_free(NULL), true);
	is("reboot", "seal again", box_seal(box), 0);
	let_results_out();
	is("reboot", "error", err_of(reboot(RB_KEXEC)), 0);
}

static void send_all(char **words)
{
	must("create", box_create(control, OTHER));
	other = must("open", box_open(OTHER));
	devices();
	puts_and_gets();
	seals();
	fill("arrived", NR_ARRIVED);
	fill(LEFT, 3);
	reboots();
}

/*
 * Arrival
 */

struct arrived {
	int box;
	char name[16];
};

static int run_get_arrived(void *arg)
{
	struct arrived *a = arg;

	return box_get(a->box, a->name);
}

/* What was made of it once is gone from the box, so each is asked to fail later. */
static void get_arrived(void)
{
	struct arrived a = { .box = must("open", box_open("arrived")) };
	unsigned int from = 1, i;
	char what[64];
	int fd;

	inject(&(struct op) {
		.name = "UNSEAL of what arrived", .run = run_unseal, .intact = never,
		.arg = &a.box, .once = true,
	});
	for (i = 0; i < NR_ARRIVED; i++) {
		snprintf(a.name, sizeof(a.name), "f%u", i);
		snprintf(what, sizeof(what), "GET_FD of %s, which arrived", a.name);
		fd = inject(&(struct op) {
			.name = what, .run = run_get_arrived, .arg = &a, .once = true,
			.from = &from,
		});
		is(a.name, "contents", text_check(fd, a.name, 1 + i), 0);
		is(a.name, "it is taken", run_get_arrived(&a), -ENOENT);
		close(fd);
	}
	is("arrived", "delete", box_delete(control, "arrived"), 0);
}

/* Files that wait, and one that is new */
static void seal_arrived(void)
{
	int left = must("open", box_open(LEFT)), fd;

	is(LEFT, "unseal", box_unseal(left), 0);
	fd = text_memfd("new", PAGES);
	files[0] = (struct file_under_test){ .name = "new", .copy = dup(fd) };
	is(LEFT, "put", box_put(left, fd, "new"), 0);
	inject(&(struct op) {
		.name = "SEAL of what arrived", .run = run_seal, .undo = undo_seal,
		.arg = &left,
	});
	is(LEFT, "unseal", box_unseal(left), 0);
	is(LEFT, "what is new", is_free(&files[0]), true);
	fd = box_get(left, "f1");
	is(LEFT, "what waited", text_check(fd, "f1", 2), 0);
	inject(&(struct op) {
		.name = "DELETE_BOX of what arrived", .run = run_delete, .intact = is_there,
		.arg = LEFT, .once = true,
	});
	is(LEFT, "node", box_open(LEFT), -ENOENT);
	/* Whoever has it open keeps nothing that would go over. */
	remember();
	close(left);
	is("regression_deleted_while_open", "room given back by close()",
	   preserved_before - preserved(), 0);
}

static void receive_all(char **words)
{
	int i, fd;

	box = must("open", box_open(BOX));
	is(BOX, "unseal", box_unseal(box), 0);
	for (i = 0; i < NR_FILES; i++) {
		fd = box_get(box, files[i].name);
		is(files[i].name, "contents", has_contents(i, fd), true);
	}
	is(BOX, "delete", box_delete(control, BOX), 0);
	get_arrived();
	seal_arrived();
	is(OTHER, "was not sealed", box_open(OTHER), -ENOENT);
}

int main(int argc, char **argv)
{
	static const struct command commands[] = {
		{ "send", 0, send_all }, { "receive", 0, receive_all }, { NULL },
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	faults_init();
	control = must(FDBOX_CONTROL, box_control());
	return run_command(argc, argv, commands);
}
