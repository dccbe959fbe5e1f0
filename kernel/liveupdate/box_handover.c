// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: boxes on their way from one kernel to the next
 */

/**
 * DOC: Boxes that travel
 *
 * A box travels as a session, and its names in the extension "x-fdbox".  In the
 * next kernel it is a session that has names until FDBox takes it over.  If
 * FDBox never does, it stays a session like any other, and goes on with its
 * names.
 *
 * If boxes are not known there, the names are not found before the kernel after it,
 * or a later one.  Then it is not the name of the session that tells which one is
 * the box: it may have had to give it up.  It is where the files are in memory,
 * together with the number of kernels that handed the session on: another one that
 * was made later came over less often.
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/export.h>
#include <linux/kho/abi/fdbox.h>
#include <linux/liveupdate_box.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "box.h"
#include "box_wire.h"
#include "ext.h"
#include "file.h"
#include "session.h"

struct luo_ext luo_fdbox_ext = LUO_EXT_INIT(luo_fdbox_ext, FDBOX_SUBTREE, FDBOX_MAGIC,
					    FDBOX_VERSION, sizeof(struct fdbox_ser),
					    "all boxes are mere sessions", true);
static DEFINE_MUTEX(lock);	/* its room; taken after those of sessions */

/*
 * Departure
 */

/* One for the session, one for the box, one for each file */
static unsigned long nr_records(struct luo_session *s)
{
	if (!s->box_name || (s->box && !luo_box_travels(s)))
		return 0;
	return 2 + s->files.over;
}

/**
 * luo_box_reserve - make room for the names of a box
 * @s:		a session, locked, or nobody is inside the gate
 *
 * Also gives back room that is not needed any more, which does not fail.
 *
 * Context: may sleep.
 * Returns: 0; -ENOSPC if so many names cannot travel; -ENOMEM.
 */
int luo_box_reserve(struct luo_session *s)
{
	unsigned long nr = nr_records(s);

	guard(mutex)(&lock);
	if (nr > s->box_records) {
		int err = luo_ext_reserve(&luo_fdbox_ext, nr - s->box_records);

		if (err)
			return err;
	} else {
		luo_ext_release(&luo_fdbox_ext, s->box_records - nr);
	}
	s->box_records = nr;
	return 0;
}

/**
 * luo_box_release - give back all room for names
 * @s:		a session that is being freed, or a box that is being deleted
 */
void luo_box_release(struct luo_session *s)
{
	guard(mutex)(&lock);
	luo_ext_release(&luo_fdbox_ext, s->box_records);
	s->box_records = 0;
}

static int add(const struct fdbox_ser *record, const char *name)
{
	struct fdbox_ser *ser = luo_ext_add(&luo_fdbox_ext);

	if (WARN_ON_ONCE(!ser))
		return -ENOSPC;
	*ser = *record;
	strscpy(ser->name, name);
	return 0;
}

static int add_session(const struct luo_session *s, unsigned long nr_files)
{
	return add(&(struct fdbox_ser) {
		.type = FDBOX_SER_SESSION,
		.hops = luo_session_hops(s),
		.number = nr_files,
	}, s->wire_name);
}

static int add_file(const struct luo_file *f)
{
	return add(&(struct fdbox_ser) {
		.type = FDBOX_SER_FILE,
		.number = f->token,
		.data = f->data,
	}, f->name.text);
}

/**
 * luo_boxes_begin - start to write down which sessions are boxes
 */
void luo_boxes_begin(void)
{
	luo_ext_begin(&luo_fdbox_ext);
}

/**
 * luo_box_write - write down the names of a session that goes over, if it has some
 * @s:		the session, whose wire name was chosen
 *
 * Returns: 0, or -ENOSPC if room was not reserved.
 */
int luo_box_write(struct luo_session *s)
{
	unsigned long nr = nr_records(s);
	struct luo_file *f;
	int err;

	if (!nr)
		return 0;
	err = add_session(s, nr - 2);
	err = err ?: add(&(struct fdbox_ser) { .type = FDBOX_SER_BOX }, s->box_name);
	list_for_each_entry(f, &s->files.list, node) {
		if (luo_file_travels(f))
			err = err ?: add_file(f);
	}
	return err;
}

/**
 * luo_boxes_publish - let the next kernel see the names
 *
 * Returns: 0, to be undone by luo_boxes_unpublish(); or an error.
 */
int luo_boxes_publish(void)
{
	return luo_ext_publish(&luo_fdbox_ext, luo_out->liveupdate_num);
}

/**
 * luo_boxes_unpublish - the reboot was aborted
 */
void luo_boxes_unpublish(void)
{
	luo_ext_unpublish(&luo_fdbox_ext);
}

/**
 * luo_boxes_trim - give back room that no name took
 *
 * When nothing can fail any more.
 */
void luo_boxes_trim(void)
{
	luo_ext_trim(&luo_fdbox_ext);
}

/*
 * Arrival
 */

/**
 * struct box_arrived - the records of a box
 * @session:	the first one
 * @box:	the second one
 * @files:	where the others begin
 * @kernels:	how many do not know boxes, since they were written
 */
struct box_arrived {
	const struct fdbox_ser *session;
	const struct fdbox_ser *box;
	struct kho_block_set_it files;
	u64 kernels;
};

static struct luo_file *file_of(struct luo_session *s, const struct fdbox_ser *ser)
{
	struct luo_file *f = xa_load(&s->files.by_token, ser->number);

	return f && f->data == ser->data ? f : NULL;
}

/* All its files have to be there, but where boxes are not known some may be taken. */
static bool has_files(struct luo_session *s, const struct box_arrived *b)
{
	struct kho_block_set_it it = b->files;
	u64 nr, found = 0;

	if (s->files.nr > b->session->number)
		return false;
	for (nr = b->session->number; nr; nr--)
		found += !!file_of(s, kho_block_set_it_read_entry(&it));
	return found == s->files.nr && (b->kernels ? found || !b->session->number :
						     found == b->session->number);
}

static bool is_box(struct luo_session *s, const struct box_arrived *b)
{
	if (!s->incoming || s->box_name)
		return false;
	if (b->kernels && s->hops != b->session->hops + b->kernels)
		return false;
	return has_files(s, b);
}

/* The box, if it had to leave its name to another session. */
static struct luo_session *find_renamed(const struct box_arrived *b)
{
	struct luo_session *s;
	u64 id = 0;

	while ((s = luo_session_next(id))) {
		id = s->id;
		/* At boot nobody takes it away. */
		luo_session_put(s);
		if (s->files.nr && is_box(s, b))
			return s;
	}
	return NULL;
}

static struct luo_session *find_session(const struct box_arrived *b)
{
	struct luo_session *named = luo_session_pending(b->session->name), *s = named;

	if (named && is_box(named, b))
		return named;
	if (b->kernels) {
		s = find_renamed(b);
		return s ?: ERR_PTR(-ENOENT);
	}
	return ERR_PTR(named && !named->box_name ? -EINVAL : -ENOENT);
}

/* Each file gets one name, and no two the same. */
static int name_files(struct luo_session *s, const struct box_arrived *b)
{
	struct kho_block_set_it it = b->files;
	struct luo_names names;
	int err = 0;
	u64 nr;

	luo_names_init(&names);
	for (nr = b->session->number; nr && !err; nr--) {
		const struct fdbox_ser *ser = kho_block_set_it_read_entry(&it);
		struct luo_file *f = file_of(s, ser);

		if (!f)
			continue;
		if (f->name.text) {
			err = -EINVAL;
			break;
		}
		f->name.text = kstrdup(ser->name, GFP_KERNEL);
		err = f->name.text ? luo_names_add(&names, &f->name) : -ENOMEM;
	}
	xa_destroy(&names.by_hash);
	return err;
}

static void forget_names(struct luo_session *s)
{
	struct luo_file *f;

	list_for_each_entry(f, &s->files.list, node) {
		kfree(f->name.text);
		f->name.text = NULL;
	}
	kfree(s->box_name);
	s->box_name = NULL;
}

static int name_session(struct luo_session *s, const struct box_arrived *b)
{
	int err;

	s->box_name = kstrdup(b->box->name, GFP_KERNEL);
	err = s->box_name ? name_files(s, b) : -ENOMEM;
	if (err)
		forget_names(s);
	return err;
}

static void receive_box(const struct box_arrived *b)
{
	struct luo_session *s = find_session(b);
	int err = IS_ERR(s) ? PTR_ERR(s) : name_session(s, b);

	if (err == -ENOENT && b->kernels)
		pr_info("box '%s' was emptied as session '%s', where boxes are not known\n",
			b->box->name, b->session->name);
	else if (err == -ENOENT)
		pr_warn("box '%s' is lost: there is no session '%s'\n", b->box->name,
			b->session->name);
	else if (err)
		pr_err("session '%s' is not box '%s' any more: its names cannot be read: %d\n",
		       b->session->name, b->box->name, err);
}

static void receive_boxes(struct luo_ext_arrived *arrived, u64 kernels)
{
	struct box_arrived b = { .kernels = kernels };
	u64 nr;

	while ((b.session = luo_ext_next(arrived))) {
		b.box = luo_ext_next(arrived);
		b.files = arrived->it;
		receive_box(&b);
		for (nr = b.session->number; nr; nr--)
			luo_ext_next(arrived);
	}
}

/**
 * luo_boxes_receive - find out which sessions are boxes
 * @number:	of the live update
 *
 * When all sessions and their files have arrived, and nobody has seen them.
 */
void luo_boxes_receive(u64 number)
{
	struct luo_ext_arrived arrived;
	const char *why;

	if (luo_ext_receive(&luo_fdbox_ext, &arrived))
		return;
	why = arrived.number > number ? "it is of a later live update" :
	      luo_box_check_records(&arrived.records);
	if (why)
		pr_err("subtree '%s' is ignored, all boxes are mere sessions: %s\n",
		       FDBOX_SUBTREE, why);
	else
		receive_boxes(&arrived, number - arrived.number);
	luo_ext_done(&arrived);
}

/*
 * When FDBox is there
 */

static bool lacks_owner(struct luo_session *s)
{
	guard(mutex)(&luo_sessions_lock);
	return s->box && !s->box->owner;
}

/* Returns true if it is a box now; an error if it may become one later. */
static int take_over(struct luo_session *s)
{
	int err = luo_session_hold_box(s);

	if (err)
		return err == -ENOENT ? false : err;
	err = luo_box_make(s);
	if (!err)
		return true;
	pr_warn("box '%s' cannot be taken over, and stays session '%s': %d\n", s->box_name,
		s->name, err);
	luo_session_let_go(s);
	return err == -ENOMEM || err == -EEXIST ? err : false;
}

/**
 * liveupdate_box_arrived - take over a box of the previous kernel
 * @after:	where to go on; 0 to begin with
 *
 * What cannot be taken over stays a session.  A box that was taken over and was
 * not said to be somebody's is given again, by whoever begins anew; he excludes
 * liveupdate_box_create().
 *
 * Context: may sleep, but does not wait for a reboot: who looks for boxes may have
 * what files need that the reboot waits for.
 * Returns: the box, sealed, to be looked at until liveupdate_box_put(); NULL if
 * there is none left; an ERR_PTR for one that it may be worth to come back for:
 * -ENOMEM, -EEXIST while there is another box of its name, or -EBUSY if somebody
 * has it as a session; -EAGAIN for all the others
 * if a reboot freezes files.
 */
struct luo_session *liveupdate_box_arrived(u64 *after)
{
	struct luo_session *s;
	int ret = 0;

	if (!luo_gate_try_enter())
		return ERR_PTR(-EAGAIN);
	while (!ret && (s = luo_session_next(*after))) {
		*after = s->id;
		ret = lacks_owner(s) ? true : take_over(s);
		if (ret <= 0)
			luo_session_put(s);
	}
	luo_gate_leave();
	return ret < 0 ? ERR_PTR(ret) : s;
}
EXPORT_SYMBOL_GPL(liveupdate_box_arrived);
