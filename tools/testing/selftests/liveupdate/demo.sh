#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A live update, in words: a machine changes its kernel under a key-value
# server, and a client that is not part of the machine watches. "make demo";
# ARCH= is the machine's.

here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=scripts/lib.sh
. "$here/../../../../scripts/lib.sh"
root=$KHO_ROOT
build=$KHO_BUILD
export ARCH=${ARCH:-x86_64}
# shellcheck disable=SC2154
arch_names "$ARCH"
dir=$build/demo/$ARCH
log=$build/logs/demo-$ARCH.serial
mib=256
keys=60000

# The second kernel is the first one, linked again with another build number.
second_kernel()
{
	local from=$build/$ARCH/mini out=$build/$ARCH/mini-successor

	mkdir -p "$out"
	rsync --archive --delete --exclude=/image "$from/" "$out/"
	relink "$out" prepare
	# Tools were linked anew, but they are no newer than what they made.
	[ ! -d "$out/tools/objtool" ] ||
		find "$out/tools" -type f -exec touch -r "$from/tools/objtool/objtool" {} +
	# shellcheck disable=SC2154
	relink "$out" "$target"
	# shellcheck disable=SC2154
	echo "$out/$image"
}

# The compiler has to be spelled as it was, or everything is compiled again.
relink()
{
	local cc

	cc=$(sed -n 's/^savedcmd_[^ ]* := \(.*gcc\) .*/\1/p' "$1/init/.main.o.cmd")
	# shellcheck disable=SC2154
	make -C "$build/tree" O="$1" ARCH="$srcarch" CROSS_COMPILE="$cross" CC="$cc" \
		KBUILD_BUILD_USER=kho KBUILD_BUILD_HOST=kho KBUILD_BUILD_VERSION=2026 \
		-j"$(nproc)" "$2" >"$build/logs/demo-kernel.log" 2>&1 && return
	tail -n 20 "$build/logs/demo-kernel.log" >&2
	exit 1
}

# program NAME COMPILER
program()
{
	"$2" -static -O2 -Wall -I"$root/include/uapi" -o "$dir/$1" "$here/${1%.*}.c"
}

value()
{
	cat "$dir/results" "$dir/client" | tr -d '\r' | sed -n "s/^set $1 //p" | tail -n 1
}

row()
{
	printf '  %-26s %s\n' "$1" "$2"
}

# Shows the lines of the guest and the client as they come, until QEMU ends
narrate()
{
	tail -q -n +1 -F --pid="$1" "$dir/results" "$dir/client" 2>/dev/null |
	while IFS= read -r line; do
		line=${line%$'\r'}
		case $line in
		say)	echo ;;
		say*)	echo "  ${line#say }" ;;
		esac
	done
}

mkdir -p "$dir"
first=$(FLAVOR=mini "$root/scripts/kernel")
second=$(second_kernel)
program kv_server "${cross}gcc"
program kv_client "${cross}gcc"
# That one is a program of this machine.
program kv_client.host gcc
"$root/scripts/initramfs" "$dir/initrd" --arch "$ARCH" --add "$second:/boot/kernel" \
	--add "$here/guest:/guest/luo" --add "$dir/kv_server:/bin/kv_server" \
	--add "$dir/kv_client:/bin/kv_client"

echo
echo "  Live update: a machine changes its kernel, and a service keeps its memory"
echo "  =========================================================================="
echo
: >"$dir/results"
: >"$dir/client"
# Paths of sockets are short.
sockets=$(mktemp -d)
trap 'rm -rf "$sockets"' EXIT
"$root/scripts/qemu-run" --arch "$ARCH" --kernel "$first" --initrd "$dir/initrd" \
	--mem 1G --smp 2 --append "kho=on liveupdate=on guest=luo/demo mib=$mib" \
	--log "$log" --results "$dir/results" --timeout 240 \
	-- -device virtio-serial-pci,id=kv \
	-chardev "socket,id=kv,path=$sockets/kv,server=on,wait=off" \
	-device virtserialport,bus=kv.0,chardev=kv,name=kv &
qemu=$!
narrate $qemu &
teller=$!
client=0
"$dir/kv_client.host" "$sockets/kv" watch $keys >"$dir/client" 2>>"$log" || client=$?
status=0
wait $qemu || status=$?
wait $teller || true

if [ $status != 0 ] || [ $client != 0 ] || ! grep -q '^success' "$dir/results"; then
	echo
	echo "  The demo failed. The end of the machine's log ($log):" >&2
	grep -aE 'kv_|KHO|luo|BUG|WARNING|Oops|panic' "$log" | tail -n 30 >&2 || true
	exit 1
fi

echo
row "kernel before" "$(value before)"
row "kernel after" "$(value after)"
row "memory that is kept" "$mib MiB in one memfd, $(value keys)"
row "kexec -l, while serving" "$(value load)"
row "freezing, at kexec -e" "$(sed -n 's/.*luo: .* are handed over, frozen in //p' "$log" | tr -d '\r')"
row "gap seen by the client" "$(value gap) (in an emulator)"
row "  of which kernel boot" "$(value boot)"
row "  of which server start" "$(value start)"
row "acknowledged writes" "$(value acks)"
row "missing of them" "$(value missing)"
echo
