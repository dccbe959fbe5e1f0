#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Mainline 7.3 gets a box. $KHO_PEERS is a directory with its kernel.

. "$(dirname "$0")/../lib.sh"

if [ ! -e "$KHO_PEERS/bz-7.3-test" ]; then
	skip "a box for mainline" "there is no \$KHO_PEERS/bz-7.3-test"
	finish
fi
adds+=(--add "$KHO_PEERS/bz-7.3-test:/boot/7.3")
# It warns about FLBs of its own that nobody asked for.
# shellcheck disable=SC2034
keep_dirty=1
box_vm mainline -- --append "kho_scratch=64M,160M,0 peer=7.3"
finish
