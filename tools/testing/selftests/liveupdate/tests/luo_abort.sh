#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Reboots that fail in the middle.

. "$(dirname "$0")/../lib.sh"

program luo_stalled luo_stalled.c || fail "build luo_stalled (see $work/luo_stalled.log)"
luo_vm abort
finish
