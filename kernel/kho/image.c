// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kexec HandOver: loading the next kernel
 */

/**
 * DOC: What is checked before the jump
 *
 * The image, its initrd and everything else that is loaded go into scratch.
 * When an image is loaded, and once more when it is started, what would be lost
 * with it is looked at: an image that cannot receive, that is told kho=off, or
 * that is loaded with kexec_load(2).  If something is preserved, the system call
 * fails with -EBUSY, and the log says why.  /sys/kernel/kho/allow_loss
 * overrides.  Other errors would make kexec-tools try kexec_load(2) instead.
 *
 * Preserved pages that had a memory error are looked for when the image is
 * started.  Whether there is memory enough to boot in is looked at both times,
 * with what is going to be forwarded; nothing overrides that.
 */
#define pr_fmt(fmt) "KHO: " fmt

#include <linux/cpumask.h>
#include <linux/ctype.h>
#include <linux/kexec.h>
#include <linux/kexec_handover.h>
#include <linux/kho/hooks.h>
#include <linux/ioport.h>
#include <linux/liveupdate.h>
#include <linux/memblock.h>
#include <linux/mm.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "../kexec_internal.h"
#include "internal.h"
#include "windows.h"

/* What a kernel of ours takes from scratch besides image and initrd. */
#define BOOT_SCRATCH	SZ_2M
#define BY_HAND		"the image was not loaded with kexec_file_load(2)"

bool kho_allow_loss;

/**
 * kho_kexec_confined - must this image be loaded into scratch?
 * @image:	the image
 *
 * Returns: true unless KHO is off or it is a crash image.
 */
bool kho_kexec_confined(const struct kimage *image)
{
	return kho_enable && image->type != KEXEC_TYPE_CRASH;
}

/*
 * The next kernel has the memory that the firmware told of, not what was added
 * later.  Calls @fn for it as walk_system_ram_range() does.
 */
struct early_ram {
	void *arg;
	int (*fn)(unsigned long pfn, unsigned long nr_pages, void *arg);
};

/* What is early, in one piece from section to section: only so many gaps are counted. */
static int early_part(unsigned long pfn, unsigned long nr_pages, void *arg)
{
	unsigned long next, end = pfn + nr_pages;
	struct early_ram *early = arg;
	int ret = 0;

	for (; pfn < end && !ret; pfn = next) {
		next = min(end, SECTION_ALIGN_UP(pfn + 1));
		if (!kho_all_early(pfn, 1))
			continue;
		while (next < end && kho_all_early(next, 1))
			next = min(end, SECTION_ALIGN_UP(next + 1));
		ret = early->fn(pfn, next - pfn, early->arg);
	}
	return ret;
}

/**
 * kho_walk_early_ram - go through the memory that the next kernel is going to have
 * @fn:		called for each piece; 0 to go on
 * @arg:	for it
 *
 * Returns: what @fn returned last.
 */
int kho_walk_early_ram(int (*fn)(unsigned long pfn, unsigned long nr_pages, void *arg),
		       void *arg)
{
	struct early_ram early = { arg, fn };

	return walk_system_ram_range(0, max_pfn, &early, early_part);
}

static int count_ram(unsigned long pfn, unsigned long nr_pages, void *sum)
{
	*(u64 *)sum += nr_pages;
	return 0;
}

static u64 early_pages(void)
{
	u64 sum = 0;

	kho_walk_early_ram(count_ram, &sum);
	return sum;
}

static u64 memmap_bytes(void)
{
	return early_pages() * sizeof(struct page);
}

/* The next word of a command line, without its quotes; NULL after the last. */
static const char *next_word(const char *at, char *word, size_t size)
{
	bool quoted = false;
	size_t len = 0;

	at = skip_spaces(at);
	if (!*at)
		return NULL;
	for (; *at && (quoted || !isspace(*at)); at++) {
		if (*at == '"')
			quoted = !quoted;
		else if (len + 1 < size)
			word[len++] = *at;
	}
	word[len] = 0;
	return at;
}

/* Does the last kho= on a command line, if there is one, say this? */
static bool says(const char *cmdline, bool what)
{
	bool said = false, on;
	char word[12];

	while (cmdline && (cmdline = next_word(cmdline, word, sizeof(word)))) {
		/* What follows is for init. */
		if (!strcmp(word, "--"))
			break;
		if (!strncmp(word, "kho=", 4) && !kstrtobool(word + 4, &on))
			said = on == what;
	}
	return said;
}

/* Why everything that is preserved would be lost with this image. */
static const char *loss(const struct kimage *image, const struct kho_target *target)
{
	if (target->why)
		return target->why;
	if (target->known && !target->receives)
		return "the image has no KHO";
	if (target->ours && strcmp(target->wire, KHO_FDT_COMPATIBLE))
		return "the image speaks another version of KHO";
	if (target->ours && target->page_shift != PAGE_SHIFT)
		return "the image has another page size";
	if (says(image->cmdline_buf, false))
		return "its command line says kho=off";
	return NULL;
}

static int refuse_loss(const char *why)
{
	if (!kho_out_has_state())
		return 0;
	if (kho_allow_loss) {
		pr_warn("%s: what is preserved will be lost, as allowed\n", why);
		return 0;
	}
	pr_err("%s, and what is preserved would be lost: refused; echo 1 >/sys/kernel/kho/allow_loss overrides\n",
	       why);
	return -EBUSY;
}

/* Low memory is scarce: it need only hold what is loaded. */
static void advise(const char *what, const struct kimage *image,
		   const struct kho_target *target, u64 need)
{
	u64 low = ALIGN(target->image_size + image->initrd_buf_len + SZ_32M, SZ_1M);

	low = min(low, ALIGN(need, SZ_1M));
	pr_err("scratch has %llu KiB, %s needs %llu KiB: boot cold with kho_scratch=%lluM,%lluM,0 or more\n",
	       kho_scratch_bytes() >> 10, what, need >> 10, low >> 20,
	       (ALIGN(need, SZ_1M) - low) >> 20);
}

static int check_scratch(const struct kimage *image, const struct kho_target *target)
{
	u64 need;

	if (!target->receives)
		return 0;
	/* Others boot from scratch alone until their page allocator is up. */
	need = target->image_size + image->initrd_buf_len;
	need += target->ours ? BOOT_SCRATCH : memmap_bytes() + SZ_64M;
	if (kho_scratch_bytes() >= need)
		return 0;
	advise(target->ours ? "the image" : "an image of another make", image, target, need);
	return -ENOSPC;
}

/* Early boot of the next kernel: scratch, and the gaps it will find. */
struct outlook {
	struct kho_map_walk w;
	struct kho_coarse coarse;
	struct kho_windows gaps;
	unsigned long end;	/* of the memory that was looked at */
};

static int outlook_node(struct kho_map_walk *w, u64 phys)
{
	struct outlook *o = container_of(w, struct outlook, w);

	/* Our own map; but this is the last look at it. */
	if (!PAGE_ALIGNED(phys) || !pfn_to_online_page(PHYS_PFN(phys)) ||
	    !kho_all_early(PHYS_PFN(phys), 1) || kho_scratch_overlap(phys, PAGE_SIZE)) {
		pr_err("the outgoing map has a node at %#llx\n", phys);
		return -EIO;
	}
	kho_coarse_mark(&o->coarse, phys, phys + PAGE_SIZE);
	return 0;
}

static enum kho_map_verdict outlook_subtree(struct kho_map_walk *w, u64 first, u64 last)
{
	unsigned long pfn;
	unsigned int order;

	return kho_map_decode(first, &pfn, &order) && pfn >= max_pfn ? KHO_MAP_SKIP :
								       KHO_MAP_FOLLOW;
}

static int outlook_run(struct kho_map_walk *w, u64 key, unsigned long nr)
{
	struct outlook *o = container_of(w, struct outlook, w);
	unsigned long pfn;
	unsigned int order;

	if (kho_map_decode(key, &pfn, &order))
		kho_coarse_mark(&o->coarse, PFN_PHYS(pfn), PFN_PHYS(pfn + (nr << order)));
	return 0;
}

static int outlook_ram(unsigned long pfn, unsigned long nr_pages, void *arg)
{
	struct outlook *o = arg;

	kho_coarse_gaps(&o->coarse, PFN_PHYS(pfn), PFN_PHYS(pfn + nr_pages),
			KHO_GAP_MIN, &o->gaps);
	return 0;
}

static int outlook_hole(unsigned long pfn, unsigned long nr_pages, void *arg)
{
	struct outlook *o = arg;

	kho_coarse_skip(&o->coarse, PFN_PHYS(o->end), PFN_PHYS(pfn));
	o->end = pfn + nr_pages;
	return 0;
}

static int outlook_bytes(struct outlook *o, u64 *sum)
{
	unsigned int i;
	int err;

	kho_coarse_init(&o->coarse, 0, PFN_PHYS(max_pfn));
	kho_walk_early_ram(outlook_hole, o);
	for (i = 0; i < kho_scratch_nr; i++) {
		if (kho_scratch[i].size)
			kho_coarse_mark(&o->coarse, kho_scratch[i].addr,
					kho_scratch[i].addr + kho_scratch[i].size);
	}
	o->w.node = outlook_node;
	o->w.subtree = outlook_subtree;
	o->w.run = outlook_run;
	err = kho_out_walk(&o->w);
	err = err ?: kho_forward_walk(&o->w);
	if (err)
		return err;
	kho_walk_early_ram(outlook_ram, o);
	*sum = kho_scratch_bytes() + kho_windows_bytes(&o->gaps);
	return 0;
}

/* Will the next kernel find room for its memmap where nothing is preserved? */
static int check_memory(u64 loaded)
{
	u64 need = kho_boot_bytes(early_pages(), nr_cpu_ids) + loaded;
	struct outlook *o = __vmalloc(sizeof(*o), GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN);
	u64 have;
	int err;

	if (!o) {
		pr_err("no memory to find out whether the next kernel has enough\n");
		return -ENOMEM;
	}
	err = outlook_bytes(o, &have);
	vfree(o);
	if (err || need <= have)
		return err;
	pr_err("so much is preserved, or so scattered, that the next kernel finds %llu MiB to boot in and needs %llu MiB\n",
	       have >> 20, need >> 20);
	return -ENOSPC;
}

static int add_array(struct kimage *image)
{
	struct kexec_buf kbuf = {
		.image = image,
		.buffer = kho_scratch,
		.bufsz = kho_scratch_nr * sizeof(*kho_scratch),
		.memsz = kho_scratch_nr * sizeof(*kho_scratch),
		.mem = KEXEC_BUF_MEM_UNKNOWN,
		.buf_align = SZ_64K,
		.buf_max = ULONG_MAX,
		/* Below the image, where no KASLR looks for room. */
		.top_down = false,
	};
	int err = kexec_add_buffer(&kbuf);

	if (!err)
		image->kho.scratch = &image->segment[image->nr_segments - 1];
	return err;
}

/**
 * kho_kexec_prepare - an image is being loaded with kexec_file_load(2)
 * @image:	the image; its buffers are read, nothing is placed yet
 *
 * Returns: 0; -EBUSY if something is preserved and the image would lose
 * it; -ENOSPC if scratch or memory are too small for it; -EADDRNOTAVAIL.
 */
int kho_kexec_prepare(struct kimage *image)
{
	struct kho_target target = {};
	const char *why;
	int err;

	if (!kho_kexec_confined(image))
		return 0;

	kho_out_check();
	arch_kho_inspect(image, &target);
	why = loss(image, &target);
	image->kho.loss = why;
	err = why ? refuse_loss(why) : 0;
	err = err ?: check_scratch(image, &target);
	image->kho.loaded = target.image_size + image->initrd_buf_len;
	if (!err && !why)
		err = check_memory(image->kho.loaded);
	if (err)
		return err;
	if (target.receives && !target.ours && !says(image->cmdline_buf, true))
		pr_warn("an image of another make may need kho=on on its command line\n");

	image->kho.fdt = virt_to_phys(kho_out_fdt());
	image->kho.fdt_size = KHO_FDT_SIZE;
	return add_array(image);
}

/**
 * kho_kexec_locate - find room in scratch for a segment
 * @kbuf:	the segment
 * @func:	tries one range
 *
 * Returns: what @func returned last.
 */
int kho_kexec_locate(struct kexec_buf *kbuf, int (*func)(struct resource *, void *))
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < kho_scratch_nr && !ret; i++) {
		struct resource res = {
			.start = kho_scratch[i].addr,
			.end = kho_scratch[i].addr + kho_scratch[i].size - 1,
		};

		if (kho_scratch[i].size)
			ret = func(&res, kbuf);
	}
	if (!ret)
		pr_err("no scratch area has room for a segment of %lu KiB; %llu KiB in all: boot this kernel with a larger kho_scratch=\n",
		       kbuf->memsz >> 10, kho_scratch_bytes() >> 10);
	return ret;
}

/* An error that the administrator may have allowed. */
static int overridable(int err, const char *what)
{
	if (err == -EBUSY && kho_allow_loss) {
		pr_warn("%s, as allowed\n", what);
		return 0;
	}
	if (err == -EBUSY)
		pr_err("refused; echo 1 >/sys/kernel/kho/allow_loss overrides\n");
	return err;
}

static int poison_node(struct kho_map_walk *w, u64 phys)
{
	unsigned long pfn = PHYS_PFN(phys);

	if (kho_find_poison(pfn, pfn + 1) > pfn)
		return 0;
	pr_err("page %#llx of the map had a memory error\n", phys);
	return -EBUSY;
}

static int poison_run(struct kho_map_walk *w, u64 key, unsigned long nr)
{
	unsigned long pfn, end;
	unsigned int order;

	if (!kho_map_decode(key, &pfn, &order))
		return -EIO;
	end = pfn + (nr << order);
	pfn = kho_find_poison(pfn, end);
	cond_resched();
	if (pfn == end)
		return 0;
	pr_err("page %#llx is preserved and had a memory error since\n", PFN_PHYS(pfn));
	return -EBUSY;
}

/* The next kernel does not know which pages are bad. */
static int check_poison(void)
{
	struct kho_map_walk w = { .node = poison_node, .run = poison_run };

	if (!kho_any_poison())
		return 0;
	return overridable(kho_out_walk(&w) ?: kho_forward_walk(&w),
			   "what is preserved goes over with a bad page");
}

static int tags_run(struct kho_map_walk *w, u64 key, unsigned long nr)
{
	unsigned long pfn, end;
	unsigned int order;

	if (!kho_map_decode(key, &pfn, &order))
		return -EIO;
	end = pfn + (nr << order);
	pfn = arch_kho_find_tags(pfn, end);
	cond_resched();
	if (pfn == end)
		return 0;
	pr_err("page %#llx is preserved and was given memory tags since, which would be lost\n",
	       PFN_PHYS(pfn));
	return -EBUSY;
}

/* A mapping with tags may be made at any time. */
static int check_tags(void)
{
	struct kho_map_walk w = { .run = tags_run };

	if (!arch_kho_has_tags())
		return 0;
	return overridable(kho_out_walk(&w), "what is preserved goes over without its tags");
}

/* Why nothing goes over with this image; NULL: it does. */
static const char *loss_of(const struct kimage *image)
{
	return image->kho.fdt ? image->kho.loss : BY_HAND;
}

static int check_all(const char *loss, u64 loaded)
{
	/* What is lost, as allowed, needs no room. */
	if (loss)
		return refuse_loss(loss);
	return check_poison() ?: check_tags() ?: check_memory(loaded);
}

/**
 * kho_kexec_check - will all that is preserved now arrive?
 * @image:	the image that is about to be started
 *
 * Context: may sleep; nothing may be preserved any more.
 * Returns: 0; -EBUSY if something would be lost, or had a memory error; -ENOSPC
 * if so much was preserved since the image was loaded that it could not boot;
 * -EIO if the outgoing map is damaged; -ENOMEM.
 */
int kho_kexec_check(const struct kimage *image)
{
	return check_all(loss_of(image), image->kho.loaded);
}

/**
 * kho_kexec_would - what would starting the loaded image return now?
 *
 * Context: may sleep.
 * Returns: as kho_kexec_check(); -ENOENT if no image is loaded, -EAGAIN while one is
 * being loaded or started.
 */
int kho_kexec_would(void)
{
	const char *loss = NULL;
	u64 loaded = 0;
	bool found;

	/* Whoever has the lock keeps a crash kernel from being started, so not for long. */
	if (!kexec_trylock())
		return -EAGAIN;
	found = kexec_image;
	if (found) {
		loss = loss_of(kexec_image);
		loaded = kexec_image->kho.loaded;
	}
	kexec_unlock();
	return found ? check_all(loss, loaded) : -ENOENT;
}

/**
 * kho_kexec_commit - the image is about to be started
 * @image:	the image
 *
 * With live update this is a first look: its users may be preserving files until
 * liveupdate_reboot() keeps them out, and looks again.
 *
 * Context: may sleep.
 * Returns: as kho_kexec_check().
 */
int kho_kexec_commit(const struct kimage *image)
{
	int err;

	if (!kho_enable || image->preserve_context)
		return 0;
	kho_out_check();
	if (liveupdate_enabled())
		return loss_of(image) ? refuse_loss(loss_of(image)) : 0;
	err = kho_kexec_check(image);
	if (!err && kho_passes_sessions())
		err = kho_forward_unclaimed();
	return err;
}

/**
 * kho_kexec_by_hand - an image is being loaded with kexec_load(2)
 *
 * Refused here already: who learns it from reboot(2), after the shutdown of
 * everything, cannot do much about it.
 *
 * Returns: 0, or -EBUSY if something is preserved that would be lost.
 */
int kho_kexec_by_hand(void)
{
	return kho_enable ? refuse_loss(BY_HAND) : 0;
}
