#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# kernels: mini
# timeout: 300
#
# Several nodes, one of them without memory; scratch per node or not.

. "$(dirname "$0")/../lib.sh"

nodes=(-object "memory-backend-ram,id=m0,size=1G" -object "memory-backend-ram,id=m1,size=512M"
       -numa "node,nodeid=0,memdev=m0,cpus=0" -numa "node,nodeid=1,cpus=1"
       -numa "node,nodeid=2,memdev=m1")

vm numa default -- --mem 1536M --smp 2,sockets=2 --append "kho=on" -- "${nodes[@]}"
vm numa pernode -- --mem 1536M --smp 2,sockets=2 --append "kho=on kho_scratch=48M,16M,16M" -- "${nodes[@]}"
vm numa movable -- --mem 1536M --smp 2,sockets=2 --append "kho=on movable_node" -- "${nodes[@]}"

# A border that is in the middle of a section and of many an order
nodes=(-object "memory-backend-ram,id=m0,size=1016M" -object "memory-backend-ram,id=m1,size=520M"
       -numa "node,nodeid=0,memdev=m0,cpus=0" -numa "node,nodeid=1,cpus=1"
       -numa "node,nodeid=2,memdev=m1")
vm border border -- --mem 1536M --smp 2,sockets=2 --append "kho=on hop=1 numa=off nokaslr" -- "${nodes[@]}"
finish
