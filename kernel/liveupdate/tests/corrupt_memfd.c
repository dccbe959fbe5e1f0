// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update exerciser: damage memfds on their way
 *
 * TEST ONLY.  In each session there is one.
 */
#include <linux/crc32.h>
#include <linux/kho/abi/memfd.h>

#include "corrupt.h"

/* The kernel was frozen in the middle of chmod(2), which changes an access list as well. */
static void memfd_torn(void)
{
	struct memfd_luo_ext *ext = lux_file_data() + MEMFD_LUO_EXT_OFFSET;

	ext->mode ^= 0077;
	ext->crc = 0;
	ext->crc = crc32_le(~0U, (u8 *)ext, ext->length);
}

const struct lux_way lux_memfd_ways[] = {
	WAY(memfd_torn),
	{ }
};
