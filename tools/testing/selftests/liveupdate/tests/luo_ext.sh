#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Files in formats that other kernels do not know.

. "$(dirname "$0")/../lib.sh"

luo_vm ext -- --timeout 200 --append liveupdate_exerciser.flbs=0
said ext "what is not understood makes room for what is" \
	"KHO: subtree 'x-luo' of the previous kernel, which nobody took, ends here"
finish
