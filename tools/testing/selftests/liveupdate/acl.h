/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For the tests of memfds: access control lists, without a library
 */
#ifndef _LUO_TEST_ACL_H
#define _LUO_TEST_ACL_H

#include <sys/xattr.h>

#include "memfd.h"

#define ACL_XATTR	"system.posix_acl_access"
#define ACL_VERSION	2

/* As <linux/posix_acl_xattr.h> has it, little-endian */
struct acl {
	uint32_t version;
	struct {
		uint16_t tag;
		uint16_t perm;
		uint32_t id;
	} entries[5];
};

/* rw-r-----, and @uid may read and write */
static inline struct acl acl_for(uint32_t uid)
{
	return (struct acl) {
		.version = ACL_VERSION,
		.entries = {
			{ 0x01, 6, -1 },	/* owner */
			{ 0x02, 6, uid },	/* a user */
			{ 0x04, 4, -1 },	/* group */
			{ 0x10, 6, -1 },	/* mask */
			{ 0x20, 0, -1 },	/* others */
		},
	};
}

static inline int set_acl(int fd, uint32_t uid)
{
	struct acl acl = acl_for(uid);

	return fsetxattr(fd, ACL_XATTR, &acl, sizeof(acl), 0);
}

/* Is it what set_acl() made? */
static inline bool acl_is(int fd, uint32_t uid)
{
	struct acl want = acl_for(uid), got;

	return fgetxattr(fd, ACL_XATTR, &got, sizeof(got)) == sizeof(got) &&
	       !memcmp(&got, &want, sizeof(got));
}

/* Can a memfd of this kernel have one? */
static inline bool has_acl(void)
{
	int fd = make_memfd("acl", 0, 0);
	long err = err_of(set_acl(fd, 1000));

	close(fd);
	return !err;
}

#endif /* _LUO_TEST_ACL_H */
