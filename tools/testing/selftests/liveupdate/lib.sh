# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by the tests of live update: those of kho/lib.sh, with the guest's
# agent, scenarios and exerciser
#
#	luo_vm SCENARIO [NAME] [-- QEMU-RUN-OPTION...]	as vm
#	luo_dir_vm DIR SCENARIO...			as luo_vm, of guest/DIR
#	luo_flbs=1					with FLBs for all files
#	with_exerciser					where it is a module, which the
#							guest loads
#	program NAME SOURCE [GCC-OPTION...]		a program for the guest
#	programs_32 SOURCE...				as 32-bit programs, NAME32; fails
#							if none can be built here

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

programs_32()
{
	local source name

	"$KHO_ROOT/scripts/deps" test-32bit || true
	if ! echo 'int main(void) { return 0; }' |
	     "$(compiler)" -m32 -static -x c -o "$work/empty32" - 2>/dev/null; then
		skip "32-bit programs" "gcc -m32 does not link: gcc-12-multilib and libc6-dev-i386 are not there"
		return 1
	fi
	for source in "$@"; do
		name=$(basename "$source" .c)32
		# Debian keeps asm/ where only its multilib compiler looks.
		program "$name" "$source" -m32 \
			-idirafter "/usr/include/$(gcc -print-multiarch)" ||
			fail "build $name (see $work/$name.log)"
	done
}

with_exerciser()
{
	local ko=liveupdate_exerciser.ko

	# shellcheck disable=SC2154
	adds+=(--add "$KHO_BUILD/$arch/$flavor/kernel/liveupdate/tests/$ko:/lib/$ko")
}

luo_dir_vm()
{
	local dir=$1 scenario=$2 name=$2

	shift 2
	if [ $# -gt 0 ] && [ "$1" != -- ]; then
		name=$1
		shift
	fi
	[ $# = 0 ] || shift
	vm "$dir/$scenario" "$name" -- \
		--append "kho=on liveupdate=on liveupdate_test.enabled=${luo_flbs:-0}" "$@"
}

luo_vm()
{
	luo_dir_vm luo "$@"
}

adds+=(--add "$luo_dir/guest:/guest/luo")
program luo luo_guest.c || fail "build the agent (see $work/luo.log)"
