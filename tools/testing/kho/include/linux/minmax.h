/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _LINUX_MINMAX_H
#define _LINUX_MINMAX_H

/* The result has the common type of both, as in the kernel. */
#define __kho_cmp(a, b, op) ({			\
	__auto_type __a = (a);			\
	__auto_type __b = (b);			\
	__a op __b ? __a : __b;			\
})

#define min(a, b)		__kho_cmp(a, b, <)
#define max(a, b)		__kho_cmp(a, b, >)
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))

#endif /* _LINUX_MINMAX_H */
