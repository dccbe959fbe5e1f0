#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: arm64/mini
# timeout: 900
#
# arm64 with pages of 4 KiB: everything that can be preserved, what is refused,
# kernels with and without KASLR and rodata=full.

arch=arm64
. "$(dirname "$0")/../lib.sh"

vm single single -- --mem 1G --append "kho=on"
vm refuse refuse -- --mem 1G --append "kho=on" --timeout 300
vm options options -- --mem 6G --append "kho=on" --timeout 400
finish
