#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 600
#
# Receivers with all sorts of command lines and processors.

. "$(dirname "$0")/../lib.sh"

vm spare spare -- --mem 9G --append "kho=on kho_scratch=64M,2100M,0 test_kho.mib=0"
vm options options -- --mem 6G --append "kho=on" --timeout 400
finish
