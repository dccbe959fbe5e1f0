#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 400
#
# Damaged and hostile handover data of every kind.

. "$(dirname "$0")/../lib.sh"

vm hostile hostile -- --mem 1G --smp 1 --append "kho=on" --timeout 360
finish
