#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 600
#
# Single handovers of everything that can be preserved.

. "$(dirname "$0")/../lib.sh"

vm single single -- --mem 1G --append "kho=on"
vm single gigantic -- --mem 6G --append "kho=on gigantic=1"
finish
