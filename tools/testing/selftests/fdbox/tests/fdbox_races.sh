#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini debug
# timeout: 600
#
# Threads that get in each other's way, calls at random, and allocations that fail;
# with all checks the kernel has, and with live update and without.

. "$(dirname "$0")/../lib.sh"

box_program fdbox_races
box_program fdbox_faults
box_vm races
vm fdbox/races stash
# shellcheck disable=SC2034
flavor=debug
# Its guest looks for warnings itself: allocations that fail may show a stack.
keep_dirty=1
box_vm faults -- --mem 1G --timeout 300 --append liveupdate_exerciser.flbs=0
# shellcheck disable=SC2034
keep_dirty=
box_vm races debug -- --mem 2G --timeout 400 --append "steps=500"
finish
