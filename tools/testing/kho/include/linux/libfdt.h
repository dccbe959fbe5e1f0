/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_LIBFDT_H
#define _KHO_SHIM_LIBFDT_H

#include <libfdt.h>

#endif /* _KHO_SHIM_LIBFDT_H */
