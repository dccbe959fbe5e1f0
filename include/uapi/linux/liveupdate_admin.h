/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * Live update: what there is, for whoever looks after the machine, the
 * interface of /dev/liveupdate-admin
 *
 * Any number of programs may have the device open; the conventions are those
 * of <linux/liveupdate.h>.
 */
#ifndef _UAPI_LINUX_LIVEUPDATE_ADMIN_H
#define _UAPI_LINUX_LIVEUPDATE_ADMIN_H

#include <linux/ioctl.h>
#include <linux/liveupdate.h>
#include <linux/types.h>

enum {
	LIVEUPDATE_CMD_ADMIN_BASE = 0xE0,
	LIVEUPDATE_CMD_ADMIN_GET_STATUS = LIVEUPDATE_CMD_ADMIN_BASE,
	LIVEUPDATE_CMD_ADMIN_LIST_SESSIONS = 0xE1,
	LIVEUPDATE_CMD_ADMIN_LIST_FILES = 0xE2,
	LIVEUPDATE_CMD_ADMIN_DISCARD_SESSION = 0xE3,
};

/**
 * struct liveupdate_admin_get_status - a few numbers
 * @size:	size of this structure
 * @reserved:	0
 * @number:	out: live updates since the last cold boot
 * @created:	out: sessions that were created here
 * @pending:	out: sessions that arrived and wait for somebody
 * @held:	out: sessions that arrived and are held open
 * @forwarded:	out: sessions that arrived, were not created by the kernel before
 *		this one, and wait or are held
 * @boxes:	out: boxes
 */
struct liveupdate_admin_get_status {
	__u32 size;
	__u32 reserved;
	__aligned_u64 number;
	__aligned_u64 created;
	__aligned_u64 pending;
	__aligned_u64 held;
	__aligned_u64 forwarded;
	__aligned_u64 boxes;
};

#define LIVEUPDATE_ADMIN_GET_STATUS \
	_IO(LIVEUPDATE_IOCTL_TYPE, LIVEUPDATE_CMD_ADMIN_GET_STATUS)

/* What a session is. */
enum {
	LIVEUPDATE_SESSION_CREATED = 1,	/* here, and its file descriptor is open */
	LIVEUPDATE_SESSION_PENDING = 2,	/* it arrived and waits */
	LIVEUPDATE_SESSION_HELD = 3,	/* it arrived and its file descriptor is open */
	LIVEUPDATE_SESSION_FINISHED = 4, /* as before, and nothing is in it any more */
	LIVEUPDATE_SESSION_SEALED = 5,	/* a sealed box: it goes over */
	LIVEUPDATE_SESSION_UNSEALED = 6, /* a box; only files that are pending go over */
};

/* Size of the name of a box or of a file in it, with the NUL. */
#define LIVEUPDATE_ADMIN_NAME_LENGTH	256

/**
 * struct liveupdate_admin_session - a session
 * @id:		never used again for another one while this kernel runs
 * @files:	number of files
 * @state:	LIVEUPDATE_SESSION_*
 * @pid:	process that created or holds it, in the initial namespace; or 0
 * @hops:	how many kernels got it and handed it on, before this one
 * @reserved:	0
 * @comm:	its name then
 * @name:	name of the session
 * @box:	name of the box, if it is one; otherwise empty
 */
struct liveupdate_admin_session {
	__aligned_u64 id;
	__aligned_u64 files;
	__u32 state;
	__s32 pid;
	__u32 hops;
	__u32 reserved;
	__u8 comm[16];
	__u8 name[LIVEUPDATE_SESSION_NAME_LENGTH];
	__u8 box[LIVEUPDATE_ADMIN_NAME_LENGTH];
};

/**
 * struct liveupdate_admin_list_sessions - the sessions there are, by and by
 * @size:	size of this structure
 * @count:	in: how many there is room for at @sessions; out: how many were
 *		written, 0 at the end of the list
 * @cursor:	in: 0 to begin with, then what came out; out: where to go on
 * @sessions:	address of an array of struct liveupdate_admin_session
 * @stride:	size of an element of the array
 * @reserved:	0
 */
struct liveupdate_admin_list_sessions {
	__u32 size;
	__u32 count;
	__aligned_u64 cursor;
	__aligned_u64 sessions;
	__u32 stride;
	__u32 reserved;
};

#define LIVEUPDATE_ADMIN_LIST_SESSIONS \
	_IO(LIVEUPDATE_IOCTL_TYPE, LIVEUPDATE_CMD_ADMIN_LIST_SESSIONS)

/* What a file is. */
enum {
	LIVEUPDATE_FILE_PRESERVED = 1,	/* goes over */
	LIVEUPDATE_FILE_PENDING = 2,	/* arrived and was not retrieved */
	LIVEUPDATE_FILE_RETRIEVED = 3,
	LIVEUPDATE_FILE_FAILED = 4,	/* cannot be retrieved any more */
	LIVEUPDATE_FILE_STASHED = 5,	/* in a box that is not sealed: dropped by a kexec */
};

/**
 * struct liveupdate_admin_file - a file of a session
 * @token:	its token
 * @bytes:	memory that travels with it; 0 if that is not known
 * @state:	LIVEUPDATE_FILE_*
 * @error:	why it failed, as a positive errno
 * @compatible:	name of its format
 * @name:	its name in a box; otherwise empty
 */
struct liveupdate_admin_file {
	__aligned_u64 token;
	__aligned_u64 bytes;
	__u32 state;
	__u32 error;
	__u8 compatible[48];
	__u8 name[LIVEUPDATE_ADMIN_NAME_LENGTH];
};

/**
 * struct liveupdate_admin_list_files - the files of a session, by and by
 * @size:	size of this structure
 * @count:	in: how many there is room for at @files; out: how many were
 *		written, 0 at the end of the list
 * @session:	id of the session
 * @cursor:	in: 0 to begin with, then what came out; out: where to go on
 * @files:	address of an array of struct liveupdate_admin_file
 * @stride:	size of an element of the array
 * @reserved:	0
 */
struct liveupdate_admin_list_files {
	__u32 size;
	__u32 count;
	__aligned_u64 session;
	__aligned_u64 cursor;
	__aligned_u64 files;
	__u32 stride;
	__u32 reserved;
};

#define LIVEUPDATE_ADMIN_LIST_FILES \
	_IO(LIVEUPDATE_IOCTL_TYPE, LIVEUPDATE_CMD_ADMIN_LIST_FILES)

/**
 * struct liveupdate_admin_discard_session - give up what nobody wants
 * @size:	size of this structure
 * @reserved:	0
 * @session:	id of a pending session
 *
 * Its files are freed, with their memory.
 */
struct liveupdate_admin_discard_session {
	__u32 size;
	__u32 reserved;
	__aligned_u64 session;
};

#define LIVEUPDATE_ADMIN_DISCARD_SESSION \
	_IO(LIVEUPDATE_IOCTL_TYPE, LIVEUPDATE_CMD_ADMIN_DISCARD_SESSION)

#endif /* _UAPI_LINUX_LIVEUPDATE_ADMIN_H */
