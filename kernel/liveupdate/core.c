// SPDX-License-Identifier: GPL-2.0-only
/*
 * Live Update Orchestrator: from one kernel to the next
 */

/**
 * DOC: Overview
 *
 * Userspace puts open files into sessions; at the kexec they are frozen and
 * written down, and userspace takes them back in the next kernel.
 *
 * - session.c: sessions, and the file descriptors that keep them
 * - handover.c: sessions on their way from one kernel to the next
 * - file.c, file_incoming.c, describe.c: the files of a session
 * - box.c, stash.c, names.c: boxes, which are sessions for FDBox;
 *   box_handover.c, box_wire.c: how they travel
 * - handler.c, flb.c, flb_incoming.c, flb_reboot.c: who knows how to preserve
 *   what, and what files share
 * - device.c, admin.c, ioctl.c: /dev/liveupdate and /dev/liveupdate-admin
 * - gate.c: keeps users out while a reboot freezes their files
 * - state.c: /sys/kernel/liveupdate, how far a reboot got
 * - block.c: chains of pages that travel; wire.c: are they well formed?
 * - xluo.c, ext_merge.c: what mainline's format has no room for; ext.c, ext_wire.c:
 *   how that travels
 */
#define pr_fmt(fmt) "luo: " fmt

#include <linux/init.h>
#include <linux/io.h>
#include <linux/kexec.h>
#include <linux/kexec_handover.h>
#include <linux/kstrtox.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/string.h>

#include "../kho/internal.h"

#include "ext.h"
#include "internal.h"
#include "wire.h"

struct luo_ser *luo_out;

static bool luo_enable __ro_after_init;
static bool luo_aside __initdata;	/* off, for the sake of what arrived */
u64 luo_number;

static int __init luo_parse_enable(char *arg)
{
	return kstrtobool(arg, &luo_enable);
}
early_param("liveupdate", luo_parse_enable);

/**
 * liveupdate_enabled - can files be preserved in this kernel?
 *
 * Context: any.  The answer is final after late_initcall.
 *
 * Returns: true if they can.
 */
bool liveupdate_enabled(void)
{
	return luo_enable;
}
EXPORT_SYMBOL_GPL(liveupdate_enabled);

/**
 * liveupdate_has_state - would anybody miss what is preserved?
 *
 * Returns: true if there is a session that goes over.
 */
bool liveupdate_has_state(void)
{
	return luo_enable && luo_sessions_exist();
}

/*
 * Departure
 */

static int freeze(struct luo_summary *sum, u64 *sessions_pa)
{
	int err = luo_sessions_freeze();

	if (err)
		return err;
	err = luo_flb_freeze();
	if (err)
		goto unfreeze;
	err = luo_sessions_serialize(sum, sessions_pa);
	/* Now it is known what goes over. */
	err = err ?: kho_kexec_check(kexec_image);
	err = err ?: kho_forward_unclaimed();
	if (!err)
		return 0;
	luo_boxes_unpublish();
	luo_xluo_unpublish();
	luo_flb_unfreeze();
unfreeze:
	luo_sessions_unfreeze();
	return err;
}

/**
 * liveupdate_reboot - freeze all files, the kexec is about to happen
 *
 * The last step of a kexec that can fail.  When it has succeeded, nothing of
 * the sessions changes any more.
 *
 * Context: may sleep.
 * Returns: 0.  If live update is on also -EBUSY if another reboot is under way;
 * -EINTR if the task was killed; the error of the file or FLB that cannot be frozen or
 * handed on; -EBUSY if an FLB that files of this kernel depend on, or that is in use
 * and cannot be forwarded, is to be handed on for others; -EEXIST if the name of a
 * subtree is taken; -ENOMEM, -ENOSPC.  On an error everything is as usable as before.
 */
int liveupdate_reboot(void)
{
	struct luo_summary sum = {};
	ktime_t start = ktime_get();
	u64 sessions_pa = 0;
	int err;

	err = luo_gate_close();
	/*
	 * All that ends here are boxes: nothing is put into one after it was named, but
	 * by whom a killed task did not wait for.  KHO cannot take back any more what it
	 * has handed on.
	 */
	if (!luo_enable) {
		luo_boxes_report_dropped();
		luo_gate_freeze();
		return 0;
	}
	if (err)
		return err;
	luo_state_set(LUO_FREEZING);
	err = freeze(&sum, &sessions_pa);
	if (err) {
		pr_err("the kexec is called off: %d; all sessions are as they were\n", err);
		luo_gate_open();
		luo_state_set(LUO_ABORTED);
		return err;
	}
	luo_sessions_trim();
	luo_out->sessions_pa = sessions_pa;
	luo_boxes_report_dropped();
	luo_gate_freeze();
	pr_info("%lu sessions with %lu files and %llu KiB are handed over, frozen in %lld us\n",
		sum.sessions, sum.files, sum.bytes >> 10,
		ktime_us_delta(ktime_get(), start));
	return 0;
}

/*
 * Arrival
 */

/* What the previous kernel left under a name, if nobody claimed it yet. */
static void *arrived_blob(const char *name, size_t *size)
{
	phys_addr_t phys;
	int err = kho_retrieve_subtree(name, &phys, size);

	if (err)
		return ERR_PTR(err);
	/* Read nothing but what was preserved. */
	if (offset_in_page(phys) || kho_in_order(PHYS_PFN(phys)) < 0)
		return ERR_PTR(-EINVAL);
	return phys_to_virt(phys);
}

/**
 * luo_ext_receive - take over an extension, if one arrived
 * @ext:	what is known of it
 * @arrived:	filled in
 *
 * What is of a kind that is not known here is left to be handed on if it can be
 * understood there.  Otherwise it is dropped, so that no later kernel takes what
 * it says of these sessions for the ones that it gets.
 *
 * Context: may sleep.
 * Returns: 0, to be followed by luo_ext_done(); -ENOENT if there is none, or an
 * error that was logged: it is as if there were none.
 */
int luo_ext_receive(const struct luo_ext *ext, struct luo_ext_arrived *arrived)
{
	size_t size;
	struct luo_ext_ser *ser = arrived_blob(ext->name, &size);
	int err = PTR_ERR_OR_ZERO(ser);

	if (err && err != -ENOENT)
		pr_err("subtree '%s' is ignored: it is not in preserved memory\n", ext->name);
	if (err)
		return err;
	err = luo_ext_claim(ext, ser, min(size, PAGE_SIZE), arrived);
	if (err == -EOPNOTSUPP && ext->outlives)
		return err;
	kho_in_forget(ext->name);
	if (err == -EOPNOTSUPP)
		kho_restore_free(ser);
	return err;
}

static void __init receive_ser(const struct luo_ser *ser)
{
	int err, flb_err;

	luo_number = ser->liveupdate_num;
	pr_info("Retrieved live update data, liveupdate number: %lld\n", luo_number);
	err = luo_sessions_receive(ser->sessions_pa);
	if (err)
		pr_err("the list of sessions is damaged: %d; sessions are lost\n", err);
	luo_xluo_receive(ser->liveupdate_num);
	luo_boxes_receive(ser->liveupdate_num);
	flb_err = luo_flb_receive(ser->flbs_pa);
	if (flb_err)
		pr_err("the list of FLBs is damaged: %d; they are lost\n", flb_err);
}

/*
 * What arrived is of a version that is not known here.  With sessions of our own
 * we would take its place at the next kexec, and it would be lost: so there are
 * none until the next boot, and it is handed on as if live update were off.
 */
static void __init step_aside(const struct luo_ser *ser)
{
	pr_err("what the previous kernel left is %s, and only %s is known here: live update is off, and all of it is handed on untouched\n",
	       ser->compatible, LUO_COMPATIBLE);
	luo_enable = false;
	luo_aside = true;
}

/* Before any driver may ask for what arrived. */
static int __init luo_receive(void)
{
	struct luo_ser *ser;
	size_t size;
	int err;

	if (!luo_enable)
		return 0;
	if (!kho_is_enabled()) {
		pr_info("Disabling liveupdate because KHO is disabled\n");
		luo_enable = false;
		return 0;
	}
	ser = arrived_blob(LUO_SUBTREE, &size);
	if (!IS_ERR(ser) && luo_wire_other_version(ser, size)) {
		step_aside(ser);
		return 0;
	}
	err = luo_sessions_init();
	if (err) {
		luo_enable = false;
		return err;
	}
	if (ser == ERR_PTR(-ENOENT))
		return 0;
	if (IS_ERR(ser) || luo_wire_check_ser(ser, size)) {
		pr_err("what the previous kernel left is damaged: it is ignored\n");
		return 0;
	}
	receive_ser(ser);
	kho_in_forget(LUO_SUBTREE);
	kho_restore_free(ser);
	return 0;
}
core_initcall(luo_receive);

static int __init prepare_outgoing(void)
{
	int err;

	luo_out = kho_alloc_preserve(sizeof(*luo_out));
	if (IS_ERR(luo_out))
		return PTR_ERR(luo_out);
	memcpy(luo_out->compatible, LUO_COMPATIBLE, sizeof(LUO_COMPATIBLE));
	luo_out->liveupdate_num = luo_number + 1;
	err = luo_flb_init_outgoing();
	err = err ?: kho_add_subtree(LUO_SUBTREE, luo_out, sizeof(*luo_out));
	err = err ?: luo_state_init();
	err = err ?: luo_device_init();
	err = err ?: luo_admin_init();
	if (err)
		return err;
	/* They are there all the same, and may be finished before a kexec. */
	err = luo_sessions_reserve();
	if (err)
		pr_warn("no room yet to hand on what arrived: %d; the kexec tries again\n", err);
	return 0;
}

static int __init luo_init(void)
{
	int err = 0;

	if (luo_enable)
		err = kho_is_enabled() ? prepare_outgoing() : -EOPNOTSUPP;
	if (err) {
		pr_err("cannot be initialised (%d): live update is off\n", err);
		luo_enable = false;
	}
	/* Who looks for live update is to find out why there is none. */
	if (luo_aside && (luo_state_init() || luo_device_init()))
		pr_warn("no memory to tell userspace that live update is off\n");
	return 0;
}
late_initcall(luo_init);
