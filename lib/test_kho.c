// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: a test payload any kernel with this test can receive
 *
 * On boot: if the previous kernel left a payload, claim it, compare its
 * checksum and say "KHO restore succeeded" or "KHO restore failed".  Then leave
 * a payload of folios of many sizes with random contents for the next kernel.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/highmem.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/kexec_handover.h>
#include <linux/libfdt.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <linux/vmalloc.h>

#include <asm/checksum.h>

#define PAYLOAD_NAME	"kho_test"
#define PAYLOAD_COMPAT	"kho-test-v1"
#define PAYLOAD_MAGIC	0x4b484f21u

static unsigned long payload_mib = 16;
module_param_named(mib, payload_mib, ulong, 0444);
MODULE_PARM_DESC(mib, "MiB to preserve for the next kernel; 0: nothing");

/*
 * What we left, or claimed.  The next kernel finds the folios through a vmalloc
 * area with a word for each: its address, and the order in the low bits.
 */
struct payload {
	unsigned int nr;
	u64 *folios;
	struct kho_vmalloc folios_info;
	void *fdt;
};

static struct payload sent;

static struct folio *entry_folio(u64 entry)
{
	return pfn_folio(PHYS_PFN(entry));
}

static u32 checksum(const struct payload *p)
{
	__wsum sum = 0;
	unsigned int i;

	for (i = 0; i < p->nr; i++) {
		struct folio *folio = entry_folio(p->folios[i]);

		sum = csum_partial(folio_address(folio), folio_size(folio), sum);
	}
	return (__force u32)sum;
}

/*
 * Receiver
 */

static int read_u32(const void *fdt, int node, const char *name, u32 *val)
{
	int len;
	const void *prop = fdt_getprop(fdt, node, name, &len);

	if (!prop || len != sizeof(*val))
		return -EINVAL;
	*val = get_unaligned((const u32 *)prop);
	return 0;
}

static int claim_folios(struct payload *p, unsigned int *claimed)
{
	for (*claimed = 0; *claimed < p->nr; (*claimed)++) {
		u64 entry = p->folios[*claimed];
		struct folio *folio = kho_restore_folio(entry & PAGE_MASK);

		if (!folio)
			return -ENOENT;
		if (folio_order(folio) != (entry & ~PAGE_MASK)) {
			pr_err("folio at %#llx came back with order %u\n",
			       entry, folio_order(folio));
			folio_put(folio);
			return -EINVAL;
		}
	}
	return 0;
}

static int receive_folios(const void *fdt, struct payload *p)
{
	int node = fdt_subnode_offset(fdt, 0, "data");
	const struct kho_vmalloc *prop;
	struct kho_vmalloc info;
	unsigned int claimed = 0;
	u32 expected;
	int len, err;

	if (node < 0 || read_u32(fdt, node, "nr_folios", &p->nr) ||
	    read_u32(fdt, node, "csum", &expected))
		return -EINVAL;
	prop = fdt_getprop(fdt, node, "folios_info", &len);
	if (!prop || len != sizeof(info))
		return -EINVAL;
	memcpy(&info, prop, sizeof(info));
	if (info.total_pages < PFN_UP((u64)p->nr * sizeof(u64)))
		return -EINVAL;
	p->folios = kho_restore_vmalloc(&info);
	if (!p->folios)
		return -ENOENT;

	err = claim_folios(p, &claimed);
	if (!err && checksum(p) != expected) {
		pr_err("checksum is %#x, expected %#x\n", checksum(p), expected);
		err = -EILSEQ;
	}
	while (claimed)
		folio_put(entry_folio(p->folios[--claimed]));
	vfree(p->folios);
	return err;
}

static int receive(void)
{
	struct payload p = {};
	phys_addr_t phys;
	const void *fdt;
	u32 magic;
	int err;

	err = kho_retrieve_subtree(PAYLOAD_NAME, &phys, NULL);
	if (err)
		return err;
	fdt = phys_to_virt(phys);
	if (fdt_check_header(fdt) || fdt_node_check_compatible(fdt, 0, PAYLOAD_COMPAT) ||
	    read_u32(fdt, 0, "magic", &magic) || magic != PAYLOAD_MAGIC)
		err = -EINVAL;
	else
		err = receive_folios(fdt, &p);
	if (err)
		pr_err("KHO restore failed (%d)\n", err);
	else
		pr_info("KHO restore succeeded\n");
	kho_restore_free((void *)fdt);
	return err;
}

/*
 * Sender
 */

static int add_folio(struct payload *p, unsigned int order)
{
	struct folio *folio = folio_alloc(GFP_KERNEL | __GFP_NORETRY | __GFP_NOWARN, order);
	int err;

	if (!folio)
		return -ENOMEM;
	get_random_bytes(folio_address(folio), folio_size(folio));
	err = kho_preserve_folio(folio);
	if (err) {
		folio_put(folio);
		return err;
	}
	p->folios[p->nr++] = PFN_PHYS(folio_pfn(folio)) | order;
	return 0;
}

static int fill(struct payload *p)
{
	unsigned long left = payload_mib << (20 - PAGE_SHIFT);
	int err;

	while (left) {
		unsigned int order = get_random_u32_below(MAX_PAGE_ORDER + 1);

		while (1UL << order > left)
			order--;
		err = add_folio(p, order);
		if (err && !order)
			return err;
		if (!err)
			left -= 1UL << order;
	}
	return 0;
}

static int describe(struct payload *p)
{
	u32 magic = PAYLOAD_MAGIC, nr = p->nr, csum = checksum(p);

	return fdt_create(p->fdt, PAGE_SIZE) ?:
	       fdt_finish_reservemap(p->fdt) ?:
	       fdt_begin_node(p->fdt, "") ?:
	       fdt_property_string(p->fdt, "compatible", PAYLOAD_COMPAT) ?:
	       fdt_property(p->fdt, "magic", &magic, sizeof(magic)) ?:
	       fdt_begin_node(p->fdt, "data") ?:
	       fdt_property(p->fdt, "nr_folios", &nr, sizeof(nr)) ?:
	       fdt_property(p->fdt, "folios_info", &p->folios_info, sizeof(p->folios_info)) ?:
	       fdt_property(p->fdt, "csum", &csum, sizeof(csum)) ?:
	       fdt_end_node(p->fdt) ?:
	       fdt_end_node(p->fdt) ?:
	       fdt_finish(p->fdt);
}

/* Undoes whatever of send() was done. */
static void withdraw(struct payload *p)
{
	if (p->fdt) {
		kho_remove_subtree(p->fdt);
		kho_unpreserve_free(p->fdt);
	}
	if (p->folios_info.total_pages)
		kho_unpreserve_vmalloc(&p->folios_info);
	while (p->nr) {
		struct folio *folio = entry_folio(p->folios[--p->nr]);

		kho_unpreserve_folio(folio);
		folio_put(folio);
	}
	vfree(p->folios);
	memset(p, 0, sizeof(*p));
}

static int send(struct payload *p)
{
	int err;

	/* No more folios than pages. */
	p->folios = vcalloc(payload_mib << (20 - PAGE_SHIFT), sizeof(*p->folios));
	if (!p->folios)
		return -ENOMEM;
	err = fill(p);
	err = err ?: kho_preserve_vmalloc(p->folios, &p->folios_info);
	if (err)
		goto undo;
	p->fdt = kho_alloc_preserve(PAGE_SIZE);
	if (IS_ERR(p->fdt)) {
		err = PTR_ERR(p->fdt);
		p->fdt = NULL;
		goto undo;
	}
	err = describe(p) ? -ENOMEM : 0;
	err = err ?: kho_add_subtree(PAYLOAD_NAME, p->fdt, fdt_totalsize(p->fdt));
	if (!err)
		return 0;
undo:
	withdraw(p);
	return err;
}

static int __init test_kho_init(void)
{
	int err;

	if (!kho_is_enabled())
		return 0;
	err = receive();
	if (err && err != -ENOENT)
		return err;
	err = payload_mib ? send(&sent) : 0;
	if (err)
		pr_err("payload cannot be preserved (%d)\n", err);
	return err;
}
module_init(test_kho_init);

static void __exit test_kho_exit(void)
{
	withdraw(&sent);
}
module_exit(test_kho_exit);

MODULE_DESCRIPTION("Kexec HandOver test payload");
MODULE_LICENSE("GPL");
