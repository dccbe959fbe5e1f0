/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What kv_server and kv_client say to each other: lines of text
 *
 *	SET NR KEY LENGTH VALUE		OK NR GENERATION
 *	GET NR KEY			VALUE NR GENERATION VALUE
 *					NONE NR GENERATION
 *	anything else			ERR NR GENERATION REASON
 *
 * NR is the client's, to tell the answers apart.  GENERATION counts how often a
 * server has taken the memory into its hands.
 */
#ifndef _KV_H
#define _KV_H

#define KV_KEY_LEN	32		/* with NUL */
#define KV_VALUE_LEN	4032		/* with NUL */
#define KV_LINE_LEN	(KV_VALUE_LEN + 128)

#endif /* _KV_H */
