#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: arm64/mini+configs/arm64-16k.config
# timeout: 600
#
# arm64 with pages of 16 KiB: everything that can be preserved, many pages, a chain,
# what is refused, memfds.

arch=arm64
. "$(dirname "$0")/../../liveupdate/lib.sh"

flavor=mini-arm64-16k
program memfd_peer memfd_peer.c || fail "build memfd_peer (see $work/memfd_peer.log)"

vm single 1G -- --mem 1G --append "kho=on" --timeout 200
vm carry 4G -- --mem 4G --append "kho=on big=10 scatter=10000" --timeout 200
vm chain chain -- --mem 1G --append "kho=on last=5" --timeout 300
vm refuse refuse -- --mem 1G --smp 1 --append "kho=on" --timeout 300
luo_vm peer memfd -- --mem 1G --append "chain=kernel,kernel" --timeout 200
finish
