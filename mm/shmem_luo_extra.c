// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update of a memfd: what not every memfd has
 */
#define pr_fmt(fmt) "memfd_luo: " fmt

#include <linux/bitmap.h>
#include <linux/crc32.h>
#include <linux/fs.h>
#include <linux/kexec_handover.h>
#include <linux/mempolicy.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/nodemask.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/security.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/xattr.h>

#include "shmem_luo.h"

/*
 * Extended attributes
 */

static void put_xattr(struct memfd_extras *out, u32 type, const char *name, const void *value,
		      size_t size)
{
	memfd_extras_put(out, type, name, strlen(name) + 1, value, size);
}

static void put_xattrs(struct memfd_extras *out, struct inode *inode)
{
	struct simple_xattrs *xattrs = &SHMEM_I(inode)->xattrs;
	struct rb_node *node;

	read_lock(&xattrs->lock);
	for (node = rb_first(&xattrs->rb_root); node; node = rb_next(node)) {
		struct simple_xattr *xattr = rb_entry(node, struct simple_xattr, rb_node);

		put_xattr(out, MEMFD_LUO_EXTRA_XATTR, xattr->name, xattr->value, xattr->size);
	}
	read_unlock(&xattrs->lock);
}

/*
 * A label that nobody set: the file got it when it was made, from whoever made it.
 * Who retrieves it may be somebody else.
 */
static int put_label(struct memfd_extras *out, struct inode *inode)
{
	char name[XATTR_NAME_MAX + 1];
	int len = security_inode_listsecurity(inode, name, sizeof(name));
	void *label = NULL;

	if (len <= XATTR_SECURITY_PREFIX_LEN || strnlen(name, sizeof(name)) != len - 1 ||
	    simple_xattr_get(&SHMEM_I(inode)->xattrs, name, NULL, 0) >= 0)
		return 0;
	len = security_inode_getsecurity(&nop_mnt_idmap, inode, name + XATTR_SECURITY_PREFIX_LEN,
					 &label, true);
	if (len > 0)
		put_xattr(out, MEMFD_LUO_EXTRA_LABEL, name, label, len);
	kfree(label);
	return len == -ENOMEM ? len : 0;
}

#ifdef CONFIG_FS_POSIX_ACL

static int put_acl(struct memfd_extras *out, struct inode *inode)
{
	struct posix_acl *acl = get_cached_acl(inode, ACL_TYPE_ACCESS);
	size_t size;
	void *value;
	int ret;

	/* Of a file in memory it is nowhere else. */
	if (!acl || is_uncached_acl(acl))
		return 0;
	size = posix_acl_xattr_size(acl->a_count);
	value = kmalloc(size, GFP_KERNEL);
	ret = value ? posix_acl_to_xattr(&init_user_ns, acl, value, size) : -ENOMEM;
	posix_acl_release(acl);
	if (ret >= 0)
		put_xattr(out, MEMFD_LUO_EXTRA_XATTR, XATTR_NAME_POSIX_ACL_ACCESS, value, ret);
	kfree(value);
	return min(ret, 0);
}

/**
 * shmem_acl_to_mode - make the mode of a new file that of its access control list
 * @inode:	the file
 *
 * Where the previous kernel was frozen in the middle of chmod(2) only one of the two
 * may be new.
 */
void shmem_acl_to_mode(struct inode *inode)
{
	struct posix_acl *acl = get_cached_acl(inode, ACL_TYPE_ACCESS);

	if (!acl || is_uncached_acl(acl))
		return;
	posix_acl_equiv_mode(acl, &inode->i_mode);
	posix_acl_release(acl);
}

static int set_acl(struct file *file, const void *value, size_t size)
{
	struct posix_acl *acl = posix_acl_from_xattr(&init_user_ns, value, size);
	int err;

	if (IS_ERR_OR_NULL(acl))
		return PTR_ERR_OR_ZERO(acl);
	err = set_posix_acl(file_mnt_idmap(file), file_dentry(file), ACL_TYPE_ACCESS, acl);
	posix_acl_release(acl);
	return err;
}

#else

void shmem_acl_to_mode(struct inode *inode)
{
}

static int put_acl(struct memfd_extras *out, struct inode *inode)
{
	return 0;
}

static int set_acl(struct file *file, const void *value, size_t size)
{
	return -EOPNOTSUPP;
}

#endif /* CONFIG_FS_POSIX_ACL */

/*
 * setxattr(2) would take a label that no policy knows, and make it one that somebody
 * set.  Where there is no security module it goes on with the file.
 */
static int set_label(struct file *file, const char *name, const void *value, size_t size)
{
	if (!strstarts(name, XATTR_SECURITY_PREFIX))
		return -EOPNOTSUPP;
	return security_inode_setsecurity(file_inode(file), name + XATTR_SECURITY_PREFIX_LEN,
					  value, size, 0);
}

/* As setxattr(2) by whoever was allowed to: security modules take note. */
static int restore_xattr(struct file *file, const struct memfd_extra *e)
{
	const char *value = memfd_extra_value(e);
	size_t size = e->length - (value - (const char *)e->data);
	int err = -EOPNOTSUPP;

	inode_lock(file_inode(file));
	if (e->type == MEMFD_LUO_EXTRA_LABEL)
		err = set_label(file, e->data, value, size);
	if (!strcmp(e->data, XATTR_NAME_POSIX_ACL_ACCESS))
		err = set_acl(file, value, size);
	else if (err == -EOPNOTSUPP)
		err = __vfs_setxattr_noperm(file_mnt_idmap(file), file_dentry(file), e->data,
					    value, size, 0);
	inode_unlock(file_inode(file));
	if (e->type == MEMFD_LUO_EXTRA_LABEL && (err == -EOPNOTSUPP || err == -EINVAL)) {
		pr_warn_ratelimited("label '%s': this kernel cannot give it to a memfd (%d), which gets that of who retrieves it\n",
				    (const char *)e->data, err);
		return 0;
	}
	if (err == -EOPNOTSUPP)
		pr_warn_ratelimited("extended attribute '%s': this kernel has none of that kind for memfds\n",
				    (const char *)e->data);
	return err;
}

/*
 * Memory policy
 */

#ifdef CONFIG_NUMA

static bool keeps_user_nodes(unsigned int flags)
{
	return flags & MPOL_MODE_FLAGS;
}

static void put_policy(struct memfd_extras *out, const struct sp_node *sp)
{
	const struct mempolicy *pol = sp->policy;
	const nodemask_t *mask = keeps_user_nodes(pol->flags) ? &pol->w.user_nodemask :
								&pol->nodes;
	u64 nodes[BITS_TO_U64(MAX_NUMNODES)];
	struct memfd_luo_policy ser = {
		.first = sp->start,
		.last = sp->end - 1,
		.mode = pol->mode,
		.flags = pol->flags & MPOL_MODE_FLAGS,
		.home = pol->home_node,
		.nr_nodes = ARRAY_SIZE(nodes) * 64,
	};

	bitmap_to_arr64(nodes, nodes_addr(*mask), MAX_NUMNODES);
	memfd_extras_put(out, MEMFD_LUO_EXTRA_POLICY, &ser, sizeof(ser), nodes, sizeof(nodes));
}

static void put_policies(struct memfd_extras *out, struct inode *inode)
{
	struct shared_policy *policy = &SHMEM_I(inode)->policy;
	struct rb_node *node;

	read_lock(&policy->lock);
	for (node = rb_first(&policy->root); node; node = rb_next(node))
		put_policy(out, rb_entry(node, struct sp_node, nd));
	read_unlock(&policy->lock);
}

static void user_nodes(const struct memfd_luo_policy *ser, nodemask_t *nodes)
{
	unsigned int node;

	nodes_clear(*nodes);
	for (node = 0; node < min_t(u32, ser->nr_nodes, MAX_NUMNODES); node++) {
		if (ser->nodes[node / 64] >> node % 64 & 1)
			node_set(node, *nodes);
	}
}

/* Those of the nodes that there are here. */
static void set_nodes(struct mempolicy *pol, const nodemask_t *user)
{
	nodemask_t folded;

	if (pol->flags & MPOL_F_RELATIVE_NODES) {
		nodes_fold(folded, *user, nodes_weight(node_states[N_MEMORY]));
		nodes_onto(pol->nodes, folded, node_states[N_MEMORY]);
	} else {
		nodes_and(pol->nodes, *user, node_states[N_MEMORY]);
	}
	if (keeps_user_nodes(pol->flags))
		pol->w.user_nodemask = *user;
	else
		pol->w.cpuset_mems_allowed = node_states[N_MEMORY];
}

/* Is it a policy that this kernel has?  Nodes that are not here do not count. */
static bool usable(const struct mempolicy *pol)
{
	if (pol->mode >= MPOL_MAX || pol->mode == MPOL_DEFAULT ||
	    pol->flags & ~(MPOL_MODE_FLAGS | MPOL_F_MOF | MPOL_F_MORON))
		return false;
	return (pol->mode == MPOL_LOCAL) == nodes_empty(pol->nodes);
}

static int restore_policy(struct inode *inode, const struct memfd_luo_policy *ser)
{
	struct vm_area_struct range;
	struct mempolicy pol = {
		.refcnt = ATOMIC_INIT(1),
		.mode = ser->mode,
		.flags = ser->flags,
		.home_node = NUMA_NO_NODE,
	};
	nodemask_t user;

	user_nodes(ser, &user);
	set_nodes(&pol, &user);
	if (ser->flags & MPOL_F_NUMA_BALANCING)
		pol.flags |= MPOL_F_MOF | MPOL_F_MORON;
	if (ser->home >= 0 && ser->home < MAX_NUMNODES && node_state(ser->home, N_MEMORY))
		pol.home_node = ser->home;
	if (ser->mode != pol.mode || ser->flags & ~MPOL_MODE_FLAGS || !usable(&pol)) {
		pr_warn_ratelimited("a memfd comes back without a memory policy: its nodes are not there, or mode %u is not known\n",
				    ser->mode);
		return 0;
	}
	vma_init(&range, NULL);
	range.vm_pgoff = ser->first;
	range.vm_end = (ser->last - ser->first + 1) << PAGE_SHIFT;
	return mpol_set_shared_policy(&SHMEM_I(inode)->policy, &range, &pol);
}

#else

static void put_policies(struct memfd_extras *out, struct inode *inode) { }

static int restore_policy(struct inode *inode, const struct memfd_luo_policy *ser)
{
	pr_warn_ratelimited("a memfd comes back without its memory policy: this kernel has none\n");
	return 0;
}

#endif /* CONFIG_NUMA */

/*
 * Both
 */

/**
 * shmem_extras_save - write down what the file has now
 * @s:	the file
 *
 * Context: may sleep.
 * Returns: 0; -E2BIG if it is more than can travel; -ENOMEM.
 */
int shmem_extras_save(struct shmem_save *s)
{
	struct memfd_extras *out = &s->extras;
	int err;

	for (;;) {
		memfd_extras_begin(out);
		put_xattrs(out, s->base.inode);
		put_policies(out, s->base.inode);
		err = put_label(out, s->base.inode) ?: put_acl(out, s->base.inode);
		if (!err && !out->len)
			shmem_extras_forget(s);
		if (err || out->len <= out->room)
			return err;
		shmem_extras_forget(s);
		out->room = PAGE_SIZE << get_order(out->len);
		out->buf = kho_alloc_preserve(out->room);
		if (IS_ERR(out->buf)) {
			err = PTR_ERR(out->buf);
			out->buf = NULL;
			out->room = 0;
			return err;
		}
	}
}

/**
 * shmem_extras_forget - free what shmem_extras_save() allocated
 * @s:	the file
 */
void shmem_extras_forget(struct shmem_save *s)
{
	kho_unpreserve_free(s->extras.buf);
	s->extras.buf = NULL;
	s->extras.room = 0;
}

/**
 * shmem_extras_restore - give a file what it had
 * @file:	the file
 * @blob:	what travelled
 * @len:	bytes of it
 *
 * Context: may sleep.
 * Returns: 0; -EINVAL if what travelled cannot be right, -EAGAIN if it is
 * something that another kernel may know; -ENOMEM.
 */
int shmem_extras_restore(struct file *file, const void *blob, u32 len)
{
	struct memfd_extra e;
	u32 at = 0;
	int ret;

	while ((ret = memfd_extras_next(blob, len, &at, &e)) > 0) {
		ret = e.type == MEMFD_LUO_EXTRA_POLICY ? restore_policy(file_inode(file), e.data) :
							 restore_xattr(file, &e);
		if (ret)
			break;
	}
	return ret == -EOPNOTSUPP ? -EAGAIN : ret;
}
