// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the live updates it has been through: a number in a memfd
 *
 * Has to be running when the kexec comes, and is started again afterwards.
 */
#define _GNU_SOURCE	/* memfd_create() */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/liveupdate.h>

#define SESSION "update-counter"
#define TOKEN	1

/* The memfd of the previous kernel, or -1 if there is none. */
static int from_before(int dev)
{
	struct liveupdate_ioctl_retrieve_session s = {
		.size = sizeof(s), .name = SESSION,
	};
	struct liveupdate_session_retrieve_fd f = {
		.size = sizeof(f), .token = TOKEN,
	};
	struct liveupdate_session_finish end = { .size = sizeof(end) };

	if (ioctl(dev, LIVEUPDATE_IOCTL_RETRIEVE_SESSION, &s)) {
		if (errno == ENOENT)
			return -1;
		err(1, "session " SESSION);
	}
	/* On an error we exit: the session is pending again. */
	if (ioctl(s.fd, LIVEUPDATE_SESSION_RETRIEVE_FD, &f))
		err(1, "token %d", TOKEN);
	if (ioctl(s.fd, LIVEUPDATE_SESSION_FINISH, &end))
		err(1, "cannot finish");
	close(s.fd);
	return f.fd;
}

/* Returns the session, which has to stay open. */
static int for_later(int dev, int fd)
{
	struct liveupdate_ioctl_create_session s = {
		.size = sizeof(s), .name = SESSION,
	};
	struct liveupdate_session_preserve_fd f = {
		.size = sizeof(f), .fd = fd, .token = TOKEN,
	};

	if (ioctl(dev, LIVEUPDATE_IOCTL_CREATE_SESSION, &s))
		err(1, "session " SESSION);
	if (ioctl(s.fd, LIVEUPDATE_SESSION_PRESERVE_FD, &f))
		err(1, "cannot preserve");
	return s.fd;
}

int main(void)
{
	int dev = open("/dev/liveupdate", O_RDWR | O_CLOEXEC);
	unsigned long *count;
	int fd;

	if (dev < 0)
		err(1, "/dev/liveupdate");
	fd = from_before(dev);
	if (fd < 0) {
		fd = memfd_create("counter", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, sizeof(*count)))
			err(1, "memfd");
	}
	count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (count == MAP_FAILED)
		err(1, "mmap");
	printf("%lu live updates so far\n", (*count)++);
	fflush(stdout);

	for_later(dev, fd);
	close(dev);
	for (;;)
		pause();
}
