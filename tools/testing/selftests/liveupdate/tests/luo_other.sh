#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini+configs/other.config
# timeout: 300
#
# Live update of a kernel that is built differently, PREEMPT_RT among others. Lock
# debugging finds what may not sleep.

. "$(dirname "$0")/../lib.sh"

# shellcheck disable=SC2034
flavor=mini-other
luo_vm sessions -- --mem 1G --timeout 200
finish
