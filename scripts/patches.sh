# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced: the patch series and the overlay as lists.

# Names of the patches, in order
patch_names()
{
	[ -f "$KHO_ROOT/patches/series" ] || return 0
	sed -e 's/[[:space:]]*#.*//' -e '/^[[:space:]]*$/d' "$KHO_ROOT/patches/series"
}

# patch_files PATCH: the files that one patch touches
patch_files()
{
	sed -nE -e 's,^(\+\+\+ b|--- a)/([^[:space:]]+).*,\2,p' "$1"
}

# The files that any patch touches, sorted
patched_files()
{
	local name

	patch_names | while IFS= read -r name; do
		[ -f "$KHO_ROOT/patches/$name" ] ||
			die "patches/series names $name, which does not exist"
		patch_files "$KHO_ROOT/patches/$name"
	done | sort -u
}

# The files of the overlay, sorted; everything generated is under build/
overlay_files()
{
	local dirs=() dir

	# shellcheck disable=SC2154
	for dir in "${overlay_dirs[@]}"; do
		[ ! -d "$KHO_ROOT/$dir" ] || dirs+=("$dir")
	done
	[ ${#dirs[@]} -gt 0 ] || return 0
	(cd "$KHO_ROOT" && find "${dirs[@]}" \( -type f -o -type l \) \
		! -name '*~' ! -name '*.orig' ! -name '*.rej' ! -name '.*.sw?' \
		! -name '*.o' ! -name '*.pyc') | sort
}

# apply_one DIR PATCH: without fuzz, or say what does not fit. A patch may be
# nothing but the message for new files of the overlay.
apply_one()
{
	local dir=$1 patch=$2 log

	grep -q '^+++ ' "$patch" || return 0
	log=$(patch -d "$dir" -p1 --fuzz=0 --force --no-backup-if-mismatch \
		--reject-file=- --input="$patch" 2>&1) && return
	explain_reject "$patch" "$log" >&2
	return 1
}

# Which file, which hunk, and how that hunk looks
explain_reject()
{
	local patch=$1

	echo "${patch##*/} does not apply:"
	grep -qE 'FAILED|find file' <<<"$2" || echo "$2"
	awk -v patch="$patch" '
	function show(file, wanted,   line, name, n) {
		while ((getline line < patch) > 0) {
			if (line ~ /^--- a\// || line ~ /^\+\+\+ b\//) {
				name = substr(line, 7)
				sub(/[ \t].*/, "", name)
				n = 0
			} else if (line ~ /^@@ /) {
				n++
			}
			if (name == file && n == wanted &&
			    line !~ /^(diff|index|--- )/)
				print "    " line
		}
		close(patch)
	}
	/^(checking|patching) file / { file = $3 }
	/^can.t find file/ { print "  a file that it changes does not exist:" }
	/^\|\+\+\+ / { print "  " $2 }
	/^Hunk #[0-9]+ FAILED/ {
		hunk = substr($2, 2)
		print "  " file ": " $0
		show(file, hunk + 0)
	}
	/malformed patch/ { print "  " $0 }' <<<"$2"
}

# apply_patches DIR: the whole series, in order
apply_patches()
{
	local names name

	mapfile -t names < <(patch_names)
	for name in "${names[@]}"; do
		apply_one "$1" "$KHO_ROOT/patches/$name" || return 1
	done
}
