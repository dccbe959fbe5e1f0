#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 700
#
# Damaged and hostile handover data of every kind.

. "$(dirname "$0")/../lib.sh"

vm hostile hostile -- --mem 1G --smp 1 --append "kho=on" --timeout 360
vm hostile_blobs blobs -- --mem 1G --smp 1 --append "kho=on reserve_mem=1M:4096:region" \
	--timeout 250
vm hostile_large large -- --mem 8G --smp 1 --append "kho=on" --timeout 300 \
	-- -object memory-backend-ram,id=ram,size=8G,reserve=off -machine memory-backend=ram
finish
