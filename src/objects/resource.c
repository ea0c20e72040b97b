// SPDX-License-Identifier: MIT
//
// Resource objects.

#include "objects/resource.h"

#include <stdlib.h>

static void resource_destroy(struct object *object) {
    free(object);
}

static const struct object_ops resource_ops = {
    .type = ZX_OBJ_TYPE_RESOURCE,
    .default_rights = ZX_DEFAULT_RESOURCE_RIGHTS,
    .destroy = resource_destroy,
};

zx_status_t resource_create(uint32_t kind, uint64_t base, uint64_t size, struct resource **out) {
    struct resource *resource = malloc(sizeof(*resource));
    if (resource == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    object_init(&resource->object, &resource_ops, 0);
    resource->kind = kind;
    resource->base = base;
    resource->size = size;
    *out = resource;
    return ZX_OK;
}

bool resource_covers(const struct resource *resource, uint64_t base) {
    return base >= resource->base && base - resource->base < resource->size;
}
