# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by the tests of live update: those of kho/lib.sh, with the guest's
# agent, scenarios and exerciser
#
#	luo_vm SCENARIO [NAME] [-- QEMU-RUN-OPTION...]	as vm
#	luo_flbs=1					with FLBs for all files
#	program NAME SOURCE [GCC-OPTION...]		a program for the guest

luo_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/testing/selftests/kho/lib.sh
. "$luo_dir/../kho/lib.sh"

compiler()
{
	case $arch in
	"$(uname -m | sed s/aarch64/arm64/)")	echo "${CC:-gcc}" ;;
	arm64)					echo aarch64-linux-gnu-gcc ;;
	esac
}

# The programs are static: the guest has no libraries.
program()
{
	local name=$1 source=$luo_dir/$2

	shift 2
	"$(compiler)" -static -O2 -Wall -o "$work/$name" -I"$KHO_ROOT/include/uapi" \
		-I"$KHO_BUILD/tree/tools/testing/selftests/liveupdate" "$source" \
		"$@" -pthread >"$work/$name.log" 2>&1 || return
	adds+=(--add "$work/$name:/bin/$name")
}

luo_vm()
{
	local scenario=$1 name=$1

	shift
	if [ $# -gt 0 ] && [ "$1" != -- ]; then
		name=$1
		shift
	fi
	[ $# = 0 ] || shift
	vm "luo/$scenario" "$name" -- \
		--append "kho=on liveupdate=on liveupdate_test.enabled=${luo_flbs:-0}" "$@"
}

adds+=(--add "$luo_dir/guest:/guest/luo")
program luo luo_guest.c || fail "build the agent (see $work/luo.log)"
