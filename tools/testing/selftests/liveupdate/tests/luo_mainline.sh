#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Sessions that were handed on arrive in mainline 7.3, without what it does not
# know. $KHO_PEERS is a directory with its kernel.

. "$(dirname "$0")/../lib.sh"

peer=bz-7.3-test
if [ ! -e "$KHO_PEERS/$peer" ]; then
	skip "sessions that go on to mainline" "there is no \$KHO_PEERS/$peer"
	finish
fi
adds+=(--add "$KHO_PEERS/$peer:/boot/7.3")
# Its test FLBs are linked to memfds, and it counts them down although none came.
keep_dirty=1
luo_vm mainline -- --mem 1G --timeout 150 \
	--append "kho_scratch=64M,160M,0 chain=kernel,7.3"
finish
