#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
#
# How a guest's end is judged, with a QEMU that only plays one: in place of it
# runs a script, whose guest says what is in the file "said.TRY" or "said".

. "$(dirname "$0")/../lib.sh"

# shellcheck disable=SC2016
fake='#!/bin/bash
cd "$(dirname "$0")" || exit 9
n=$(($(cat tries) + 1))
echo $n >tries
said=said
[ ! -e said.$n ] || said=said.$n
while [ $# -gt 0 ]; do
	case $1 in
	-serial) [[ $2 != file:*.results ]] || echo "try $n" >>"${2#file:}"
		 [[ $2 != file:*.serial ]] || cat "$said" >>"${2#file:}" ;;
	-D)	 cat reset >"$2" ;;
	esac
	shift
done
exit "$(cat status)"'

# play WHAT [QEMU-RUN-OPTION...]: a guest that ends as the files in $work say
play()
{
	what=$1
	echo 0 >"$work/tries"
	got=0
	PATH=$work:$PATH "$KHO_ROOT/scripts/qemu-run" --kernel "$(kernel_image)" \
		--log "$work/g.serial" --results "$work/g.results" "${@:2}" \
		2>"$work/errors" || got=$?
	cat "$work/errors" >&2
}

# judged STATUS TRIES [TEXT]: so it has to be, and TEXT is among the errors
judged()
{
	local tries

	tries=$(cat "$work/tries")
	if [ "$got" = "$1" ] && [ "$tries" = "$2" ] &&
	   grep -qF -e "${3:-}" <(echo; cat "$work/errors"); then
		pass "$what: status $1 after $2 of it"
	else
		fail "$what: status $got after $tries of it, not $1 after $2 (${3:-})"
	fi
}

echo "$fake" >"$work/qemu-system-x86_64"
chmod +x "$work/qemu-system-x86_64"
rm -f "$work"/said*
echo "CPU Reset (CPU 0)" >"$work/reset"
echo 0 >"$work/status"

echo "Linux version 6.12" >"$work/said"
play "a guest that ends"
judged 0 1

play "a line that is missing" --expect "^guest: done"
judged 1 1 "the log has no line with: ^guest: done"

# regression: KUnit died of it, and nothing ran it again
printf '%s\n' "Oops: int3: 0000 [#1] PREEMPT SMP" \
	"RIP: 0010:sched_clock_cpu+0x5/0x190" "Kernel panic - not syncing" >"$work/said.1"
cp "$work/said.1" "$work/said.2"
play "stale code, twice" --clean
judged 0 3 "sched_clock_cpu"
if [ "$(cat "$work/g.results")" = "try 3" ]; then
	pass "the results are those of the last try"
else
	fail "the results are those of the last try: $(xargs <"$work/g.results")"
fi

mv "$work/said.1" "$work/said"
rm "$work"/said.?
play "stale code, always"
judged 1 5 "the kernel panicked"

echo "Oops: 0000" >"$work/said"
play "a kernel's own bug" --clean
judged 1 1 "the log is not clean"

# regression: a guest that ended so was one that ended
echo "Linux version 6.12" >"$work/said"
printf '%s\n' "Triple fault" "CPU Reset (CPU 1)" "RIP=ffffffff81234567" >>"$work/reset"
play "a triple fault"
judged 1 1 "RIP=ffffffff81234567"
: >"$work/reset"

echo 1 >"$work/status"
play "a QEMU that fails"
judged 3 1 "QEMU failed with status 1"

echo 124 >"$work/status"
KHO_TIMEOUT_SCALE=1 play "a guest without an end" --timeout 7
judged 124 1 "no end after 7 seconds"

if compgen -G "$work/g.serial.*" >/dev/null; then
	fail "nothing is left beside the log: $(ls "$work")"
else
	pass "nothing is left beside the log"
fi
finish
