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
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/kho/abi/fdbox.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "box.h"
#include "box_wire.h"
#include "ext.h"
#include "file.h"
#include "session.h"

struct luo_ext luo_fdbox_ext = LUO_EXT_INIT(luo_fdbox_ext, FDBOX_SUBTREE, FDBOX_MAGIC,
					    FDBOX_VERSION, sizeof(struct fdbox_ser));
static DEFINE_MUTEX(lock);	/* its room; taken after those of sessions */

/*
 * Departure
 */

/* One for the session, one for the box, one for each file */
static unsigned long nr_records(struct luo_session *s)
{
	struct luo_file *f;
	unsigned long nr = 2;

	if (!s->box_name || (s->box && !luo_box_travels(s)))
		return 0;
	list_for_each_entry(f, &s->files.list, node)
		nr += luo_file_travels(f);
	return nr;
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

static int add(u32 type, u64 number, const char *name)
{
	struct fdbox_ser *ser = luo_ext_add(&luo_fdbox_ext);

	if (WARN_ON_ONCE(!ser))
		return -ENOSPC;
	ser->type = type;
	ser->number = number;
	strscpy(ser->name, name);
	return 0;
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
	err = add(FDBOX_SER_SESSION, nr - 2, s->wire_name);
	err = err ?: add(FDBOX_SER_BOX, 0, s->box_name);
	list_for_each_entry(f, &s->files.list, node) {
		if (luo_file_travels(f))
			err = err ?: add(FDBOX_SER_FILE, f->token, f->name.text);
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

/* Each file gets one name, and no two the same. */
static int name_files(struct luo_session *s, struct luo_ext_arrived *arrived, u64 nr)
{
	struct luo_names names;
	int err = s->files.nr == nr ? 0 : -EINVAL;

	luo_names_init(&names);
	for (; nr; nr--) {
		const struct fdbox_ser *ser = luo_ext_next(arrived);
		struct luo_file *f = xa_load(&s->files.by_token, ser->number);

		if (err)
			continue;
		if (!f || f->name.text) {
			err = -EINVAL;
			continue;
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

/* Passes over the records of one box, whatever they are good for. */
static void receive_box(struct luo_ext_arrived *arrived, const struct fdbox_ser *session)
{
	const struct fdbox_ser *box = luo_ext_next(arrived);
	struct luo_session *s = luo_session_pending(session->name);
	u64 nr = session->number;
	int err;

	if (!s || s->box_name) {
		pr_warn("box '%s' is lost: there is no session '%s'\n", box->name, session->name);
		for (; nr; nr--)
			luo_ext_next(arrived);
		return;
	}
	s->box_name = kstrdup(box->name, GFP_KERNEL);
	err = name_files(s, arrived, nr);
	if (!err && !s->box_name)
		err = -ENOMEM;
	if (!err)
		return;
	pr_err("session '%s' is not box '%s' any more: its names cannot be read: %d\n",
	       session->name, box->name, err);
	forget_names(s);
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
	const struct fdbox_ser *ser;
	const char *why;

	if (luo_ext_receive(&luo_fdbox_ext, &arrived))
		return;
	why = arrived.number != number ? "it is of another live update" :
	      luo_box_check_records(&arrived.records);
	if (why)
		pr_err("subtree '%s' is ignored, all boxes are mere sessions: %s\n",
		       FDBOX_SUBTREE, why);
	while (!why && (ser = luo_ext_next(&arrived)))
		receive_box(&arrived, ser);
	luo_ext_done(&arrived);
}
