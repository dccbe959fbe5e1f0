// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update exerciser: which operation was called when, and what it does
 */
#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/wait.h>

#include "exerciser.h"

#define MAX_RULES	16
#define TEXT_SIZE	(64 << 10)

static const char *const op_names[LUX_OPS] = {
	"can_preserve", "preserve", "unpreserve", "freeze", "unfreeze",
	"retrieve", "can_finish", "finish", "get_size",
	"flb_preserve", "flb_unpreserve", "flb_freeze", "flb_unfreeze",
	"flb_retrieve", "flb_finish", "flb_forward", "flb_unforward",
};

static DEFINE_MUTEX(lock);	/* all below */
static struct lux_rule rules[MAX_RULES];
static unsigned int rules_nr;
static char text[TEXT_SIZE];
static size_t text_len;
static unsigned long counts[LUX_OPS];
static unsigned int goes;

static DECLARE_WAIT_QUEUE_HEAD(waiters);

/* The number of an operation, or -EINVAL. */
int lux_find_op(const char *name)
{
	return match_string(op_names, LUX_OPS, name);
}

int lux_add_rule(const struct lux_rule *rule)
{
	guard(mutex)(&lock);
	if (rules_nr == MAX_RULES)
		return -ENOSPC;
	rules[rules_nr++] = *rule;
	return 0;
}

void lux_clear_rules(void)
{
	guard(mutex)(&lock);
	rules_nr = 0;
}

void lux_clear_calls(void)
{
	guard(mutex)(&lock);
	text_len = 0;
	memset(counts, 0, sizeof(counts));
}

/* Whoever takes time by a rule goes on. */
void lux_go(void)
{
	scoped_guard(mutex, &lock)
		WRITE_ONCE(goes, goes + 1);
	wake_up_all(&waiters);
}

/* What the oldest rule for this says; nothing if there is none. */
static struct lux_rule use_rule(enum lux_op op, const char *who)
{
	struct lux_rule rule = {};
	unsigned int i;

	for (i = 0; i < rules_nr; i++) {
		if (rules[i].op != op || (rules[i].who[0] && strcmp(rules[i].who, who)))
			continue;
		rule = rules[i];
		if (!--rules[i].times) {
			rules_nr--;
			memmove(&rules[i], &rules[i + 1], (rules_nr - i) * sizeof(*rules));
		}
		break;
	}
	return rule;
}

/**
 * lux_call - an operation was called
 * @op:		which
 * @who:	for whom
 * @retryable:	set if the error does not matter the next time; may be NULL
 * @format:	more about it; NULL: not worth a line
 *
 * Returns: what the operation is to return, 0 or negative.
 */
int lux_call(enum lux_op op, const char *who, bool *retryable, const char *format, ...)
{
	struct lux_rule rule;
	unsigned int before;
	va_list args;

	scoped_guard(mutex, &lock) {
		counts[op]++;
		if (format && text_len < sizeof(text) - 128) {
			text_len += scnprintf(text + text_len, 64, "%s %s", op_names[op], who);
			va_start(args, format);
			text_len += vscnprintf(text + text_len, 62, format, args);
			va_end(args);
			text[text_len++] = '\n';
		}
		rule = use_rule(op, who);
		before = goes;
	}
	if (rule.ms)
		wait_event_timeout(waiters, READ_ONCE(goes) != before,
				   msecs_to_jiffies(rule.ms));
	if (retryable)
		*retryable = rule.retryable;
	return rule.err;
}

int lux_show_calls(struct seq_file *m)
{
	guard(mutex)(&lock);
	seq_write(m, text, text_len);
	return 0;
}

int lux_show_counts(struct seq_file *m)
{
	unsigned int i;

	guard(mutex)(&lock);
	for (i = 0; i < LUX_OPS; i++)
		seq_printf(m, "%s %lu\n", op_names[i], counts[i]);
	seq_printf(m, "alive %ld\n", lux_files_alive());
	return 0;
}

unsigned int lux_freeze_number(void)
{
	static atomic_t last = ATOMIC_INIT(0);

	return atomic_inc_return(&last) & ~PAGE_MASK;
}
