// SPDX-License-Identifier: MIT
//
// The calls of zircon/syscalls/refused.h. What they would work on does not exist here, so there is
// nothing to do but to tell a bad handle from a good one.

#include "objects/handle_table.h"
#include "objects/log.h"
#include "objects/refusal.h"
#include "syscalls/table.h"
#include "syscalls/trace.h"
#include "tasks/door.h"

#include <zircon/syscalls.h>

static zx_status_t look(zx_handle_t handle, zx_obj_type_t type) {
    struct object *object = NULL;
    door_enter();
    zx_status_t status = door_status();
    if (status == ZX_OK) {
        status = handle_lookup(handle, type, ZX_RIGHT_NONE, &object);
    }
    if (status == ZX_OK) {
        object_unref(object);
        status = ZX_ERR_NOT_SUPPORTED;
    }
    door_leave();
    return status;
}

// The client's callback runs behind the door, as in any call.
static void tell_failure(const struct traced_call *call, const uint64_t *arguments,
                         zx_status_t status) {
    door_enter();
    if (status == ZX_ERR_NOT_SUPPORTED) {
        refuse(status, "this library does not model such objects");
    }
    trace_failure(call, arguments, status, true);
    door_leave();
}

// The status that a handle parameter gives.
#define LOOK(parameter) LOOK_##parameter
#define LOOK_HANDLE(name, type, right) status = look(name, ZX_OBJ_TYPE_##type)
#define LOOK_VALUE(type, name) (void)name
#define LOOK_IGNORES(type, name) (void)name

#define REFUSE(name, told, parameters)                                                             \
    zx_status_t name(EACH(DECLARE, parameters)) {                                                  \
        TRACED_ROW(told, false, parameters);                                                       \
        zx_status_t status = ZX_ERR_NOT_SUPPORTED;                                                 \
        EACH(LOOK, parameters);                                                                    \
        if (trace_is_on()) {                                                                       \
            trace_end(&call, ARGUMENTS(parameters), status);                                       \
        }                                                                                          \
        if (log_wants(ZIRCONIA_LOG_DEBUG)) {                                                       \
            tell_failure(&call, ARGUMENTS(parameters), status);                                    \
        }                                                                                          \
        return status;                                                                             \
    }
#define REFUSED_ALONE(name, parameters) REFUSE(name, #name, parameters)
#define REFUSED_OF_ERA(prefix, era, name, parameters) REFUSE(prefix##name, "zx_" #name, parameters)
#define REFUSED(eras, name, parameters) ERAS_##eras(REFUSED_ALONE, REFUSED_OF_ERA, name, parameters)
#define CALL(eras, name, body, blocks, section, parameters, errors)
#include "syscalls/calls.inc"
