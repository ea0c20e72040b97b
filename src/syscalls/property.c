// SPDX-License-Identifier: MIT
//
// sys_object_get_property() and sys_object_set_property() (objects ABI 3.7). The name is the one
// property there is so far.

#include "objects/handle_table.h"
#include "syscalls/syscalls.h"

#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>

static zx_status_t get_name(struct object *object, void *value, size_t size) {
    char name[ZX_MAX_NAME_LEN] = {0};
    if (size < sizeof(name)) {
        return ZX_ERR_BUFFER_TOO_SMALL;
    }
    if (object->ops->name != NULL) {
        platform_mutex_lock(&object->lock);
        memcpy(name, object->ops->name(object), sizeof(name));
        platform_mutex_unlock(&object->lock);
    }
    return copy_to_client(value, name, sizeof(name));
}

// What follows the first NUL is not kept, so that a reader never sees it.
static zx_status_t set_name(struct object *object, const void *value, size_t size) {
    char given[ZX_MAX_NAME_LEN] = {0};
    char name[ZX_MAX_NAME_LEN] = {0};
    if (object->ops->name == NULL) {
        return ZX_ERR_NOT_SUPPORTED;
    }
    const size_t limit = sizeof(given) - 1;
    const zx_status_t status = copy_from_client(given, value, size < limit ? size : limit);
    if (status == ZX_OK) {
        memcpy(name, given, strlen(given));
        platform_mutex_lock(&object->lock);
        memcpy(object->ops->name(object), name, sizeof(name));
        platform_mutex_unlock(&object->lock);
    }
    return status;
}

// `unknown` is the era's answer to a property that there is not.
static zx_status_t get_property(zx_handle_t handle, uint32_t property, void *value, size_t size,
                                zx_status_t unknown) {
    struct object *object = NULL;
    if (value == NULL) {
        return ZX_ERR_INVALID_ARGS;
    }
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_NONE, ZX_RIGHT_GET_PROPERTY, &object);
    if (status == ZX_OK) {
        status = property == ZX_PROP_NAME ? get_name(object, value, size) : unknown;
        object_unref(object);
    }
    return status;
}

static zx_status_t set_property(zx_handle_t handle, uint32_t property, const void *value,
                                size_t size, zx_status_t unknown) {
    struct object *object = NULL;
    if (value == NULL) {
        return ZX_ERR_INVALID_ARGS;
    }
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_NONE, ZX_RIGHT_SET_PROPERTY, &object);
    if (status == ZX_OK) {
        status = property == ZX_PROP_NAME ? set_name(object, value, size) : unknown;
        object_unref(object);
    }
    return status;
}

zx_status_t sys_object_get_property(zx_handle_t handle, uint32_t property, void *value,
                                    size_t value_size) {
    return get_property(handle, property, value, value_size, ZX_ERR_NOT_SUPPORTED);
}

zx_status_t sys_2018_object_get_property(zx_handle_t handle, uint32_t property, void *value,
                                         size_t value_size) {
    return get_property(handle, property, value, value_size, ZX_ERR_INVALID_ARGS);
}

zx_status_t sys_object_set_property(zx_handle_t handle, uint32_t property, const void *value,
                                    size_t value_size) {
    return set_property(handle, property, value, value_size, ZX_ERR_NOT_SUPPORTED);
}

zx_status_t sys_2018_object_set_property(zx_handle_t handle, uint32_t property, const void *value,
                                         size_t value_size) {
    return set_property(handle, property, value, value_size, ZX_ERR_INVALID_ARGS);
}
