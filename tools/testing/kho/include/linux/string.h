/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_STRING_H
#define _KHO_SHIM_STRING_H

#include <string.h>

#endif /* _KHO_SHIM_STRING_H */
