#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Boxes over kexecs: sealed, unsealed, unclaimed, handed on.

. "$(dirname "$0")/../lib.sh"

# said NAME TEXT...: the log of a guest has these lines, once each
said()
{
	# shellcheck disable=SC2154
	local serial=$logs/$test_name-$1.serial line n

	shift
	for line in "$@"; do
		n=$(grep -acF "$line" "$serial")
		if [ "$n" = 1 ]; then
			pass "regression_dropped_in_silence: $line"
		else
			fail "regression_dropped_in_silence: $n times: $line"
		fi
	done
}

box_program fdbox_keep
box_vm handover -- --append liveupdate_exerciser.flbs=0
said handover \
	"luo: box 'stash' is not sealed and ends here, with its files 'one', 'two'" \
	"luo: box 'both' is not sealed and ends here, with its files 'fresh'"
vm fdbox/stash stash
said stash "luo: box 'stash' is not sealed and ends here, with its files 'two', 'one'"
finish
