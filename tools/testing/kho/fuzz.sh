#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# fuzz.sh DIRECTORY SECONDS TARGET...: run fuzzers one after the other, in KTAP
#
# What libFuzzer learns stays in DIRECTORY/corpus for the next run; an input
# that fails is DIRECTORY/crash-*, to be given to DIRECTORY/TARGET again.

dir=$1
seconds=$2
shift 2

export ASAN_OPTIONS="strict_string_checks=1:$ASAN_OPTIONS"
export UBSAN_OPTIONS="print_stacktrace=1:$UBSAN_OPTIONS"

echo "KTAP version 1"
echo "1..$#"

n=0
status=0
for target; do
	n=$((n + 1))
	log=$dir/$target.log
	corpus=$dir/corpus/$target
	mkdir -p "$corpus"
	case $(cat "$dir/.cc") in
	*-DLIBFUZZER*)
		KHO_SEEDS=$corpus "$dir/$target" "$corpus" -max_total_time="$seconds" \
			-timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
			-artifact_prefix="$dir/crash-$target-" >"$log" 2>&1
		result=$?
		grep -E '^stat::number_of_executed_units|DONE' "$log" | sed 's/^/# /'
		;;
	*)
		"$dir/$target" "$seconds" >"$log" 2>&1
		result=$?
		sed -n 's/.* inputs, .*/# &/p' "$log"
		;;
	esac
	if [ "$result" = 0 ]; then
		echo "ok $n fuzz.$target"
	else
		tail -n 60 "$log" | sed 's/^/# /'
		echo "not ok $n fuzz.$target"
		status=1
	fi
done
exit $status
