// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live update exerciser: damage what travels
 *
 * TEST ONLY.  Plays the hostile, or broken, previous kernel: every word written
 * to /sys/kernel/debug/liveupdate_corrupt is one thing that is done to the
 * serialised sessions, files, FLBs and boxes at the last moment before the jump;
 * "@N" behind it says to which session or box.  Where live update is off for the
 * sake of what arrived, "repair" undoes what "ser_version" did to that.
 */
#include <linux/bits.h>
#include <linux/debugfs.h>
#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/kstrtox.h>
#include <linux/mm.h>
#include <linux/reboot.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "../../kho/fdt.h"
#include "../../kho/internal.h"
#include "../box.h"
#include "../box_wire.h"
#include "../ext.h"
#include "../ext_wire.h"
#include "../internal.h"
#include "corrupt.h"

/* Higher than any memory of a test machine. */
#define BEYOND_MEMORY	BIT_ULL(45)

static struct kho_block_header_ser *sessions(void)
{
	return phys_to_virt(luo_out->sessions_pa);
}

/* What is damaged; the session after it may be needed, too. */
static unsigned int target;

static struct luo_session_ser *session(unsigned int i)
{
	return (struct luo_session_ser *)(sessions() + 1) + target + i;
}

/* There have to be two in each session. */
static struct kho_block_header_ser *files(void)
{
	return phys_to_virt(session(0)->files);
}

static struct luo_file_ser *file(unsigned int i)
{
	return (struct luo_file_ser *)(files() + 1) + i;
}

/**
 * lux_file_data - what the handler wrote down for a file of a session
 * @i:		which one
 *
 * Returns: the page.
 */
void *lux_file_data(unsigned int i)
{
	return phys_to_virt(file(i)->data);
}

static struct luo_flb_header_ser *flbs(void)
{
	return phys_to_virt(luo_out->flbs_pa);
}

static struct luo_flb_ser *flb(void)
{
	return (struct luo_flb_ser *)(flbs() + 1);
}

/* RAM that nobody preserved */
static u64 plain_page(void)
{
	return virt_to_phys((void *)__get_free_page(GFP_KERNEL | __GFP_NOFAIL));
}

/* One that is preserved, as part of something larger */
static u64 large_folio(void)
{
	return virt_to_phys(kho_alloc_preserve(4 * PAGE_SIZE));
}

static void ser_version(void)
{
	luo_out->compatible[5]++;
}

static void ser_unterminated(void)
{
	memset(luo_out->compatible, 'l', sizeof(luo_out->compatible));
}

static void ser_size(void)
{
	kho_remove_subtree(luo_out);
	kho_add_subtree(LUO_SUBTREE, luo_out, sizeof(*luo_out) - 1);
}

static void ser_plain(void)
{
	struct luo_ser *ser = phys_to_virt(plain_page());

	*ser = *luo_out;
	kho_remove_subtree(luo_out);
	kho_add_subtree(LUO_SUBTREE, ser, sizeof(*ser));
}

static void ser_gone(void)
{
	kho_remove_subtree(luo_out);
}

static void sessions_beyond(void)
{
	luo_out->sessions_pa = BEYOND_MEMORY;
}

static void sessions_odd(void)
{
	luo_out->sessions_pa += 8;
}

static void sessions_plain(void)
{
	luo_out->sessions_pa = plain_page();
}

static void sessions_scratch(void)
{
	luo_out->sessions_pa = kho_scratch[0].addr;
}

static void sessions_large(void)
{
	luo_out->sessions_pa = large_folio();
}

static void sessions_self(void)
{
	luo_out->sessions_pa = virt_to_phys(luo_out);
}

static void sessions_cyclic(void)
{
	sessions()->next = luo_out->sessions_pa;
}

static void sessions_next_files(void)
{
	sessions()->next = session(0)->files;
}

static void sessions_count(void)
{
	sessions()->count = KHO_BLOCK_CAPACITY(sizeof(struct luo_session_ser)) + 1;
}

static void sessions_count_max(void)
{
	sessions()->count = U64_MAX;
}

static void sessions_count_0(void)
{
	sessions()->count = 0;
}

static void session_unterminated(void)
{
	memset(session(0)->name, 's', sizeof(session(0)->name));
}

static void session_nameless(void)
{
	session(0)->name[0] = '\0';
}

static void session_twice(void)
{
	memcpy(session(0)->name, session(1)->name, sizeof(session(0)->name));
}

static void session_count(void)
{
	session(0)->count++;
}

static void files_beyond(void)
{
	session(0)->files = BEYOND_MEMORY;
}

static void files_plain(void)
{
	session(0)->files = plain_page();
}

static void files_shared(void)
{
	session(0)->files = session(1)->files;
	session(0)->count = session(1)->count;
}

static void files_cyclic(void)
{
	files()->next = session(0)->files;
}

static void files_count(void)
{
	files()->count = KHO_BLOCK_CAPACITY(sizeof(struct luo_file_ser)) + 1;
}

static void file_unterminated(void)
{
	memset(file(0)->compatible, 'f', sizeof(file(0)->compatible));
}

static void file_nameless(void)
{
	file(1)->compatible[0] = '\0';
}

static void file_token_twice(void)
{
	file(1)->token = file(0)->token;
}

/* No more than text: nobody understands it, and nobody is to be asked. */
static void file_alias(void)
{
	strscpy_pad(file(0)->compatible, "../x; y");
}

static void flbs_beyond(void)
{
	luo_out->flbs_pa = BEYOND_MEMORY;
}

static void flbs_plain(void)
{
	luo_out->flbs_pa = plain_page();
}

static void flbs_gone(void)
{
	luo_out->flbs_pa = 0;
}

static void flbs_pages(void)
{
	flbs()->pgcnt = 2;
}

static void flbs_count(void)
{
	flbs()->count = LUO_FLB_MAX + 1;
}

static void flb_unterminated(void)
{
	memset(flb()->name, 'b', sizeof(flb()->name));
}

static void flb_nameless(void)
{
	flb()->name[0] = '\0';
}

static void flb_count_0(void)
{
	flb()->count = 0;
}

static void flb_count_max(void)
{
	flb()->count = U64_MAX;
}

/*
 * The extension.  In each session there has to be one file that is in it.
 */

static struct luo_ext_ser *ext(void)
{
	return luo_xluo.ser;
}

static struct kho_block_header_ser *ext_records(void)
{
	return phys_to_virt(ext()->records);
}

static struct luo_ext_session_ser *ext_session(void)
{
	return (struct luo_ext_session_ser *)(ext_records() + 1) + 2 * target;
}

static struct luo_ext_file_ser *ext_file(void)
{
	return (struct luo_ext_file_ser *)(ext_session() + 1);
}

/**
 * lux_ext_data - what the handler wrote down for the file in the extension
 *
 * Returns: the page.
 */
void *lux_ext_data(void)
{
	return phys_to_virt(ext_file()->data);
}

/* It is not the checksum that is to be noticed. */
static void ext_seal(void)
{
	ext()->crc = luo_ext_checksum(ext(), &luo_xluo.records);
}

static void ext_version(void)
{
	ext()->version++;
	ext_seal();
}

static void ext_checksum(void)
{
	ext_file()->data++;
}

static void ext_number(void)
{
	ext()->number--;
	ext_seal();
}

static void ext_plain(void)
{
	struct luo_ext_ser *ser = phys_to_virt(plain_page());

	*ser = *ext();
	kho_remove_subtree(ext());
	kho_add_subtree(LUO_EXT_SUBTREE, ser, sizeof(*ser));
}

static void ext_inside(void)
{
	u64 at = large_folio() + PAGE_SIZE;

	memcpy(phys_to_virt(at), ext(), sizeof(*ext()));
	kho_remove_subtree(ext());
	kho_add_subtree(LUO_EXT_SUBTREE, phys_to_virt(at), sizeof(*ext()));
}

static void ext_records_beyond(void)
{
	ext()->records = BEYOND_MEMORY;
	ext_seal();
}

static void ext_session_unknown(void)
{
	strscpy_pad(ext_session()->name, "nobody");
	ext_seal();
}

static void ext_session_nameless(void)
{
	ext_session()->name[0] = '\0';
	ext_seal();
}

static void ext_session_unterminated(void)
{
	memset(ext_session()->name, 's', sizeof(ext_session()->name));
	ext_seal();
}

static void ext_token_twice(void)
{
	ext_file()->token = file(0)->token;
	ext_seal();
}

static void ext_position(void)
{
	ext_file()->position = 2;
	ext_seal();
}

static void ext_position_max(void)
{
	ext_file()->position = U64_MAX;
	ext_seal();
}

static void ext_not_ours(void)
{
	ext_file()->compatible[1] = '_';
	ext_seal();
}

static void ext_type(void)
{
	ext_file()->type = 99;
	ext_seal();
}

/*
 * Boxes.  There have to be two files in each.
 */

static struct fdbox_ser *box_session(void)
{
	struct kho_block_header_ser *records = phys_to_virt(luo_fdbox_ext.ser->records);

	return (struct fdbox_ser *)(records + 1) + 4 * target;
}

static void box_seal(void)
{
	luo_fdbox_ext.ser->crc = luo_ext_checksum(luo_fdbox_ext.ser, &luo_fdbox_ext.records);
}

static void box_checksum(void)
{
	box_session()[1].name[0]++;
}

static void box_version(void)
{
	luo_fdbox_ext.ser->version++;
	box_seal();
}

static void box_files(void)
{
	box_session()->number++;
	box_seal();
}

static void box_name(void)
{
	strscpy_pad(box_session()[1].name, "../null");
	box_seal();
}

static void box_nobody(void)
{
	strscpy_pad(box_session()->name, "nobody");
	box_seal();
}

static void box_token(void)
{
	box_session()[2].number = 99;
	box_seal();
}

static void box_file_twice(void)
{
	strscpy_pad(box_session()[3].name, box_session()[2].name);
	box_seal();
}

static void box_twice(void)
{
	strscpy_pad(box_session()[1].name, box_session()[-3].name);
	box_seal();
}

const struct lux_way lux_ways[] = {
	WAY(ser_version), WAY(ser_unterminated), WAY(ser_size), WAY(ser_plain), WAY(ser_gone),
	WAY(sessions_beyond), WAY(sessions_odd), WAY(sessions_plain), WAY(sessions_scratch),
	WAY(sessions_large), WAY(sessions_self), WAY(sessions_cyclic), WAY(sessions_next_files),
	WAY(sessions_count), WAY(sessions_count_max), WAY(sessions_count_0),
	WAY(session_unterminated), WAY(session_nameless), WAY(session_twice),
	WAY(session_count),
	WAY(files_beyond), WAY(files_plain), WAY(files_shared), WAY(files_cyclic),
	WAY(files_count),
	WAY(file_unterminated), WAY(file_nameless), WAY(file_token_twice), WAY(file_alias),
	WAY(flbs_beyond), WAY(flbs_plain), WAY(flbs_gone), WAY(flbs_pages), WAY(flbs_count),
	WAY(flb_unterminated), WAY(flb_nameless), WAY(flb_count_0), WAY(flb_count_max),
	WAY(ext_version), WAY(ext_checksum), WAY(ext_number), WAY(ext_plain), WAY(ext_inside),
	WAY(ext_records_beyond),
	WAY(ext_session_unknown), WAY(ext_session_nameless), WAY(ext_session_unterminated),
	WAY(ext_token_twice), WAY(ext_position), WAY(ext_position_max), WAY(ext_not_ours),
	WAY(ext_type),
	WAY(box_checksum), WAY(box_version), WAY(box_files), WAY(box_name), WAY(box_nobody),
	WAY(box_token), WAY(box_file_twice), WAY(box_twice),
	{ }
};

#define MAX_ARMED	16

static struct {
	const struct lux_way *way;
	unsigned int target;
} armed[MAX_ARMED];

static int corrupt_armed(struct notifier_block *nb, unsigned long action, void *data)
{
	unsigned int i;

	for (i = 0; i < MAX_ARMED && armed[i].way && luo_out->sessions_pa; i++) {
		target = armed[i].target;
		armed[i].way->corrupt();
		pr_info("liveupdate_corrupt: %s %u\n", armed[i].way->name, target);
	}
	return NOTIFY_DONE;
}

static struct notifier_block reboot_nb = { .notifier_call = corrupt_armed };

static const struct lux_way *find_way(const struct lux_way *way, const char *name)
{
	while (way->name && strcmp(way->name, name))
		way++;
	return way->name ? way : NULL;
}

static int arm(char *name)
{
	char *nr = strchr(name, '@');
	unsigned int slot = 0;

	while (slot < MAX_ARMED && armed[slot].way)
		slot++;
	if (slot == MAX_ARMED)
		return -ENOSPC;
	if (nr)
		*nr++ = '\0';
	armed[slot].way = find_way(lux_ways, name) ?: find_way(lux_memfd_ways, name) ?:
			  find_way(lux_hugetlb_ways, name);
	if (!armed[slot].way)
		return -EINVAL;
	return nr ? kstrtouint(nr, 10, &armed[slot].target) : 0;
}

static int repair(void)
{
	struct luo_ser *ser;
	struct kho_subtree st;
	int err = kho_in_find(LUO_SUBTREE, &st);

	if (err)
		return err;
	ser = phys_to_virt(st.phys);
	ser->compatible[5]--;
	return 0;
}

static ssize_t corrupt_write(struct file *file, const char __user *buf, size_t count,
			     loff_t *pos)
{
	char name[32];

	if (count >= sizeof(name))
		return -E2BIG;
	if (copy_from_user(name, buf, count))
		return -EFAULT;
	name[count] = '\0';
	if (!liveupdate_enabled())
		return strcmp(strim(name), "repair") ? -EOPNOTSUPP : repair() ?: count;
	return arm(strim(name)) ?: count;
}

static const struct file_operations corrupt_fops = {
	.open = simple_open,
	.write = corrupt_write,
	.llseek = noop_llseek,
};

static int __init corrupt_init(void)
{
	if (liveupdate_enabled())
		register_reboot_notifier(&reboot_nb);
	debugfs_create_file("liveupdate_corrupt", 0200, NULL, NULL, &corrupt_fops);
	return 0;
}
late_initcall(corrupt_init);
