#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: arm64/mini
# timeout: 300
#
# arm64: handover to and from mainline 7.2. $KHO_PEERS is a directory with its
# kernel. That one has no second console: its results are looked for in the log.

arch=arm64
. "$(dirname "$0")/../lib.sh"

peer=$KHO_PEERS/Image-7.2-arm64.xz
if [ ! -e "$peer" ]; then
	skip "handover to and from mainline" "there is no \$KHO_PEERS/${peer##*/}"
	finish
fi
xz -dc "$peer" >"$work/7.2"
adds+=(--add "$work/7.2:/boot/7.2")
arrived="payload arrived"

vm foreign small -- --mem 1G --append "kho=on"
region=reserve_mem=2M:65536:region
vm payload to-mainline -- --mem 1G --timeout 200 \
	--append "kho=on liveupdate=on kho_scratch=256M,0,0 chain=7.2,kernel $region" \
	--expect "kho-test: ok - stage 2: 7\.2\.[0-9]+: reserve_mem= revived" \
	--expect "kho-test: ok - stage 2: 7\.2\.[0-9]+: $arrived" \
	--expect "kho-test: ok - stage 2: 7\.2\.[0-9]+: nothing was lost"
boots=$work/7.2
vm payload from-mainline -- --mem 1G --timeout 200 \
	--append "kho=on liveupdate=on kho_scratch=256M,0,0 chain=kernel,7.2,kernel $region" \
	--expect "kho-test: ok - stage 3: 7\.2\.[0-9]+: reserve_mem= revived" \
	--expect "kho-test: ok - stage 3: 7\.2\.[0-9]+: $arrived"
finish
