#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 400
#
# What nobody took is handed on.

. "$(dirname "$0")/../lib.sh"

luo_vm forward -- --timeout 200 --append liveupdate_exerciser.flbs=0
luo_vm flbs
finish
