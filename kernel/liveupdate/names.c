// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: things that are found by a name
 */
#include <linux/gfp.h>
#include <linux/string.h>
#include <linux/stringhash.h>

#include "names.h"

static unsigned long hash_of(const char *text)
{
	return full_name_hash(NULL, text, strlen(text));
}

/**
 * luo_names_init - an empty table
 * @names:	the table
 */
void luo_names_init(struct luo_names *names)
{
	xa_init(&names->by_hash);
}

/**
 * luo_names_find - look a name up
 * @names:	the table
 * @text:	the name
 *
 * Returns: the name in the table, or NULL.
 */
struct luo_name *luo_names_find(struct luo_names *names, const char *text)
{
	struct luo_name *name = xa_load(&names->by_hash, hash_of(text));

	while (name && strcmp(name->text, text))
		name = name->next;
	return name;
}

/**
 * luo_names_add - put a name into a table
 * @names:	the table
 * @name:	a name that is in no table
 *
 * Context: may sleep.
 * Returns: 0; -EEXIST if the same name is there; -ENOMEM.
 */
int luo_names_add(struct luo_names *names, struct luo_name *name)
{
	unsigned long hash = hash_of(name->text);

	if (luo_names_find(names, name->text))
		return -EEXIST;
	name->next = xa_load(&names->by_hash, hash);
	return xa_err(xa_store(&names->by_hash, hash, name, GFP_KERNEL_ACCOUNT));
}

/**
 * luo_names_remove - take a name out of its table
 * @names:	the table
 * @name:	a name that is in it
 */
void luo_names_remove(struct luo_names *names, struct luo_name *name)
{
	unsigned long hash = hash_of(name->text);
	struct luo_name *other = xa_load(&names->by_hash, hash);

	if (other == name) {
		/* What is there is replaced, which needs no memory. */
		xa_store(&names->by_hash, hash, name->next, GFP_KERNEL_ACCOUNT);
		return;
	}
	while (other->next != name)
		other = other->next;
	other->next = name->next;
}
