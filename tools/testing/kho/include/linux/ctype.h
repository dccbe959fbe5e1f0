/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_CTYPE_H
#define _KHO_SHIM_CTYPE_H

#include <ctype.h>

#endif /* _KHO_SHIM_CTYPE_H */
