// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: sessions
 */

/**
 * DOC: Sessions
 *
 * A session is a named set of files.  One that was created here is *outgoing*:
 * it lives as long as its file descriptor, and goes over with the kexec.  One
 * that arrived is *incoming*: it is pending until it is retrieved, held while
 * its file descriptor is open, and gone when it is finished.  What is pending,
 * or held and not finished, at the next kexec is handed on.
 *
 * Names are unique among outgoing sessions.  Two incoming sessions may have the
 * same name, then the first is retrieved first.
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/anon_inodes.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/stringhash.h>

#include "session.h"

/* The tables, who holds what, and the room for all: taken after a session's lock. */
DEFINE_MUTEX(luo_sessions_lock);
struct luo_sessions luo_outgoing = { .list = LIST_HEAD_INIT(luo_outgoing.list) };
struct luo_sessions luo_incoming = { .list = LIST_HEAD_INIT(luo_incoming.list) };
struct luo_sessions luo_boxes = { .list = LIST_HEAD_INIT(luo_boxes.list) };
struct kho_block_set luo_session_blocks =
	KHO_BLOCK_SET_INIT(luo_session_blocks, sizeof(struct luo_session_ser));

/* All sessions by their ids, which are in order of creation or arrival. */
static DEFINE_XARRAY(by_id);
static u64 last_id;

/**
 * luo_sessions_init - allocate what is needed as soon as there is a session
 *
 * Returns: 0 or -ENOMEM.
 */
int __init luo_sessions_init(void)
{
	size_t size = sizeof(struct hlist_head) << LUO_SESSION_HASH_BITS;

	luo_outgoing.by_name = kvzalloc(size, GFP_KERNEL);
	luo_incoming.by_name = kvzalloc(size, GFP_KERNEL);
	return luo_outgoing.by_name && luo_incoming.by_name ? 0 : -ENOMEM;
}

/**
 * luo_session_hash - where a name is found
 * @name:	the name
 *
 * Returns: a number of LUO_SESSION_HASH_BITS bits.
 */
unsigned int luo_session_hash(const char *name)
{
	return hash_32(full_name_hash(NULL, name, strlen(name)), LUO_SESSION_HASH_BITS);
}

static struct luo_session *find(struct luo_sessions *table, const char *name, bool held)
{
	struct luo_session *s;

	hlist_for_each_entry(s, &table->by_name[luo_session_hash(name)], by_name) {
		if (s->held == held && !strcmp(s->name, name))
			return s;
	}
	return NULL;
}

/**
 * luo_session_alloc - a session that is in no table yet
 * @name:	its name
 * @incoming:	did it arrive?
 *
 * Returns: the session; NULL if there is no memory.
 */
struct luo_session *luo_session_alloc(const char *name, bool incoming)
{
	struct luo_session *s = kzalloc(sizeof(*s), GFP_KERNEL_ACCOUNT);

	if (!s)
		return NULL;
	strscpy(s->name, name);
	s->incoming = incoming;
	kref_init(&s->ref);
	mutex_init(&s->lock);
	luo_files_init(&s->files);
	s->files.arrived = incoming;
	return s;
}

static void free_session(struct kref *ref)
{
	struct luo_session *s = container_of(ref, struct luo_session, ref);

	luo_files_destroy(&s->files);
	luo_box_free(s);
	mutex_destroy(&s->lock);
	kfree(s);
}

/**
 * luo_session_put - end looking at a session
 * @s:		the session
 */
void luo_session_put(struct luo_session *s)
{
	kref_put(&s->ref, free_session);
}

/**
 * luo_session_get - look at a session
 * @id:		which
 *
 * Returns: the session, to be followed by luo_session_put(); NULL if there is
 * none.
 */
struct luo_session *luo_session_get(u64 id)
{
	struct luo_session *s;

	guard(mutex)(&luo_sessions_lock);
	s = xa_load(&by_id, id);
	if (s)
		kref_get(&s->ref);
	return s;
}

/**
 * luo_session_next - look at the next session
 * @id:		the last one; 0 for the first
 *
 * Returns: the session, to be followed by luo_session_put(); NULL behind the
 * last one.
 */
struct luo_session *luo_session_next(u64 id)
{
	unsigned long index = id;
	struct luo_session *s;

	guard(mutex)(&luo_sessions_lock);
	s = xa_find_after(&by_id, &index, ULONG_MAX, XA_PRESENT);
	if (s)
		kref_get(&s->ref);
	return s;
}

/**
 * luo_sessions_count - how many sessions are there?
 * @counts:	filled in
 */
void luo_sessions_count(struct luo_session_counts *counts)
{
	struct luo_session *s;

	memset(counts, 0, sizeof(*counts));
	guard(mutex)(&luo_sessions_lock);
	counts->created = luo_outgoing.nr;
	counts->boxes = luo_boxes.nr;
	list_for_each_entry(s, &luo_incoming.list, node) {
		counts->held += s->held;
		counts->pending += !s->held;
		counts->forwarded += !!s->hops;
	}
}

/**
 * luo_session_pending - look a session up that arrived, before anybody can hold it
 * @name:	its name
 *
 * Context: may sleep, at boot.
 * Returns: the session, the first one of that name; NULL if there is none.
 */
struct luo_session *luo_session_pending(const char *name)
{
	guard(mutex)(&luo_sessions_lock);
	return find(&luo_incoming, name, false);
}

/**
 * luo_incoming_each - look at the files of one kind that arrived
 * @compatible:	who understands them
 * @fn:		called for each one, with what travelled
 * @arg:	for @fn
 *
 * Context: may sleep, at boot: nobody retrieves files yet.
 */
void __init luo_incoming_each(const char *compatible, void (*fn)(u64 data, void *arg), void *arg)
{
	struct luo_session *s;
	struct luo_file *f;

	guard(mutex)(&luo_sessions_lock);
	list_for_each_entry(s, &luo_incoming.list, node) {
		list_for_each_entry(f, &s->files.list, node) {
			if (!strcmp(f->compatible, compatible))
				fn(f->data, arg);
		}
	}
}

/**
 * luo_session_waits - is a box that arrived a mere session still?
 * @box:	name of the box; that of its session may be another one
 *
 * Context: luo_sessions_lock is held.
 * Returns: true if nobody has that session.
 */
bool luo_session_waits(const char *box)
{
	struct luo_session *s;

	list_for_each_entry(s, &luo_incoming.list, node) {
		if (!s->held && s->box_name && !strcmp(s->box_name, box))
			return true;
	}
	return false;
}

static void belongs_to_current(struct luo_session *s)
{
	s->pid = task_tgid_nr(current);
	get_task_comm(s->comm, current);
}

/**
 * luo_sessions_nr - for how many sessions is there room?
 *
 * Returns: as many as there are in all tables.
 */
unsigned long luo_sessions_nr(void)
{
	return luo_outgoing.nr + luo_incoming.nr + luo_boxes.nr;
}

static struct luo_sessions *table_of(const struct luo_session *s)
{
	return s->box ? &luo_boxes : s->incoming ? &luo_incoming : &luo_outgoing;
}

/* It comes behind those with the same name. */
static void hash_name(struct luo_session *s, struct hlist_head *head)
{
	struct luo_session *other, *last = NULL;

	hlist_for_each_entry(other, head, by_name)
		last = other;
	if (last)
		hlist_add_behind(&s->by_name, &last->by_name);
	else
		hlist_add_head(&s->by_name, head);
}

/**
 * luo_session_insert - put a session into its table
 * @s:		the session
 *
 * It comes behind those with the same name, also in the order of lookups.  One
 * that is made here belongs to the current task.
 *
 * Returns: 0; -ENOMEM; -ENOSPC if so many cannot travel.
 */
int luo_session_insert(struct luo_session *s)
{
	struct luo_sessions *table = table_of(s);
	int err = 0;

	/* Room for what arrived is made later, and boxes can do without. */
	if (!s->incoming && liveupdate_enabled())
		err = kho_block_set_grow(&luo_session_blocks, luo_sessions_nr() + 1);
	err = err ?: xa_insert(&by_id, last_id + 1, s, GFP_KERNEL_ACCOUNT);
	if (err)
		return err;
	if (table->by_name)
		hash_name(s, &table->by_name[luo_session_hash(s->name)]);
	if (!s->incoming)
		belongs_to_current(s);
	list_add_tail(&s->node, &table->list);
	s->id = ++last_id;
	table->nr++;
	return 0;
}

/**
 * luo_session_remove - take a session out of its table
 * @s:		the session; who does not look at it otherwise may not do so any more
 */
void luo_session_remove(struct luo_session *s)
{
	scoped_guard(mutex, &luo_sessions_lock) {
		xa_erase(&by_id, s->id);
		list_del(&s->node);
		hlist_del_init(&s->by_name);
		table_of(s)->nr--;
		kho_block_set_shrink(&luo_session_blocks, luo_sessions_nr());
	}
	luo_session_put(s);
}

/**
 * luo_session_hold_box - hold an incoming session that is a box
 * @s:		a session
 *
 * Returns: 0; -ENOENT if it is none, or one already; -EBUSY if somebody has it as
 * a session.
 */
int luo_session_hold_box(struct luo_session *s)
{
	guard(mutex)(&luo_sessions_lock);
	if (!s->incoming || s->box || !s->box_name)
		return -ENOENT;
	if (s->held)
		return -EBUSY;
	s->held = true;
	return 0;
}

/**
 * luo_session_to_box - FDBox takes an incoming session over
 * @s:		a session that is held
 * @box:	what makes a box of it
 *
 * Context: luo_sessions_lock is held.
 */
void luo_session_to_box(struct luo_session *s, struct luo_box *box)
{
	hlist_del_init(&s->by_name);
	list_move_tail(&s->node, &luo_boxes.list);
	luo_incoming.nr--;
	luo_boxes.nr++;
	s->held = false;
	s->box = box;
}

/*
 * The file of a session
 */

/**
 * luo_session_let_go - an incoming session is pending again
 * @s:		the session
 */
void luo_session_let_go(struct luo_session *s)
{
	guard(mutex)(&luo_sessions_lock);
	s->held = false;
	s->pid = 0;
	s->comm[0] = 0;
}

/* Nobody has the file any more, but the administrator may be looking. */
static void end_outgoing(struct luo_session *s)
{
	scoped_guard(mutex, &s->lock)
		luo_files_unpreserve(&s->files);
	luo_session_remove(s);
}

/*
 * The user did not finish the session.  What was retrieved is in use and needs
 * nothing more; what was not waits for somebody else.
 */
static void end_incoming(struct luo_session *s)
{
	int err;

	scoped_guard(mutex, &s->lock)
		err = luo_files_finish_retrieved(&s->files);
	if (err)
		pr_warn("session '%s' was closed but cannot be finished: it stays pending\n",
			s->name);
	if (!s->files.nr) {
		luo_session_remove(s);
		return;
	}
	luo_session_let_go(s);
}

static int session_release(struct inode *inode, struct file *file)
{
	struct luo_session *s = file->private_data;

	/* After the freeze the kexec is certain: leave all as it is for it. */
	if (!s || !luo_gate_enter_late())
		return 0;
	if (s->incoming)
		end_incoming(s);
	else
		end_outgoing(s);
	luo_gate_leave();
	return 0;
}

static int run_preserve_fd(struct file *file, void *arg, struct luo_reply *reply)
{
	struct liveupdate_session_preserve_fd *args = arg;
	struct luo_session *s = file->private_data;

	guard(mutex)(&s->lock);
	return luo_files_preserve(&s->files, args->token, args->fd);
}

static int run_retrieve_fd(struct file *file, void *arg, struct luo_reply *reply)
{
	struct liveupdate_session_retrieve_fd *args = arg;
	struct luo_session *s = file->private_data;
	struct file *retrieved;
	int fd;

	/* What was retrieved and is in nobody's hands would be freed with the session. */
	fd = luo_ioctl_promise_fd(reply, args, sizeof(*args), &args->fd);
	if (fd < 0)
		return fd;
	scoped_guard(mutex, &s->lock)
		retrieved = luo_files_retrieve(&s->files, args->token);
	if (IS_ERR(retrieved)) {
		luo_ioctl_break_promise(reply, args, sizeof(*args), fd);
		return PTR_ERR(retrieved);
	}
	fd_install(fd, retrieved);
	return 0;
}

static int run_finish(struct file *file, void *arg, struct luo_reply *reply)
{
	struct liveupdate_session_finish *args = arg;
	struct luo_session *s = file->private_data;
	int err;

	if (args->reserved)
		return -EINVAL;
	guard(mutex)(&s->lock);
	err = luo_files_finish(&s->files);
	if (!err)
		s->finished = true;
	return err;
}

static int run_get_name(struct file *file, void *arg, struct luo_reply *reply)
{
	struct liveupdate_session_get_name *args = arg;
	struct luo_session *s = file->private_data;

	if (args->reserved)
		return -EINVAL;
	strscpy_pad((char *)args->name, s->name, sizeof(args->name));
	return luo_ioctl_reply(reply, args, sizeof(*args));
}

static const struct luo_ioctl session_ioctls[] = {
	{ LIVEUPDATE_SESSION_PRESERVE_FD, sizeof(struct liveupdate_session_preserve_fd),
	  16, run_preserve_fd },
	{ LIVEUPDATE_SESSION_RETRIEVE_FD, sizeof(struct liveupdate_session_retrieve_fd),
	  16, run_retrieve_fd },
	{ LIVEUPDATE_SESSION_FINISH, sizeof(struct liveupdate_session_finish),
	  8, run_finish },
	{ LIVEUPDATE_SESSION_GET_NAME, sizeof(struct liveupdate_session_get_name),
	  72, run_get_name },
};

static bool session_allows(struct file *file, unsigned int cmd)
{
	const struct luo_session *s = file->private_data;

	switch (cmd) {
	case LIVEUPDATE_SESSION_PRESERVE_FD:
		return !s->incoming;
	case LIVEUPDATE_SESSION_RETRIEVE_FD:
	case LIVEUPDATE_SESSION_FINISH:
		return s->incoming;
	default:
		return true;
	}
}

static long session_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return luo_ioctl(file, cmd, (void __user *)arg, session_ioctls,
			 ARRAY_SIZE(session_ioctls), LIVEUPDATE_CMD_SESSION_BASE,
			 session_allows);
}

static const struct file_operations session_fops = {
	.owner = THIS_MODULE,
	.release = session_release,
	.unlocked_ioctl = session_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.llseek = noop_llseek,
};

static struct file *open_session(struct luo_session *s)
{
	char name[sizeof("[luo_session] ") + LIVEUPDATE_SESSION_NAME_LENGTH];

	snprintf(name, sizeof(name), "[luo_session] %s", s->name);
	return anon_inode_getfile(name, &session_fops, s, O_RDWR);
}

/**
 * luo_session_create - create an outgoing session
 * @name:	its name
 *
 * Context: may sleep, inside the gate.
 * Returns: the open file that keeps it; an ERR_PTR: -EEXIST if there is one of
 * that name, -ENOSPC, -ENOMEM, -ENFILE.
 */
struct file *luo_session_create(const char *name)
{
	struct luo_session *s = luo_session_alloc(name, false);
	struct file *file;
	int err;

	if (!s)
		return ERR_PTR(-ENOMEM);
	scoped_guard(mutex, &luo_sessions_lock) {
		err = find(&luo_outgoing, name, false) ? -EEXIST : luo_session_insert(s);
	}
	if (err) {
		luo_session_put(s);
		return ERR_PTR(err);
	}
	file = open_session(s);
	if (IS_ERR(file))
		luo_session_remove(s);
	return file;
}

/**
 * luo_session_retrieve - hold an incoming session
 * @name:	its name
 *
 * Context: may sleep, inside the gate.
 * Returns: the open file that holds it; an ERR_PTR: -ENOENT if there is no such
 * session, -EINVAL if it is held already, -ENOMEM, -ENFILE.
 */
struct file *luo_session_retrieve(const char *name)
{
	struct luo_session *s;
	struct file *file;

	scoped_guard(mutex, &luo_sessions_lock) {
		s = find(&luo_incoming, name, false);
		if (!s)
			return ERR_PTR(find(&luo_incoming, name, true) ? -EINVAL : -ENOENT);
		s->held = true;
		belongs_to_current(s);
	}
	file = open_session(s);
	if (IS_ERR(file))
		luo_session_let_go(s);
	return file;
}

/**
 * luo_session_abandon - nobody got the file, all is as before
 * @file:	what luo_session_create() or luo_session_retrieve() returned
 */
void luo_session_abandon(struct file *file)
{
	struct luo_session *s = file->private_data;

	file->private_data = NULL;
	if (s->incoming)
		luo_session_let_go(s);
	else
		luo_session_remove(s);
	fput(file);
}

/**
 * luo_session_discard - give up a session that nobody wants
 * @id:		which
 *
 * Context: may sleep, inside the gate.
 * Returns: 0; -ENOENT if there is no such session; -EBUSY if it is not pending,
 * or a handler refuses to let its file go or is not there.
 */
int luo_session_discard(u64 id)
{
	struct luo_session *s;
	int err;

	scoped_guard(mutex, &luo_sessions_lock) {
		s = xa_load(&by_id, id);
		if (!s)
			return -ENOENT;
		if (s->box || !s->incoming || s->held)
			return -EBUSY;
		s->held = true;
		belongs_to_current(s);
	}
	scoped_guard(mutex, &s->lock)
		err = luo_files_finish(&s->files);
	if (err) {
		luo_session_let_go(s);
		return err;
	}
	pr_info("session '%s' was discarded by %s (%d)\n", s->name, s->comm, s->pid);
	luo_session_remove(s);
	return 0;
}
