// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: the extension "x-luo"
 */

/**
 * DOC: What other kernels do not know
 *
 * Sessions travel in mainline's format, but for files of formats that are not
 * mainline's: these are in the extension, and a mainline kernel sees their
 * session without them.  Here they are put back in their places, and from then
 * on are files like any other.
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/mutex.h>
#include <linux/string.h>

#include "ext.h"
#include "ext_merge.h"
#include "ext_wire.h"
#include "session.h"

#define LOSS	"files of formats '" LUO_EXT_PREFIX "...' are missing from their sessions, and lost"

/* It is about sessions as they were sent: about these no later kernel gets to know. */
struct luo_ext luo_xluo = LUO_EXT_INIT(luo_xluo, LUO_EXT_SUBTREE, LUO_EXT_MAGIC, LUO_EXT_VERSION,
				       sizeof(struct luo_ext_session_ser), LOSS, false);
static DEFINE_MUTEX(lock);	/* its room; taken after a session's lock */

/*
 * Departure
 */

/* One for each file; and one for the session, if there is something to tell. */
static unsigned long records_of(const struct luo_files *set, unsigned long nr_ext)
{
	return nr_ext + (nr_ext || set->arrived);
}

/**
 * luo_xluo_reserve - make room for what is told about a set
 * @set:	the set
 * @nr_ext:	number of its files that other kernels do not know
 *
 * Context: may sleep.
 * Returns: 0, -ENOSPC or -ENOMEM.
 */
int luo_xluo_reserve(struct luo_files *set, unsigned long nr_ext)
{
	unsigned long records = records_of(set, nr_ext);
	int err = 0;

	guard(mutex)(&lock);
	if (records > set->records)
		err = luo_ext_reserve(&luo_xluo, records - set->records);
	if (!err)
		set->records = max(set->records, records);
	return err;
}

static void release(struct luo_files *set, unsigned long records)
{
	guard(mutex)(&lock);
	if (records < set->records)
		luo_ext_release(&luo_xluo, set->records - records);
	set->records = min(set->records, records);
}

/**
 * luo_xluo_release - give back room that a set does not need
 * @set:	the set
 * @nr_ext:	number of its files that other kernels do not know
 */
void luo_xluo_release(struct luo_files *set, unsigned long nr_ext)
{
	release(set, records_of(set, nr_ext));
}

/**
 * luo_xluo_destroy - give back all room of a set
 * @set:	the set
 */
void luo_xluo_destroy(struct luo_files *set)
{
	release(set, 0);
}

/**
 * luo_xluo_begin - start to write
 */
void luo_xluo_begin(void)
{
	luo_ext_begin(&luo_xluo);
}

/* A record of our own; there is room. */
static void *add(u32 type)
{
	u32 *record = luo_ext_add(&luo_xluo);

	if (!WARN_ON_ONCE(!record))
		*record = type;
	return record;
}

static int add_file(const struct luo_file *f, u64 position)
{
	struct luo_ext_file_ser *ser = add(LUO_EXT_FILE);

	if (!ser)
		return -ENOSPC;
	ser->position = position;
	strscpy(ser->compatible, f->compatible);
	ser->data = f->data;
	ser->token = f->token;
	return 0;
}

/**
 * luo_xluo_add_session - write what a session has that mainline's format has not
 * @s:		the session, whose other files are written
 *
 * Returns: 0; -ENOSPC if there is no room, which there should be.
 */
int luo_xluo_add_session(const struct luo_session *s)
{
	struct luo_ext_session_ser *ser;
	const struct luo_file *f;
	u64 position = 0;
	int err = 0;

	if (!records_of(&s->files, s->files.nr_ext))
		return 0;
	ser = add(LUO_EXT_SESSION);
	if (!ser)
		return -ENOSPC;
	strscpy(ser->name, s->wire_name);
	ser->hops = luo_session_hops(s);
	list_for_each_entry(f, &s->files.list, node) {
		if (!luo_file_travels(f))
			continue;
		if (luo_ext_name_is_ours(f->compatible))
			err = err ?: add_file(f, position);
		position++;
	}
	return err;
}

/**
 * luo_xluo_publish - let the next kernel see what was written
 *
 * Returns: 0; -ENOMEM if the root FDT is full.
 */
int luo_xluo_publish(void)
{
	return luo_ext_publish(&luo_xluo, luo_out->liveupdate_num);
}

/**
 * luo_xluo_unpublish - undo luo_xluo_publish(); the reboot was aborted
 */
void luo_xluo_unpublish(void)
{
	luo_ext_unpublish(&luo_xluo);
}

/**
 * luo_xluo_trim - give back room that was not needed; nothing can fail any more
 */
void luo_xluo_trim(void)
{
	luo_ext_trim(&luo_xluo);
}

/*
 * Arrival
 */

static struct list_head *find_session(const struct luo_ext_session_ser *ser, void **session)
{
	struct luo_session *s = luo_session_pending(ser->name);

	if (!s)
		return NULL;
	s->hops = ser->hops;
	*session = s;
	return &s->files.list;
}

static int add_arrived(void *session, const struct luo_ext_file_ser *ser,
		       struct list_head *before)
{
	struct luo_session *s = session;

	return luo_files_add(&s->files, ser->token, ser->data, ser->compatible, before);
}

static const struct luo_ext_merge_ops merge_ops = {
	.find = find_session,
	.add = add_arrived,
};

/**
 * luo_xluo_receive - put back what the previous kernel did not list with sessions
 * @number:	number of the live update
 *
 * Context: may sleep, at boot, when all sessions are there.
 */
void luo_xluo_receive(u64 number)
{
	struct luo_ext_arrived arrived;

	if (luo_ext_receive(&luo_xluo, &arrived))
		return;
	if (arrived.number == number)
		luo_ext_merge(&arrived, &merge_ops);
	else
		pr_err("subtree '%s' is ignored: it is of live update %llu: %s\n",
		       luo_xluo.name, arrived.number, luo_xluo.loss);
	luo_ext_done(&arrived);
}
