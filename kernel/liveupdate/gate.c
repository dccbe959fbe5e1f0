// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: who may work while, and what a reboot has to wait for
 */
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "internal.h"

enum gate_state {
	GATE_OPEN,
	GATE_CLOSED,	/* a reboot is freezing the files */
	GATE_FROZEN,	/* and is done with it: the jump comes next */
};

static DEFINE_SPINLOCK(gate_lock);
static DECLARE_WAIT_QUEUE_HEAD(gate_wait);
static enum gate_state gate_state;
static unsigned int gate_inside;

/**
 * luo_gate_try_enter - start what can be done another time
 *
 * For whoever holds what others may need to get done inside.
 *
 * Context: any that is no interrupt.
 * Returns: true, to be followed by luo_gate_leave(); false while a reboot freezes
 * files, and when it has.
 */
bool luo_gate_try_enter(void)
{
	bool open;

	spin_lock(&gate_lock);
	open = gate_state == GATE_OPEN;
	gate_inside += open;
	spin_unlock(&gate_lock);
	return open;
}

/**
 * luo_gate_enter - start an operation of a user
 *
 * Context: may sleep, for as long as a reboot freezes files.
 * Returns: 0, to be followed by luo_gate_leave(); -EINTR if the task was killed.
 */
int luo_gate_enter(void)
{
	return wait_event_killable(gate_wait, luo_gate_try_enter()) ? -EINTR : 0;
}

/**
 * luo_gate_enter_late - start what follows from a file being closed
 *
 * Context: may sleep, for as long as a reboot freezes files.
 * Returns: true, to be followed by luo_gate_leave(); false if the files are
 * frozen for the kexec, and nothing is to be done any more.
 */
bool luo_gate_enter_late(void)
{
	bool entered = false;

	wait_event(gate_wait,
		   (entered = luo_gate_try_enter()) || READ_ONCE(gate_state) == GATE_FROZEN);
	return entered;
}

/**
 * luo_gate_leave - end an operation of a user
 */
void luo_gate_leave(void)
{
	scoped_guard(spinlock, &gate_lock)
		gate_inside--;
	wake_up_all(&gate_wait);
}

/**
 * luo_gate_is_closing - does a reboot wait for those who are inside?
 *
 * Context: inside.
 * Returns: true if so; what may take long has to be given up.
 */
bool luo_gate_is_closing(void)
{
	return READ_ONCE(gate_state) != GATE_OPEN;
}

static bool is_empty(void)
{
	bool empty;

	spin_lock(&gate_lock);
	empty = !gate_inside;
	spin_unlock(&gate_lock);
	return empty;
}

/**
 * luo_gate_close - let nobody in any more, and wait until nobody is inside
 *
 * Context: may sleep.
 * Returns: 0, to be followed by luo_gate_freeze() or luo_gate_open(); -EINTR if
 * the task was killed, -EBUSY if another reboot is under way.
 */
int luo_gate_close(void)
{
	scoped_guard(spinlock, &gate_lock) {
		if (gate_state != GATE_OPEN)
			return -EBUSY;
		gate_state = GATE_CLOSED;
	}
	if (wait_event_killable(gate_wait, is_empty())) {
		luo_gate_open();
		return -EINTR;
	}
	return 0;
}

/**
 * luo_gate_freeze - from now on there is only the jump
 */
void luo_gate_freeze(void)
{
	scoped_guard(spinlock, &gate_lock)
		gate_state = GATE_FROZEN;
	wake_up_all(&gate_wait);
}

/**
 * luo_gate_open - the reboot was aborted, go on
 */
void luo_gate_open(void)
{
	scoped_guard(spinlock, &gate_lock)
		gate_state = GATE_OPEN;
	wake_up_all(&gate_wait);
}
