// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update: who knows how to preserve which files
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/ctype.h>
#include <linux/export.h>
#include <linux/module.h>
#include <linux/rwsem.h>
#include <linux/string.h>

#include <asm/sections.h>

#include "internal.h"
#include "wire.h"

/* The handlers, in order of registration, and their links to FLBs. */
static DECLARE_RWSEM(registry);
static LIST_HEAD(handlers);

/* The one after @fh, or the first one. */
static struct liveupdate_file_handler *next_handler(struct liveupdate_file_handler *fh)
{
	struct list_head *next = fh ? ACCESS_PRIVATE(fh, list).next : handlers.next;

	if (next == &handlers)
		return NULL;
	return container_of(next, struct liveupdate_file_handler, list);
}

/**
 * luo_registry_lock - keep handlers and FLBs from coming and going
 * @write:	to change something about them
 */
void luo_registry_lock(bool write)
{
	if (write)
		down_write(&registry);
	else
		down_read(&registry);
}

/**
 * luo_registry_unlock - undo luo_registry_lock()
 * @write:	as it was there
 */
void luo_registry_unlock(bool write)
{
	if (write)
		up_write(&registry);
	else
		up_read(&registry);
}

/**
 * luo_handler_flbs - the FLBs that files of a handler depend on
 * @fh:		the handler
 *
 * Returns: the list, protected by the registry's lock.
 */
struct list_head *luo_handler_flbs(struct liveupdate_file_handler *fh)
{
	return &ACCESS_PRIVATE(fh, flb_list);
}

static struct liveupdate_file_handler *find(const char *compatible)
{
	struct liveupdate_file_handler *fh = NULL;

	lockdep_assert_held(&registry);
	while ((fh = next_handler(fh))) {
		if (!strcmp(fh->compatible, compatible))
			return fh;
	}
	return NULL;
}

/**
 * liveupdate_register_file_handler - offer to preserve a kind of files
 * @fh:		the handler; stays where it is until it is unregistered
 *
 * Handlers are asked in the order of their registration whether a file is
 * theirs.  Possible at any time, also for files that have arrived already.
 *
 * While live update is off nothing is preserved.  But FDBox may still ask those
 * whose handler is part of the kernel's own data, and never goes away, which
 * files are theirs.
 *
 * Context: may sleep.
 * Returns: 0; -EOPNOTSUPP if live update is off; -EINVAL if a mandatory
 * operation is missing or the name is empty or too long; -EEXIST if the name
 * is taken.
 */
int liveupdate_register_file_handler(struct liveupdate_file_handler *fh)
{
	const struct liveupdate_file_ops *ops = fh->ops;

	if (!liveupdate_enabled() && !is_kernel_core_data((unsigned long)fh))
		return -EOPNOTSUPP;
	if (!ops || !ops->can_preserve || !ops->preserve || !ops->unpreserve ||
	    !ops->retrieve || !ops->finish ||
	    !luo_wire_name_ok(fh->compatible, sizeof(fh->compatible)))
		return -EINVAL;
	scoped_guard(rwsem_write, &registry) {
		if (find(fh->compatible))
			return -EEXIST;
		INIT_LIST_HEAD(&ACCESS_PRIVATE(fh, flb_list));
		list_add_tail(&ACCESS_PRIVATE(fh, list), &handlers);
	}
	if (!liveupdate_enabled())
		return -EOPNOTSUPP;
	liveupdate_test_register(fh);
	return 0;
}
EXPORT_SYMBOL_GPL(liveupdate_register_file_handler);

/**
 * liveupdate_unregister_file_handler - undo liveupdate_register_file_handler()
 * @fh:		the handler, or one whose registration failed
 *
 * Also unlinks its FLBs.  A module that is the owner of the handler cannot be
 * unloaded, so cannot get here, while a file of it is preserved.
 *
 * Context: may sleep.
 */
void liveupdate_unregister_file_handler(struct liveupdate_file_handler *fh)
{
	guard(rwsem_write)(&registry);
	if (find(fh->compatible) != fh)
		return;
	luo_flb_unlink_all(fh);
	list_del(&ACCESS_PRIVATE(fh, list));
}
EXPORT_SYMBOL_GPL(liveupdate_unregister_file_handler);

/**
 * luo_handler_registered - is this a handler?
 * @fh:		what somebody says is one
 *
 * Context: the registry is locked.
 * Returns: true if it is registered.
 */
bool luo_handler_registered(struct liveupdate_file_handler *fh)
{
	return find(fh->compatible) == fh;
}

/**
 * luo_handler_for_file - who can preserve this file?
 * @file:	the file
 *
 * Context: may sleep.
 * Returns: the first handler that wants the file, whose module is held until
 * luo_handler_put(); NULL if there is none.
 */
struct liveupdate_file_handler *luo_handler_for_file(struct file *file)
{
	struct liveupdate_file_handler *fh = NULL;

	guard(rwsem_read)(&registry);
	while ((fh = next_handler(fh))) {
		if (fh->ops->can_preserve(fh, file))
			return try_module_get(fh->ops->owner) ? fh : NULL;
	}
	return NULL;
}

/**
 * luo_handler_find - who understands what arrived, if he is there?
 * @compatible:	name of the format
 *
 * Context: may sleep.
 * Returns: the handler, whose module is held until luo_handler_put(); NULL if
 * there is none.
 */
struct liveupdate_file_handler *luo_handler_find(const char *compatible)
{
	struct liveupdate_file_handler *fh;

	guard(rwsem_read)(&registry);
	fh = find(compatible);
	return fh && try_module_get(fh->ops->owner) ? fh : NULL;
}

#define ALIAS	"liveupdate-"

/* Only what a module alias may look like is handed to modprobe. */
static bool is_alias(const char *s)
{
	if (sizeof(ALIAS) + strlen(s) > MODULE_NAME_LEN)
		return false;
	for (; *s; s++) {
		if (!isascii(*s) || (!isalnum(*s) && !strchr("-_.", *s)))
			return false;
	}
	return true;
}

/**
 * luo_handler_by_name - who understands what arrived?
 * @compatible:	name of the format
 *
 * Loads the module "liveupdate-<name>" if there is no such handler yet, and the
 * name is one of at most 44 letters, digits, '-', '_' and '.'.
 *
 * Context: may sleep; the registry is not locked.
 * Returns: the handler, whose module is held until luo_handler_put(); NULL if
 * there is none.
 */
struct liveupdate_file_handler *luo_handler_by_name(const char *compatible)
{
	struct liveupdate_file_handler *fh = luo_handler_find(compatible);

	if (fh)
		return fh;
	if (!is_alias(compatible)) {
		pr_warn_once("the module for '%s' must be loaded by hand: it is no name for an alias\n",
			     compatible);
		return NULL;
	}
	request_module(ALIAS "%s", compatible);
	return luo_handler_find(compatible);
}

/**
 * luo_handler_put - let a handler go
 * @fh:		the handler
 */
void luo_handler_put(struct liveupdate_file_handler *fh)
{
	module_put(fh->ops->owner);
}
