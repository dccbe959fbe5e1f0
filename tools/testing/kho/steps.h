/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_STEPS_H
#define _KHO_STEPS_H

/* Basic blocks executed so far. */
extern unsigned long steps;

void __sanitizer_cov_trace_pc(void);

#endif /* _KHO_STEPS_H */
