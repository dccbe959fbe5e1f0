/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kexec HandOver (KHO): the bytes that travel from one kernel to the next.
 *
 * Everything in this header is wire format "kho-v4".  All integers are in
 * the byte order of the CPU, except for what the flattened device tree
 * format itself stores big-endian.
 */
#ifndef _LINUX_KHO_ABI_KEXEC_HANDOVER_H
#define _LINUX_KHO_ABI_KEXEC_HANDOVER_H

#include <linux/build_bug.h>
#include <linux/types.h>

#include <asm/page.h>

/**
 * DOC: Root device tree
 *
 * ::
 *
 *	/ {
 *		compatible = "kho-v4";
 *		preserved-memory-map = <u64: address of the map's root node>;
 *		NAME {
 *			preserved-data = <u64: address of the subtree's blob>;
 *			blob-size = <u64: bytes>;
 *		};
 *	};
 *
 * The u64 are 8 raw bytes in CPU order and only 4-byte aligned.  The tree is
 * live: the sending kernel edits it until the jump.
 */
#define KHO_FDT_COMPATIBLE		"kho-v4"
#define KHO_FDT_MEMORY_MAP_PROP_NAME	"preserved-memory-map"
#define KHO_SUB_TREE_PROP_NAME		"preserved-data"
#define KHO_SUB_TREE_SIZE_PROP_NAME	"blob-size"

/**
 * DOC: Preserved-memory map
 *
 * A set of 64-bit keys, one for each naturally aligned block of 2^order
 * pages::
 *
 *	key = 1 << (64 - PAGE_SHIFT - order) | address >> (PAGE_SHIFT + order)
 *
 * kept in a radix tree of fixed depth.  Every node is one page: a table of
 * addresses of child nodes (0: no child), or at the lowest level a bitmap.
 * Nodes are not themselves in the set.
 */
#define KHO_MAP_LEAF_BITS	(PAGE_SHIFT + 3)
#define KHO_MAP_TABLE_BITS	(PAGE_SHIFT - 3)
#define KHO_MAP_KEY_BITS	(64 - PAGE_SHIFT + 1)
#define KHO_MAP_TABLE_LEVELS	\
	((KHO_MAP_KEY_BITS - KHO_MAP_LEAF_BITS + KHO_MAP_TABLE_BITS - 1) / \
	 KHO_MAP_TABLE_BITS)
/* The largest block is half of the address space. */
#define KHO_MAP_MAX_ORDER	(63 - PAGE_SHIFT)

/*
 * A pointer that travels as a physical address.  KHOSER_STORE_PTR() and
 * KHOSER_LOAD_PTR() convert; the union keeps the pointed-to type.
 */
#define DECLARE_KHOSER_PTR(name, type)	\
	union {				\
		u64 phys;		\
		type ptr;		\
	} name

#define KHOSER_STORE_PTR(dest, val)				\
	({							\
		typeof((dest).ptr) __khoser_val = (val);	\
		(dest).phys = virt_to_phys(__khoser_val);	\
	})

#define KHOSER_LOAD_PTR(src)					\
	({							\
		typeof(src) __khoser_src = (src);		\
								\
		(typeof(__khoser_src.ptr))(__khoser_src.phys ?	\
			phys_to_virt((phys_addr_t)__khoser_src.phys) : NULL); \
	})

/**
 * DOC: vmalloc areas
 *
 * A &struct kho_vmalloc describes an area by a chain of chunks.  A chunk is
 * one page, preserved as a page of its own: the address of the next chunk,
 * then the addresses of blocks of 2^order pages in ascending virtual order.
 * A zero ends the list inside a chunk; a last chunk without entries is legal.
 */
struct kho_vmalloc_chunk;

struct kho_vmalloc {
	DECLARE_KHOSER_PTR(first, struct kho_vmalloc_chunk *);
	u32 total_pages;
	u16 flags;
	u16 order;
};

static_assert(sizeof(struct kho_vmalloc) == 16);
static_assert(offsetof(struct kho_vmalloc, total_pages) == 8);
static_assert(offsetof(struct kho_vmalloc, flags) == 12);
static_assert(offsetof(struct kho_vmalloc, order) == 14);

#define KHO_VMALLOC_ALLOC	0x0001	/* VM_ALLOC */
#define KHO_VMALLOC_HUGE_VMAP	0x0002	/* VM_ALLOW_HUGE_VMAP */

#define KHO_VMALLOC_SLOTS	((PAGE_SIZE - sizeof(u64)) / sizeof(u64))

struct kho_vmalloc_chunk {
	DECLARE_KHOSER_PTR(next, struct kho_vmalloc_chunk *);
	u64 phys[KHO_VMALLOC_SLOTS];
};

static_assert(sizeof(struct kho_vmalloc_chunk) == PAGE_SIZE);

#endif /* _LINUX_KHO_ABI_KEXEC_HANDOVER_H */
