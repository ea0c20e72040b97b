// SPDX-License-Identifier: MIT
//
// Feature bits of CPUID by the names of the SDM (volume 2A, CPUID), and those of KVM's leaf.

#ifndef ENGINE_CPU_X86_CPUID_H
#define ENGINE_CPU_X86_CPUID_H

// Leaf 1, EBX: the line of CLFLUSH in units of 8 bytes.
#define CPUID_1_EBX_CLFLUSH_SHIFT 8
#define CPUID_1_EBX_APIC_ID_SHIFT 24

#define CPUID_1_ECX_SSE3 (1u << 0)
#define CPUID_1_ECX_PCLMULQDQ (1u << 1)
#define CPUID_1_ECX_SSSE3 (1u << 9)
#define CPUID_1_ECX_CMPXCHG16B (1u << 13)
#define CPUID_1_ECX_SSE4_1 (1u << 19)
#define CPUID_1_ECX_SSE4_2 (1u << 20)
#define CPUID_1_ECX_X2APIC (1u << 21)
#define CPUID_1_ECX_MOVBE (1u << 22)
#define CPUID_1_ECX_POPCNT (1u << 23)
#define CPUID_1_ECX_TSC_DEADLINE (1u << 24)
#define CPUID_1_ECX_AESNI (1u << 25)
#define CPUID_1_ECX_XSAVE (1u << 26)
#define CPUID_1_ECX_OSXSAVE (1u << 27)
#define CPUID_1_ECX_HYPERVISOR (1u << 31)

#define CPUID_1_EDX_FPU (1u << 0)
#define CPUID_1_EDX_DE (1u << 2)
#define CPUID_1_EDX_PSE (1u << 3)
#define CPUID_1_EDX_TSC (1u << 4)
#define CPUID_1_EDX_MSR (1u << 5)
#define CPUID_1_EDX_PAE (1u << 6)
#define CPUID_1_EDX_MCE (1u << 7)
#define CPUID_1_EDX_CX8 (1u << 8)
#define CPUID_1_EDX_APIC (1u << 9)
#define CPUID_1_EDX_SEP (1u << 11)
#define CPUID_1_EDX_MTRR (1u << 12)
#define CPUID_1_EDX_PGE (1u << 13)
#define CPUID_1_EDX_MCA (1u << 14)
#define CPUID_1_EDX_CMOV (1u << 15)
#define CPUID_1_EDX_PAT (1u << 16)
#define CPUID_1_EDX_PSE_36 (1u << 17)
#define CPUID_1_EDX_CLFSH (1u << 19)
#define CPUID_1_EDX_MMX (1u << 23)
#define CPUID_1_EDX_FXSR (1u << 24)
#define CPUID_1_EDX_SSE (1u << 25)
#define CPUID_1_EDX_SSE2 (1u << 26)

#define CPUID_6_EAX_ARAT (1u << 2)

#define CPUID_7_EBX_FSGSBASE (1u << 0)
#define CPUID_7_EBX_SMEP (1u << 7)
#define CPUID_7_EBX_SMAP (1u << 20)

#define CPUID_D_1_EAX_XSAVEOPT (1u << 0)
#define CPUID_D_1_EAX_XGETBV_1 (1u << 2)

#define CPUID_80000001_ECX_LAHF (1u << 0)
#define CPUID_80000001_ECX_LZCNT (1u << 5)
#define CPUID_80000001_ECX_PREFETCHW (1u << 8)

#define CPUID_80000001_EDX_SYSCALL (1u << 11)
#define CPUID_80000001_EDX_NX (1u << 20)
#define CPUID_80000001_EDX_PAGE_1GB (1u << 26)
#define CPUID_80000001_EDX_RDTSCP (1u << 27)
#define CPUID_80000001_EDX_LM (1u << 29)

#define CPUID_80000007_EDX_INVARIANT_TSC (1u << 8)

#define KVM_FEATURE_CLOCKSOURCE (1u << 0)
#define KVM_FEATURE_NOP_IO_DELAY (1u << 1)
#define KVM_FEATURE_CLOCKSOURCE2 (1u << 3)

#endif // ENGINE_CPU_X86_CPUID_H
