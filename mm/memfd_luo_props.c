// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of memfds: what every open file has
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/string.h>
#include <linux/uidgid.h>

#include "memfd_luo.h"

#define OPEN_FLAGS	(O_ACCMODE | O_APPEND | O_NONBLOCK | O_DSYNC | __O_SYNC | \
			 O_DIRECT | O_LARGEFILE | O_NOATIME)

static struct memfd_luo_time to_time(struct timespec64 ts)
{
	return (struct memfd_luo_time){ .sec = ts.tv_sec, .nsec = ts.tv_nsec };
}

static struct timespec64 to_timespec(const struct memfd_luo_time *t)
{
	return (struct timespec64){ .tv_sec = t->sec, .tv_nsec = t->nsec };
}

/**
 * memfd_sample - take down position, size, flags, mode, owner, times and name
 * @file:	the file
 * @m:		filled in; what else there is belongs to the kind of file
 */
void memfd_sample(struct file *file, struct memfd_meta *m)
{
	struct inode *inode = file_inode(file);

	m->pos = file->f_pos;
	m->size = i_size_read(inode);
	m->f_flags = file->f_flags;
	m->mode = inode->i_mode & 07777;
	m->uid = from_kuid(&init_user_ns, inode->i_uid);
	m->gid = from_kgid(&init_user_ns, inode->i_gid);
	m->atime = to_time(inode_get_atime(inode));
	m->mtime = to_time(inode_get_mtime(inode));
	m->ctime = to_time(inode_get_ctime(inode));
	strscpy(m->name, file->f_path.dentry->d_name.name);
}

/**
 * memfd_reopen - open a new file as it was opened before
 * @l:	its file is as memfd_create() opened it, and nobody else has it; another
 *	one takes its place if other flags need an open
 *
 * Returns: 0, or an error, and the file is as it was.
 */
int memfd_reopen(struct memfd_load *l)
{
	unsigned int flags = l->meta.f_flags & OPEN_FLAGS;
	struct file *file = l->file;

	if ((flags & O_ACCMODE) == O_RDWR && !(flags & O_DIRECT)) {
		file->f_flags = flags;
		file->f_iocb_flags = iocb_flags(file);
		return 0;
	}
	l->file = dentry_open(&file->f_path, flags, current_cred());
	if (IS_ERR(l->file)) {
		int err = PTR_ERR(l->file);

		l->file = file;
		return err;
	}
	fput(file);
	return 0;
}

/**
 * memfd_apply - give a new file its mode, owner and times
 * @inode:	the file
 * @m:		what the previous kernel said about it
 */
void memfd_apply(struct inode *inode, const struct memfd_meta *m)
{
	kuid_t uid = make_kuid(&init_user_ns, m->uid);
	kgid_t gid = make_kgid(&init_user_ns, m->gid);

	inode->i_mode = S_IFREG | m->mode;
	if (uid_valid(uid))
		inode->i_uid = uid;
	if (gid_valid(gid))
		inode->i_gid = gid;
	inode_set_atime_to_ts(inode, to_timespec(&m->atime));
	inode_set_mtime_to_ts(inode, to_timespec(&m->mtime));
	inode_set_ctime_to_ts(inode, to_timespec(&m->ctime));
}
