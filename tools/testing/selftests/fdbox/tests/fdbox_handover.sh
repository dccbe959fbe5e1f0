#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Boxes over kexecs: sealed, unsealed, unclaimed, handed on.

. "$(dirname "$0")/../lib.sh"

box_program fdbox_keep
box_vm handover -- --append liveupdate_exerciser.flbs=0
said handover \
	"luo: box 'stash' is not sealed and ends here, with its files 'one', 'two'" \
	"luo: box 'both' is not sealed and ends here, with its files 'fresh'"
finish
