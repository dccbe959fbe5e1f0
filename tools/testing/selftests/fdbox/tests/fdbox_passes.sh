#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini mini+configs/nobox.config
# timeout: 300
#
# Boxes pass through kernels that have live update, but do not know boxes.

. "$(dirname "$0")/../lib.sh"

adds+=(--add "$KHO_BUILD/x86_64/mini-nobox/image:/boot/nobox")
box_vm passes
finish
