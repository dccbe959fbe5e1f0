#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Sessions and files go over; all calls of all operations.

. "$(dirname "$0")/../lib.sh"

program luo_many luo_many.c || fail "build luo_many (see $work/luo_many.log)"
luo_vm sessions
# Handler b does not know how large its files are.
said_once sessions "what is handed over" \
	"luo: 3 sessions with 3 files and 8 KiB are handed over, frozen in "
said_once sessions "what is handed over later" \
	"luo: 1 sessions with 1 files and 4 KiB are handed over, frozen in "
luo_vm owner
luo_vm many
finish
