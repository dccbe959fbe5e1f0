// SPDX-License-Identifier: GPL-2.0-only
/*
 * memfds between kernels of different make
 *
 *	memfd_peer send			make some, preserve them, wait
 *	memfd_peer receive SENDER	what the kernel SENDER sent: its release
 *
 * Runs on mainline kernels too.  Contents, size, position and seals have to
 * arrive from and at any kernel; the rest only between two of this series.
 */
#define _GNU_SOURCE
#include "memfd.h"

#define SESSION		"peer"
#define EMPTY_SESSION	"peer, empty"
#define TOKEN		0xfffffffffffffff0ULL
#define NAME		"/memfd:peer-%s (deleted)"
#define HUGE_SIZE	"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"

/* 2 MiB; 32 MiB with pages of 16 KiB.  The 512 MiB of larger ones are too many. */
static size_t huge_page;

/* What of a file is looked at */
struct want {
	const char *name;
	unsigned int flags;		/* of memfd_create() */
	size_t size;
	size_t data, len;		/* where something is written */
	int seals;			/* added */
	int seals_arrive;		/* all that it has then */
	mode_t mode;
	off_t pos;
};

static struct want wants[] = {
	{ .name = "data", .size = 3 * MIB + 100, .len = 3 * MIB + 100, .pos = 4711,
	  .seals_arrive = F_SEAL_SEAL, .mode = 0777 },
	{ .name = "empty", .seals_arrive = F_SEAL_SEAL, .mode = 0777 },
	{ .name = "noexec", .flags = MFD_NOEXEC_SEAL, .size = 2 * PAGE, .len = PAGE,
	  .seals_arrive = F_SEAL_EXEC, .mode = 0666 },
	{ .name = "sealed", .flags = MFD_ALLOW_SEALING, .size = MIB, .data = 512 * KIB,
	  .len = PAGE, .seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK,
	  .seals_arrive = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK, .mode = 0777 },
	{ .name = "future", .flags = MFD_ALLOW_SEALING, .size = 64 * KIB, .len = 8 * KIB,
	  .seals = F_SEAL_FUTURE_WRITE | F_SEAL_SEAL,
	  .seals_arrive = F_SEAL_FUTURE_WRITE | F_SEAL_SEAL, .mode = 0777 },
	{ .name = "read-only", .size = PAGE, .len = PAGE, .seals_arrive = F_SEAL_SEAL,
	  .mode = 0777 },
	{ .name = "huge", .seals_arrive = F_SEAL_SEAL, .mode = 0777 },
	{ .name = "large", .size = 64 * MIB, .data = 32 * MIB, .len = 16 * MIB,
	  .seals_arrive = F_SEAL_SEAL, .mode = 0777 },
};

#define NR_WANTS	(sizeof(wants) / sizeof(*wants))

static bool is_read_only(const struct want *w)
{
	return !strcmp(w->name, "read-only");
}

static bool is_huge_one(const struct want *w)
{
	return !strcmp(w->name, "huge");
}

/* Not every kernel has such pages, and of a size that is not too large. */
static bool has_huge(void)
{
	return huge_page && has_thp();
}

static void find_huge(void)
{
	char text[32] = "";
	unsigned int i;

	if (!access(HUGE_SIZE, R_OK))
		read_text(HUGE_SIZE, text, sizeof(text));
	huge_page = strtoul(text, NULL, 10);
	if (huge_page > 32 * MIB)
		huge_page = 0;
	for (i = 0; i < NR_WANTS; i++) {
		if (is_huge_one(&wants[i]))
			wants[i].size = wants[i].len = 2 * (huge_page ? huge_page : 2 * MIB);
	}
}

/* Is its first page written once more, after it was preserved? */
static bool changes(const struct want *w)
{
	return w->len && !w->seals && !is_read_only(w);
}

/* Kernels that are not ours */
static bool mainline(const char *release)
{
	return strncmp(release, "6.12.", 5);
}

static const char *own_release(void)
{
	static char text[64];

	read_text("/proc/sys/kernel/osrelease", text, sizeof(text));
	return text;
}

static int make(const struct want *w, unsigned int id)
{
	char name[32];
	int fd, ro;

	snprintf(name, sizeof(name), "peer-%s", w->name);
	fd = make_memfd(name, w->flags, w->size);
	if (is_huge_one(w) && has_huge())
		set_thp("always");
	must(w->name, put(fd, id, w->data, w->len));
	set_thp("never");
	if (w->seals)
		must(w->name, fcntl(fd, F_ADD_SEALS, w->seals));
	if (is_read_only(w)) {
		ro = must(w->name, reopen(fd, O_RDONLY));
		close(fd);
		fd = ro;
	}
	lseek(fd, w->pos, SEEK_SET);
	return fd;
}

/* What was huge arrives huge, if the kernel has such pages. */
static void check_huge(const struct want *w, int fd)
{
	if (is_huge_one(w) && has_huge())
		is(w->name, "is", is_huge(fd, 0) + is_huge(fd, huge_page), 2);
}

static void send_all(int dev)
{
	int session = must("session", luo_create(dev, SESSION));
	unsigned int i;

	must("session", luo_create(dev, EMPTY_SESSION));
	for (i = 0; i < NR_WANTS; i++) {
		int fd = make(&wants[i], i);

		check_huge(&wants[i], fd);
		is(wants[i].name, "preserve", luo_preserve_fd(session, fd, TOKEN + i), 0);
		if (changes(&wants[i]))
			must(wants[i].name, put(fd, i + 100, wants[i].data, PAGE));
		close(fd);
	}
	close(dev);
	printf("ready\n");
	for (;;)
		pause();
}

static long bad_contents(const struct want *w, int fd, unsigned int id)
{
	size_t head = changes(w) ? PAGE : 0;
	size_t end = (w->data + w->len + PAGE - 1) & -PAGE;

	return bad_pages(fd, ZEROES, 0, w->data) + bad_pages(fd, id + 100, w->data, head) +
	       bad_pages(fd, id, w->data + head, w->len - head) +
	       (end < w->size ? bad_pages(fd, ZEROES, end, w->size - end) : 0);
}

/* Mainline adds further seals to F_SEAL_EXEC, and has 0777 for all. */
static void check_seals(const struct want *w, int fd, bool to_mainline)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	if (to_mainline) {
		is(w->name, "seals", seals & w->seals_arrive, w->seals_arrive);
		return;
	}
	is(w->name, "seals", seals, w->seals_arrive);
	fstat(fd, &st);
	is(w->name, "mode", st.st_mode, S_IFREG | w->mode);
}

/* What only kernels of this series tell each other */
static void check_rest(const struct want *w, int fd)
{
	char path[32], name[128] = "", want_name[128];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	must("readlink", readlink(path, name, sizeof(name) - 1));
	snprintf(want_name, sizeof(want_name), NAME, w->name);
	is_text(w->name, "name", name, want_name);
	is(w->name, "flags", fcntl(fd, F_GETFL) & O_ACCMODE,
	   is_read_only(w) ? O_RDONLY : O_RDWR);
	if (w->data)
		is(w->name, "hole at the start", lseek(fd, 0, SEEK_DATA), w->data);
}

static void receive_file(int session, unsigned int i, const char *sender)
{
	bool to_mainline = mainline(own_release());
	const struct want *w = &wants[i];
	int fd = luo_retrieve_fd(session, TOKEN + i);
	struct stat st;

	is(w->name, "retrieve", fd < 0 ? fd : 0, 0);
	if (fd < 0)
		return;
	fstat(fd, &st);
	is(w->name, "size", st.st_size, w->size);
	is(w->name, "position", lseek(fd, 0, SEEK_CUR), w->pos);
	check_seals(w, fd, to_mainline);
	if (!to_mainline && !mainline(sender))
		check_rest(w, fd);
	is(w->name, "contents", bad_contents(w, fd, i), 0);
	/* Mainline does not show what was restored as huge pages. */
	if (!to_mainline)
		check_huge(w, fd);
	close(fd);
}

static void receive_all(int dev, const char *sender)
{
	int session = must("session", luo_retrieve(dev, SESSION)), empty;
	unsigned int i;

	for (i = 0; i < NR_WANTS; i++)
		receive_file(session, i, sender);
	is("session", "finish", luo_finish(session), 0);
	close(session);
	empty = luo_retrieve(dev, EMPTY_SESSION);
	is("empty session", "retrieve", empty < 0 ? empty : 0, 0);
	is("empty session", "finish", luo_finish(empty), 0);
	close(empty);
	is("session", "it is gone", luo_retrieve(dev, SESSION), -ENOENT);
}

int main(int argc, char **argv)
{
	int dev;

	setvbuf(stdout, NULL, _IOLBF, 0);
	find_huge();
	dev = must(LUO_DEVICE, open(LUO_DEVICE, O_RDWR | O_CLOEXEC));
	if (argc == 2 && !strcmp(argv[1], "send"))
		send_all(dev);
	else if (argc == 3 && !strcmp(argv[1], "receive"))
		receive_all(dev, argv[2]);
	else
		return 2;
	return 0;
}
