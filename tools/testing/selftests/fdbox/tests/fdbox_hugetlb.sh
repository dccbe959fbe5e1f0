#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# hugetlb memfds in boxes, over kexecs.

. "$(dirname "$0")/../lib.sh"

box_program fdbox_hugetlb
box_vm hugetlb -- --mem 1G
finish
