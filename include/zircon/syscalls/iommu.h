// SPDX-License-Identifier: MIT
//
// What zx_iommu_create() is given. The call is refused (zircon/syscalls/refused.h).

#ifndef ZIRCON_SYSCALLS_IOMMU_H_
#define ZIRCON_SYSCALLS_IOMMU_H_

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include <zircon/compiler.h>

#define ZX_IOMMU_MAX_DESC_LEN 4096

// Types, each with its description.
#define ZX_IOMMU_TYPE_DUMMY 0 // zx_iommu_desc_dummy_t
#define ZX_IOMMU_TYPE_INTEL 1 // zx_iommu_desc_intel_t

typedef struct zx_iommu_desc_dummy {
    uint8_t reserved;
} zx_iommu_desc_dummy_t;

// Types of zx_iommu_desc_intel_scope_t.
#define ZX_IOMMU_INTEL_SCOPE_ENDPOINT 0
#define ZX_IOMMU_INTEL_SCOPE_BRIDGE 1

// A PCI device, or a bridge with everything behind it.
typedef struct zx_iommu_desc_intel_scope {
    uint8_t type;
    uint8_t start_bus;
    uint8_t num_hops;    // How much of the path is used.
    uint8_t dev_func[5]; // From the start bus to the device itself.
} zx_iommu_desc_intel_scope_t;

// Memory that devices need as it is; scope_bytes of scopes follow it.
typedef struct zx_iommu_desc_intel_reserved_memory {
    uint64_t base_addr;
    uint64_t len;
    uint8_t scope_bytes;
    uint8_t _reserved[7];
} zx_iommu_desc_intel_reserved_memory_t;

// scope_bytes of scopes follow it, and then reserved_memory_bytes of reserved memory. The scopes
// are the devices that it has, or, of a whole segment, those that it has not.
typedef struct zx_iommu_desc_intel {
    uint64_t register_base;
    uint16_t pci_segment;
    bool whole_segment;
    uint8_t scope_bytes;
    uint16_t reserved_memory_bytes;
    uint8_t _reserved[2];
} zx_iommu_desc_intel_t;

#endif // ZIRCON_SYSCALLS_IOMMU_H_
