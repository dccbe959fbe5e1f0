# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by the tests of FDBox: those of liveupdate/lib.sh, with boxes for the
# guest's scripts
#
#	box_vm SCENARIO [NAME] [-- QEMU-RUN-OPTION...]	as vm, live update is on
#	box_program NAME				a program of this directory

fdbox_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$fdbox_dir/../liveupdate/lib.sh"

box_program()
{
	program "$1" "../fdbox/$1.c" || fail "build $1 (see $work/$1.log)"
}

box_vm()
{
	luo_dir_vm fdbox "$@"
}

adds+=(--add "$fdbox_dir/guest:/guest/fdbox")
program fdbox ../fdbox/fdbox_guest.c || fail "build fdbox (see $work/fdbox.log)"
