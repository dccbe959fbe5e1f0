#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a handover costs, in instructions. The guest's clock advances one
# nanosecond per instruction, so two runs of the same kernel give the same
# figures; they say how much work is done, not how long it takes on a host.
#
# bench.sh [LAYOUT MIB]...
#
# Layouts of blocks that a driver preserves: seq, each, scatter, huge; of memfds
# in a session: memfd, memfds, apart, thp; of files of one page: files in one
# session, sessions with one each. All of memfds are also measured with mainline
# kernels, the bz-VERSION-bench in $KHO_PEERS; with as many files and sessions as
# they can search in a list.

set -eu
root=$(cd "$(dirname "$0")/../../../.." && pwd)
build=${KHO_BUILD:-$root/build}
dir=$build/bench
ours=6.12

image()
{
	if [ "$1" = $ours ]; then
		echo "$build/x86_64/bench/image"
	else
		echo "${KHO_PEERS:-/nonexistent}/bz-$1-bench"
	fi
}

pack()
{
	local program=$dir/memfd_bench

	mkdir -p "$dir"
	"${CC:-gcc}" -static -O2 -Wall -o "$program" -I"$root/include/uapi" \
		"$root/tools/testing/selftests/liveupdate/memfd_bench.c"
	for kernel in "${kernels[@]}"; do
		"$root/scripts/initramfs" "$dir/initrd-$kernel" \
			--add "$(image "$kernel"):/boot/kernel" --add "$program:/bin/memfd_bench"
	done
}

# measure KERNEL LAYOUT MIB
measure()
{
	local name=$1-$2-$3
	local out=$dir/$name.results

	: >"$out"
	"$root/scripts/qemu-run" --kernel "$(image "$1")" --initrd "$dir/initrd-$1" \
		--mem "${MEM:-6G}" --smp 1 --cpu qemu64 --icount 0 --timeout 900 \
		--log "$build/logs/bench-$name.serial" \
		--append "quiet loglevel=3 nokaslr kho=on liveupdate=on" \
		--append "guest=bench layout=$2 mib=$3" \
		-- -serial "file:$out" -seed 1 -rtc base=2026-01-01T00:00:00,clock=vm
	grep -q '^end' "$out"
}

value()
{
	tr -d '\r' <"$dir/$1-$2-$3.results" | awk -v name="$4" '$1 == name { print $2 }'
}

# print_row KERNEL LAYOUT MIB FLOOR
print_row()
{
	tr -d '\r' <"$dir/$1-$2-$3.results" |
	awk -v kernel="$1" -v layout="$2" -v mib="$3" -v floor="$4" '
	{ v[$1] = $2 }
	END {
		p = v["pages"]
		gone = v["up"] - v["jump"]
		printf "%-7s %-8s %5d %8d %9s %8.2f %9.2f %9.2f %8.4f %9s\n", kernel, layout,
			mib, p, p ? sprintf("%.0f", v["preserve"] / p) : "-",
			v["load"] / 1e6, gone / 1e6, (gone - floor) / 1e6, gone / floor,
			p ? sprintf("%.0f", v["claim"] / p) : "-"
	}'
}

# row KERNEL LAYOUT MIB
row()
{
	if ! measure "$@"; then
		printf '%-7s %-8s %5s  failed, see %s\n' "$@" "$build/logs/bench-$1-$2-$3.serial"
		return
	fi
	[ "$2" != none ] ||
		floor[$1]=$(($(value "$1" none 0 up) - $(value "$1" none 0 jump)))
	print_row "$@" "${floor[$1]}"
}

# ratio KERNEL LAYOUT MIB: what ours costs, that one's being 1
ratio()
{
	local what

	printf '%-16s %5s  ' "$2" "$3"
	for what in preserve claim; do
		awk -v what="$what" -v kernel="$1" -v a="$(value $ours "$2" "$3" "$what")" \
			-v b="$(value "$1" "$2" "$3" "$what")" 'BEGIN {
			if (a && b)
				printf "  %s %.2f of %s", what, a / b, kernel
		}'
	done
	echo
}

# has_mainline LAYOUT MIB: is it measured there too?
has_mainline()
{
	case $1 in
	memfd|memfds|apart|thp)	return 0 ;;
	files|sessions)		[ "$2" -le 50 ] ;;
	*)			return 1 ;;
	esac
}

declare -A floor
kernels=("$ours")
for version in 7.2 7.3; do
	[ ! -e "$(image $version)" ] || kernels+=("$version")
done
[ $# -gt 0 ] || set -- seq 256 each 256 scatter 16 scatter 64 scatter 128 scatter 256 \
	huge 2048 memfd 1024 memfds 64 apart 64 thp 1024 \
	files 25 files 100 files 400 sessions 20 sessions 80
pack
cat <<'EOT'
Instructions executed by the guest, one processor; "M" is a million of them.
blackout is from kexec -e to the first command in the next kernel; the floor
is a handover with nothing of ours preserved. Pages are pages of 4 KiB.

                               preserve     load  blackout  above the floor      claim
kernel  layout     MiB    pages per page        M         M         M    ratio  per page
EOT
for kernel in "${kernels[@]}"; do
	row "$kernel" none 0
done
ratios=()
while [ $# -ge 2 ]; do
	for kernel in "${kernels[@]}"; do
		[ "$kernel" = $ours ] || has_mainline "$1" "$2" || continue
		row "$kernel" "$1" "$2"
		[ "$kernel" = $ours ] || ratios+=("$kernel $1 $2")
	done
	shift 2
done
[ ${#ratios[@]} = 0 ] || printf '\nWhat %s costs, a mainline kernel being 1:\n' $ours
for r in "${ratios[@]}"; do
	# shellcheck disable=SC2086
	ratio $r
done
