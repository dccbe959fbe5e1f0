# SPDX-License-Identifier: GPL-2.0-only
#
# Count the results of a TAP or KTAP file: prints "PASSED FAILED SKIPPED" and
# then one line for every problem of the file itself. Only leaves count; a
# nested test is its subtests, and more only when it fails on its own. Several
# documents in one file, and kernel log time stamps, are understood.

function problem(text)
{
	failed++
	problems = problems text "\n"
}

# The results of depth d are complete: compare with their plan
function close_level(d,   k)
{
	if (d in plan && plan[d] != count[d])
		problem("planned " plan[d] " tests, found " (count[d] + 0))
	for (k in count)
		if (k >= d)
			delete count[k]
	for (k in bad)
		if (k >= d)
			delete bad[k]
	for (k in plan)
		if (k >= d)
			delete plan[k]
}

{
	sub(/\r$/, "")
	sub(/^\[ *[0-9]+\.[0-9]+\] ?/, "")
	match($0, /^ */)
	depth = int(RLENGTH / 4)
	text = substr($0, RLENGTH + 1)
}

text ~ /^1\.\.[0-9]+/ {
	if (depth in plan)
		close_level(depth)
	plan[depth] = substr(text, 4) + 0
	if (depth == 0) {
		planned = 1
		if (plan[0] == 0)
			skipped++
	}
}

text ~ /^Bail out!/ { problem(text) }

text ~ /^(not )?ok( |$)/ {
	ok = text ~ /^ok/
	nested = (depth + 1) in count
	inner = (depth + 1) in bad
	close_level(depth + 1)
	count[depth]++
	if (nested) {
		if (!ok && !inner)
			problem("failed as a whole: " text)
	} else if (toupper(text) ~ /# *(SKIP|TODO)/) {
		skipped++
		next
	} else if (ok) {
		passed++
	} else {
		failed++
	}
	if (!ok)
		bad[depth] = 1
}

END {
	if (!planned)
		problem("there is no plan: the test died")
	close_level(0)
	printf "%d %d %d\n%s", passed, failed, skipped, problems
}
