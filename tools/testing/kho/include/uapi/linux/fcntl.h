/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _KHO_SHIM_FCNTL_H
#define _KHO_SHIM_FCNTL_H

/* The system's header may be older than the last of them. */
#define F_SEAL_SEAL		0x0001
#define F_SEAL_SHRINK		0x0002
#define F_SEAL_GROW		0x0004
#define F_SEAL_WRITE		0x0008
#define F_SEAL_FUTURE_WRITE	0x0010
#define F_SEAL_EXEC		0x0020

#endif /* _KHO_SHIM_FCNTL_H */
