/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live Update Orchestrator: the bytes that travel, "luo-v5".
 */
#ifndef _LINUX_KHO_ABI_LUO_H
#define _LINUX_KHO_ABI_LUO_H

#include <linux/build_bug.h>
#include <linux/kho/abi/block.h>
#include <linux/types.h>
#include <uapi/linux/liveupdate.h>

#include <asm/page.h>

/* Name of the subtree, whose blob is a struct luo_ser. */
#define LUO_SUBTREE		"LUO"
#define LUO_COMPATIBLE_PREFIX	"luo-v"
#define LUO_COMPATIBLE		LUO_COMPATIBLE_PREFIX "5"

/* Size of the string that names the format of a file or FLB, with the NUL. */
#define LIVEUPDATE_HNDL_COMPAT_LENGTH	48
#define LIVEUPDATE_FLB_COMPAT_LENGTH	48

/**
 * struct luo_ser - what the next kernel finds first
 * @compatible:		LUO_COMPATIBLE, padded with NULs
 * @liveupdate_num:	live updates since the last cold boot, this one included
 * @sessions_pa:	chain of struct luo_session_ser; 0: no sessions.  It is 0
 *			until the reboot has frozen all files.
 * @flbs_pa:		the page of FLBs, see struct luo_flb_header_ser; 0: none
 */
struct luo_ser {
	char compatible[8];
	u64 liveupdate_num;
	u64 sessions_pa;
	u64 flbs_pa;
} __packed;

static_assert(sizeof(struct luo_ser) == 32);

/**
 * struct luo_session_ser - a session, entry of a chain
 * @name:	NUL-terminated, unique
 * @files:	chain of struct luo_file_ser; 0: no files
 * @count:	number of files in it
 */
struct luo_session_ser {
	char name[LIVEUPDATE_SESSION_NAME_LENGTH];
	u64 files;
	u64 count;
} __packed;

static_assert(sizeof(struct luo_session_ser) == 80);

/**
 * struct luo_file_ser - a file, entry of a chain, in the order of preservation
 * @compatible:	who understands @data, NUL-terminated
 * @data:	the handler's
 * @token:	the user's
 */
struct luo_file_ser {
	char compatible[LIVEUPDATE_HNDL_COMPAT_LENGTH];
	u64 data;
	u64 token;
} __packed;

static_assert(sizeof(struct luo_file_ser) == 64);

/**
 * struct luo_flb_header_ser - start of the page of FLBs
 * @pgcnt:	1
 * @count:	number of entries that follow
 */
struct luo_flb_header_ser {
	u64 pgcnt;
	u64 count;
} __packed;

static_assert(sizeof(struct luo_flb_header_ser) == 16);

/**
 * struct luo_flb_ser - state that files of one kind share
 * @name:	who understands @data, NUL-terminated
 * @data:	the owner's
 * @count:	number of preserved files that depend on it, not 0
 */
struct luo_flb_ser {
	char name[LIVEUPDATE_FLB_COMPAT_LENGTH];
	u64 data;
	u64 count;
} __packed;

static_assert(sizeof(struct luo_flb_ser) == 64);

#define LUO_FLB_MAX	\
	((PAGE_SIZE - sizeof(struct luo_flb_header_ser)) / sizeof(struct luo_flb_ser))

#endif /* _LINUX_KHO_ABI_LUO_H */
