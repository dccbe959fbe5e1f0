// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: boxes
 */

/**
 * DOC: Boxes
 *
 * A box is a session that no file descriptor keeps, and whose files have names.
 * FDBox gives the boxes to userspace; here is what they are.  They work without
 * live update as well, but then they cannot be sealed.
 *
 * For receivers that know nothing of boxes, one is a session whose name is
 * "fdbox:" and the name of the box, and whose tokens are in the order in which
 * its files were put.
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/crc32.h>
#include <linux/export.h>
#include <linux/fdtable.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/liveupdate_box.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "box.h"
#include "box_wire.h"
#include "file.h"
#include "session.h"

#define SESSION_PREFIX	"fdbox:"

/* Names of all boxes, protected by luo_sessions_lock */
static struct luo_names box_names = LUO_NAMES_INIT(box_names);

/*
 * A session's name is shorter than that of a box.  One that does not fit is cut,
 * and told from others by its checksum; if that is not enough, sessions whose
 * names are the same get others when they are handed over.
 */
static void session_name(char *to, const char *box)
{
	size_t room = LIVEUPDATE_SESSION_NAME_LENGTH - sizeof(SESSION_PREFIX);
	size_t len = strlen(box);
	char end[12] = "";

	if (len > room) {
		snprintf(end, sizeof(end), "~%08x", crc32_le(~0U, box, len));
		room -= strlen(end);
	}
	snprintf(to, LIVEUPDATE_SESSION_NAME_LENGTH, SESSION_PREFIX "%.*s%s", (int)room, box, end);
}

/* For a session that has the name of a box. */
static struct luo_box *alloc_box(const struct luo_session *s)
{
	struct luo_box *box = kzalloc(sizeof(*box), GFP_KERNEL_ACCOUNT);

	if (!box)
		return NULL;
	box->name.text = s->box_name;
	luo_names_init(&box->files);
	return box;
}

static void free_box(struct luo_box *box)
{
	if (box)
		xa_destroy(&box->files.by_hash);
	kfree(box);
}

/**
 * luo_box_free - free what makes a box of a session
 * @s:		a session that is being freed
 */
void luo_box_free(struct luo_session *s)
{
	luo_box_release(s);
	free_box(s->box);
	kfree(s->box_name);
}

/**
 * luo_box_travels - does this box go over?
 * @s:		the session of a box, locked, or nobody is inside the gate
 *
 * Returns: true if it is sealed, or files of the previous kernel wait in it.
 */
bool luo_box_travels(struct luo_session *s)
{
	return s->box->sealed || s->files.over;
}

/**
 * luo_box_sealed - is it?
 * @s:		the session of a box
 *
 * Returns: true if it is.
 */
bool luo_box_sealed(struct luo_session *s)
{
	return s->box->sealed;
}

static struct luo_session *next_box(u64 id)
{
	struct luo_session *s;

	while ((s = luo_session_next(id)) && !s->box) {
		id = s->id;
		luo_session_put(s);
	}
	return s;
}

/**
 * luo_boxes_travel - does any box go over?
 *
 * Context: may sleep.
 * Returns: true if one does.
 */
bool luo_boxes_travel(void)
{
	struct luo_session *s;
	bool any = false;
	u64 id = 0;

	while (!any && (s = next_box(id))) {
		id = s->id;
		scoped_guard(mutex, &s->lock)
			any = luo_box_travels(s);
		luo_session_put(s);
	}
	return any;
}

/**
 * luo_boxes_report_dropped - say which files in boxes end with this kernel
 *
 * When the kexec is certain.
 */
void luo_boxes_report_dropped(void)
{
	struct luo_session *s;
	u64 id = 0;

	while ((s = next_box(id))) {
		id = s->id;
		scoped_guard(mutex, &s->lock)
			luo_stash_report_dropped(&s->files, s->box_name);
		luo_session_put(s);
	}
}

/*
 * For FDBox
 */

/* Starts an operation on a box, to be followed by leave(). */
static int enter(struct luo_session *s)
{
	int err = luo_gate_enter();

	if (err)
		return err;
	mutex_lock(&s->lock);
	if (!s->box->deleted)
		return 0;
	mutex_unlock(&s->lock);
	luo_gate_leave();
	return -ENODEV;
}

/* Room for what goes over is not needed for what does not any more. */
static void leave(struct luo_session *s)
{
	if (s->box_records)
		luo_box_reserve(s);
	mutex_unlock(&s->lock);
	luo_gate_leave();
}

static int insert(struct luo_session *s)
{
	int err;

	guard(mutex)(&luo_sessions_lock);
	if (luo_session_waits(s->box_name))
		return -EEXIST;
	err = luo_names_add(&box_names, &s->box->name);
	if (err)
		return err;
	err = luo_session_insert(s);
	if (err)
		luo_names_remove(&box_names, &s->box->name);
	else
		kref_get(&s->ref);
	return err;
}

/**
 * liveupdate_box_create - make a box
 * @name:	its name, FDBOX_NAME_LEN bytes
 *
 * Context: may sleep, for as long as a reboot freezes files.
 * Returns: the box, unsealed, which is there until liveupdate_box_delete() and
 * can be looked at until liveupdate_box_put(); an ERR_PTR: -EINVAL if this is no
 * name for a box, -EEXIST if there is one of that name, or one arrived that was not
 * taken over yet and nobody has as a session, -ENOSPC if so many
 * cannot travel, -ENOMEM, -EINTR.
 */
struct luo_session *liveupdate_box_create(const char *name)
{
	char session[LIVEUPDATE_SESSION_NAME_LENGTH];
	struct luo_session *s;
	int err;

	if (!luo_box_name_ok(name))
		return ERR_PTR(-EINVAL);
	session_name(session, name);
	s = luo_session_alloc(session, false);
	if (!s)
		return ERR_PTR(-ENOMEM);
	s->box_name = kstrdup(name, GFP_KERNEL_ACCOUNT);
	s->box = s->box_name ? alloc_box(s) : NULL;
	err = s->box ? luo_gate_enter() : -ENOMEM;
	if (!err) {
		err = insert(s);
		luo_gate_leave();
	}
	if (!err)
		return s;
	luo_session_put(s);
	return ERR_PTR(err);
}
EXPORT_SYMBOL_GPL(liveupdate_box_create);

/**
 * liveupdate_box_own - say to whom a box belongs
 * @s:		the box
 * @owner:	what liveupdate_box_owner() finds by the name of the box
 */
void liveupdate_box_own(struct luo_session *s, void *owner)
{
	guard(mutex)(&luo_sessions_lock);
	s->box->owner = owner;
}
EXPORT_SYMBOL_GPL(liveupdate_box_own);

/**
 * liveupdate_box_owner - look a box up
 * @name:	its name, FDBOX_NAME_LEN bytes
 *
 * Returns: its owner; an ERR_PTR: -EINVAL if this is no name for a box, -ENOENT
 * if there is no such box, or it has no owner.
 */
void *liveupdate_box_owner(const char *name)
{
	struct luo_name *found;
	void *owner = NULL;

	if (!luo_box_name_ok(name))
		return ERR_PTR(-EINVAL);
	guard(mutex)(&luo_sessions_lock);
	found = luo_names_find(&box_names, name);
	if (found)
		owner = container_of(found, struct luo_box, name)->owner;
	return owner ?: ERR_PTR(-ENOENT);
}
EXPORT_SYMBOL_GPL(liveupdate_box_owner);

/**
 * liveupdate_box_name - what a box is called
 * @s:		the box
 *
 * Returns: its name, which stays until liveupdate_box_put().
 */
const char *liveupdate_box_name(const struct luo_session *s)
{
	return s->box_name;
}
EXPORT_SYMBOL_GPL(liveupdate_box_name);

/**
 * luo_box_make - make a box of a session that arrived
 * @s:		a session with the name of a box, which is held for this: nobody but us has
 *		anything to do with it any more
 *
 * Context: may sleep.
 * Returns: 0; -EEXIST if there is another box of that name; -ENOMEM.
 */
int luo_box_make(struct luo_session *s)
{
	struct luo_box *box = alloc_box(s);
	struct luo_file *f;
	int err = box ? 0 : -ENOMEM;

	list_for_each_entry(f, &s->files.list, node)
		err = err ?: luo_names_add(&box->files, &f->name);
	if (!err) {
		guard(mutex)(&luo_sessions_lock);
		err = luo_names_add(&box_names, &box->name);
		if (!err) {
			box->sealed = true;
			luo_session_to_box(s, box);
			return 0;
		}
	}
	free_box(box);
	return err;
}

static void unseal(struct luo_session *s)
{
	if (s->box->sealed)
		luo_stash_unpreserve(&s->files);
	s->box->sealed = false;
}

/* The box is deleted for all who have it open. */
static int empty(struct luo_session *s)
{
	int err = luo_stash_empty(&s->files, &s->box->files);

	if (!err) {
		/* They may close it when nothing may be given back. */
		luo_box_release(s);
		s->box->deleted = true;
	}
	return err;
}

static void remove(struct luo_session *s)
{
	scoped_guard(mutex, &luo_sessions_lock)
		luo_names_remove(&box_names, &s->box->name);
	luo_session_remove(s);
}

/**
 * liveupdate_box_abandon - nobody got to see the box that was created
 * @s:		the box, which is left to be put
 *
 * Context: may sleep, for as long as a reboot freezes files.
 */
void liveupdate_box_abandon(struct luo_session *s)
{
	/* After the freeze it does not matter any more. */
	if (!luo_gate_enter_late())
		return;
	/* But somebody may have guessed the number of its device. */
	scoped_guard(mutex, &s->lock) {
		unseal(s);
		empty(s);
	}
	remove(s);
	luo_gate_leave();
}
EXPORT_SYMBOL_GPL(liveupdate_box_abandon);

/**
 * liveupdate_box_delete - a box is not wanted any more
 * @s:		the box
 *
 * Its files are closed; those that arrived and were not taken are freed.  All
 * that is left is to put it.
 *
 * Context: may sleep, for as long as a reboot freezes files.
 * Returns: 0; -EBUSY if it is sealed, or the handler of a file that arrived is
 * not there or refuses; -ENODEV if it was deleted before; -EINTR.
 */
int liveupdate_box_delete(struct luo_session *s)
{
	int err = enter(s);

	if (err)
		return err;
	err = s->box->sealed ? -EBUSY : empty(s);
	mutex_unlock(&s->lock);
	if (!err)
		remove(s);
	luo_gate_leave();
	return err;
}
EXPORT_SYMBOL_GPL(liveupdate_box_delete);

/**
 * liveupdate_box_put - look at a box no more
 * @s:		the box
 */
void liveupdate_box_put(struct luo_session *s)
{
	luo_session_put(s);
}
EXPORT_SYMBOL_GPL(liveupdate_box_put);

/* Whoever shares the descriptors may have made @fd another file meanwhile. */
static int put_file(struct luo_session *s, const char *name, unsigned int fd, struct file *file)
{
	int err;

	if (s->box->sealed)
		return -EBUSY;
	err = luo_stash_put(&s->files, &s->box->files, name, file);
	if (err || file_close_fd_of(fd, file))
		return err;
	luo_stash_undo_put(&s->files, &s->box->files);
	return -EBADF;
}

/**
 * liveupdate_box_put_fd - move a file into a box
 * @s:		the box
 * @name:	name of the file there, FDBOX_NAME_LEN bytes
 * @fd:		its descriptor in the current task, which is closed
 *
 * Context: may sleep, for as long as a reboot freezes files.
 * Returns: 0; -EINVAL if this is no name; -EBADF if there is no such descriptor,
 * or it became another file meanwhile; -EBUSY if the box is sealed, or the file
 * is in a box or session already; -EEXIST if there is a file of that name;
 * -EOPNOTSUPP if nobody knows how to preserve the file; -ENODEV if the box was
 * deleted; -ENOSPC, -ENOMEM, -EINTR.  On an error nothing has changed.
 */
int liveupdate_box_put_fd(struct luo_session *s, const char *name, unsigned int fd)
{
	struct file *file;
	int err;

	if (!luo_box_file_name_ok(name))
		return -EINVAL;
	file = fget(fd);
	if (!file)
		return -EBADF;
	err = enter(s);
	if (!err) {
		err = put_file(s, name, fd, file);
		leave(s);
	}
	if (!err)
		filp_close(file, current->files);
	fput(file);
	return err;
}
EXPORT_SYMBOL_GPL(liveupdate_box_put_fd);

static struct file *take(struct luo_session *s, const char *name)
{
	struct file *file;
	int err = enter(s);

	if (err)
		return ERR_PTR(err);
	file = s->box->sealed ? ERR_PTR(-EBUSY) :
				luo_stash_take(&s->files, &s->box->files, name);
	leave(s);
	return file;
}

/**
 * liveupdate_box_get_fd - take a file out of a box
 * @s:		the box
 * @name:	name of the file, FDBOX_NAME_LEN bytes
 *
 * Context: may sleep, for as long as a reboot freezes files.
 * Returns: a new descriptor in the current task, close-on-exec; or, and the
 * file is where it was: -EINVAL if this is no name, -ENOENT if there is no such
 * file; -EBUSY if the box is sealed, or the file arrived and its handler does not
 * let it go; -EAGAIN if its handler is not there; what the handler says when it
 * makes a file of what arrived; what a security module says of who takes a file
 * that another put there; -ENODEV if the box was deleted; -EMFILE, -ENOMEM, -EINTR.
 */
int liveupdate_box_get_fd(struct luo_session *s, const char *name)
{
	struct file *file;
	int fd;

	if (!luo_box_file_name_ok(name))
		return -EINVAL;
	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	file = take(s, name);
	if (IS_ERR(file)) {
		put_unused_fd(fd);
		return PTR_ERR(file);
	}
	fd_install(fd, file);
	return fd;
}
EXPORT_SYMBOL_GPL(liveupdate_box_get_fd);

static int seal(struct luo_session *s)
{
	int err = luo_stash_preserve(&s->files);

	if (err)
		return err;
	s->box->sealed = true;
	err = luo_box_reserve(s);
	if (err) {
		s->box->sealed = false;
		luo_stash_unpreserve(&s->files);
	}
	return err;
}

/**
 * liveupdate_box_seal - a box is to go over
 * @s:		the box
 *
 * Context: may sleep, for as long as a reboot freezes files.
 * Returns: 0; -EOPNOTSUPP if live update is off; -EBUSY if the box is sealed, or
 * the handler of a file that arrived does not let it go; the error of the first
 * file that cannot be preserved; -ENODEV if the box was deleted; -ENOSPC,
 * -ENOMEM, -EINTR.  On an error nothing has changed.
 */
int liveupdate_box_seal(struct luo_session *s)
{
	int err = enter(s);

	if (err)
		return err;
	err = !liveupdate_enabled() ? -EOPNOTSUPP : s->box->sealed ? -EBUSY : seal(s);
	leave(s);
	return err;
}
EXPORT_SYMBOL_GPL(liveupdate_box_seal);

/**
 * liveupdate_box_unseal - undo liveupdate_box_seal(), or open what arrived
 * @s:		the box
 *
 * Context: may sleep, for as long as a reboot freezes files.
 * Returns: 0; -EBUSY if it is not sealed; -ENODEV if it was deleted; -EINTR.
 */
int liveupdate_box_unseal(struct luo_session *s)
{
	int err = enter(s);

	if (err)
		return err;
	err = s->box->sealed ? 0 : -EBUSY;
	unseal(s);
	leave(s);
	return err;
}
EXPORT_SYMBOL_GPL(liveupdate_box_unseal);
