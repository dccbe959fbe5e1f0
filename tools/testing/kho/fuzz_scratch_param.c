// SPDX-License-Identifier: GPL-2.0-only
#include "../../../kernel/kho/scratch_plan.h"
#include "fuzz.h"
#include "test.h"

/* What a size says, in arithmetic that cannot overflow. */
static unsigned __int128 read_size(const char **s)
{
	static const char suffixes[] = "KMGTP";
	unsigned int base = 10, digits = 0;
	const char *suffix;
	unsigned __int128 val = 0;

	if (**s == '0') {
		base = 8;
		if (((*s)[1] | 0x20) == 'x' && (*s)[2]) {
			base = 16;
			*s += 2;
		}
	}
	for (;; (*s)++, digits++) {
		char c = **s | 0x20;
		unsigned int digit = 99;

		if (c == **s && c >= '0' && c <= '9')
			digit = c - '0';
		else if (c >= 'a' && c <= 'f')
			digit = c - 'a' + 10;
		if (digit >= base)
			break;
		val = val * base + digit;
		CHECK(!(val >> 64));
	}
	suffix = **s ? strchr(suffixes, **s & ~0x20) : NULL;
	if (suffix) {
		val <<= 10 * (suffix - suffixes + 1);
		(*s)++;
	}
	CHECK(digits);
	return val;
}

static void check_sizes(const char *s, const struct kho_scratch_plan *p)
{
	const u64 got[] = { p->low, p->global, p->pernode };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		unsigned __int128 want = read_size(&s);

		CHECK_EQ(*s, i < 2 ? ',' : '\0');
		s++;
		CHECK(want == got[i]);
		CHECK(got[i] < 1ULL << 52);
	}
	CHECK(p->low | p->global | p->pernode);
}

void fuzz_scratch_param(const u8 *data, size_t size)
{
	struct kho_scratch_plan p = { 77, 78, 79, 80 };
	char *arg = malloc(size + 1);
	int err;

	memcpy(arg, data, size);
	arg[size] = '\0';
	err = kho_scratch_parse(arg, &p);
	if (err) {
		CHECK_EQ(err, -EINVAL);
		CHECK(p.percent == 77 && p.low == 78 && p.global == 79 && p.pernode == 80);
	} else if (p.percent) {
		CHECK(!p.low && !p.global && !p.pernode);
		CHECK_EQ(strspn(arg, "0123456789"), strlen(arg) - 1);
		CHECK_EQ(strtoull(arg, NULL, 10), p.percent);
	} else {
		check_sizes(arg, &p);
	}
	free(arg);
}
