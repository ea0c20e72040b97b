// SPDX-License-Identifier: MIT
//
// The page size of the ABI: a guest's pages and the granularity of VMOs and VMARs are x86-64's
// whatever the host's own page size is (hypervisor ABI 10).

#ifndef ZIRCON_LIMITS_H_
#define ZIRCON_LIMITS_H_

#include <stdint.h>

#define ZX_MIN_PAGE_SHIFT ((uint32_t)12)
#define ZX_MAX_PAGE_SHIFT ((uint32_t)21)
#define ZX_MIN_PAGE_SIZE ((uintptr_t)1 << ZX_MIN_PAGE_SHIFT)
#define ZX_MAX_PAGE_SIZE ((uintptr_t)1 << ZX_MAX_PAGE_SHIFT)

#define ZX_PAGE_SHIFT ZX_MIN_PAGE_SHIFT
#define ZX_PAGE_SIZE ((uintptr_t)1 << ZX_PAGE_SHIFT)
#define ZX_PAGE_MASK (ZX_PAGE_SIZE - 1)

#endif // ZIRCON_LIMITS_H_
