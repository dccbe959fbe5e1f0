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
	if [ -n "$arch" ] && [ "$arch" != "$(dpkg --print-architecture)" ]; then
		# lists of its own for an architecture that is not ours
		mkdir -p "$KHO_CACHE/apt-$arch/partial" "$tmp/cache"
		options+=(-o "APT::Architecture=$arch" -o "APT::Architectures=$arch"
			  -o "Dir::State::lists=$KHO_CACHE/apt-$arch"
			  -o "Dir::Cache=$tmp/cache" -o "APT::Sandbox::User=")
	else
		arch=
	fi
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
