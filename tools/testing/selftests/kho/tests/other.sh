#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini+configs/other.config
# timeout: 600
#
# A kernel that is built differently: PREEMPT_RT, no deferred initialisation, a
# memmap that is not virtual, no NUMA; on without kho=on. Lock debugging finds
# what may not sleep.

. "$(dirname "$0")/../lib.sh"

flavor=mini-other
vm carry default -- --mem 1G --smp 2 --append "scatter=20000 big=20" --timeout 280
vm unclaimed races -- --mem 1G --smp 2 --timeout 280
finish
