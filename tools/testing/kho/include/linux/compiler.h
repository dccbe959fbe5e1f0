/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_COMPILER_H
#define _LINUX_COMPILER_H

/* There is one thread. */
#define WRITE_ONCE(x, val)	((x) = (val))

#endif /* _LINUX_COMPILER_H */
