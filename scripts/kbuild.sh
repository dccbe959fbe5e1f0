# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced: kbuild in an output directory. kbuild_init says for what.

# kbuild_init ARCH TREE OUT LOG: what the functions below work on
kbuild_init()
{
	arch_names "$1"
	kb_tree=$2 kb_out=$3 kb_log=$4
	# shellcheck disable=SC2154
	kb_cc=${cross}gcc
	if command -v ccache >/dev/null; then
		kb_cc="ccache $kb_cc"
		export CCACHE_DIR=$KHO_CACHE/ccache CCACHE_BASEDIR=$KHO_BUILD
		export CCACHE_NOHASHDIR=1 CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-4G}
	fi
	export KBUILD_BUILD_USER=kho KBUILD_BUILD_HOST=kho
	mkdir -p "$kb_out" "${kb_log%/*}"
}

kmake()
{
	# shellcheck disable=SC2154
	make -C "$kb_tree" O="$kb_out" ARCH="$srcarch" CROSS_COMPILE="$cross" \
		CC="$kb_cc" -j"$(nproc)" "$@"
}

# kbuild_configure BASE FRAGMENT...: .config out of BASE, a whole configuration
# or nothing (allnoconfig), and the fragments. Done again only when one of them
# or a Kconfig file changed. Every symbol has to get its value.
kbuild_configure()
{
	local base=$1 start=alldefconfig id

	shift
	[ -n "$base" ] || start=allnoconfig
	id=$(config_id "$base" "$@" | sha256sum)
	if [ -f "$kb_out/.config" ] &&
	   [ "$(cat "$kb_out/config-id" 2>/dev/null)" = "$id" ]; then
		return
	fi
	rm -f "$kb_out/config-id"
	say CONFIG "${kb_out#"$KHO_BUILD"/}"
	(cd "$kb_out" && "$kb_tree/scripts/kconfig/merge_config.sh" -m -Q \
		-O "$kb_out" "${base:-/dev/null}" "$@") >"$kb_log" 2>&1 ||
		die "cannot merge the configuration (log: $kb_log)"
	mv "$kb_out/.config" "$kb_out/requested.config"
	run "$kb_log" kmake KCONFIG_ALLCONFIG="$kb_out/requested.config" "$start" ||
		die "cannot configure ${kb_out#"$KHO_BUILD"/} (log: $kb_log)"
	verify_config "$@"
	echo "$id" >"$kb_out/config-id"
}

config_id()
{
	printf '%s\n' "$@"
	cat "${@:2}"
	find "$kb_tree" -name 'Kconfig*' -printf '%P %T@\n' | sort
}

# verify_config FRAGMENT...: the last fragment wins
verify_config()
{
	awk '
	function value(line) {
		return line ~ /^#/ ? "n" : substr(line, index(line, "=") + 1)
	}
	function symbol(line) {
		sub(/^# /, "", line)
		sub(/[ =].*/, "", line)
		return line
	}
	!/^CONFIG_[A-Za-z0-9_]+=/ && !/^# CONFIG_[A-Za-z0-9_]+ is not set/ { next }
	FILENAME == ARGV[1] { got[symbol($0)] = value($0); next }
	{ want[symbol($0)] = value($0); from[symbol($0)] = FILENAME }
	END {
		for (s in want) {
			if (!(s in got))
				got[s] = "n"
			if (got[s] == want[s])
				continue
			sub(/.*\//, "", from[s])
			printf "%s: %s=%s is wanted, the kernel says %s\n",
			       from[s], s, want[s], got[s]
			bad = 1
		}
		exit bad
	}' "$kb_out/.config" "$@" >&2 ||
		die "the configuration of ${kb_out#"$KHO_BUILD"/} does not hold (unknown symbol or unmet dependency)"
}
