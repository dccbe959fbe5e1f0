#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini+configs/other.config
# timeout: 300
#
# FDBox as a module, loaded and unloaded at the wrong moments, under lockdep; reboots
# that have to wait; and user namespaces.

. "$(dirname "$0")/../lib.sh"

box_program fdbox_test
box_program fdbox_unload
# shellcheck disable=SC2034
flavor=mini-other
with_exerciser
adds+=(--add "$KHO_BUILD/x86_64/mini-other/drivers/misc/fdbox.ko:/lib/fdbox.ko")
box_vm module -- --append liveupdate_exerciser.flbs=0 --timeout 200
box_vm waiting -- --append liveupdate_exerciser.flbs=0 --timeout 200
finish
