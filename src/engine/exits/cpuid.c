// SPDX-License-Identifier: MIT
//
// CPUID (hypervisor ABI 5.1). The processor is a fixed one, the same on every host, and advertises
// nothing that the emulation cannot run. Leaves not listed are zero.

#include "engine/exits/exits.h"

struct leaf {
    uint32_t number, eax, ebx, ecx, edx;
};

// Leaf 1: family 6, model 0x3c; ECX SSE3, PCLMULQDQ, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, x2APIC,
// MOVBE, POPCNT, TSC deadline, AES, XSAVE, OSXSAVE, hypervisor. EDX FPU to SSE2 without ACPI and
// TM.
static const struct leaf leaves[] = {
    {0x00000000, 0x0000000d, 0x756e6547, 0x6c65746e, 0x49656e69}, // "GenuineIntel"
    {0x00000001, 0x000306c3, 0x00000800, 0x8ff82203, 0x078bfbff},
    {0x00000007, 0x00000000, 0x00000001, 0x00000000, 0x00000000}, // FSGSBASE
    {0x0000000d, 0x00000003, 0x00000240, 0x00000240, 0x00000000},
    {0x40000000, 0x40000001, 0x4b4d564b, 0x564b4d56, 0x0000004d}, // "KVMKVMKVM"
    {0x40000001, 0x0000000b, 0x00000000, 0x00000000, 0x00000000},
    {0x80000000, 0x80000008, 0x00000000, 0x00000000, 0x00000000},
    {0x80000001, 0x00000000, 0x00000000, 0x00000001, 0x20100800}, // LAHF; SYSCALL, NX, long mode
    {0x80000008, 0x00003030, 0x00000000, 0x00000000, 0x00000000}, // 48-bit addresses
};

static struct leaf find_leaf(uint32_t number, uint32_t subleaf) {
    if (subleaf != 0 && (number == 7 || number == 0xd)) {
        return (struct leaf){.number = number};
    }
    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
        if (leaves[i].number == number) {
            return leaves[i];
        }
    }
    return (struct leaf){.number = number};
}

zx_status_t exit_cpuid(struct exit_context *context) {
    struct cpu *cpu = context->vcpu->cpu;
    exit_advance(context);
    struct leaf leaf =
        find_leaf((uint32_t)cpu_register(cpu, RAX), (uint32_t)cpu_register(cpu, RCX));
    const uint32_t id = context->vcpu->vpid - 1;
    if (leaf.number == 1) {
        leaf.ebx |= id << 24;
    }
    if (leaf.number == 0xb) {
        leaf.edx = id;
    }
    cpu_set_register(cpu, RAX, leaf.eax);
    cpu_set_register(cpu, RBX, leaf.ebx);
    cpu_set_register(cpu, RCX, leaf.ecx);
    cpu_set_register(cpu, RDX, leaf.edx);
    return ZX_ERR_NEXT;
}
