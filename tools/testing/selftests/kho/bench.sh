#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What a handover costs, in instructions. The guest's clock advances one
# nanosecond per instruction, so two runs of the same kernel give the same
# figures; they say how much work is done, not how long it takes on a host.
#
# bench.sh [LAYOUT MIB]...

set -eu
root=$(cd "$(dirname "$0")/../../../.." && pwd)
build=${KHO_BUILD:-$root/build}
dir=$build/bench
image=$build/x86_64/mini/image

run()
{
	local out=$dir/$1-$2.results

	: >"$out"
	"$root/scripts/qemu-run" --kernel "$image" --initrd "$dir/initrd" --mem "${MEM:-4G}" \
		--smp 1 --cpu qemu64 --icount 0 --timeout 400 --log "$build/logs/bench-$1-$2.serial" \
		--append "quiet loglevel=3 nokaslr kho=on guest=bench layout=$1 mib=$2" \
		-- -serial "file:$out" -seed 1 -rtc base=2026-01-01T00:00:00,clock=vm
	grep -q '^end' "$out"
}

value()
{
	tr -d '\r' <"$dir/$1-$2.results" | awk -v name="$3" '$1 == name { print $2 }'
}

# row LAYOUT MIB
row()
{
	if ! run "$1" "$2"; then
		printf '%-8s %5s  failed, see %s\n' "$1" "$2" "$build/logs/bench-$1-$2.serial"
		return
	fi
	[ "$1" != none ] || floor=$(($(value none 0 up) - $(value none 0 jump)))
	tr -d '\r' <"$dir/$1-$2.results" |
	awk -v layout="$1" -v mib="$2" -v floor="${floor:-0}" '
	{ v[$1] = $2 }
	END {
		p = v["pages"]
		gone = v["up"] - v["jump"]
		printf "%-8s %5d %8d %9s %8.2f %9.2f %9.2f %8.4f %9s\n", layout, mib, p,
			p ? sprintf("%.0f", v["preserve"] / p) : "-", v["load"] / 1e6,
			gone / 1e6, (gone - floor) / 1e6, gone / floor,
			p ? sprintf("%.0f", v["claim"] / p) : "-"
	}'
}

mkdir -p "$dir"
"$root/scripts/initramfs" "$dir/initrd" --add "$image:/boot/kernel"
cat <<'EOT'
Instructions executed by the guest, one processor; "M" is a million of them.
blackout is from kexec -e to the first command in the next kernel; the floor
is a handover with nothing of ours preserved. Pages are pages of 4 KiB.

                       preserve     load  blackout  above the floor      claim
layout     MiB    pages per page        M         M         M    ratio  per page
EOT
row none 0
[ $# -gt 0 ] || set -- seq 256 each 256 scatter 16 scatter 64 scatter 128 scatter 256 huge 2048
while [ $# -ge 2 ]; do
	row "$1" "$2"
	shift 2
done
