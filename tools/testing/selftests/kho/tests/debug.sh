#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: debug
# timeout: 600
#
# Two handovers under KASAN, lockdep and kmemleak.

. "$(dirname "$0")/../lib.sh"

flavor=debug
vm debug debug -- --mem 2G --append "kho=on" --timeout 500
finish
