// SPDX-License-Identifier: MIT
//
// The log's line about a call that has failed, and why it has, as far as its arguments and the
// header tell.

#include "objects/log.h"
#include "syscalls/call_text.h"
#include "syscalls/syscalls.h"

#include <string.h>

// What the header says of a status that the call has for one reason alone. NULL for others.
static const char *reason_of(const char *name, zx_status_t status) {
    static const struct {
        const char *name;
        zx_status_t status;
        const char *reason;
    } reasons[] = {
#define REASON(call, error, reason) {#call, ZX_ERR_##error, reason},
#include "syscalls/reasons.inc"
#undef REASON
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (reasons[i].status == status && strcmp(reasons[i].name, name) == 0) {
            return reasons[i].reason;
        }
    }
    return NULL;
}

static bool say(struct line *line, const char *name, const char *verb, const char *what) {
    line_add(line, name);
    line_add(line, verb);
    line_add(line, what);
    return true;
}

// Whether the handle is why a call ended so.
static bool add_fault_of_handle(struct line *line, const struct traced_parameter *handle,
                                zx_handle_t value, zx_status_t status) {
    struct object *object = NULL;
    zx_rights_t rights = 0;
    if (handle_lookup_rights(value, ZX_OBJ_TYPE_NONE, &object, &rights) != ZX_OK) {
        return status == ZX_ERR_BAD_HANDLE && say(line, handle->name, " is no ", "handle");
    }
    const bool right_type = handle->type == ZX_OBJ_TYPE_NONE || object->ops->type == handle->type;
    const bool has_rights = (rights & handle->right) == handle->right;
    object_unref(object);
    if (status == ZX_ERR_WRONG_TYPE && !right_type) {
        return say(line, handle->name, " is no ", handle->type_name);
    }
    return status == ZX_ERR_ACCESS_DENIED && !has_rights &&
           say(line, handle->name, " has no ", handle->right_name);
}

// Whether a call that took all its arguments followed this pointer.
static bool is_followed(const struct traced_call *call, const uint64_t *arguments, size_t i) {
    const struct traced_parameter *parameter = &call->parameters[i];
    if (parameter->optional && arguments[i] == 0) {
        return false;
    }
    return parameter->size > 0 ||
           (parameter->count != NULL && call_argument(call, arguments, parameter->count) > 0);
}

// The first argument that explains the status. False when none does.
static bool add_fault(struct line *line, const struct traced_call *call, const uint64_t *arguments,
                      zx_status_t status) {
    char byte = 0;
    for (size_t i = 0; i < call->count; i++) {
        const struct traced_parameter *parameter = &call->parameters[i];
        if (parameter->type_name != NULL &&
            add_fault_of_handle(line, parameter, (zx_handle_t)arguments[i], status)) {
            return true;
        }
        if (status == ZX_ERR_INVALID_ARGS && is_followed(call, arguments, i) &&
            !platform_copy(&byte, (const void *)(uintptr_t)arguments[i], 1)) {
            return say(line, parameter->name, " is no ", "memory");
        }
    }
    return false;
}

// What the arguments tell, and what the header says, which a bad pointer does not rule out.
static void add_reason(struct line *line, const struct traced_call *call, const uint64_t *arguments,
                       zx_status_t status) {
    const size_t length = line->length;
    line_add(line, ": ");
    const bool explained = add_fault(line, call, arguments, status);
    const char *reason = reason_of(call->name, status);
    if (reason != NULL && (!explained || status == ZX_ERR_INVALID_ARGS)) {
        line_add(line, explained ? ", or " : "");
        line_add(line, reason);
    } else if (!explained) {
        line->length = length;
    }
}

void trace_failure(const struct traced_call *call, const uint64_t *arguments, zx_status_t status,
                   bool newest) {
    struct line line;
    if (status == ZX_OK || status == ZX_ERR_INTERNAL_INTR_RETRY || !log_wants(ZIRCONIA_LOG_DEBUG)) {
        return;
    }
    line.length = 0;
    line_add_call(&line, call, arguments, false);
    line_add(&line, ") = ");
    line_add_status(&line, status);
    if (newest) {
        add_reason(&line, call, arguments, status);
    }
    line.text[line.length] = '\0';
    log_line(ZIRCONIA_LOG_DEBUG, "%s", line.text);
}
