/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_ALIGN_H
#define _LINUX_ALIGN_H

#define IS_ALIGNED(x, a)	(!((x) & ((typeof(x))(a) - 1)))

#define ALIGN(x, a) ({				\
	typeof(x) __mask = (typeof(x))(a) - 1;	\
						\
	((x) + __mask) & ~__mask;		\
})

#define ALIGN_DOWN(x, a)	((x) & ~((typeof(x))(a) - 1))

#endif /* _LINUX_ALIGN_H */
