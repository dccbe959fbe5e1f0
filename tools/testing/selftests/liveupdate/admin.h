/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ioctls of /dev/liveupdate-admin as functions: what they give, or a negative
 * errno.
 */
#ifndef _LUO_TEST_ADMIN_H
#define _LUO_TEST_ADMIN_H

#include "luo.h"

static inline int admin_open(int flags)
{
	int fd = open(LUO_ADMIN, flags | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static inline int admin_status(int admin, struct liveupdate_admin_get_status *s)
{
	*s = (struct liveupdate_admin_get_status) { .size = sizeof(*s) };
	return luo_call(admin, LIVEUPDATE_ADMIN_GET_STATUS, s);
}

/* Returns how many there were. */
static inline int admin_sessions(int admin, uint64_t *cursor,
				 struct liveupdate_admin_session *to, unsigned int room)
{
	struct liveupdate_admin_list_sessions args = {
		.size = sizeof(args), .count = room, .cursor = *cursor,
		.sessions = (uintptr_t)to, .stride = sizeof(*to),
	};
	int err = luo_call(admin, LIVEUPDATE_ADMIN_LIST_SESSIONS, &args);

	*cursor = args.cursor;
	return err ? err : args.count;
}

/* A session by its name, or a box by that of the box: the last one there is */
static inline int admin_find(int admin, const char *name, struct liveupdate_admin_session *to)
{
	struct liveupdate_admin_session s;
	int got, err = -ENOENT;
	uint64_t cursor = 0;

	memset(to, 0, sizeof(*to));
	while ((got = admin_sessions(admin, &cursor, &s, 1)) > 0) {
		if (strcmp(s.box[0] ? (char *)s.box : (char *)s.name, name))
			continue;
		*to = s;
		err = 0;
	}
	return got ? got : err;
}

static inline uint64_t admin_id(int admin, const char *name)
{
	struct liveupdate_admin_session s;

	return admin_find(admin, name, &s) ? 0 : s.id;
}

/* What it is, or a negative errno */
static inline int admin_state(int admin, const char *name)
{
	struct liveupdate_admin_session s;
	int err = admin_find(admin, name, &s);

	return err ? err : (int)s.state;
}

/* Returns how many there were, of the first ones. */
static inline int admin_files(int admin, uint64_t session, struct liveupdate_admin_file *to,
			      unsigned int room)
{
	struct liveupdate_admin_list_files args = {
		.size = sizeof(args), .count = room, .session = session,
		.files = (uintptr_t)to, .stride = sizeof(*to),
	};
	int err = luo_call(admin, LIVEUPDATE_ADMIN_LIST_FILES, &args);

	return err ? err : args.count;
}

static inline int admin_discard(int admin, uint64_t session)
{
	struct liveupdate_admin_discard_session args = {
		.size = sizeof(args), .session = session,
	};

	return luo_call(admin, LIVEUPDATE_ADMIN_DISCARD_SESSION, &args);
}

#endif /* _LUO_TEST_ADMIN_H */
