#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 200
#
# KASLR in scratch.

. "$(dirname "$0")/../lib.sh"

vm kaslr kaslr -- --mem 3G --smp 1 --append "kho=on kho_scratch=256M,256M,0"
finish
