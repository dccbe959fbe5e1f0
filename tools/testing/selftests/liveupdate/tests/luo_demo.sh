#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 600
#
# "make demo" shows what it is to show.

. "$(dirname "$0")/../lib.sh"

out=$logs/luo_demo.out
if "$luo_dir/demo.sh" >"$out" 2>&1; then
	pass "it got to its end"
else
	fail "it got to its end (see $out)"
fi
for row in "memory that is kept .* 60000 keys of 4000 bytes" "freezing.* us" "gap .*[0-9] s " \
	   "acknowledged writes .* [1-9][0-9]* before, [1-9][0-9]* after" "missing of them  *0$"; do
	if grep -q "$row" "$out"; then
		pass "its table has: $row"
	else
		fail "its table has: $row"
	fi
done
finish
