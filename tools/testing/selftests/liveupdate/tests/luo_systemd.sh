#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 200
#
# What systemd does with live update sessions.

. "$(dirname "$0")/../lib.sh"

program fd_store fd_store.c || fail "build fd_store (see $work/fd_store.log)"
luo_vm fd_store systemd
finish
