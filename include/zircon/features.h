// SPDX-License-Identifier: MIT
//
// What zx_system_get_features() would tell. The call is refused (zircon/syscalls/refused.h).

#ifndef ZIRCON_FEATURES_H_
#define ZIRCON_FEATURES_H_

#include <stdint.h>

// Kinds.
#define ZX_FEATURE_KIND_CPU ((uint32_t)0)
#define ZX_FEATURE_KIND_HW_BREAKPOINT_COUNT ((uint32_t)1)
#define ZX_FEATURE_KIND_HW_WATCHPOINT_COUNT ((uint32_t)2)
#define ZX_FEATURE_KIND_ADDRESS_TAGGING ((uint32_t)3)
#define ZX_FEATURE_KIND_VM ((uint32_t)4)

// A bit of ZX_FEATURE_KIND_CPU. x86-64 has no other, because programs ask CPUID there.
#define ZX_HAS_CPU_FEATURES ((uint32_t)1 << 0)

// A bit of ZX_FEATURE_KIND_VM: pages can be executed that cannot be read.
#define ZX_VM_FEATURE_CAN_MAP_XOM ((uint32_t)1 << 0)

#if defined(__aarch64__)

// Bits of ZX_FEATURE_KIND_CPU: the extensions of the instruction set.
#define ZX_ARM64_FEATURE_ISA_FP ((uint32_t)1 << 1)
#define ZX_ARM64_FEATURE_ISA_ASIMD ((uint32_t)1 << 2)
#define ZX_ARM64_FEATURE_ISA_AES ((uint32_t)1 << 3)
#define ZX_ARM64_FEATURE_ISA_PMULL ((uint32_t)1 << 4)
#define ZX_ARM64_FEATURE_ISA_SHA1 ((uint32_t)1 << 5)
#define ZX_ARM64_FEATURE_ISA_SHA256 ((uint32_t)1 << 6)
#define ZX_ARM64_FEATURE_ISA_CRC32 ((uint32_t)1 << 7)
#define ZX_ARM64_FEATURE_ISA_ATOMICS ((uint32_t)1 << 8)
#define ZX_ARM64_FEATURE_ISA_RDM ((uint32_t)1 << 9)
#define ZX_ARM64_FEATURE_ISA_SHA3 ((uint32_t)1 << 10)
#define ZX_ARM64_FEATURE_ISA_SM3 ((uint32_t)1 << 11)
#define ZX_ARM64_FEATURE_ISA_SM4 ((uint32_t)1 << 12)
#define ZX_ARM64_FEATURE_ISA_DP ((uint32_t)1 << 13)
#define ZX_ARM64_FEATURE_ISA_DPB ((uint32_t)1 << 14)
#define ZX_ARM64_FEATURE_ISA_FHM ((uint32_t)1 << 15)
#define ZX_ARM64_FEATURE_ISA_TS ((uint32_t)1 << 16)
#define ZX_ARM64_FEATURE_ISA_RNDR ((uint32_t)1 << 17)
#define ZX_ARM64_FEATURE_ISA_SHA512 ((uint32_t)1 << 18)
#define ZX_ARM64_FEATURE_ISA_SHA2 ZX_ARM64_FEATURE_ISA_SHA256 // The name until 2021.

// A bit of ZX_FEATURE_KIND_ADDRESS_TAGGING: the top byte of an address is ignored.
#define ZX_ARM64_FEATURE_ADDRESS_TAGGING_TBI ((uint32_t)1 << 0)

#endif

#endif // ZIRCON_FEATURES_H_
