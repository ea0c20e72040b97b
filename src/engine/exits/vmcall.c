// SPDX-License-Identifier: MIT
//
// VMCALL (hypervisor ABI 5.11). Clock pairing is not there yet: its number is unknown like others.

#include "engine/exits/exits.h"

#define NOT_PERMITTED (-1)
#define NO_SUCH_CALL (-1000)

zx_status_t exit_vmcall(struct exit_context *context) {
    struct cpu *cpu = context->vcpu->cpu;
    exit_advance(context);
    const int64_t result = cpu_privilege(cpu) != 0 ? NOT_PERMITTED : NO_SUCH_CALL;
    cpu_set_register(cpu, RAX, (uint64_t)result);
    return ZX_ERR_NEXT;
}
