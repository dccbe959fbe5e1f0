#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 200
#
# samples/liveupdate, which the documentation shows.

. "$(dirname "$0")/../lib.sh"

program update-counter ../../../../samples/liveupdate/update-counter.c ||
	fail "build update-counter (see $work/update-counter.log)"
luo_vm samples
finish
