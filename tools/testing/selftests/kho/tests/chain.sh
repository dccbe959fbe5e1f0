#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 900
#
# 25 handovers in a row.

. "$(dirname "$0")/../lib.sh"

vm chain chain -- --mem 1G --smp 1 --append "kho=on" --timeout 600
finish
