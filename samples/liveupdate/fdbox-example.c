// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keep what is small and must not be lost in a box: "keep NAME" puts its standard
 * input in, "fetch NAME" takes it out. See Documentation/userspace-api/fdbox.rst.
 */
#define _GNU_SOURCE		/* memfd_create() */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <linux/fdbox.h>

#define BOX "example"

/* While the box is open here it is not sealed, and would end with this kernel. */
static int box_open(void)
{
	struct fdbox_create_box args = { .name = BOX };
	int control = open("/dev/fdbox/fdbox", O_RDWR | O_CLOEXEC), box;

	if (control < 0)
		err(1, "/dev/fdbox/fdbox");
	if (ioctl(control, FDBOX_CREATE_BOX, &args) && errno != EEXIST)
		err(1, "cannot create the box");
	close(control);
	box = open("/dev/fdbox/" BOX, O_RDWR | O_CLOEXEC);
	if (box < 0)
		err(1, "/dev/fdbox/" BOX);
	/* It is sealed if it came with the last kexec, or from the last call. */
	if (ioctl(box, FDBOX_UNSEAL) && errno != EBUSY)
		err(1, "cannot unseal the box");
	return box;
}

/* Whatever happened: what is in the box goes over. */
static void box_close(int box)
{
	if (ioctl(box, FDBOX_SEAL))
		err(1, "the box is not sealed, and ends with this kernel");
	close(box);
}

static int put(int box, int fd, const char *name)
{
	struct fdbox_put_fd args = { .fd = fd };

	memcpy(args.name, name, strlen(name));
	return ioctl(box, FDBOX_PUT_FD, &args);
}

static int get(int box, const char *name)
{
	struct fdbox_get_fd args = { 0 };

	memcpy(args.name, name, strlen(name));
	return ioctl(box, FDBOX_GET_FD, &args);
}

static int copy(int from, int to)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(from, buf, sizeof(buf))) > 0) {
		if (write(to, buf, n) != n)
			return -1;
	}
	return n;
}

static int put_in(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC), box, failed;

	/* All that takes time comes before the box is open. */
	if (fd < 0 || copy(STDIN_FILENO, fd))
		err(1, "cannot read what to keep");
	box = box_open();
	failed = put(box, fd, name);
	if (failed)
		warn("cannot keep %s", name);
	box_close(box);
	return failed;
}

static int take_out(const char *name)
{
	int box = box_open(), fd = get(box, name), failed;

	failed = fd < 0 || lseek(fd, 0, SEEK_SET) || copy(fd, STDOUT_FILENO);
	if (failed)
		warn("cannot fetch %s", name);
	/* What nobody has read goes back. */
	if (failed && fd >= 0 && put(box, fd, name))
		warn("cannot put %s back", name);
	box_close(box);
	return failed;
}

int main(int argc, char **argv)
{
	int is_keep = argc == 3 && !strcmp(argv[1], "keep");

	if (argc != 3 || (!is_keep && strcmp(argv[1], "fetch")) ||
	    strlen(argv[2]) >= FDBOX_NAME_LEN)
		errx(2, "usage: %s keep|fetch NAME", argv[0]);
	return !!(is_keep ? put_in(argv[2]) : take_out(argv[2]));
}
