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

#define CLFLUSH_LINE (64u / 8 << CPUID_1_EBX_CLFLUSH_SHIFT)

#define FEATURES_1_ECX                                                                             \
    (CPUID_1_ECX_SSE3 | CPUID_1_ECX_PCLMULQDQ | CPUID_1_ECX_SSSE3 | CPUID_1_ECX_CMPXCHG16B |       \
     CPUID_1_ECX_SSE4_1 | CPUID_1_ECX_SSE4_2 | CPUID_1_ECX_X2APIC | CPUID_1_ECX_MOVBE |            \
     CPUID_1_ECX_POPCNT | CPUID_1_ECX_TSC_DEADLINE | CPUID_1_ECX_AESNI | CPUID_1_ECX_XSAVE |       \
     CPUID_1_ECX_OSXSAVE | CPUID_1_ECX_HYPERVISOR)

#define FEATURES_1_EDX                                                                             \
    (CPUID_1_EDX_FPU | CPUID_1_EDX_DE | CPUID_1_EDX_PSE | CPUID_1_EDX_TSC | CPUID_1_EDX_MSR |      \
     CPUID_1_EDX_PAE | CPUID_1_EDX_MCE | CPUID_1_EDX_CX8 | CPUID_1_EDX_APIC | CPUID_1_EDX_SEP |    \
     CPUID_1_EDX_MTRR | CPUID_1_EDX_PGE | CPUID_1_EDX_MCA | CPUID_1_EDX_CMOV | CPUID_1_EDX_PAT |   \
     CPUID_1_EDX_PSE_36 | CPUID_1_EDX_CLFSH | CPUID_1_EDX_MMX | CPUID_1_EDX_FXSR |                 \
     CPUID_1_EDX_SSE | CPUID_1_EDX_SSE2)

#define FEATURES_7_EBX (CPUID_7_EBX_FSGSBASE | CPUID_7_EBX_SMEP | CPUID_7_EBX_SMAP)
#define FEATURES_D_1_EAX (CPUID_D_1_EAX_XSAVEOPT | CPUID_D_1_EAX_XGETBV_1)
#define FEATURES_KVM (KVM_FEATURE_CLOCKSOURCE | KVM_FEATURE_NOP_IO_DELAY | KVM_FEATURE_CLOCKSOURCE2)

#define FEATURES_80000001_ECX                                                                      \
    (CPUID_80000001_ECX_LAHF | CPUID_80000001_ECX_LZCNT | CPUID_80000001_ECX_PREFETCHW)
#define FEATURES_80000001_EDX                                                                      \
    (CPUID_80000001_EDX_SYSCALL | CPUID_80000001_EDX_NX | CPUID_80000001_EDX_PAGE_1GB |            \
     CPUID_80000001_EDX_RDTSCP | CPUID_80000001_EDX_LM)

#define MEGAHERTZ (GUEST_TSC_FREQUENCY / 1000000u)

static const struct leaf leaves[] = {
    {0x00, ANY_SUBLEAF, 0x00000017, 0x756e6547, 0x6c65746e, 0x49656e69}, // "GenuineIntel"
    {0x01, ANY_SUBLEAF, 0x00030669, CLFLUSH_LINE, FEATURES_1_ECX, FEATURES_1_EDX},
    {0x02, ANY_SUBLEAF, 0x0000ff01, 0x00000000, 0x00000000, 0x00000000}, // See leaf 4.
    {0x04, 0, 0x00000121, 0x01c0003f, 0x0000003f, 0x00000000},           // Data, 32 KiB.
    {0x04, 1, 0x00000122, 0x01c0003f, 0x0000003f, 0x00000000},           // Instructions, 32 KiB.
    {0x04, 2, 0x00000143, 0x03c0003f, 0x000003ff, 0x00000000},           // Second level, 1 MiB.
    {0x06, ANY_SUBLEAF, CPUID_6_EAX_ARAT, 0, 0, 0},                      // The APIC timer runs on.
    {0x07, 0, 0, FEATURES_7_EBX, 0, 0},
    {0x0a, ANY_SUBLEAF, 0x00000000, 0x0000007f, 0x00000000, 0x00000000},
    {0x0d, 0, 0x00000003, 0x00000240, 0x00000240, 0x00000000}, // x87 and SSE: 576 bytes.
    {0x0d, 1, FEATURES_D_1_EAX, 0, 0, 0},
    {0x15, ANY_SUBLEAF, 1, 1, GUEST_TSC_FREQUENCY, 0},
    {0x16, ANY_SUBLEAF, MEGAHERTZ, MEGAHERTZ, MEGAHERTZ, 0},
    {0x40000000, ANY_SUBLEAF, 0x40000001, 0x4b4d564b, 0x564b4d56, 0x0000004d}, // "KVMKVMKVM"
    {0x40000001, ANY_SUBLEAF, FEATURES_KVM, 0, 0, 0},
    {0x80000000, ANY_SUBLEAF, 0x80000008, 0x00000000, 0x00000000, 0x00000000},
    {0x80000001, ANY_SUBLEAF, 0, 0, FEATURES_80000001_ECX, FEATURES_80000001_EDX},
    {0x80000002, ANY_SUBLEAF, 0x6372695a, 0x61696e6f, 0x72697620, 0x6c617574}, // "Zirconia virtual
    {0x80000003, ANY_SUBLEAF, 0x6f727020, 0x73736563, 0x0000726f, 0x00000000}, // processor"
    {0x80000006, ANY_SUBLEAF, 0x00000000, 0x00000000, 0x04008040, 0x00000000}, // As leaf 4.
    {0x80000007, ANY_SUBLEAF, 0, 0, 0, CPUID_80000007_EDX_INVARIANT_TSC},
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

static void answer(const struct vcpu *vcpu) {
    struct cpu *cpu = vcpu->cpu;
    struct leaf leaf = find_leaf((uint32_t)cpu_get(cpu, RAX), (uint32_t)cpu_get(cpu, RCX));
    const uint32_t apic_id = vcpu->seat.vpid - 1;
    if (leaf.number == LEAF_FEATURES) {
        leaf.ebx |= apic_id << CPUID_1_EBX_APIC_ID_SHIFT;
    }
    if (leaf.number == LEAF_TOPOLOGY) {
        leaf.edx = apic_id;
    }
    cpu_set(cpu, RAX, leaf.eax);
    cpu_set(cpu, RBX, leaf.ebx);
    cpu_set(cpu, RCX, leaf.ecx);
    cpu_set(cpu, RDX, leaf.edx);
}

zx_status_t exit_cpuid(struct exit_context *context) {
    exit_advance(context);
    answer(context->vcpu);
    return ZX_OK;
}

bool exit_cpuid_inside(void *exit_context, const struct cpu_exit *exit) {
    struct vcpu *vcpu = ((const struct exit_context *)exit_context)->vcpu;
    if (exit != NULL) {
        observe_exit(vcpu, exit);
    } else if (!observe_unwatched(vcpu, EXIT_CPUID)) {
        return false;
    }
    answer(vcpu);
    pvclock_update(vcpu);
    observe_entry(vcpu);
    return true;
}
