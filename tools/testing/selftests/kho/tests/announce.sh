#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 200
#
# Announcements of a handover that were forged.

. "$(dirname "$0")/../lib.sh"

vm announce announce -- --mem 1G --smp 1 --timeout 180
vm announce announce-twice -- --mem 1G --smp 1 --append only=twice
vm announce announce-late -- --mem 1G --smp 1 --append only=late
finish
