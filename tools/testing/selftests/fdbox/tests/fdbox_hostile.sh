#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Damaged names of boxes.

. "$(dirname "$0")/../lib.sh"

box_vm hostile -- --append liveupdate_exerciser.flbs=0 --timeout 200
finish
