// SPDX-License-Identifier: MIT
//
// The VM's processors: a thread each, which runs its VCPU and answers the packets.

#ifndef EXAMPLES_LINUX_PROCESSORS_H
#define EXAMPLES_LINUX_PROCESSORS_H

#include "loader.h"
#include "vm.h"

// Runs the VM, the boot processor on the calling thread, until the guest turns itself off or
// resets. False, and a line on standard error, when a run call fails or a packet has no answer.
bool processors_run(struct vm *vm, const struct boot_entry *entry);

// Starts one at a page of real mode, unless it has started or the VM has ended. Lets go of the VM's
// lock, which is held, until its VCPU is there. The VM ends as failed when the host refuses a
// thread.
void processors_start(struct vm *vm, uint64_t id, uint64_t entry);

// Ends the VM, as if it were turned off. Any thread.
void processors_end(struct vm *vm);

// Kicks one processor, if it is started: the numbers go round. False once the VM has ended.
// Any thread.
bool processors_kick(struct vm *vm, unsigned number);

#endif // EXAMPLES_LINUX_PROCESSORS_H
