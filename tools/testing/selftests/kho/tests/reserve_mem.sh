#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 120
#
# reserve_mem= over several kernels.

. "$(dirname "$0")/../lib.sh"

vm reserve_mem reserve_mem -- --mem 1G --append "kho=on hop=1 reserve_mem=4M:2M:one reserve_mem=1M:4096:two reserve_mem=8M:4096:three"
finish
