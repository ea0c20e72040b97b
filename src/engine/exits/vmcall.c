// SPDX-License-Identifier: MIT
//
// VMCALL (hypervisor ABI 5.11).

#include "engine/exits/exits.h"
#include "engine/pvclock.h"

#define CALL_CLOCK_PAIRING 9u

#define NOT_PERMITTED (-1)
#define NOT_WRITABLE (-14)
#define NOT_SUPPORTED (-95)
#define NO_SUCH_CALL (-1000)

static int64_t clock_pairing(struct vcpu *vcpu) {
    if (cpu_get(vcpu->cpu, RCX) != 0) {
        return NOT_SUPPORTED;
    }
    const uint64_t address = cpu_get(vcpu->cpu, RBX);
    return pvclock_write_pairing(vcpu->guest, address) == ZX_OK ? 0 : NOT_WRITABLE;
}

// By the DPL of SS, as Zircon does.
static int64_t call(struct vcpu *vcpu) {
    if (ATTRIBUTE_DPL(cpu_segment(vcpu->cpu, SEGMENT_SS).attributes) != 0) {
        return NOT_PERMITTED;
    }
    return cpu_get(vcpu->cpu, RAX) == CALL_CLOCK_PAIRING ? clock_pairing(vcpu) : NO_SUCH_CALL;
}

zx_status_t exit_vmcall(struct exit_context *context) {
    exit_advance(context);
    cpu_set(context->vcpu->cpu, RAX, (uint64_t)call(context->vcpu));
    return ZX_OK;
}
