/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fixture of the tests of FDBox: two boxes, "t" and "other"
 */
#ifndef _FDBOX_TEST_FIXTURE_H
#define _FDBOX_TEST_FIXTURE_H

#include <stdbool.h>

#include "../liveupdate/harness.h"
#include "fdbox.h"

FIXTURE(box) {
	int control;
	int box;
	int other;
	bool seals;
	bool exerciser;
};

FIXTURE_SETUP(box)
{
	self->control = box_control();
	if (self->control == -ENOENT)
		SKIP(return, "no " FDBOX_CONTROL ": CONFIG_FDBOX is needed");
	ASSERT_GE(self->control, 0);
	ASSERT_EQ(0, box_create(self->control, "t"));
	ASSERT_EQ(0, box_create(self->control, "other"));
	self->box = box_open("t");
	self->other = box_open("other");
	ASSERT_GE(self->box, 0);
	ASSERT_GE(self->other, 0);
	self->seals = !box_seal(self->box) && !box_unseal(self->box);
	self->exerciser = !exerciser("norules") && !exerciser("clear");
}

FIXTURE_TEARDOWN(box)
{
	if (self->control < 0)
		return;
	box_unseal(self->box);
	box_unseal(self->other);
	box_delete(self->control, "t");
	box_delete(self->control, "other");
}

#endif /* _FDBOX_TEST_FIXTURE_H */
