#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 400
#
# Files in formats that other kernels do not know.

. "$(dirname "$0")/../lib.sh"

luo_vm ext -- --timeout 300 --append liveupdate_exerciser.flbs=0
finish
