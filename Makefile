# SPDX-License-Identifier: GPL-2.0-only
#
# The one entry point. Every verb is a script in scripts/.

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

KSRC	?=
ARCH	?= x86_64
FLAVOR	?= mini
T	?=
V	?= 0
export KSRC ARCH FLAVOR T V

verbs := help demo check tree kernel qemu series bench fuzz lint clean
.PHONY: $(verbs)

help:
	@echo 'Kexec HandOver for Linux 6.12 LTS'
	@echo
	@echo '  make demo    from nothing to a live update in QEMU, explained'
	@echo '  make check   from nothing to all tests; T=name runs one of them'
	@echo '  make tree    prepared kernel source in build/tree'
	@echo '  make kernel  kernel in build/ARCH/FLAVOR (mini, debug, bench or distro)'
	@echo '  make qemu    shell in a test kernel, with kexec and busybox'
	@echo '  make series  build/series/*.patch, ready for git am on v6.12.y'
	@echo '  make bench   benchmark table, by a deterministic clock'
	@echo '  make fuzz    fuzz the parsers in user space'
	@echo '  make lint    checkpatch, sparse, W=1, kernel-doc, clang, shellcheck'
	@echo '  make clean   remove build/ (downloads stay in the cache)'
	@echo
	@echo '  KSRC=dir     another 6.12.y tree   ARCH=x86_64|arm64   V=1 talks more'
	@echo '  FLAVOR=mini|debug|bench|distro     JOBS=n tests at a time'

demo check tree series bench fuzz lint qemu:
	@scripts/$@

kernel:
	@scripts/kernel

clean:
	rm -rf "$${KHO_BUILD:-build}"
