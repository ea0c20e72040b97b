// SPDX-License-Identifier: MIT
//
// Resources: objects that stand for the right to ask for something, here a guest or executable
// pages (hypervisor ABI 2.9 and 3.1). A resource is a kind and a range; no range is exclusive.
// Fields are constant: no lock guards them.

#ifndef OBJECTS_RESOURCE_H
#define OBJECTS_RESOURCE_H

#include "objects/object.h"

#include <zircon/syscalls/resource.h>

struct resource {
    struct object object;
    uint32_t kind;
    uint64_t base;
    uint64_t size;
};

zx_status_t resource_create(uint32_t kind, uint64_t base, uint64_t size, struct resource **out);

static inline const struct resource *resource_from_object(const struct object *object) {
    return (const struct resource *)object;
}

// True when the range holds `base`.
bool resource_covers(const struct resource *resource, uint64_t base);

#endif // OBJECTS_RESOURCE_H
