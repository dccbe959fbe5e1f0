/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Live update: subtrees of records, for what mainline's format has no room for
 *
 * Callers lock.
 */
#ifndef _LUO_EXT_H
#define _LUO_EXT_H

#include <linux/kho/abi/luo_ext.h>
#include <linux/kho_block.h>
#include <linux/types.h>

/**
 * struct luo_ext - an extension
 * @name:	of the subtree
 * @magic:	see &struct luo_ext_ser
 * @version:	see &struct luo_ext_ser
 * @loss:	what there is not if one that arrives is ignored
 * @outlives:	it can be understood behind a kernel that handed it on, and its
 *		sessions as well, without reading it
 * @room:	records there is room for
 * @records:	the room
 * @ser:	the head; NULL if there is no room
 * @it:		where the next record goes
 * @nr:		records so far
 * @published:	the next kernel will see it
 *
 * All but the first five are private.
 */
struct luo_ext {
	const char *name;
	u32 magic;
	u32 version;
	const char *loss;
	bool outlives;
	unsigned long room;
	struct kho_block_set records;
	struct luo_ext_ser *ser;
	struct kho_block_set_it it;
	unsigned long nr;
	bool published;
};

#define LUO_EXT_INIT(_name, _subtree, _magic, _version, _record_size, _loss, _outlives) {	\
	.name = (_subtree),							\
	.magic = (_magic),							\
	.version = (_version),							\
	.loss = (_loss),							\
	.outlives = (_outlives),						\
	.records = KHO_BLOCK_SET_INIT((_name).records, (_record_size)),		\
}

/**
 * struct luo_ext_arrived - an extension of the previous kernel
 * @number:	number of the live update it was made for
 * @records:	its records
 * @it:		the next one
 */
struct luo_ext_arrived {
	u64 number;
	struct kho_block_set records;
	struct kho_block_set_it it;
};

/* While there is still time to fail */
int luo_ext_reserve(struct luo_ext *ext, unsigned long nr);
void luo_ext_release(struct luo_ext *ext, unsigned long nr);

/* At a reboot, by one task */
void luo_ext_begin(struct luo_ext *ext);
void *luo_ext_add(struct luo_ext *ext);
int luo_ext_publish(struct luo_ext *ext, u64 number);
void luo_ext_unpublish(struct luo_ext *ext);
void luo_ext_trim(struct luo_ext *ext);

/* In the next kernel; core.c has luo_ext_receive() */
int luo_ext_claim(const struct luo_ext *ext, struct luo_ext_ser *ser, u64 size,
		  struct luo_ext_arrived *arrived);
void *luo_ext_next(struct luo_ext_arrived *arrived);
void luo_ext_done(struct luo_ext_arrived *arrived);

#endif /* _LUO_EXT_H */
