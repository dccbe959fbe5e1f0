# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced: Debian packages as files in KHO_CACHE, without installing them.

# cached_deb PACKAGE [VERSION [ARCH]]: the newest that fits, or nothing
cached_deb()
{
	mkdir -p "$KHO_CACHE"
	find "$KHO_CACHE" -maxdepth 1 -name "$1_${2:-*}_${3:-*}.deb" |
		sort -V | tail -n 1
}

# apt_download PACKAGE [VERSION [ARCH]]: through apt, from its own sources
apt_download()
{
	local spec=$1${2:+=$2} arch=${3:-} tmp options=(-q)

	command -v apt-get >/dev/null || return 1
	need_disk "$KHO_CACHE" 1 "downloading $1"
	tmp=$(mktemp -d "$KHO_CACHE/.download-XXXXXX")
	[ "$arch" != "$(dpkg --print-architecture)" ] || arch=
	[ -z "$arch" ] || apt_foreign "$arch" "$tmp"
	say FETCH "$spec"
	if ! apt_try "$tmp" "${options[@]}" download "$spec"; then
		# package lists that are missing or outdated
		apt_update "$tmp" "$arch" "${options[@]}"
		if ! apt_try "$tmp" "${options[@]}" download "$spec"; then
			grep -E '^[EW]:' "$tmp/log" >&2 || tail -n 5 "$tmp/log" >&2
			rm -rf "$tmp"
			return 1
		fi
	fi
	mv "$tmp"/*.deb "$KHO_CACHE/"
	rm -rf "$tmp"
}

# apt_foreign ARCH DIR: more options, with lists of its own for an architecture
# that is not ours, and DIR for what apt leaves behind
apt_foreign()
{
	mkdir -p "$KHO_CACHE/apt-$1/partial" "$2/cache"
	options+=(-o "APT::Architecture=$1" -o "APT::Architectures=$1"
		  -o "Dir::State::lists=$KHO_CACHE/apt-$1"
		  -o "Dir::Cache=$2/cache" -o "APT::Sandbox::User=")
}

# apt_depends PACKAGE ARCH: names of the packages that it depends on
apt_depends()
{
	local tmp options=()

	tmp=$(mktemp -d "$KHO_CACHE/.download-XXXXXX")
	apt_foreign "$2" "$tmp"
	apt-cache "${options[@]}" depends --no-recommends --no-suggests --no-conflicts \
		--no-breaks --no-replaces --no-enhances "$1" |
		sed -nE 's/^ *\|?(Pre)?Depends: ([^<]+)$/\2/p' | sort -u
	rm -rf "$tmp"
}

apt_try()
{
	(cd "$1" && apt-get "${@:2}") >"$1/log" 2>&1
}

apt_update()
{
	local as_root=()

	if [ -z "$2" ] && [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null || return 0
		as_root=(sudo)
	fi
	"${as_root[@]}" apt-get "${@:3}" update >"$1/log" 2>&1 || true
}
