// SPDX-License-Identifier: GPL-2.0-only
/*
 * fdbox_hugetlb send|receive: hugetlb memfds in a box, over kexecs
 *
 * All of their properties travel beside them, in a memfd. The pool of the first
 * kernel has to have 8 huge pages, the others' need not have any.
 */
#define _GNU_SOURCE
#include "../liveupdate/hugetlb.h"
#include "../liveupdate/record.h"
#include "fdbox.h"

#define BOX		"hugetlb"
#define FAR		(256 * GIGA)

static int box;

static int make_data(void)
{
	int fd = make_memfd("data", MFD_2M | MFD_ALLOW_SEALING, 3 * HUGE);

	put_mapped(fd, 1, 0, 3 * HUGE);
	must("seal", fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
	must("chown", fchown(fd, 1000, 1001));
	lseek(fd, 4711, SEEK_SET);
	return fd;
}

static int make_sparse(void)
{
	int fd = make_memfd("sparse", MFD_2M, 2 * FAR);

	put_mapped(fd, 2, FAR, HUGE);
	put_mapped(fd, 2, HUGE, HUGE);
	return fd;
}

static long bad_data(int fd)
{
	return bad_pages(fd, 1, 0, HUGE) + bad_pages(fd, 3, HUGE, HUGE) +
	       bad_pages(fd, 1, 2 * HUGE, HUGE);
}

static long bad_sparse(int fd)
{
	return bad_pages(fd, ZEROES, 0, HUGE) + bad_pages(fd, 2, HUGE, HUGE) +
	       bad_pages(fd, 2, FAR, HUGE);
}

/* As taken from the box, and put back. */
static void look_at(const char *name, struct record *r)
{
	int fd = must(name, box_get(box, name));

	describe(fd, r);
	must(name, box_put(box, fd, name));
}

static void send_all(char **words)
{
	int control = box_control(), fd, records;
	struct pool pool = pool_of(HUGE);
	struct record r[2];
	char *map;

	must("create", box_create(control, BOX));
	box = must("open", box_open(BOX));
	fd = must("mounted", open("/huge/named", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	is("a file of a mounted hugetlbfs", "put", box_put(box, fd, "named"), -EOPNOTSUPP);
	close(fd);
	unlink("/huge/named");

	fd = make_data();
	map = map_huge(fd, HUGE, HUGE);
	is("data", "put", box_put(box, fd, "data"), 0);
	records = make_memfd("records", MFD_CLOEXEC, 0);
	fd = dup(records);
	is("records", "put", box_put(box, fd, "records"), 0);
	is("sparse", "put", box_put(box, make_sparse(), "sparse"), 0);
	is_pool("in a box", HUGE, pool, 0, -5, 0, 0);

	is(BOX, "seal", box_seal(box), 0);
	is("data", "get from a sealed box", box_get(box, "data"), -EBUSY);
	is(BOX, "unseal", box_unseal(box), 0);
	is_pool("sealed and unsealed", HUGE, pool, 0, -5, 0, 0);
	look_at("data", &r[0]);
	look_at("records", &r[1]);
	look_at("sparse", &r[1]);
	must("records", pwrite(records, r, sizeof(r), 0) == sizeof(r) ? 0 : -EIO);
	is(BOX, "seal again", box_seal(box), 0);
	/* Contents may change until the kexec. */
	for (fd = 0; fd < (int)(HUGE / PAGE); fd++)
		fill_page((uint64_t *)(map + fd * PAGE), 3, HUGE + fd * PAGE);
}

static void receive_all(char **words)
{
	struct pool pool = pool_of(HUGE);
	struct record r[2];
	int fd;

	box = must("open", box_open(BOX));
	is(BOX, "unseal", box_unseal(box), 0);
	fd = must("records", box_get(box, "records"));
	must("records", pread(fd, r, sizeof(r), 0) == sizeof(r) ? 0 : -EIO);
	fd = must("sparse", box_get(box, "sparse"));
	is_same("sparse", fd, &r[1]);
	is("sparse", "pages that are wrong", bad_sparse(fd), 0);
	close(fd);
	fd = must("data", box_get(box, "data"));
	is_same("data", fd, &r[0]);
	is("regression_unsupported_pages: hugetlb", "pages that are wrong", bad_data(fd), 0);
	/* It is a file like any other: once more into the box, and out of it. */
	is("data", "put", box_put(box, fd, "again"), 0);
	is(BOX, "seal", box_seal(box), 0);
	is(BOX, "unseal", box_unseal(box), 0);
	fd = must("data", box_get(box, "again"));
	is("data", "pages that are wrong then", bad_data(fd), 0);
	close(fd);
	is_pool("after the last close", HUGE, pool, 0, 0, 0, 0);
	is(BOX, "delete", box_delete(box_control(), BOX), 0);
}

int main(int argc, char **argv)
{
	static const struct command commands[] = {
		{ "send", 0, send_all }, { "receive", 0, receive_all }, { NULL },
	};

	return run_command(argc, argv, commands);
}
