#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini debug
# timeout: 600
#
# Threads that get in each other's way, and calls at random; with all checks the
# kernel has, and with live update and without.

. "$(dirname "$0")/../lib.sh"

box_program fdbox_races
box_vm races
vm fdbox/races stash
# shellcheck disable=SC2034
flavor=debug
box_vm races debug -- --mem 2G --timeout 400 --append "steps=500"
finish
