/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Live update: keep files over a kexec, the interface of /dev/liveupdate
 *
 * Documentation/userspace-api/liveupdate.rst explains, with an example.
 */
#ifndef _UAPI_LINUX_LIVEUPDATE_H
#define _UAPI_LINUX_LIVEUPDATE_H

#include <linux/ioctl.h>
#include <linux/types.h>

/**
 * DOC: Conventions
 *
 * Every structure starts with its size, set by the caller.  The kernel accepts
 * a structure that is longer than the one it knows as long as the rest is
 * zero (E2BIG otherwise), and takes what a shorter one lacks as zero, down to
 * the size the structure had when it was introduced (EINVAL below that).
 * It writes back no more than the caller's size.
 *
 * The size is not part of the command number: all are ``_IO``.
 */

/** The ioctl type of all commands of live update. */
#define LIVEUPDATE_IOCTL_TYPE		0xBA

/** Size of the name of a session, with the NUL. */
#define LIVEUPDATE_SESSION_NAME_LENGTH	64

/* Command numbers */
enum {
	/* on /dev/liveupdate */
	LIVEUPDATE_CMD_BASE = 0x00,
	LIVEUPDATE_CMD_CREATE_SESSION = LIVEUPDATE_CMD_BASE,
	LIVEUPDATE_CMD_RETRIEVE_SESSION = 0x01,
};

enum {
	/* on the file descriptor of a session */
	LIVEUPDATE_CMD_SESSION_BASE = 0x40,
	LIVEUPDATE_CMD_SESSION_PRESERVE_FD = LIVEUPDATE_CMD_SESSION_BASE,
	LIVEUPDATE_CMD_SESSION_RETRIEVE_FD = 0x41,
	LIVEUPDATE_CMD_SESSION_FINISH = 0x42,
	LIVEUPDATE_CMD_SESSION_GET_NAME = 0x43,
};

/**
 * struct liveupdate_ioctl_create_session - make a session to put files in
 * @size:	size of this structure
 * @fd:		out: file descriptor of the session, close-on-exec
 * @name:	1 to 63 bytes and a NUL, unique among the created sessions
 *
 * The session, and with it what was preserved in it, lasts as long as the file
 * descriptor or a duplicate of it is open, or until the kexec.
 */
struct liveupdate_ioctl_create_session {
	__u32 size;
	__s32 fd;
	__u8 name[LIVEUPDATE_SESSION_NAME_LENGTH];
};

#define LIVEUPDATE_IOCTL_CREATE_SESSION	\
	_IO(LIVEUPDATE_IOCTL_TYPE, LIVEUPDATE_CMD_CREATE_SESSION)

/**
 * struct liveupdate_ioctl_retrieve_session - take a session of the last kernel
 * @size:	size of this structure
 * @fd:		out: file descriptor of the session, close-on-exec
 * @name:	its name
 */
struct liveupdate_ioctl_retrieve_session {
	__u32 size;
	__s32 fd;
	__u8 name[LIVEUPDATE_SESSION_NAME_LENGTH];
};

#define LIVEUPDATE_IOCTL_RETRIEVE_SESSION \
	_IO(LIVEUPDATE_IOCTL_TYPE, LIVEUPDATE_CMD_RETRIEVE_SESSION)

/**
 * struct liveupdate_session_preserve_fd - put a file in a created session
 * @size:	size of this structure
 * @fd:		the file; may be closed afterwards
 * @token:	to know it by in the next kernel, unique in the session
 */
struct liveupdate_session_preserve_fd {
	__u32 size;
	__s32 fd;
	__aligned_u64 token;
};

#define LIVEUPDATE_SESSION_PRESERVE_FD \
	_IO(LIVEUPDATE_IOCTL_TYPE, LIVEUPDATE_CMD_SESSION_PRESERVE_FD)

/**
 * struct liveupdate_session_retrieve_fd - get a file of a retrieved session
 * @size:	size of this structure
 * @fd:		out: file descriptor of the file, close-on-exec
 * @token:	as given when it was preserved
 *
 * Until the session is finished, the same token gives the same open file again.
 */
struct liveupdate_session_retrieve_fd {
	__u32 size;
	__s32 fd;
	__aligned_u64 token;
};

#define LIVEUPDATE_SESSION_RETRIEVE_FD \
	_IO(LIVEUPDATE_IOCTL_TYPE, LIVEUPDATE_CMD_SESSION_RETRIEVE_FD)

/**
 * struct liveupdate_session_finish - end a retrieved session
 * @size:	size of this structure
 * @reserved:	0
 *
 * Files that were retrieved become files like any other.  Those that were not
 * are given up, with their memory.
 */
struct liveupdate_session_finish {
	__u32 size;
	__u32 reserved;
};

#define LIVEUPDATE_SESSION_FINISH \
	_IO(LIVEUPDATE_IOCTL_TYPE, LIVEUPDATE_CMD_SESSION_FINISH)

/**
 * struct liveupdate_session_get_name - which session is this?
 * @size:	size of this structure
 * @reserved:	0
 * @name:	out: its name
 */
struct liveupdate_session_get_name {
	__u32 size;
	__u32 reserved;
	__u8 name[LIVEUPDATE_SESSION_NAME_LENGTH];
};

#define LIVEUPDATE_SESSION_GET_NAME \
	_IO(LIVEUPDATE_IOCTL_TYPE, LIVEUPDATE_CMD_SESSION_GET_NAME)

#endif /* _UAPI_LINUX_LIVEUPDATE_H */
