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

// A bit of ZX_FEATURE_KIND_CPU. x86-64 has no other, because programs ask CPUID there.
#define ZX_HAS_CPU_FEATURES ((uint32_t)1 << 0)

#endif // ZIRCON_FEATURES_H_
