#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini debug
# timeout: 900
#
# Threads that get in each other's way, calls at random, a module that is unloaded,
# and allocations that fail; with all checks the kernel has, and with live update and
# without.

. "$(dirname "$0")/../lib.sh"

for name in fdbox_races fdbox_unload fdbox_takeover fdbox_faults; do
	box_program $name
done
box_vm races
vm fdbox/races stash
# shellcheck disable=SC2034
flavor=debug
adds+=(--add "$KHO_BUILD/x86_64/debug/drivers/misc/fdbox.ko:/lib/fdbox.ko")
# Its guest looks for warnings itself: allocations that fail may show a stack.
keep_dirty=1
box_vm faults -- --mem 1G --timeout 400 --append liveupdate_exerciser.flbs=0
# shellcheck disable=SC2034
keep_dirty=
box_vm races debug -- --mem 2G --timeout 400 --append "steps=500"
finish
