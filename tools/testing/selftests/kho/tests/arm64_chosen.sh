#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: arm64/mini
# timeout: 600
#
# arm64: announcements in /chosen of a device tree that no kernel made. What they
# point to is put into memory by QEMU.

arch=arm64
. "$(dirname "$0")/../lib.sh"

dtc=$KHO_BUILD/arm64/mini/scripts/dtc/dtc
blob=0x5c000000			# nobody uses that before /chosen is read
tree=$((blob)) array=$((blob + 0x2000)) device=$((blob + 0x2100))
map=$((blob + 0x1000)) noise=$((blob + 0x3000))
beyond=$((1 << 45)) garbage=$((0xdeadbeefdeadb000))
impossible="KHO: handover FDT .* impossible"

# le64 VALUE...: as bytes
le64()
{
	local value i

	for value; do
		for ((i = 0; i < 64; i += 8)); do
			# shellcheck disable=SC2059
			printf "\\x$(printf %02x $((value >> i & 255)))"
		done
	done
}

# put OFFSET: standard input, into what QEMU loads
put()
{
	dd of="$work/blob" bs=1 seek="$1" conv=notrunc 2>/dev/null
}

# The smallest tree there is, with a map in which nothing is; an array with one
# area, and one with a device
make_blob()
{
	rm -f "$work/blob"
	head -c 16384 /dev/zero >"$work/blob"
	"$dtc" -q -I dts -O dtb <<-DTS | put 0
		/dts-v1/;
		/ {
			compatible = "kho-v4";
			preserved-memory-map = [$(le64 $map | od -A n -t x1)];
		};
	DTS
	le64 $((0x60000000)) $((64 << 20)) | put $((array - blob))
	le64 $((0x08000000)) $((64 << 20)) | put $((device - blob))
	head -c 4096 /dev/urandom | put $((noise - blob))
}

# cells VALUE...: two for each, as the properties have them
cells()
{
	local value

	for value; do
		printf '%#x %#x ' $((value >> 32 & 0xffffffff)) $((value & 0xffffffff))
	done
}

# forged NAME LOG FDT-CELLS [ARRAY-CELLS [MORE]]: what /chosen has
forged()
{
	local name=$1 log=$2 chosen

	chosen="linux,kho-fdt = <$3>;"
	[ -z "${4:-}" ] || chosen+="linux,kho-scratch = <$4>;"
	{ "$dtc" -q -I dtb -O dts "$work/virt.dtb" && echo "/ { chosen { $chosen ${5:-} }; };"; } |
		"$dtc" -q -I dts -O dtb >"$work/$name.dtb" || fail "$name: make a device tree"
	vm chosen "$name" -- --mem 1G --smp 1 --append "kho=on way=$name" --expect "$log" \
		-- -dtb "$work/$name.dtb" -device "loader,file=$work/blob,addr=$blob,force-raw=on"
}

qemu-system-aarch64 -machine "virt,gic-version=3,its=off,dumpdtb=$work/virt.dtb" -cpu max \
	-m 1G -smp 1 -nodefaults -display none >/dev/null 2>&1
make_blob || fail "make what the announcements point to"

fdt=$(cells $tree 4096)
good=$(cells $array 16)
not_one="is not one address and one size: there is no handover"
forged fdt-zero "$impossible" "$(cells 0 4096)" "$good"
forged fdt-empty "$impossible" "$(cells $tree 0)" "$good"
forged fdt-beyond "$impossible" "$(cells $beyond 4096)" "$good"
forged fdt-device "$impossible" "$(cells 0x09000000 4096)" "$good"
forged fdt-garbage "$impossible" "$(cells $garbage 4096)" "$good"
forged fdt-odd "$impossible" "$(cells $((tree + 8)) 4096)" "$good"
forged fdt-huge "$impossible" "$(cells $tree $((1 << 32)))" "$good"
forged fdt-short "KHO: linux,kho-fdt $not_one" "$(cells $tree)" "$good"
forged fdt-twice "KHO: linux,kho-fdt $not_one" "$fdt $fdt" "$good"
forged array-24 "KHO: scratch array .* is damaged" "$fdt" "$(cells $array 24)"
forged array-nothing "KHO: scratch array .* impossible" "$fdt" "$(cells $array 0)"
forged array-huge "KHO: scratch array .* impossible" "$fdt" "$(cells $array -16)"
forged array-beyond "KHO: scratch array .* impossible" "$fdt" "$(cells $beyond 16)"
forged array-short "KHO: linux,kho-scratch $not_one" "$fdt" "$(cells $array)"
forged area-device "KHO: scratch area .* is not RAM" "$fdt" "$(cells $device 16)"
forged one "KHO: scratch areas: " "$fdt"
forged crash "Kdump: vmcore not initialized" "$fdt" "$good" "linux,elfcorehdr = <$(cells 0x5f000000 4096)>;"
forged right "KHO: the handover FDT is not preserved; disabling KHO revival" "$fdt" "$good"
# This one goes on: no kernel hands on what it was told.
forged fdt-noise "KHO: handover FDT .* is damaged" "$(cells $noise 4096)" "$good"
finish
