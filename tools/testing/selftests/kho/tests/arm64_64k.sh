#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: arm64/mini+configs/arm64-64k.config
# timeout: 600
#
# arm64 with pages of 64 KiB and 52-bit addresses, where a scratch area is 512 MiB:
# everything that can be preserved, from the smallest machine to a large one, a chain,
# what is refused, memfds.

arch=arm64
. "$(dirname "$0")/../../liveupdate/lib.sh"

flavor=mini-arm64-64k
program memfd_peer memfd_peer.c || fail "build memfd_peer (see $work/memfd_peer.log)"

vm carry 1G -- --mem 1G --smp 1 --append "kho=on scatter=1000"
vm single 4G -- --mem 4G --append "kho=on" --timeout 200
vm carry 64G -- --mem 64G --append "kho=on big=4 scatter=4000" --timeout 200 \
	-- -object memory-backend-ram,id=ram,size=64G,reserve=off -machine memory-backend=ram
vm chain chain -- --mem 2G --append "kho=on last=5" --timeout 300
vm refuse refuse -- --mem 2G --smp 1 --append "kho=on" --timeout 300
luo_vm peer memfd -- --mem 2G --append "chain=kernel,kernel" --timeout 200
finish
