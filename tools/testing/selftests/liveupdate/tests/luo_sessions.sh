#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Sessions and files go over; all calls of all operations.

. "$(dirname "$0")/../lib.sh"

program luo_many luo_many.c || fail "build luo_many (see $work/luo_many.log)"
luo_vm sessions
luo_vm owner
luo_vm many
finish
