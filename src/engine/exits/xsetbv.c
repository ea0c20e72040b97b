// SPDX-License-Identifier: MIT
//
// XSETBV (hypervisor ABI 5.10). What a processor would answer with #GP(0) is an error of the run
// call, except at a privilege where the instruction faults and does not exit.

#include "engine/exits/exits.h"
#include "objects/refusal.h"

#define XCR0_X87 1ull
#define XCR0_SSE 2ull

zx_status_t exit_xsetbv(struct exit_context *context) {
    struct cpu *cpu = context->vcpu->cpu;
    const uint64_t value = cpu_get(cpu, RDX) << 32 | (uint32_t)cpu_get(cpu, RAX);
    if ((cpu_get(cpu, CR4) & CR4_OSXSAVE) == 0) {
        return refuse(ZX_ERR_INVALID_ARGS, "XSETBV without CR4.OSXSAVE");
    }
    if (cpu_get(cpu, RCX) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "XSETBV of XCR%, which there is not",
                            cpu_get(cpu, RCX));
    }
    if ((value & ~(XCR0_X87 | XCR0_SSE)) != 0 || (value & XCR0_X87) == 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "XSETBV of %, which XCR0 does not take", value);
    }
    cpu_set(cpu, XCR0, value);
    exit_advance(context);
    return ZX_OK;
}
