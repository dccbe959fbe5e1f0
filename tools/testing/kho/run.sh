#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh PART-OF-A-NAME PROGRAM...: one KTAP stream from several programs

part=$1
shift

total=0
for program; do
	total=$((total + $("$program" --count "$part")))
done
if [ "$total" = 0 ]; then
	echo "no case has '$part' in its name" >&2
	exit 1
fi

echo "KTAP version 1"
echo "1..$total"

export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_string_checks=1:$ASAN_OPTIONS"
export UBSAN_OPTIONS="print_stacktrace=1:$UBSAN_OPTIONS"

status=0
first=1
for program; do
	"$program" --first "$first" "$part" || status=1
	first=$((first + $("$program" --count "$part")))
done
exit $status
