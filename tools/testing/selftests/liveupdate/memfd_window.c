// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes until the last moment: what was acknowledged is there afterwards
 *
 *	memfd_window send [hugetlb]	write until the kernel is gone, through
 *					reboots that are aborted and the one that
 *					is not
 *	memfd_window receive [hugetlb]	in the next kernel: is anything missing?
 *
 * Five writers fill holes, a page at a time, each in its own way, and count
 * the pages in another preserved memfd; one counts in an extended attribute, too.
 * Those have to wait while their files are frozen.  Others write again and again
 * to pages that are there, and go on until the jump.  With hugetlb memfds they
 * write to the beginning of each huge page.
 *
 * A file of the exerciser, in a session behind theirs, takes long to be frozen: so
 * there is time between the freeze and the jump, in which something could be lost.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/reboot.h>
#include <sys/xattr.h>

#include <linux/userfaultfd.h>

#include "hugetlb.h"
#include "udmabuf.h"
#include "uring.h"

#define SESSION		"window"
#define SLOW		"slow"
#define NR_PAGES	(hugetlb ? 1024UL : 24576UL)	/* for each writer */
#define STEP		(hugetlb ? HUGE : PAGE)
#define AREA		(NR_PAGES * STEP)
#define RING		16UL		/* pages that are written to again */
#define FREEZE_MS	"60000"	/* or until it is told to go */
#define XATTR		"trusted.count"

enum writer {
	BY_MMAP, BY_WRITE, BY_UFFD, BY_URING, BY_UDMABUF, BY_XATTR, NR_WAITING,
	/* to what is there */
	AGAIN_MMAP = NR_WAITING, AGAIN_WRITE, AGAIN_URING, NR_WRITERS
};

static const char * const names[NR_WRITERS] = {
	"writer by mmap", "writer by write", "writer by UFFDIO_COPY", "writer by io_uring",
	"writer by udmabuf", "writer by setxattr",
	"writer by mmap to what is there", "writer by write to what is there",
	"writer by io_uring to what is there",
};

/* In the memfd that has the acknowledgements */
struct acks {
	uint64_t now[NR_WRITERS];
	uint64_t ready[NR_WRITERS];	/* when the first kernel had seen enough */
	uint64_t frozen[NR_WRITERS];	/* when it had frozen the files to be sent */
	uint64_t saw_it;		/* that, in time */
};

static bool hugetlb;
static struct acks *acks;
static int fds[NR_WRITERS], uffd;
static char *areas[NR_WRITERS];

/* Nobody can write(2) to a hugetlb memfd, and udmabuf wants its holes reserved. */
static bool takes_part(int who)
{
	return !hugetlb || who == BY_MMAP || who == BY_UFFD || who == AGAIN_MMAP;
}

static bool goes_on(int who)
{
	return who >= NR_WAITING;
}

/*
 * Writers
 */

static void ack(enum writer who, uint64_t nr)
{
	__atomic_store_n(&acks->now[who], nr, __ATOMIC_SEQ_CST);
}

static uint64_t acked(enum writer who)
{
	return __atomic_load_n(&acks->now[who], __ATOMIC_SEQ_CST);
}

/* Slow enough for the memory to last */
static void pace(uint64_t i)
{
	if (hugetlb)
		usleep(100000);
	else if (i % 4 == 3)
		usleep(1000);
}

static void *by_mmap(void *arg)
{
	uint64_t page[PAGE_WORDS], i;

	for (i = 0; i < NR_PAGES; i++) {
		fill_page(page, BY_MMAP, i * STEP);
		memcpy(areas[BY_MMAP] + i * STEP, page, PAGE);
		ack(BY_MMAP, i + 1);
		pace(i);
	}
	return NULL;
}

static void *by_write(void *arg)
{
	uint64_t i;

	for (i = 0; i < NR_PAGES; i++) {
		must("write", put(fds[BY_WRITE], BY_WRITE, i * PAGE, PAGE));
		ack(BY_WRITE, i + 1);
		pace(i);
	}
	return NULL;
}

static void *by_uffd(void *arg)
{
	static uint64_t page[HUGE / sizeof(uint64_t)] __attribute__((aligned(4096)));
	struct uffdio_copy copy = { .src = (uintptr_t)page, .len = STEP };
	uint64_t i;

	for (i = 0; i < NR_PAGES; i++) {
		fill_page(page, BY_UFFD, i * STEP);
		copy.dst = (uintptr_t)areas[BY_UFFD] + i * STEP;
		must("UFFDIO_COPY", ioctl(uffd, UFFDIO_COPY, &copy));
		ack(BY_UFFD, i + 1);
		pace(i);
	}
	return NULL;
}

static void *by_uring(void *arg)
{
	uint64_t page[PAGE_WORDS], i;
	struct uring ring;

	uring_init(&ring);
	for (i = 0; i < NR_PAGES; i++) {
		fill_page(page, BY_URING, i * PAGE);
		must("io_uring", uring_write(&ring, fds[BY_URING], page, PAGE, i * PAGE));
		ack(BY_URING, i + 1);
		pace(i);
	}
	return NULL;
}

/* Pins fill holes, and what is pinned is written to behind the file's back. */
static void *by_udmabuf(void *arg)
{
	uint64_t i;
	int buffer;

	for (i = 0; i < NR_PAGES; i++) {
		buffer = must("udmabuf", pin_pages(fds[BY_UDMABUF], i * PAGE, PAGE));
		must("udmabuf", put_pinned(buffer, BY_UDMABUF, i * PAGE, PAGE));
		close(buffer);
		ack(BY_UDMABUF, i + 1);
		pace(i);
	}
	return NULL;
}

static void *by_xattr(void *arg)
{
	uint64_t i;

	for (i = 1;; i++) {
		must("fsetxattr", fsetxattr(fds[BY_XATTR], XATTR, &i, sizeof(i), 0));
		ack(BY_XATTR, i);
		usleep(1000);
	}
	return NULL;
}

/* The contents tell which time it was. */
static off_t ring_at(uint64_t i)
{
	return i % RING * PAGE;
}

static void *again_mmap(void *arg)
{
	uint64_t page[PAGE_WORDS], i;

	for (i = 0;; i++) {
		fill_page(page, i, ring_at(i));
		memcpy(areas[AGAIN_MMAP] + ring_at(i), page, PAGE);
		ack(AGAIN_MMAP, i + 1);
		usleep(1000);
	}
	return NULL;
}

static void *again_write(void *arg)
{
	uint64_t i;

	for (i = 0;; i++) {
		must("write again", put(fds[AGAIN_WRITE], i, ring_at(i), PAGE));
		ack(AGAIN_WRITE, i + 1);
		usleep(1000);
	}
	return NULL;
}

static void *again_uring(void *arg)
{
	uint64_t page[PAGE_WORDS], i;
	struct uring ring;

	uring_init(&ring);
	for (i = 0;; i++) {
		fill_page(page, i, ring_at(i));
		must("io_uring again",
		     uring_write(&ring, fds[AGAIN_URING], page, PAGE, ring_at(i)));
		ack(AGAIN_URING, i + 1);
		usleep(1000);
	}
	return NULL;
}

static void start_writers(void)
{
	static void *(* const writers[NR_WRITERS])(void *) = {
		by_mmap, by_write, by_uffd, by_uring, by_udmabuf, by_xattr,
		again_mmap, again_write, again_uring,
	};
	pthread_t thread;
	int i;

	for (i = 0; i < NR_WRITERS; i++) {
		if (takes_part(i))
			must("pthread_create", -pthread_create(&thread, NULL, writers[i], NULL));
	}
}

/* Waits until every writer got on, for up to ten seconds. */
static bool all_got_on(void)
{
	struct acks was = *acks;
	int i, who;

	for (i = 0; i < 1000; i++) {
		usleep(10000);
		for (who = 0; who < NR_WRITERS; who++) {
			if (takes_part(who) && acked(who) == was.now[who])
				break;
		}
		if (who == NR_WRITERS)
			return true;
	}
	return false;
}

/*
 * A reboot that is aborted: the freeze of another file takes long, and fails
 */

static bool rebooting;

struct frozen {
	struct acks first, second;
	bool seen;
};

static bool is_rebooting(void)
{
	return __atomic_load_n(&rebooting, __ATOMIC_SEQ_CST);
}

static void set_rebooting(bool now)
{
	__atomic_store_n(&rebooting, now, __ATOMIC_SEQ_CST);
}

static bool freezing(void)
{
	char calls[4096];

	read_text(EXERCISER "calls", calls, sizeof(calls));
	return strstr(calls, "freeze w0");
}

static void *look(void *arg)
{
	struct frozen *f = arg;

	while (is_rebooting() && !freezing())
		usleep(10000);
	usleep(300000);
	f->first = *acks;
	usleep(500000);
	f->second = *acks;
	f->seen = is_rebooting();
	must("exerciser", exerciser("go"));
	return NULL;
}

static int try_reboot(struct frozen *f)
{
	pthread_t thread;
	int err;

	must("exerciser", exerciser("clear"));
	must("exerciser", exerciser("rule freeze w0 5 1 " FREEZE_MS));
	set_rebooting(true);
	must("pthread_create", -pthread_create(&thread, NULL, look, f));
	err = err_of(reboot(RB_KEXEC));
	set_rebooting(false);
	pthread_join(thread, NULL);
	return err;
}

/* One that was done before may be counted when we look, if the writer came too late. */
static long counted_late(long nr)
{
	return nr > 1 ? nr : 0;
}

static void aborted_reboot(void)
{
	struct frozen f = { .seen = false };
	int who;

	is("aborted reboot", "fails", try_reboot(&f), -EIO);
	is("aborted reboot", "files were seen frozen", f.seen, true);
	for (who = 0; who < NR_WRITERS; who++) {
		long more = f.second.now[who] - f.first.now[who];

		if (!takes_part(who))
			continue;
		if (goes_on(who))
			is_more(names[who], "goes on while the file is frozen", more, 0);
		else
			is(names[who], "waits while the file is frozen", counted_late(more), 0);
	}
	is("aborted reboot", "all writers go on", all_got_on(), true);
}

/*
 * The one that is not aborted takes as long.  Who waits for it is there until the
 * jump.
 */
static void *watch(void *arg)
{
	while (!freezing())
		usleep(10000);
	/* Some may have written, and not counted yet. */
	usleep(300000);
	memcpy(acks->frozen, acks->now, sizeof(acks->frozen));
	acks->saw_it = true;
	/* And some go on. */
	usleep(1000000);
	must("exerciser", exerciser("go"));
	return NULL;
}

static void expect_reboot(void)
{
	pthread_t thread;

	must("exerciser", exerciser("clear"));
	must("exerciser", exerciser("rule freeze w0 0 1 " FREEZE_MS));
	must("pthread_create", -pthread_create(&thread, NULL, watch, NULL));
}

/*
 * The first kernel
 */

static void prepare_uffd(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (uintptr_t)areas[BY_UFFD], AREA },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	uffd = must("userfaultfd", syscall(SYS_userfaultfd, O_CLOEXEC));
	must("UFFDIO_API", ioctl(uffd, UFFDIO_API, &api));
	must("UFFDIO_REGISTER", ioctl(uffd, UFFDIO_REGISTER, &reg));
}

static size_t area_of(int who)
{
	return !goes_on(who) ? AREA : hugetlb ? HUGE : RING * PAGE;
}

static void prepare(int dev)
{
	int session = must("session", luo_create(dev, SESSION)), i, fd;
	unsigned int flags = MFD_ALLOW_SEALING | (hugetlb ? MFD_2M : 0);

	for (i = 0; i < NR_WRITERS; i++) {
		if (!takes_part(i))
			continue;
		fds[i] = make_memfd(names[i], flags, area_of(i));
		must(names[i], fcntl(fds[i], F_ADD_SEALS, F_SEAL_SHRINK));
		areas[i] = map_huge(fds[i], area_of(i), 0);
		if (goes_on(i))
			memset(areas[i], 0, area_of(i));
		is(names[i], "preserve", luo_preserve_fd(session, fds[i], i), 0);
	}
	fd = make_memfd("acknowledgements", flags, STEP);
	acks = map_shared(fd, STEP, 0);
	memset(acks, 0, PAGE);
	is("acknowledgements", "preserve", luo_preserve_fd(session, fd, NR_WRITERS), 0);
	prepare_uffd();
}

static void send_all(int dev)
{
	int session, file, i;

	prepare(dev);
	session = must("session", luo_create(dev, SLOW));
	file = must("file", test_file('a', "w0"));
	must("preserve", luo_preserve_fd(session, file, 0));
	close(dev);
	start_writers();
	is("writers", "all write", all_got_on(), true);
	for (i = 0; i < 2; i++)
		aborted_reboot();
	memcpy(acks->ready, acks->now, sizeof(acks->ready));
	expect_reboot();
	printf("ready\n");
	for (;;)
		pause();
}

/*
 * The second kernel
 */

static long bad_acked(int fd, int who, uint64_t nr)
{
	long bad = 0;
	uint64_t i;

	for (i = 0; i < nr; i++)
		bad += bad_pages(fd, who, i * STEP, PAGE);
	return bad;
}

/* What was being written does not have to be there. */
static void receive_pages(int fd, int who)
{
	is(names[who], "had more to write", acks->now[who] < NR_PAGES, true);
	is(names[who], "nothing that was acknowledged is missing",
	   bad_acked(fd, who, acks->now[who]), 0);
	is(names[who], "there is nothing else",
	   bad_pages(fd, ZEROES, (acks->now[who] + 1) * STEP, 64 * PAGE), 0);
}

/* The last page may have been written and not counted, in place of the first one. */
static void receive_again(int fd, int who)
{
	uint64_t nr = acks->now[who], i;
	long bad = 0;

	for (i = nr - RING + 1; i < nr; i++)
		bad += bad_pages(fd, i, ring_at(i), PAGE);
	is(names[who], "nothing that was acknowledged is missing", bad, 0);
}

/* Between the freeze and the jump */
static void in_the_window(int who)
{
	long nr = acks->now[who] - acks->frozen[who];

	printf("# %s: %lu times, %lu of them in the end, %ld of these when files were frozen\n",
	       names[who], acks->now[who], acks->now[who] - acks->ready[who], nr);
	is_more(names[who], "wrote until the end", acks->now[who], acks->ready[who]);
	if (goes_on(who))
		is_more(names[who], "wrote when the files were frozen", nr, 0);
	else
		is(names[who], "wrote nothing when the files were frozen", counted_late(nr), 0);
}

/*
 * Attributes that were changed after they had been read, and before the jump, were
 * acknowledged and lost.
 */
static void receive_xattr(int fd)
{
	uint64_t count = 0;

	is(names[BY_XATTR], "the attribute is there",
	   err_of(fgetxattr(fd, XATTR, &count, sizeof(count))), sizeof(count));
	is_more(names[BY_XATTR], "what was acknowledged is not missing", count + 1,
		acks->now[BY_XATTR]);
}

static void receive_all(int dev)
{
	int session = must("session", luo_retrieve(dev, SESSION)), who, fd;

	fd = must("acknowledgements", luo_retrieve_fd(session, NR_WRITERS));
	acks = map_shared(fd, STEP, 0);
	close(fd);
	is("window", "files were seen frozen, before the jump", acks->saw_it, true);
	for (who = 0; who < NR_WRITERS; who++) {
		if (!takes_part(who))
			continue;
		fd = luo_retrieve_fd(session, who);
		is(names[who], "retrieve", fd < 0 ? fd : 0, 0);
		in_the_window(who);
		if (goes_on(who))
			receive_again(fd, who);
		else if (who == BY_XATTR)
			receive_xattr(fd);
		else
			receive_pages(fd, who);
		close(fd);
	}
	is("window", "finish", luo_finish(session), 0);
	session = must(SLOW, luo_retrieve(dev, SLOW));
	is(SLOW, "finish", luo_finish(session), 0);
}

int main(int argc, char **argv)
{
	int dev;

	setvbuf(stdout, NULL, _IOLBF, 0);
	dev = must(LUO_DEVICE, open(LUO_DEVICE, O_RDWR | O_CLOEXEC));
	hugetlb = argc == 3 && !strcmp(argv[2], "hugetlb");
	if (argc == 2 + hugetlb && !strcmp(argv[1], "send"))
		send_all(dev);
	else if (argc == 2 + hugetlb && !strcmp(argv[1], "receive"))
		receive_all(dev);
	else
		return 2;
	return 0;
}
