// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: sessions on their way from one kernel to the next
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/slab.h>
#include <linux/string.h>

#include "session.h"
#include "wire.h"

/*
 * Arrival
 */

/* A damaged session is lost, the others are not. */
static int receive_session(const struct luo_session_ser *ser)
{
	struct luo_session *s;
	int err;

	if (luo_wire_check_session(ser)) {
		pr_err("a session is lost: it has no valid name\n");
		return 0;
	}
	s = luo_session_alloc(ser->name, true);
	if (!s)
		return -ENOMEM;
	err = luo_files_receive(&s->files, ser);
	if (err) {
		pr_err("session '%s' is lost: its files cannot be read: %d\n", s->name, err);
		luo_session_put(s);
		return 0;
	}
	scoped_guard(mutex, &luo_sessions_lock)
		err = luo_session_insert(s);
	if (err)
		luo_session_put(s);
	return err;
}

/**
 * luo_sessions_receive - take over the sessions of the previous kernel
 * @head_pa:	address of their chain; 0: there are none
 *
 * Context: may sleep, at boot.
 * Returns: 0; -EINVAL if the chain is damaged, -ENOMEM.  On an error the
 * sessions before the damage are there.
 */
int luo_sessions_receive(u64 head_pa)
{
	struct luo_session_ser *ser;
	struct kho_block_set_it it;
	struct kho_block_set arrived;
	int err;

	kho_block_set_init(&arrived, sizeof(*ser));
	err = kho_block_set_restore(&arrived, head_pa);
	kho_block_set_it_init(&it, &arrived);
	while (!err && (ser = kho_block_set_it_read_entry(&it)))
		err = receive_session(ser);
	kho_block_set_destroy(&arrived);
	return err;
}

/**
 * luo_sessions_reserve - make room to hand on all sessions that arrived
 *
 * Done early, so that a reboot does not fail for want of memory.
 *
 * Returns: 0, -ENOMEM or -ENOSPC.
 */
int luo_sessions_reserve(void)
{
	struct luo_session *s;
	int err;

	guard(mutex)(&luo_sessions_lock);
	err = kho_block_set_grow(&luo_session_blocks, luo_sessions_nr());
	list_for_each_entry(s, &luo_incoming.list, node)
		err = err ?: luo_files_reserve(&s->files) ?: luo_box_reserve(s);
	list_for_each_entry(s, &luo_boxes.list, node) {
		if (luo_box_travels(s))
			err = err ?: luo_files_reserve(&s->files) ?: luo_box_reserve(s);
	}
	return err;
}

/*
 * Departure.  The gate is closed: nobody else looks at the sessions.
 */

/**
 * luo_sessions_exist - would anybody miss a session?
 *
 * Returns: true if there is one that goes over.
 */
bool luo_sessions_exist(void)
{
	struct luo_session *s;

	scoped_guard(mutex, &luo_sessions_lock) {
		if (luo_outgoing.nr)
			return true;
		list_for_each_entry(s, &luo_incoming.list, node) {
			if (!s->finished)
				return true;
		}
	}
	return luo_boxes_travel();
}

/* Latest first; @s itself is not frozen. */
static void unfreeze_before(struct luo_sessions *table, struct luo_session *s)
{
	list_for_each_entry_continue_reverse(s, &table->list, node)
		luo_files_unfreeze(&s->files);
}

static void unfreeze_all(struct luo_sessions *table)
{
	unfreeze_before(table, list_entry(&table->list, struct luo_session, node));
}

static int freeze_all(struct luo_sessions *table)
{
	struct luo_session *s;
	int err;

	list_for_each_entry(s, &table->list, node) {
		scoped_guard(mutex, &s->lock)
			err = luo_files_freeze(&s->files);
		if (err) {
			pr_err("session '%s' cannot be frozen: %d\n", s->name, err);
			unfreeze_before(table, s);
			return err;
		}
	}
	return 0;
}

/**
 * luo_sessions_freeze - freeze the files of all sessions and boxes
 *
 * Returns: 0; the error of the first file that failed, and no file is frozen.
 */
int luo_sessions_freeze(void)
{
	int err = freeze_all(&luo_outgoing);

	if (err)
		return err;
	err = freeze_all(&luo_boxes);
	if (err)
		unfreeze_all(&luo_outgoing);
	return err;
}

/**
 * luo_sessions_unfreeze - undo luo_sessions_freeze()
 */
void luo_sessions_unfreeze(void)
{
	unfreeze_all(&luo_boxes);
	unfreeze_all(&luo_outgoing);
}

static struct luo_session *who_takes(struct hlist_head *names, const char *wire_name)
{
	struct luo_session *s;

	hlist_for_each_entry(s, &names[luo_session_hash(wire_name)], by_wire) {
		if (!strcmp(s->wire_name, wire_name))
			return s;
	}
	return NULL;
}

/*
 * In the next kernel no two sessions have the same name. Who has it keeps the
 * number of those that wanted it too.
 */
static void choose_wire_name(struct hlist_head *names, struct luo_session *s)
{
	struct luo_session *first = who_takes(names, s->name);

	s->namesakes = 0;
	strscpy_pad(s->wire_name, s->name);
	while (who_takes(names, s->wire_name))
		luo_wire_unique_name(s->wire_name, s->name, ++first->namesakes);
	if (first)
		pr_warn("session '%s' is handed on as '%s': the name is taken\n",
			s->name, s->wire_name);
	hlist_add_head(&s->by_wire, &names[luo_session_hash(s->wire_name)]);
}

static int write_session(struct luo_session *s, struct hlist_head *names,
			 struct kho_block_set_it *it, struct luo_summary *sum)
{
	struct luo_session_ser *ser = kho_block_set_it_reserve_entry(it);
	unsigned long count;

	if (WARN_ON_ONCE(!ser))
		return -ENOSPC;
	choose_wire_name(names, s);
	strscpy(ser->name, s->wire_name);
	ser->files = luo_files_serialize(&s->files, sum, &count);
	ser->count = count;
	sum->sessions++;
	return luo_xluo_add_session(s) ?: luo_box_write(s);
}

static void free_failed(struct luo_session *s, struct luo_summary *sum)
{
	guard(mutex)(&s->lock);
	luo_files_free_failed(&s->files, s->name, sum);
}

static void report_rest(const struct luo_summary *sum)
{
	if (sum->lost > LUO_REPORT_MAX)
		pr_warn("%lu more files were retrieved and are not preserved again\n",
			sum->lost - LUO_REPORT_MAX);
	if (sum->failed > LUO_REPORT_MAX)
		pr_warn("%lu more files could not be retrieved and end here\n",
			sum->failed - LUO_REPORT_MAX);
}

/**
 * luo_sessions_serialize - write down all sessions for the next kernel
 * @sum:	what goes over
 * @head_pa:	set to the address of the chain; 0 if there are no sessions
 *
 * Returns: 0, to be undone by luo_xluo_unpublish() and
 * luo_boxes_unpublish(); -ENOMEM or -ENOSPC.
 */
int luo_sessions_serialize(struct luo_summary *sum, u64 *head_pa)
{
	struct hlist_head *names;
	struct kho_block_set_it it;
	struct luo_session *s;
	int err = luo_sessions_reserve();

	if (err)
		return err;
	names = kvcalloc(1 << LUO_SESSION_HASH_BITS, sizeof(*names), GFP_KERNEL);
	if (!names)
		return -ENOMEM;
	kho_block_set_clear(&luo_session_blocks);
	kho_block_set_it_init(&it, &luo_session_blocks);
	luo_xluo_begin();
	luo_boxes_begin();
	list_for_each_entry(s, &luo_outgoing.list, node)
		err = err ?: write_session(s, names, &it, sum);
	list_for_each_entry(s, &luo_incoming.list, node) {
		if (s->finished)
			continue;
		free_failed(s, sum);
		luo_files_report_lost(&s->files, s->name, sum);
		err = err ?: write_session(s, names, &it, sum);
	}
	list_for_each_entry(s, &luo_boxes.list, node) {
		free_failed(s, sum);
		if (luo_box_travels(s))
			err = err ?: write_session(s, names, &it, sum);
	}
	kvfree(names);
	report_rest(sum);
	*head_pa = kho_block_set_head_pa(&luo_session_blocks);
	return err ?: luo_xluo_publish() ?: luo_boxes_publish();
}

static void trim(struct luo_sessions *table)
{
	struct luo_session *s;

	list_for_each_entry(s, &table->list, node)
		kho_block_set_trim(&s->files.blocks);
}

/**
 * luo_sessions_trim - give back room that was kept for what does not go over
 *
 * After luo_sessions_serialize(), when nothing can fail any more.
 */
void luo_sessions_trim(void)
{
	trim(&luo_outgoing);
	trim(&luo_incoming);
	trim(&luo_boxes);
	kho_block_set_trim(&luo_session_blocks);
	luo_xluo_trim();
	luo_boxes_trim();
}
