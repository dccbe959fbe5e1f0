#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Boxes without KHO and live update.

. "$(dirname "$0")/../lib.sh"

box_program fdbox_test
box_program seal_test
vm fdbox/stash stash
said_once stash "regression_dropped_in_silence" \
	"luo: box 'stash' is not sealed and ends here, with its files 'two', 'one'"
finish
