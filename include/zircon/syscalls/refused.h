// SPDX-License-Identifier: MIT
//
// Calls of Zircon that belong to objects which this library does not model. They are here so that a
// client compiles and links. Each ends with ZX_ERR_NOT_SUPPORTED, or before that with
// ZX_ERR_BAD_HANDLE or ZX_ERR_WRONG_TYPE for the first handle, which is all that it looks at:
// nothing is read, written, or taken from the caller, and handles given away stay the caller's.
//
// What they pass is in zircon/syscalls/refused_types.h, and in clock.h, iommu.h, log.h, pci.h,
// policy.h, profile.h, smc.h and system.h beside this.

#ifndef ZIRCON_SYSCALLS_REFUSED_H_
#define ZIRCON_SYSCALLS_REFUSED_H_

#include <zircon/syscalls/era.h>
#include <zircon/syscalls/types.h>
#include <zircon/types.h>
#include <zirconia/export.h>

ZIRCONIA_BEGIN_C

#include <zircon/syscalls/refused_calls.h>

ZIRCONIA_END_C

#endif // ZIRCON_SYSCALLS_REFUSED_H_
