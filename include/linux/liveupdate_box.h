/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update: boxes, for FDBox
 *
 * A box is a session without a file descriptor, whose files have names.  The
 * kernel-doc of every function is at its definition in kernel/liveupdate/box.c,
 * or box_handover.c.
 */
#ifndef _LINUX_LIVEUPDATE_BOX_H
#define _LINUX_LIVEUPDATE_BOX_H

#include <linux/types.h>

struct luo_session;

struct luo_session *liveupdate_box_create(const char *name);
struct luo_session *liveupdate_box_arrived(u64 *after);
void liveupdate_box_own(struct luo_session *box, void *owner);
void *liveupdate_box_owner(const char *name);
const char *liveupdate_box_name(const struct luo_session *box);
int liveupdate_box_delete(struct luo_session *box);
void liveupdate_box_abandon(struct luo_session *box);
void liveupdate_box_put(struct luo_session *box);

int liveupdate_box_put_fd(struct luo_session *box, const char *name, unsigned int fd);
int liveupdate_box_get_fd(struct luo_session *box, const char *name);
int liveupdate_box_seal(struct luo_session *box);
int liveupdate_box_unseal(struct luo_session *box);

#endif /* _LINUX_LIVEUPDATE_BOX_H */
