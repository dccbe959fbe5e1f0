// SPDX-License-Identifier: GPL-2.0-only
/*
 * fdbox: boxes for shell scripts
 *
 *	fdbox create BOX
 *	fdbox create-after BOX		open the control device, say "ready", and wait for
 *					a line before
 *	fdbox delete BOX
 *	fdbox put BOX FILE WHAT		a new file: a or b, of the exerciser, whose
 *					name is FILE; or a number, a memfd of so many
 *					pages with FILE in it; h, a huge page
 *	fdbox get BOX FILE WHAT		take it, and print FILE if it is that
 *	fdbox take BOX FILE		take it, whatever it is
 *	fdbox seal BOX
 *	fdbox unseal BOX
 *	fdbox list			/dev/liveupdate-admin: boxes and their files
 *	fdbox session SESSION FILE...	retrieve a session whose tokens 0, 1, ... are
 *					memfds "NAME:PAGES", or "-" if there is no such
 *					token, and finish it
 *
 * The status is 0, or 1 and the name of the errno on standard output.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include <linux/liveupdate_admin.h>

#include "../liveupdate/luo.h"
#include "fdbox.h"

static int do_create(char **w)
{
	return box_create(box_control(), w[0]);
}

static int do_create_after(char **w)
{
	int control = box_control();

	if (control < 0)
		return control;
	puts("ready");
	fflush(stdout);
	getchar();
	return box_create(control, w[0]);
}

static int do_delete(char **w)
{
	return box_delete(box_control(), w[0]);
}

#define HUGE_PAGES	512	/* small ones that a huge one is */

static int huge_memfd(const char *text)
{
	int fd = memfd_create(text, MFD_CLOEXEC | MFD_HUGETLB), i;
	char *mem;

	if (fd < 0 || ftruncate(fd, HUGE_PAGES * 4096))
		return -errno;
	mem = mmap(NULL, HUGE_PAGES * 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		return -errno;
	for (i = 0; i < HUGE_PAGES; i++)
		memcpy(mem + i * 4096, text, strlen(text) + 1);
	munmap(mem, HUGE_PAGES * 4096);
	return fd;
}

static int do_put(char **w)
{
	int box = box_open(w[0]), fd;

	if (box < 0)
		return box;
	if (*w[2] < 'a')
		fd = text_memfd(w[1], atoi(w[2]));
	else
		fd = *w[2] == 'h' ? huge_memfd(w[1]) : test_file(*w[2], w[1]);
	return fd < 0 ? fd : box_put(box, fd, w[1]);
}

static int do_take(char **w)
{
	int box = box_open(w[0]), fd;

	if (box < 0)
		return box;
	fd = box_get(box, w[1]);
	return fd < 0 ? fd : 0;
}

static int do_get(char **w)
{
	int box = box_open(w[0]), fd, err;
	char name[16];

	if (box < 0)
		return box;
	fd = box_get(box, w[1]);
	if (fd < 0)
		return fd;
	if (*w[2] < 'a' || *w[2] == 'h') {
		err = text_check(fd, w[1], *w[2] == 'h' ? HUGE_PAGES : atoi(w[2]));
	} else {
		err = test_file_check(fd, name);
		if (!err && strcmp(name, w[1]))
			err = -EILSEQ;
	}
	if (!err)
		puts(w[1]);
	return err;
}

static int do_seal(char **w)
{
	int box = box_open(w[0]);

	return box < 0 ? box : box_seal(box);
}

static int do_unseal(char **w)
{
	int box = box_open(w[0]);

	return box < 0 ? box : box_unseal(box);
}

static const char *file_state(unsigned int state)
{
	switch (state) {
	case LIVEUPDATE_FILE_PRESERVED:
		return "preserved";
	case LIVEUPDATE_FILE_PENDING:
		return "pending";
	case LIVEUPDATE_FILE_STASHED:
		return "stashed";
	default:
		return "?";
	}
}

static int list_files(int admin, uint64_t id)
{
	struct liveupdate_admin_file files[8];
	struct liveupdate_admin_list_files args = {
		.size = sizeof(args), .session = id, .files = (uintptr_t)files,
		.stride = sizeof(files[0]),
	};
	unsigned int i;
	int err;

	do {
		args.count = 8;
		err = luo_call(admin, LIVEUPDATE_ADMIN_LIST_FILES, &args);
		for (i = 0; !err && i < args.count; i++)
			printf(" %s=%s", files[i].name, file_state(files[i].state));
	} while (!err && args.count);
	return err;
}

static int do_list(char **w)
{
	struct liveupdate_admin_session entry;
	struct liveupdate_admin_list_sessions args = {
		.size = sizeof(args), .sessions = (uintptr_t)&entry, .stride = sizeof(entry),
	};
	int admin = open("/dev/liveupdate-admin", O_RDWR | O_CLOEXEC), err;

	if (admin < 0)
		return -errno;
	for (;;) {
		args.count = 1;
		err = luo_call(admin, LIVEUPDATE_ADMIN_LIST_SESSIONS, &args);
		if (err || !args.count)
			return err;
		if (!entry.box[0])
			continue;
		printf("%s %s:", entry.box,
		       entry.state == LIVEUPDATE_SESSION_SEALED ? "sealed" :
		       entry.state == LIVEUPDATE_SESSION_UNSEALED ? "unsealed" : "?");
		err = list_files(admin, entry.id);
		puts("");
		if (err)
			return err;
	}
}

static int check_token(int session, unsigned int token, char *what)
{
	int fd = luo_retrieve_fd(session, token);
	char *pages = strchr(what, ':');

	if (!pages)
		return fd == -ENOENT ? 0 : -EEXIST;
	*pages++ = '\0';
	return fd < 0 ? fd : text_check(fd, what, atoi(pages));
}

static int do_session(char **w)
{
	int dev = open(LUO_DEVICE, O_RDWR | O_CLOEXEC), s, err = 0;
	unsigned int token = 0;

	if (dev < 0)
		return -errno;
	s = luo_retrieve(dev, *w++);
	if (s < 0)
		return s;
	for (; *w && !err; w++, token++)
		err = check_token(s, token, *w);
	if (luo_retrieve_fd(s, token) != -ENOENT)
		err = err ? err : -E2BIG;
	return err ? err : luo_finish(s);
}

static const struct {
	const char *verb;
	int words;
	int (*run)(char **words);
} verbs[] = {
	{ "create", 1, do_create },
	{ "create-after", 1, do_create_after },
	{ "delete", 1, do_delete },
	{ "put", 3, do_put },
	{ "get", 3, do_get },
	{ "take", 2, do_take },
	{ "seal", 1, do_seal },
	{ "unseal", 1, do_unseal },
	{ "list", 0, do_list },
	{ "session", -1, do_session },
	{ NULL }
};

int main(int argc, char **argv)
{
	unsigned int i;
	int err;

	for (i = 0; verbs[i].verb && argc > 1; i++) {
		if (strcmp(argv[1], verbs[i].verb) ||
		    (verbs[i].words < 0 ? argc < 3 : argc != verbs[i].words + 2))
			continue;
		err = verbs[i].run(argv + 2);
		if (err)
			puts(strerrorname_np(-err));
		return !!err;
	}
	fprintf(stderr, "see the beginning of fdbox_guest.c\n");
	return 2;
}
