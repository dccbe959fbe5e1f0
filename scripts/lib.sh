# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by every script: where things are, how to talk, how to stop.
#
# Progress goes to stderr as "  STEP    what"; stdout belongs to results.

set -Eeuo pipefail
export LC_ALL=C
umask 022
PATH=$PATH:/usr/sbin:/sbin

# What a script says of itself, instead of running it
case ${1:-} in
-h|--help)
	sed -n '/^# SPDX/d; /^#!/d; /^#/!q; s/^# \{0,1\}//p' "$0" | sed '1{/^$/d}'
	exit ;;
esac

# Variables given to our make must not reach the makes that we start.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL

KHO_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
KHO_BUILD=${KHO_BUILD:-$KHO_ROOT/build}
KHO_CACHE=${KHO_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/kho-linux-6.12}
export KHO_ROOT KHO_BUILD KHO_CACHE

# Top-level directories that mirror the kernel tree; the rest is ours.
# shellcheck disable=SC2034
overlay_dirs=(arch drivers Documentation fs include init kernel lib mm samples
	      security tools virt)

verbose=${V:-0}
[ "$verbose" = 0 ] || verbose=1

say()
{
	printf '  %-8s%s\n' "$1" "$2" >&2
}

warn()
{
	printf '%s: warning: %s\n' "${0##*/}" "$*" >&2
}

# Stop with a message. The status says to callers that it has been explained;
# a command that fails without one is at least located.
die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 70
}

trap '[ $? = 70 ] || echo "${0##*/}: failed at line $LINENO" >&2' ERR

# run LOG CMD...: silent unless V=1; on failure show what matters of the log
run()
{
	local log=$1

	shift
	mkdir -p "${log%/*}"
	if [ "$verbose" = 1 ]; then
		"$@" 2>&1 | tee "$log" >&2
		return
	fi
	"$@" >"$log" 2>&1 && return
	{
		grep -nE -A6 '(error|warning):|Error [0-9]|\*\*\*|undefined reference' \
			"$log" | head -n 60 || true
		echo "--- last lines of $log"
		tail -n 15 "$log"
	} >&2
	return 1
}

# need_disk DIR GIB WHAT: stop early instead of with a half-written build
need_disk()
{
	local free

	mkdir -p "$1"
	free=$(($(df -Pk "$1" | awk 'NR == 2 { print $4 }') / 1048576))
	[ "$free" -ge "$2" ] ||
		die "$3 needs $2 GiB of free disk in $1, there are $free GiB"
}

# scaled SECONDS: how long something may take before it is said to hang. Far more than it
# takes: a host may have a lot of other things to do, or stand still for a while.
scaled()
{
	awk -v s="$1" -v f="${KHO_TIMEOUT_SCALE:-3}" 'BEGIN { print s * f }'
}

# lock NAME: one at a time, for the life of the script
lock()
{
	local fd

	mkdir -p "$KHO_BUILD"
	exec {fd}>"$KHO_BUILD/.lock-$1"
	flock "$fd"
}

# arch_names ARCH: check the name, set srcarch, image and cross
# shellcheck disable=SC2034
arch_names()
{
	case $1 in
	x86_64)
		srcarch=x86 image=arch/x86/boot/bzImage target=bzImage
		cross=x86_64-linux-gnu- ;;
	arm64)
		srcarch=arm64 image=arch/arm64/boot/Image target=Image
		cross=aarch64-linux-gnu- ;;
	*)
		die "ARCH=$1 is not known, use x86_64 or arm64" ;;
	esac
	[ "$(uname -m)" != "${1/arm64/aarch64}" ] || cross=
}
