#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Sessions on their way through a kernel without live update.

. "$(dirname "$0")/../lib.sh"

luo_vm off -- --timeout 220
finish
