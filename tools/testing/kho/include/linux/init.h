/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_INIT_H
#define _LINUX_INIT_H

#define __init
#define __initdata

#endif /* _LINUX_INIT_H */
