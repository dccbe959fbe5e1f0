#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini+configs/other.config
# timeout: 300
#
# Handlers and FLBs that are in a module, which is loaded and unloaded at the wrong
# moments, under lockdep.

. "$(dirname "$0")/../lib.sh"

program luo_unload luo_unload.c || fail "build luo_unload (see $work/luo_unload.log)"
# shellcheck disable=SC2034
flavor=mini-other
with_exerciser
luo_vm module -- --timeout 200
finish
