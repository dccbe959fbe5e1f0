// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: /sys/kernel/kho, for operators
 *
 * Documentation/ABI/testing/sysfs-kernel-kho describes the files.
 */
#include <linux/init.h>
#include <linux/kexec_handover.h>
#include <linux/kho/hooks.h>
#include <linux/kobject.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "internal.h"

static ssize_t enabled_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", kho_enable);
}

static struct kobj_attribute enabled_attr = __ATTR_RO(enabled);

static ssize_t scratch_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	ssize_t len = 0;
	unsigned int i;

	for (i = 0; i < kho_scratch_nr; i++) {
		if (kho_scratch[i].size)
			len += sysfs_emit_at(buf, len, "%pa %pa\n",
					     &kho_scratch[i].addr, &kho_scratch[i].size);
	}
	return len;
}

/* Addresses are for root. */
static struct kobj_attribute scratch_attr = __ATTR_RO_MODE(scratch, 0400);

#define BYTES_ATTR(_name, _value)						\
static ssize_t _name##_show(struct kobject *kobj, struct kobj_attribute *attr,	\
			    char *buf)						\
{										\
	return sysfs_emit(buf, "%llu\n", (u64)(_value));			\
}										\
static struct kobj_attribute _name##_attr = __ATTR_RO(_name)

BYTES_ATTR(scratch_bytes, kho_scratch_bytes());
BYTES_ATTR(scratch_free_bytes, kho_scratch_free_bytes());
BYTES_ATTR(preserved_bytes, PFN_PHYS(kho_out_pages()));
BYTES_ATTR(unclaimed_bytes, PFN_PHYS(kho_unclaimed_pages()));
BYTES_ATTR(dropped_bytes, PFN_PHYS(kho_in.dropped));
BYTES_ATTR(kexec_count, kho_kexec_count());

static ssize_t previous_release_show(struct kobject *kobj, struct kobj_attribute *attr,
				     char *buf)
{
	return sysfs_emit(buf, "%s\n", kho_previous_release());
}

static struct kobj_attribute previous_release_attr = __ATTR_RO(previous_release);

static ssize_t reserve_mem_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return kho_reserve_mem_show(buf);
}

static struct kobj_attribute reserve_mem_attr = __ATTR_RO_MODE(reserve_mem, 0400);

static ssize_t reserve_mem_discard_store(struct kobject *kobj, struct kobj_attribute *attr,
					 const char *buf, size_t count)
{
	char name[32];
	int err;

	if (strscpy(name, buf) < 0)
		return -ENOENT;
	err = kho_reserve_mem_discard(strim(name));
	return err ?: count;
}

static struct kobj_attribute reserve_mem_discard_attr = __ATTR_WO(reserve_mem_discard);

static ssize_t allow_loss_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", kho_allow_loss);
}

static ssize_t allow_loss_store(struct kobject *kobj, struct kobj_attribute *attr,
				const char *buf, size_t count)
{
	return kstrtobool(buf, &kho_allow_loss) ?: count;
}

static struct kobj_attribute allow_loss_attr = __ATTR_RW(allow_loss);

static ssize_t kexec_check_show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", kho_kexec_would());
}

/* It takes time, and a line in the log. */
static struct kobj_attribute kexec_check_attr = __ATTR_RO_MODE(kexec_check, 0400);

static struct attribute *kho_attrs[] = {
	&enabled_attr.attr,
	&scratch_attr.attr,
	&scratch_bytes_attr.attr,
	&scratch_free_bytes_attr.attr,
	&preserved_bytes_attr.attr,
	&unclaimed_bytes_attr.attr,
	&dropped_bytes_attr.attr,
	&previous_release_attr.attr,
	&kexec_count_attr.attr,
	&reserve_mem_attr.attr,
	&reserve_mem_discard_attr.attr,
	&allow_loss_attr.attr,
	&kexec_check_attr.attr,
	NULL
};

static const struct attribute_group kho_group = {
	.name = "kho",
	.attrs = kho_attrs,
};

static int __init kho_sysfs_init(void)
{
	return sysfs_create_group(kernel_kobj, &kho_group);
}
late_initcall(kho_sysfs_init);
