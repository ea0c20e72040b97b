// SPDX-License-Identifier: MIT
//
// zx_object_get_property() and zx_object_set_property() (objects ABI 3.7): names, how much of a VMO
// is content, and what an exception's handle answers when it is closed.

#include "objects/vmo.h"
#include "syscalls/syscalls.h"
#include "tasks/exception_channel.h"

#include <string.h>
#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>

static zx_status_t refuse_size(size_t size, size_t needed) {
    return refuse_values(ZX_ERR_BUFFER_TOO_SMALL, "value_size % is less than the property's, %",
                         size, needed);
}

static zx_status_t refuse_type(const struct object *object) {
    return refuse_value(ZX_ERR_WRONG_TYPE, "objects of type % do not have the property",
                        object->ops->type);
}

static zx_status_t get_name(struct object *object, void *value, size_t size) {
    char name[ZX_MAX_NAME_LEN];
    if (size < sizeof(name)) {
        return refuse_size(size, sizeof(name));
    }
    object_get_name(object, name);
    return copy_to_client(value, name, sizeof(name));
}

// Bytes behind the first NUL are not kept, so that no reader sees them.
static zx_status_t set_name(struct object *object, const void *value, size_t size) {
    char given[ZX_MAX_NAME_LEN] = {0};
    char name[ZX_MAX_NAME_LEN] = {0};
    if (object->ops->name == NULL) {
        return refuse_value(ZX_ERR_NOT_SUPPORTED, "objects of type % have no name",
                            object->ops->type);
    }
    const size_t limit = sizeof(given) - 1;
    const zx_status_t status = copy_from_client(given, value, size < limit ? size : limit);
    if (status == ZX_OK) {
        memcpy(name, given, strlen(given));
        object_set_name(object, name);
    }
    return status;
}

// The properties of exceptions (objects ABI 8.9).
static zx_status_t get_exception(struct object *object, uint32_t property, void *value,
                                 size_t size) {
    if (size < sizeof(uint32_t)) {
        return refuse_size(size, sizeof(uint32_t));
    }
    if (object->ops->type != ZX_OBJ_TYPE_EXCEPTION) {
        return refuse_type(object);
    }
    const uint32_t number = property == ZX_PROP_EXCEPTION_STATE ? exception_object_state(object)
                                                                : exception_object_strategy(object);
    return copy_to_client(value, &number, sizeof(number));
}

static zx_status_t set_exception(struct object *object, uint32_t property, const void *value,
                                 size_t size) {
    uint32_t number = 0;
    zx_status_t status = ZX_OK;
    if (size < sizeof(number)) {
        return refuse_size(size, sizeof(number));
    }
    if (object->ops->type != ZX_OBJ_TYPE_EXCEPTION) {
        return refuse_type(object);
    }
    const bool is_strategy = property == ZX_PROP_EXCEPTION_STRATEGY;
    if (is_strategy) {
        status = exception_object_check_strategy(object);
    }
    if (status == ZX_OK) {
        status = copy_from_client(&number, value, sizeof(number));
    }
    if (status != ZX_OK) {
        return status;
    }
    return is_strategy ? exception_object_set_strategy(object, number)
                       : exception_object_set_state(object, number);
}

static zx_status_t check_vmo(const struct object *object, size_t size) {
    if (size < sizeof(uint64_t)) {
        return refuse_size(size, sizeof(uint64_t));
    }
    return object->ops->type == ZX_OBJ_TYPE_VMO ? ZX_OK : refuse_type(object);
}

static zx_status_t get_content_size(struct object *object, void *value, size_t size) {
    const zx_status_t status = check_vmo(object, size);
    if (status != ZX_OK) {
        return status;
    }
    const uint64_t content = vmo_from_object(object)->content_size;
    return copy_to_client(value, &content, sizeof(content));
}

static zx_status_t set_content_size(const struct era *era, struct object *object, const void *value,
                                    size_t size) {
    uint64_t content = 0;
    zx_status_t status = check_vmo(object, size);
    if (status == ZX_OK) {
        status = copy_from_client(&content, value, sizeof(content));
    }
    return status == ZX_OK ? vmo_set_content_size(vmo_from_object(object), content, era) : status;
}

static bool is_content_size(const struct era *era, uint32_t property) {
    return era->content_size && property == ZX_PROP_VMO_CONTENT_SIZE;
}

static bool is_of_exceptions(const struct era *era, uint32_t property) {
    return era->exception_channels &&
           (property == ZX_PROP_EXCEPTION_STATE || property == ZX_PROP_EXCEPTION_STRATEGY);
}

zx_status_t sys_object_get_property(const struct era *era, zx_handle_t handle, uint32_t property,
                                    void *value, size_t size) {
    struct object *object = NULL;
    if (value == NULL) {
        return refuse(ZX_ERR_INVALID_ARGS, "value is NULL");
    }
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_NONE, ZX_RIGHT_GET_PROPERTY, &object);
    if (status != ZX_OK) {
        return status;
    }
    if (property == ZX_PROP_NAME) {
        status = get_name(object, value, size);
    } else if (is_of_exceptions(era, property)) {
        status = get_exception(object, property, value, size);
    } else if (is_content_size(era, property)) {
        status = get_content_size(object, value, size);
    } else {
        status = refuse_value(era->unknown_property, "property % is unknown", property);
    }
    object_unref(object);
    return status;
}

zx_status_t sys_object_set_property(const struct era *era, zx_handle_t handle, uint32_t property,
                                    const void *value, size_t size) {
    struct object *object = NULL;
    if (value == NULL) {
        return refuse(ZX_ERR_INVALID_ARGS, "value is NULL");
    }
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_NONE, ZX_RIGHT_SET_PROPERTY, &object);
    if (status != ZX_OK) {
        return status;
    }
    if (property == ZX_PROP_NAME) {
        status = set_name(object, value, size);
    } else if (is_of_exceptions(era, property)) {
        status = set_exception(object, property, value, size);
    } else if (is_content_size(era, property)) {
        status = set_content_size(era, object, value, size);
    } else {
        status = refuse_value(era->unknown_property, "property % is unknown", property);
    }
    object_unref(object);
    return status;
}
