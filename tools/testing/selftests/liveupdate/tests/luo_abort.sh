#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Reboots that fail in the middle.

. "$(dirname "$0")/../lib.sh"

luo_vm abort
finish
