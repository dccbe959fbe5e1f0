// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: subtrees of records, for what mainline's format has no room for
 */

/**
 * DOC: Extensions
 *
 * Whoever has something to tell the next kernel for every session, file or name
 * of his reserves a record as soon as it exists, and releases it when it is gone.
 * At the reboot the records are written, which cannot fail, and the subtree is
 * published.  What is not written then costs nothing in the next kernel.
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "ext.h"
#include "ext_wire.h"

static void set_room(struct luo_ext *ext, unsigned long room)
{
	ext->room = room;
	kho_block_set_shrink(&ext->records, room);
	if (room)
		return;
	kho_unpreserve_free(ext->ser);
	ext->ser = NULL;
}

/**
 * luo_ext_reserve - make room for more records
 * @ext:	the extension
 * @nr:		how many more
 *
 * Context: may sleep.
 * Returns: 0; -ENOSPC if so many cannot travel; -ENOMEM.  On error nothing has
 * changed.
 */
int luo_ext_reserve(struct luo_ext *ext, unsigned long nr)
{
	int err;

	if (!nr)
		return 0;
	err = kho_block_set_grow(&ext->records, ext->room + nr);
	if (!err && !ext->ser) {
		ext->ser = kho_alloc_preserve(PAGE_SIZE);
		if (IS_ERR(ext->ser)) {
			err = PTR_ERR(ext->ser);
			ext->ser = NULL;
		}
	}
	set_room(ext, err ? ext->room : ext->room + nr);
	return err;
}

/**
 * luo_ext_release - give back room for records
 * @ext:	the extension
 * @nr:		how many less
 *
 * Context: may sleep.
 */
void luo_ext_release(struct luo_ext *ext, unsigned long nr)
{
	if (nr)
		set_room(ext, ext->room - nr);
}

/**
 * luo_ext_begin - start to write records
 * @ext:	the extension
 *
 * From here to luo_ext_publish() no room may be reserved or released.
 */
void luo_ext_begin(struct luo_ext *ext)
{
	kho_block_set_clear(&ext->records);
	kho_block_set_it_init(&ext->it, &ext->records);
	ext->nr = 0;
}

/**
 * luo_ext_add - write a record
 * @ext:	the extension
 *
 * Returns: a zeroed record, which goes over; NULL if there is no room, which
 * there is for as many as were reserved.
 */
void *luo_ext_add(struct luo_ext *ext)
{
	void *record = kho_block_set_it_reserve_entry(&ext->it);

	ext->nr += !!record;
	return record;
}

/**
 * luo_ext_publish - let the next kernel see the records
 * @ext:	the extension
 * @number:	of the live update
 *
 * Context: may sleep.
 * Returns: 0, also if there are no records, and nothing to be seen; or as
 * kho_add_subtree().
 */
int luo_ext_publish(struct luo_ext *ext, u64 number)
{
	struct luo_ext_ser *ser = ext->ser;
	int err;

	if (!ext->nr)
		return 0;
	*ser = (struct luo_ext_ser) {
		.magic = ext->magic,
		.version = ext->version,
		.length = sizeof(*ser),
		.record_size = ext->records.entry_size,
		.number = number,
		.nr = ext->nr,
		.records = kho_block_set_head_pa(&ext->records),
	};
	ser->crc = luo_ext_checksum(ser, &ext->records);
	err = kho_add_subtree(ext->name, ser, sizeof(*ser));
	if (err)
		pr_err("subtree '%s' cannot be added: %d\n", ext->name, err);
	ext->published = !err;
	return err;
}

/**
 * luo_ext_unpublish - undo luo_ext_publish(): the reboot was aborted
 * @ext:	the extension
 *
 * Context: may sleep.
 */
void luo_ext_unpublish(struct luo_ext *ext)
{
	if (ext->published)
		kho_remove_subtree(ext->ser);
	ext->published = false;
}

/**
 * luo_ext_trim - give back room that no record took
 * @ext:	the extension
 *
 * When nothing can fail any more.
 */
void luo_ext_trim(struct luo_ext *ext)
{
	kho_block_set_trim(&ext->records);
	if (ext->published)
		return;
	kho_unpreserve_free(ext->ser);
	ext->ser = NULL;
}

/**
 * luo_ext_claim - take over an extension of the previous kernel
 * @ext:	what is known of it
 * @ser:	its head, in preserved memory
 * @size:	its size, at most PAGE_SIZE
 * @arrived:	filled in
 *
 * Context: may sleep.
 * Returns: 0, to be followed by luo_ext_done(); -EOPNOTSUPP if it is of a kind
 * that is not known here, and nothing was claimed; -EINVAL if it is damaged,
 * -ENOMEM, and what could be claimed was freed.
 */
int luo_ext_claim(const struct luo_ext *ext, struct luo_ext_ser *ser, u64 size,
		  struct luo_ext_arrived *arrived)
{
	const char *why = luo_ext_check_head(ser, size, ext->magic, ext->version,
					     ext->records.entry_size);
	struct folio *folio;
	int err;

	if (why) {
		pr_warn("subtree '%s' is ignored: %s (it is of version %u, known is %u): %s\n",
			ext->name, why, size < sizeof(*ser) ? 0 : ser->version, ext->version,
			ext->loss);
		return -EOPNOTSUPP;
	}
	folio = kho_restore_folio(virt_to_phys(ser));
	if (!folio)
		return -EINVAL;
	arrived->number = ser->number;
	kho_block_set_init(&arrived->records, ser->record_size);
	err = kho_block_set_restore(&arrived->records, ser->records);
	why = err ? "its records cannot be read" : luo_ext_check_records(ser, &arrived->records);
	folio_put(folio);
	if (why) {
		pr_err("subtree '%s' is ignored: %s: %s\n", ext->name, why, ext->loss);
		kho_block_set_destroy(&arrived->records);
		return err ?: -EINVAL;
	}
	kho_block_set_it_init(&arrived->it, &arrived->records);
	return 0;
}

/**
 * luo_ext_next - the next record that arrived
 * @arrived:	what luo_ext_claim() filled in
 *
 * Returns: the record, NULL behind the last one.
 */
void *luo_ext_next(struct luo_ext_arrived *arrived)
{
	return kho_block_set_it_read_entry(&arrived->it);
}

/**
 * luo_ext_done - free what arrived
 * @arrived:	what luo_ext_claim() filled in
 */
void luo_ext_done(struct luo_ext_arrived *arrived)
{
	kho_block_set_destroy(&arrived->records);
}
