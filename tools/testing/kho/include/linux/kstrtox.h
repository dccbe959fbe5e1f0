/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_KSTRTOX_H
#define _LINUX_KSTRTOX_H

#include <linux/types.h>

/* shim.c: as lenient as the kernel's */
int kstrtou64(const char *s, unsigned int base, u64 *res);

#endif /* _LINUX_KSTRTOX_H */
