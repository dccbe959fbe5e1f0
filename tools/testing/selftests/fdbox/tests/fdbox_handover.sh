#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Boxes over kexecs: sealed, unsealed, unclaimed, handed on, with and without those who
# know their files. And the example of the documentation.

. "$(dirname "$0")/../lib.sh"

box_program fdbox_keep
which=
if programs_32 ../fdbox/fdbox_guest.c; then
	which=32
fi
box_vm handover -- --append "liveupdate_exerciser.flbs=0 which=$which"
said_once handover "regression_dropped_in_silence: a stash" \
	"luo: box 'stash' is not sealed and ends here, with its files 'one', 'two'"
wide=$(printf 'w%.0s' $(seq 199))
said_once handover "what is dropped, as far as there is room" \
	"luo: box 'crowd' is not sealed and ends here, with its files '1$wide', '2$wide', '3$wide' and 2 more"
said_once handover "regression_dropped_in_silence: a box that came, with a new file" \
	"luo: box 'both' is not sealed: what was put into it ends here, the files 'fresh'"

box_vm absent -- --append liveupdate_exerciser.flbs=0

program fdbox-example ../../../../samples/liveupdate/fdbox-example.c -Werror ||
	fail "build the example (see $work/fdbox-example.log)"
box_vm example
finish
