// SPDX-License-Identifier: GPL-2.0-only
/*
 * What format code calls of lib/, with the kernel's leniency: what it lets
 * pass, format code has to refuse.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>

#include <linux/kstrtox.h>

static unsigned int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : UINT_MAX;
}

/* One plus sign in front and one newline behind are fine. */
int kstrtou64(const char *s, unsigned int base, u64 *res)
{
	const char *digits;
	u64 val = 0;

	if (*s == '+')
		s++;
	if (!base)
		base = *s != '0' ? 10 : (s[1] | 0x20) == 'x' && isxdigit(s[2]) ? 16 : 8;
	if (base == 16 && *s == '0' && (s[1] | 0x20) == 'x')
		s += 2;
	for (digits = s; digit_value(*s) < base; s++) {
		if (val > (ULLONG_MAX - digit_value(*s)) / base)
			return -ERANGE;
		val = val * base + digit_value(*s);
	}
	if (s == digits)
		return -EINVAL;
	if (*s == '\n')
		s++;
	if (*s)
		return -EINVAL;
	*res = val;
	return 0;
}
