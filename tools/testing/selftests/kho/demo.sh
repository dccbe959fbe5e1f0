#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A handover, in words. Part of "make demo".

set -eu
root=$(cd "$(dirname "$0")/../../../.." && pwd)
build=${KHO_BUILD:-$root/build}
dir=$build/demo
log=$build/logs/demo.serial

# The second kernel is the first one, linked again with another build number.
second_kernel()
{
	local from=$build/x86_64/mini out=$build/x86_64/mini-successor

	mkdir -p "$out"
	rsync --archive --delete --exclude=/image "$from/" "$out/"
	relink "$out" prepare
	# Tools were linked anew, but they are no newer than what they made.
	find "$out/tools" -type f -exec touch -r "$from/tools/objtool/objtool" {} +
	relink "$out" bzImage
	echo "$out/arch/x86/boot/bzImage"
}

# The compiler has to be spelled as it was, or everything is compiled again.
relink()
{
	local cc

	cc=$(sed -n 's/^savedcmd_[^ ]* := \(.*gcc\) .*/\1/p' "$1/init/.main.o.cmd")
	make -C "$build/tree" O="$1" ARCH=x86 CC="$cc" KBUILD_BUILD_USER=kho \
		KBUILD_BUILD_HOST=kho KBUILD_BUILD_VERSION=2026 -j"$(nproc)" "$2" \
		>"$build/logs/demo-kernel.log" 2>&1 && return
	tail -n 20 "$build/logs/demo-kernel.log" >&2
	exit 1
}

value()
{
	tr -d '\r' <"$dir/results" | sed -n "s/^set $1 //p" | tail -n 1
}

row()
{
	printf '  %-26s %s\n' "$1" "$2"
}

# Shows the guest's lines as they come; ends with QEMU
narrate()
{
	tail -n +1 -F --pid="$1" "$dir/results" 2>/dev/null |
	while IFS= read -r line; do
		line=${line%$'\r'}
		case $line in
		say)	echo ;;
		say*)	echo "  ${line#say }" ;;
		jump)	jumped=$(date +%s%N) ;;
		up)	echo "$((($(date +%s%N) - ${jumped:-0}) / 10000000))" >"$dir/blackout" ;;
		esac
	done
}

mkdir -p "$dir"
first=$(FLAVOR=mini "$root/scripts/kernel")
second=$(second_kernel)
"$root/scripts/initramfs" "$dir/initrd" --add "$second:/boot/kernel"

echo
echo "  Kexec HandOver: a machine changes its kernel and keeps its memory"
echo "  =================================================================="
echo
: >"$dir/results"
rm -f "$dir/blackout"
"$root/scripts/qemu-run" --kernel "$first" --initrd "$dir/initrd" --mem 1G --smp 1 \
	--append "kho=on guest=demo" --log "$log" --timeout 180 \
	-- -serial "file:$dir/results" &
qemu=$!
narrate $qemu &
teller=$!
status=0
wait $qemu || status=$?
wait $teller || true

if [ $status != 0 ] || ! grep -q '^success' "$dir/results"; then
	echo
	echo "  The demo failed. The end of the machine's log ($log):" >&2
	grep -aE 'KHO|kho|BUG|WARNING|Oops|panic' "$log" | tail -n 30 >&2 || true
	exit 1
fi

blackout=$(cat "$dir/blackout" 2>/dev/null || echo 0)
echo
row "preserved" "$(value what)"
row "kernel before" "$(value before)"
row "kernel after" "$(value after)"
row "fill and preserve" "$(value fill)"
row "kexec -l" "$(value load)"
row "jump to userspace" "$((blackout / 100)).$(printf '%02d' $((blackout % 100))) s (in an emulator)"
row "  of which kernel boot" "$(value boot)"
row "claim and compare" "$(value claim)"
echo
