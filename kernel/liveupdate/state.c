// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: /sys/kernel/liveupdate
 */
#include <linux/init.h>
#include <linux/kexec.h>
#include <linux/kobject.h>
#include <linux/liveupdate.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>

#include "internal.h"

/* What is seen if no reboot is freezing, or was called off. */
static enum luo_phase phase = LUO_QUIET;
static const struct kimage *image;	/* the last one that was seen */
static DEFINE_SPINLOCK(lock);		/* both */

static struct kobject *kobj;

static const char *state(void)
{
	enum luo_phase at;
	bool loaded;

	if (!liveupdate_enabled())
		return "off";
	spin_lock(&lock);
	at = phase;
	loaded = image;
	spin_unlock(&lock);
	switch (at) {
	case LUO_FREEZING:
		return "freezing";
	case LUO_ABORTED:
		return "aborted";
	default:
		return loaded ? "loaded" : "idle";
	}
}

/**
 * luo_state_set - tell how far a reboot got
 * @to:		how far
 *
 * Whoever watches is woken, and not waited for.
 *
 * Context: may sleep.
 */
void luo_state_set(enum luo_phase to)
{
	scoped_guard(spinlock, &lock)
		phase = to;
	sysfs_notify(kobj, NULL, "state");
}

/**
 * liveupdate_image_changed - the next kernel may have been loaded or unloaded
 *
 * Context: may sleep.
 */
void liveupdate_image_changed(void)
{
	if (!kobj)
		return;
	scoped_guard(spinlock, &lock) {
		if (image == kexec_image)
			return;
		image = kexec_image;
		phase = LUO_QUIET;
	}
	sysfs_notify(kobj, NULL, "state");
}

static ssize_t state_show(struct kobject *k, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", state());
}

static struct kobj_attribute state_attr = __ATTR_RO(state);

/**
 * luo_state_init - show the state to userspace
 *
 * Returns: 0 or -ENOMEM.
 */
int __init luo_state_init(void)
{
	struct kobject *dir = kobject_create_and_add("liveupdate", kernel_kobj);
	int err;

	if (!dir)
		return -ENOMEM;
	err = sysfs_create_file(dir, &state_attr.attr);
	if (err)
		kobject_put(dir);
	else
		kobj = dir;
	return err;
}
