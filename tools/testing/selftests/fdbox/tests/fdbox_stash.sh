#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Boxes without KHO and live update, for 64-bit and 32-bit programs.

. "$(dirname "$0")/../lib.sh"

box_program fdbox_test
box_program seal_test
vm fdbox/stash stash
said_once stash "regression_dropped_in_silence" \
	"luo: box 'stash' is not sealed and ends here, with its files 'two', 'one'"
if programs_32 ../fdbox/fdbox_test.c ../fdbox/seal_test.c ../fdbox/fdbox_guest.c; then
	vm fdbox/stash stash32 -- --append which=32
fi
finish
