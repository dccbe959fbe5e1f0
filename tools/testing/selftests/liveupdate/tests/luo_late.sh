#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Handlers that come late, never, or fail.

. "$(dirname "$0")/../lib.sh"

luo_vm late
finish
