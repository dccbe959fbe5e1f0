/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * FDBox: boxes with a name, in which the kernel keeps file descriptors
 *
 * Documentation/userspace-api/fdbox.rst explains, with an example.
 */
#ifndef _UAPI_LINUX_FDBOX_H
#define _UAPI_LINUX_FDBOX_H

#include <linux/ioctl.h>
#include <linux/types.h>

/** Size of the name of a box or of a file in it, with the NUL. */
#define FDBOX_NAME_LEN		256

/** The ioctl type of all commands; the size is not part of the number. */
#define FDBOX_IOCTL_TYPE	'.'

/**
 * struct fdbox_create_box - make a box, on /dev/fdbox/fdbox
 * @flags:	0
 * @name:	1 to 255 bytes and a NUL; no '/', no control characters, not ".",
 *		".." or "fdbox"
 *
 * The box is the device /dev/fdbox/<name>.
 */
struct fdbox_create_box {
	__u64 flags;
	__u8 name[FDBOX_NAME_LEN];
};

#define FDBOX_CREATE_BOX	_IO(FDBOX_IOCTL_TYPE, 0)

/**
 * struct fdbox_delete_box - remove a box, on /dev/fdbox/fdbox
 * @flags:	0
 * @name:	its name
 *
 * What is in it is closed. A sealed box has to be unsealed before.
 */
struct fdbox_delete_box {
	__u64 flags;
	__u8 name[FDBOX_NAME_LEN];
};

#define FDBOX_DELETE_BOX	_IO(FDBOX_IOCTL_TYPE, 1)

/**
 * struct fdbox_put_fd - move a file into a box, on the device of the box
 * @flags:	0
 * @fd:		its descriptor, which is closed
 * @pad:	0
 * @name:	1 to 255 bytes and a NUL, no control characters; unique in the box
 */
struct fdbox_put_fd {
	__u64 flags;
	__u32 fd;
	__u32 pad;
	__u8 name[FDBOX_NAME_LEN];
};

#define FDBOX_PUT_FD		_IO(FDBOX_IOCTL_TYPE, 2)

/**
 * struct fdbox_get_fd - take a file out of a box, on the device of the box
 * @flags:	0
 * @pad:	0
 * @name:	its name
 *
 * The ioctl returns the new descriptor, which is close-on-exec.
 */
struct fdbox_get_fd {
	__u64 flags;
	__u32 pad;
	__u8 name[FDBOX_NAME_LEN];
};

#define FDBOX_GET_FD		_IO(FDBOX_IOCTL_TYPE, 3)

/*
 * Without a structure, on the device of the box. What is in a sealed box goes
 * over a kexec, and cannot be taken out, nor can anything be put in.
 */
#define FDBOX_SEAL		_IO(FDBOX_IOCTL_TYPE, 4)
#define FDBOX_UNSEAL		_IO(FDBOX_IOCTL_TYPE, 5)

#endif /* _UAPI_LINUX_FDBOX_H */
