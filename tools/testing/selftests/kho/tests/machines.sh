#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 500
#
# Processors with and without 1 GiB pages, mem=, no low memory, memory that is
# added later, UEFI firmware, reservations at fixed addresses over preserved
# memory, a crash of the second kernel.

. "$(dirname "$0")/../lib.sh"

vm carry no-1g-pages -- --mem 1G --smp 1 --cpu qemu64 --append "kho=on"
vm carry with-1g-pages -- --mem 4G --smp 1 --cpu EPYC --append "kho=on big=500"
vm carry limited -- --mem 1G --smp 1 --append "kho=on mem=700M limit=716800"
vm carry no-low-memory -- --mem 5G --append "kho=on low=1"
# with memory that is added: when the guest says so, and before KHO begins
for append in kho=on "kho=on memhp_default_state=online"; do
	name=hotplug
	[ "$append" = kho=on ] || name=hotplug-at-boot
	vm hotplug $name -- --mem 1G,slots=1,maxmem=2G --append "$append" \
		--expect "KHO: [0-9]+ KiB of the previous kernel were neither claimed nor forwarded" \
		-- -object "memory-backend-ram,id=more,size=256M" -device "pc-dimm,memdev=more"
done
firmware=/usr/share/OVMF/OVMF_CODE.fd
if [ -e $firmware ]; then
	vm carry uefi -- --mem 1G --smp 1 --append "kho=on" --timeout 200 \
		-- -drive "if=pflash,format=raw,readonly=on,file=$firmware"
else
	skip "UEFI" "there is no $firmware, from the package ovmf"
fi
vm limit limit -- --mem 6G --smp 1 --append "kho=on kho_scratch=64M,0,64M" \
	-- -object memory-backend-ram,id=m0,size=4G -object memory-backend-ram,id=m1,size=2G \
	-numa node,nodeid=0,memdev=m0,cpus=0 -numa node,nodeid=1,memdev=m1
vm conflict cma -- --mem 1G --smp 1 --append "kho=on what=cma test_kho.mib=0"
vm conflict crashkernel -- --mem 1G --smp 1 --append "kho=on what=crashkernel"
vm conflict revived -- --mem 1G --smp 1 --append "kho=on what=revived reserve_mem=4M:4M:one"
for less in 80 110 140; do
	vm conflict greedy-$less -- --mem 1G --smp 1 \
		--append "kho=on what=greedy less=$less test_kho.mib=0"
done
keep_dirty=1
vm kdump kdump -- --mem 1G --smp 1 --append "kho=on" --panic-ok
finish
