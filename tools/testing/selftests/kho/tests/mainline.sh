#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Handover to and from mainline 7.2 and 7.3. $KHO_PEERS is a directory with
# their kernels.

. "$(dirname "$0")/../lib.sh"

for peer in bz-7.2-test bz-7.3-test; do
	[ -e "$KHO_PEERS/$peer" ] && continue
	skip "handover to and from mainline" "there is no \$KHO_PEERS/$peer"
	finish
done
adds+=(--add "$KHO_PEERS/bz-7.2-test:/boot/7.2" --add "$KHO_PEERS/bz-7.3-test:/boot/7.3")
[ ! -e "$KHO_PEERS/bz-7.2-nokho" ] ||
	adds+=(--add "$KHO_PEERS/bz-7.2-nokho:/boot/nokho")

vm foreign small -- --mem 1G --append "kho=on"
region=reserve_mem=2M:4096:region
vm payload to-mainline -- --mem 1G \
	--append "kho=on liveupdate=on kho_scratch=64M,160M,0 chain=7.2,kernel,7.3 $region"
for peer in 7.2 7.3; do
	boots=$KHO_PEERS/bz-$peer-test
	vm payload "from-$peer" -- --mem 1G \
		--append "kho=on liveupdate=on kho_scratch=64M,160M,32M chain=kernel,$peer $region"
done
finish
