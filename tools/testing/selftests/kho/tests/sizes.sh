#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 600
#
# Machines from 512 MiB to 64 GiB, with and without a second processor to
# initialise the memmap. Most of their memory is never touched.

. "$(dirname "$0")/../lib.sh"

machine()
{
	vm carry "$1-$2" -- --mem "$1" --smp "$2" --append "kho=on ${3:-}" --timeout 300 \
		-- -object "memory-backend-ram,id=ram,size=$1,reserve=off" \
		-machine memory-backend=ram
}

machine 512M 1
machine 1G 2 scatter=65536
machine 2G 1 big=200
machine 4G 1 "big=600 scatter=20000"
machine 8G 2 "big=800 scatter=20000"
machine 64G 2 "big=500 scatter=20000"
finish
