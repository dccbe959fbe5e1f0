#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 400
#
# Live update between two kernels of ours with FLBs for all files, and to and
# from mainline 7.2 and 7.3. $KHO_PEERS is a directory with mainline's kernels.

. "$(dirname "$0")/../lib.sh"

program memfd_peer memfd_peer.c || fail "build memfd_peer (see $work/memfd_peer.log)"
luo_flbs=1
luo_vm peer same -- --append "chain=kernel,"

for peer in bz-7.2-test bz-7.3-test; do
	[ -e "$KHO_PEERS/$peer" ] && continue
	skip "live update to and from mainline" "there is no \$KHO_PEERS/$peer"
	finish
done
adds+=(--add "$KHO_PEERS/bz-7.2-test:/boot/7.2" --add "$KHO_PEERS/bz-7.3-test:/boot/7.3")
luo_vm peer to-mainline -- --append "kho_scratch=64M,160M,0 chain=7.2,kernel,7.3"
# Files without FLBs: mainline's test counts them below zero, and warns.
luo_flbs=0
keep_dirty=1
luo_vm peer without-flbs -- --append "kho_scratch=64M,160M,0 chain=7.3,kernel"
keep_dirty=
boots=$KHO_PEERS/bz-7.3-test
luo_flbs=1
luo_vm peer from-mainline -- --append "kho_scratch=64M,160M,32M chain=kernel,7.2"
finish
