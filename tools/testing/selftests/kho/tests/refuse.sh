#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini mini+configs/off.config
# timeout: 300
#
# Refuse before the jump; scratch that is too small; KHO off on either side, or
# not there.

. "$(dirname "$0")/../lib.sh"

adds=(--add "$KHO_BUILD/x86_64/mini-off/image:/boot/without")
vm without without -- --mem 1G --append "kho=on"
adds=()

vm refuse refuse -- --mem 1G --append "kho=on" --timeout 240
vm full full -- --mem 1G --append "kho=on"
vm off off -- --mem 512M
vm scratch tiny -- --mem 512M --smp 1 --append "kho=on want=small kho_scratch=1M,1M,1M"
vm scratch zero -- --mem 512M --smp 1 --append "kho=on want=default kho_scratch=0%"
vm scratch words -- --mem 512M --smp 1 --append "kho=on want=default kho_scratch=64M"
vm scratch parts -- --mem 1G --smp 1 --append "kho=on want=right kho_scratch=40M,24M,16M"
vm scratch percent -- --mem 1G --smp 1 --append "kho=on want=right kho_scratch=200%"
finish
