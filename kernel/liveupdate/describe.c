// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: what the administrator gets to see of files
 */
#include <linux/string.h>

#include <uapi/linux/liveupdate_admin.h>

#include "file.h"

/* The handler may tell what it made of the file, or what arrived. */
static u64 bytes_of(struct luo_file *f)
{
	struct liveupdate_file_op_args args = luo_file_args(f);
	struct liveupdate_file_handler *fh;
	u64 bytes = 0;

	/* What became of a file that was retrieved is not the handler's business. */
	if (f->stashed || f->retrieve_status)
		return 0;
	fh = f->fh ?: luo_handler_find(f->compatible);
	args.handler = fh;
	if (fh && fh->ops->get_size)
		bytes = fh->ops->get_size(&args);
	if (fh && !f->fh)
		luo_handler_put(fh);
	return bytes;
}

static u32 state_of(const struct luo_file *f)
{
	if (f->stashed)
		return LIVEUPDATE_FILE_STASHED;
	if (f->retrieve_status)
		return f->retrieve_status > 0 ? LIVEUPDATE_FILE_RETRIEVED :
						LIVEUPDATE_FILE_FAILED;
	return f->file ? LIVEUPDATE_FILE_PRESERVED : LIVEUPDATE_FILE_PENDING;
}

/**
 * luo_files_describe - tell about some files of a set
 * @set:	the set
 * @first:	how many files to pass over
 * @to:		what to fill in
 * @room:	how many there is room for
 *
 * Returns: how many were filled in.
 */
unsigned int luo_files_describe(struct luo_files *set, u64 first,
				struct liveupdate_admin_file *to, unsigned int room)
{
	struct luo_file *f;
	unsigned int n = 0;

	list_for_each_entry(f, &set->list, node) {
		if (n == room)
			break;
		if (first) {
			first--;
			continue;
		}
		to[n] = (struct liveupdate_admin_file) {
			.token = f->token,
			.bytes = bytes_of(f),
			.state = state_of(f),
			.error = f->retrieve_status < 0 ? -f->retrieve_status : 0,
		};
		strscpy_pad((char *)to[n].compatible, f->compatible, sizeof(to[n].compatible));
		if (f->name.text)
			strscpy_pad((char *)to[n].name, f->name.text, sizeof(to[n].name));
		n++;
	}
	return n;
}
