#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: arm64/mini
# timeout: 900
#
# arm64 with pages of 4 KiB, on machines of all sorts: small and large ones,
# several nodes, a limit, UEFI with ACPI, a crash of the second kernel, a device tree
# with reserved memory.

arch=arm64
. "$(dirname "$0")/../lib.sh"

dtc=$KHO_BUILD/arm64/mini/scripts/dtc/dtc

# tree NAME: the machine's device tree with what stdin adds to it
tree()
{
	qemu-system-aarch64 -machine "virt,gic-version=3,its=off,dumpdtb=$work/virt.dtb" -cpu max \
		-m 1G -smp 1 -nodefaults -display none >/dev/null 2>&1 &&
	{ "$dtc" -q -I dtb -O dts "$work/virt.dtb" && cat; } >"$work/$1.dts" &&
	"$dtc" -q -I dts -O dtb "$work/$1.dts" >"$work/$1.dtb"
}

vm carry 512M -- --mem 512M --smp 1 --append "kho=on"
vm carry 64G -- --mem 64G --smp 2 --append "kho=on big=500 scatter=20000" --timeout 300 \
	-- -object memory-backend-ram,id=ram,size=64G,reserve=off -machine memory-backend=ram
vm carry limited -- --mem 1G --smp 1 --append "kho=on mem=700M limit=716800"

nodes=(-object "memory-backend-ram,id=m0,size=1G" -object "memory-backend-ram,id=m1,size=512M"
       -numa "node,nodeid=0,memdev=m0,cpus=0" -numa "node,nodeid=1,cpus=1"
       -numa "node,nodeid=2,memdev=m1")
vm numa nodes -- --mem 1536M --smp 2 --append "kho=on" -- "${nodes[@]}"

firmware=/usr/share/AAVMF/AAVMF_CODE.fd
if [ -e $firmware ]; then
	# There the tables of the interrupt controller outlive a kexec.
	vm carry acpi -- --mem 1G --smp 2 --append "kho=on" --timeout 200 \
		--expect "ACPI: FACP" --expect "ITS@" \
		-- -machine its=on -drive "if=pflash,format=raw,readonly=on,file=$firmware"
else
	skip "UEFI and ACPI" "there is no $firmware, from the package qemu-efi-aarch64"
fi

tree reserved <<'DTS' || fail "make a device tree"
/ {
	reserved-memory {
		#address-cells = <2>;
		#size-cells = <2>;
		ranges;
		firmware@58000000 {
			reg = <0x0 0x58000000 0x0 0x2000000>;
			no-map;
		};
		buffer@5c000000 {
			reg = <0x0 0x5c000000 0x0 0x1000000>;
		};
		pool {
			compatible = "shared-dma-pool";
			size = <0x0 0x2000000>;
			reusable;
			linux,cma-default;
		};
	};
};
DTS
vm carry reserved -- --mem 1G --smp 1 --append "kho=on" \
	--expect "Reserved memory: created CMA memory pool" -- -dtb "$work/reserved.dtb"

keep_dirty=1
vm kdump kdump -- --mem 1G --smp 1 --append "kho=on" --panic-ok
finish
