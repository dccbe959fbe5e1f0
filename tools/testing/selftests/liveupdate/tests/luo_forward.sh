#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 500
#
# What nobody took is handed on.

. "$(dirname "$0")/../lib.sh"

luo_vm forward -- --timeout 250 --append liveupdate_exerciser.flbs=0
# Not one line for each of many files, while all is frozen
said forward "regression_many_lost: the first ones" \
	"luo: session 'large': token 0x3fb was retrieved and is not preserved again"
said forward "regression_many_lost: and the others" \
	"luo: 5 more files were retrieved and are not preserved again"
said forward "regression_many_lost: the first that failed" \
	"luo: session 'large': token 0x40f could not be retrieved (-5) and ends here"
said forward "regression_many_lost: and the others" \
	"luo: 6 more files could not be retrieved and end here"
luo_vm flbs -- --timeout 200
finish
