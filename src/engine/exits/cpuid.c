// SPDX-License-Identifier: MIT
//
// CPUID (hypervisor ABI 5.1). The processor is a fixed one, the same on every host, and advertises
// nothing that the emulation cannot run; docs/cpu.md explains the choices. The masks of the
// specification are in the numbers already. Leaves that are not listed, and those out of range,
// are zero, as leaf 0x17 is.

#include "engine/exits/exits.h"
#include "engine/guest_clock.h"

#define ANY_SUBLEAF UINT32_MAX

#define LEAF_FEATURES 0x01u
#define LEAF_TOPOLOGY 0x0bu

struct leaf {
    uint32_t number, subleaf, eax, ebx, ecx, edx;
};

#define MEGAHERTZ (GUEST_TSC_FREQUENCY / 1000000u)

static const struct leaf leaves[] = {
    {0x00, ANY_SUBLEAF, 0x00000017, 0x756e6547, 0x6c65746e, 0x49656e69}, // "GenuineIntel"
    {0x01, ANY_SUBLEAF, 0x00030669, 0x00000800, 0x8ff82203, 0x078bfbfd},
    {0x02, ANY_SUBLEAF, 0x0000ff01, 0x00000000, 0x00000000, 0x00000000}, // See leaf 4.
    {0x04, 0, 0x00000121, 0x01c0003f, 0x0000003f, 0x00000000},           // Data, 32 KiB.
    {0x04, 1, 0x00000122, 0x01c0003f, 0x0000003f, 0x00000000},           // Instructions, 32 KiB.
    {0x04, 2, 0x00000143, 0x03c0003f, 0x000003ff, 0x00000000},           // Second level, 1 MiB.
    {0x06, ANY_SUBLEAF, 0x00000004, 0x00000000, 0x00000000, 0x00000000}, // The APIC timer runs on.
    {0x07, 0, 0x00000000, 0x00100081, 0x00000000, 0x00000000},           // FSGSBASE, SMEP, SMAP
    {0x0a, ANY_SUBLEAF, 0x00000000, 0x0000007f, 0x00000000, 0x00000000},
    {0x0d, 0, 0x00000003, 0x00000240, 0x00000240, 0x00000000}, // x87 and SSE: 576 bytes.
    {0x0d, 1, 0x00000005, 0x00000000, 0x00000000, 0x00000000}, // XSAVEOPT, XGETBV of 1
    {0x15, ANY_SUBLEAF, 1, 1, GUEST_TSC_FREQUENCY, 0},
    {0x16, ANY_SUBLEAF, MEGAHERTZ, MEGAHERTZ, MEGAHERTZ, 0},
    {0x40000000, ANY_SUBLEAF, 0x40000001, 0x4b4d564b, 0x564b4d56, 0x0000004d}, // "KVMKVMKVM"
    {0x40000001, ANY_SUBLEAF, 0x0000000b, 0x00000000, 0x00000000, 0x00000000}, // Both clocks.
    {0x80000000, ANY_SUBLEAF, 0x80000008, 0x00000000, 0x00000000, 0x00000000},
    {0x80000001, ANY_SUBLEAF, 0x00000000, 0x00000000, 0x00000121, 0x2c100800},
    {0x80000002, ANY_SUBLEAF, 0x6372695a, 0x61696e6f, 0x72697620, 0x6c617574}, // "Zirconia virtual
    {0x80000003, ANY_SUBLEAF, 0x6f727020, 0x73736563, 0x0000726f, 0x00000000}, // processor"
    {0x80000006, ANY_SUBLEAF, 0x00000000, 0x00000000, 0x04008040, 0x00000000}, // As leaf 4.
    {0x80000007, ANY_SUBLEAF, 0x00000000, 0x00000000, 0x00000000, 0x00000100}, // Invariant TSC
    {0x80000008, ANY_SUBLEAF, 0x00003028, 0x00000000, 0x00000000, 0x00000000}, // Address bits.
};

static struct leaf find_leaf(uint32_t number, uint32_t subleaf) {
    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
        if (leaves[i].number == number &&
            (leaves[i].subleaf == ANY_SUBLEAF || leaves[i].subleaf == subleaf)) {
            return leaves[i];
        }
    }
    return (struct leaf){.number = number};
}

zx_status_t exit_cpuid(struct exit_context *context) {
    struct cpu *cpu = context->vcpu->cpu;
    exit_advance(context);
    struct leaf leaf = find_leaf((uint32_t)cpu_get(cpu, RAX), (uint32_t)cpu_get(cpu, RCX));
    const uint32_t apic_id = context->vcpu->seat.vpid - 1;
    if (leaf.number == LEAF_FEATURES) {
        leaf.ebx |= apic_id << 24;
    }
    if (leaf.number == LEAF_TOPOLOGY) {
        leaf.edx = apic_id;
    }
    cpu_set(cpu, RAX, leaf.eax);
    cpu_set(cpu, RBX, leaf.ebx);
    cpu_set(cpu, RCX, leaf.ecx);
    cpu_set(cpu, RDX, leaf.edx);
    return ZX_OK;
}
