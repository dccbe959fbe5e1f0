#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 200
#
# Memory that nobody claims, while the kernel does everything it can.

. "$(dirname "$0")/../lib.sh"

vm unclaimed unclaimed -- --mem 1G --append "kho=on"
finish
