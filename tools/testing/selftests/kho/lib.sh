# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by the tests: boot guests, collect what they say as TAP
#
#	vm SCENARIO [NAME] [-- QEMU-RUN-OPTION...]
#	said NAME WHAT TEXT
#	said_once NAME WHAT TEXT
#	finish
#
# A guest runs guest/SCENARIO and the kernels that it starts itself. Its lines
# "ok - ..." and "not ok - ..." are the results; that it got to the end with a
# clean log is one more.

set -u
KHO_ROOT=${KHO_ROOT:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../../../.." && pwd)}
KHO_BUILD=${KHO_BUILD:-$KHO_ROOT/build}
# Kernels of other makes; looked for in a "peers" beside the checkout
if [ -z "${KHO_PEERS:-}" ]; then
	for KHO_PEERS in "$KHO_ROOT"/../peers "$KHO_ROOT"/../*/peers; do
		[ ! -d "$KHO_PEERS" ] || break
	done
fi
export KHO_ROOT KHO_BUILD

test_name=$(basename "$0" .sh)
work=$KHO_BUILD/tests/$test_name
logs=$KHO_BUILD/logs
count=0
failed=0
arch=${arch:-x86_64}		# of the guests
flavor=mini			# of the kernel that vm boots
boots=				# the image that vm boots, if not that kernel's
adds=()				# more for the initramfs
keep_dirty=			# set: what looks like a problem in the log is wanted

mkdir -p "$work" "$logs"
echo "TAP version 13"

pass()
{
	count=$((count + 1))
	echo "ok $count - $*"
}

fail()
{
	count=$((count + 1))
	failed=$((failed + 1))
	echo "not ok $count - $*"
}

skip()
{
	count=$((count + 1))
	echo "ok $count - $1 # SKIP $2"
}

finish()
{
	echo "1..$count"
	[ "$failed" = 0 ]
	exit
}

kernel_image()
{
	echo "$KHO_BUILD/$arch/$flavor/image"
}

# initramfs: what the guests of this test have; again after "adds" changed
initramfs()
{
	local have="$arch $flavor ${adds[*]}"

	[ "$have" != "${packed:-}" ] || return 0
	packed=$have
	"$KHO_ROOT/scripts/initramfs" "$work/initrd.cpio" --arch "$arch" \
		--add "$(kernel_image):/boot/kernel" "${adds[@]}"
}

# collect NAME FILE: a guest's results become ours
collect()
{
	local name=$1 line

	while IFS= read -r line; do
		line=${line%$'\r'}
		case $line in
		"ok - "*)	pass "$name: ${line#ok - }" ;;
		"not ok - "*)	fail "$name: ${line#not ok - }" ;;
		"# "*)		echo "# $name: ${line#\# }" ;;
		esac
	done <"$2"
}

# troubles LOG: in three lines, what there was, for the reader of the results
troubles()
{
	{
		grep -aEm 2 'BUG|WARNING|Oops|KASAN|Kernel panic|Out of memory' "$1"
		tail -n 1 "$1"
	} | tr -d '\r' | sed 's/^/# /'
}

# vm SCENARIO [NAME] [-- QEMU-RUN-OPTION... [-- QEMU-OPTION...]]
vm()
{
	local scenario=$1 name=$1 serial out clean=(--clean) options=() extra=()
	local status=0

	shift
	if [ $# -gt 0 ] && [ "$1" != -- ]; then
		name=$1
		shift
	fi
	[ $# = 0 ] || shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	[ $# = 0 ] || shift
	extra=("$@")
	[ -z "$keep_dirty" ] || clean=()

	serial=$logs/$test_name-$name.serial
	out=$logs/$test_name-$name.results
	initramfs || { fail "$name: initramfs"; return 1; }
	"$KHO_ROOT/scripts/qemu-run" --arch "$arch" \
		--kernel "${boots:-$(kernel_image)}" --initrd "$work/initrd.cpio" \
		--append "guest=$scenario" --log "$serial" --results "$out" \
		"${clean[@]}" "${options[@]}" -- "${extra[@]}" || status=$?
	collect "$name" "$out"
	if [ $status != 0 ]; then
		fail "$name: guest or its log, status $status (see $serial)"
		troubles "$serial"
	elif ! grep -q '^done' "$out"; then
		fail "$name: did not get to its end (see $serial)"
		troubles "$serial"
		tail -n 60 "$serial" >&2
	else
		pass "$name: got to its end with a clean log"
	fi
}

# said VM WHAT TEXT: one of its kernels wrote this on its console, be it the last
said()
{
	if grep -qF "$3" "$logs/$test_name-$1.serial"; then
		pass "$1: $2"
	else
		fail "$1: $2: no '$3' (see $logs/$test_name-$1.serial)"
	fi
}

# said_once VM WHAT TEXT: in all of them together no more than one line
said_once()
{
	local n

	n=$(grep -acF "$3" "$logs/$test_name-$1.serial")
	if [ "$n" = 1 ]; then
		pass "$1: $2"
	else
		fail "$1: $2: $n times '$3' (see $logs/$test_name-$1.serial)"
	fi
}
