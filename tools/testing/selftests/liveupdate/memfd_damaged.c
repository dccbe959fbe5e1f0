// SPDX-License-Identifier: GPL-2.0-only
/*
 * memfds that are damaged on their way
 *
 *	memfd_damaged send	preserve them, ask for the damage, wait
 *	memfd_damaged receive	each gives the right error, or comes back with what is
 *				left, and harms nobody
 */
#define _GNU_SOURCE
#include <sys/xattr.h>

#include "memfd.h"

#define CORRUPT		"/sys/kernel/debug/liveupdate_corrupt"
#define PLACE		"memfd_place"	/* is no damage: that comes later */
#define PAGES		3
#define LENGTH		(2 * PAGES * PAGE)	/* there is a hole behind them */
#define MODE		0640
#define XATTR		"user.test"

enum { WITHOUT_XATTR = 1, WITHOUT_MODE = 2 };

static const struct {
	const char *how;
	int err;	/* or else what it comes back without */
} damages[] = {
	{ "memfd_array", -EINVAL }, { "memfd_array_order", -EINVAL },
	{ "memfd_count", -EINVAL }, { "memfd_flags", -EOPNOTSUPP },
	{ "memfd_seals", -EOPNOTSUPP }, { "memfd_plain", -EIO },
	{ "memfd_same_place", -EINVAL }, { "memfd_twice", -EIO },
	{ "memfd_beyond", -EINVAL }, { "memfd_folio_flags", -EOPNOTSUPP },
	{ "memfd_extras_checksum", WITHOUT_XATTR }, { "memfd_extras_plain", WITHOUT_XATTR },
	{ "memfd_ext_checksum", WITHOUT_XATTR | WITHOUT_MODE },
	{ "memfd_ext_version", WITHOUT_XATTR | WITHOUT_MODE },
	{ "memfd_ext_length", WITHOUT_XATTR | WITHOUT_MODE },
	{ }
};

static int dev;

/* A file, and one that is going to say where the page is that describes it */
static void send_place(unsigned int nr)
{
	int session = must("session", luo_create(dev, PLACE));
	int fd = make_memfd(PLACE, 0, PAGE), where = make_memfd("where", 0, PAGE);
	char command[64];

	must("put", put(fd, nr, 0, PAGE));
	must("put", put(where, nr, 0, PAGE));
	is(PLACE, "preserve", luo_preserve_fd(session, fd, 0), 0);
	is(PLACE, "preserve the other one", luo_preserve_fd(session, where, 1), 0);
	snprintf(command, sizeof(command), "%s@%u", PLACE, nr);
	write_text(CORRUPT, command);
}

static void send_all(char **words)
{
	char command[64];
	unsigned int i;
	int session, fd;

	for (i = 0; damages[i].how; i++) {
		session = must("session", luo_create(dev, damages[i].how));
		fd = make_memfd(damages[i].how, 0, LENGTH);
		must("fchmod", fchmod(fd, MODE));
		must(XATTR, fsetxattr(fd, XATTR, "value", 5, 0));
		must("put", put(fd, i, 0, PAGES * PAGE));
		is(damages[i].how, "preserve", luo_preserve_fd(session, fd, 0), 0);
		snprintf(command, sizeof(command), "%s@%u", damages[i].how, i);
		write_text(CORRUPT, command);
	}
	send_place(i);
	close(dev);
	wait_for_the_end();
}

static void refused(const char *how, int session, int err)
{
	is(how, "retrieve", luo_retrieve_fd(session, 0), err);
	is(how, "once more", luo_retrieve_fd(session, 0), err);
}

static void comes_back(const char *how, int session, unsigned int id, int without)
{
	int fd = luo_retrieve_fd(session, 0);
	struct stat st = { 0 };
	char value[8];

	is(how, "retrieve", fd < 0 ? fd : 0, 0);
	is(how, "contents", bad_pages(fd, id, 0, PAGES * PAGE), 0);
	is(how, "the hole", lseek(fd, 0, SEEK_HOLE), PAGES * PAGE);
	must("fstat", fstat(fd, &st));
	is(how, "size", st.st_size, LENGTH);
	is(how, "mode", (st.st_mode & 07777) == MODE, !(without & WITHOUT_MODE));
	is(how, "attribute", err_of(fgetxattr(fd, XATTR, value, sizeof(value))),
	   without & WITHOUT_XATTR ? -ENODATA : 5);
	close(fd);
}

/* A page with an error is not read. */
static void receive_place(void)
{
	static const char name[] = "regression_reads_error";
	int session = must("session", luo_retrieve(dev, PLACE));

	poison_told(name, session);
	refused(name, session, -EINVAL);
	is(name, "finish", luo_finish(session), 0);
	close(session);
}

static void receive_all(char **words)
{
	long before = kb_of("Shmem:");
	unsigned int i;
	int session;

	for (i = 0; damages[i].how; i++) {
		session = must("session", luo_retrieve(dev, damages[i].how));
		if (damages[i].err < 0)
			refused(damages[i].how, session, damages[i].err);
		else
			comes_back(damages[i].how, session, i, damages[i].err);
		is(damages[i].how, "finish", luo_finish(session), 0);
		close(session);
	}
	receive_place();
	is_returned("damaged", before);
}

int main(int argc, char **argv)
{
	static const struct command commands[] = {
		{ "send", 0, send_all }, { "receive", 0, receive_all }, { }
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	dev = open_luo();
	return run_command(argc, argv, commands);
}
