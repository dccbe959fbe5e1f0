#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Memory is short, moved, swapped, collapsed and compacted, and scratch is half of it.

. "$(dirname "$0")/../lib.sh"

program memfd_pressure memfd_pressure.c ||
	fail "build memfd_pressure (see $work/memfd_pressure.log)"
keep_dirty=1
luo_vm pressure -- --mem 1G --timeout 240 \
	--append "kho_scratch=256M,256M,0 numa=fake=2"
finish
