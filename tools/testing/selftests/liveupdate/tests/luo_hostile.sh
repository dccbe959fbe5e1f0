#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 500
#
# Damaged sessions, files and FLBs.

. "$(dirname "$0")/../lib.sh"

luo_vm hostile -- --timeout 400
finish
