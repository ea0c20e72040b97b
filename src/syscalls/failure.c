// SPDX-License-Identifier: MIT
//
// The log's line about a call that has failed, with the cause that the check gave which refused it;
// else with what the handles, or the conditions in the table of calls, tell.

#include "objects/log.h"
#include "objects/refusal.h"
#include "syscalls/call_text.h"
#include "syscalls/syscalls.h"
#include "syscalls/table.h"

#include <string.h>

enum { REFUSAL_SIZE = 256 };

// A condition under which a call fails so.
struct call_error {
    zx_status_t status;
    const char *condition;
};

// The conditions of each row of the table, up to an entry without a condition.
#define FAILS(error, its_condition) {ZX_ERR_##error, its_condition},
#define CHECKS(handle)
#define CHECKS_FOR(handle, rights)                                                                 \
    {ZX_ERR_ACCESS_DENIED, "when " #handle " lacks a right (" rights ")"},
#define ROW(name, errors)                                                                          \
    static const struct call_error errors_##name[] = {UNWRAP errors{ZX_OK, NULL}};
#define ROW_OF_ERA(prefix, era, name, errors) IF_NEWEST_##era(ROW, prefix##name, errors)
#define CALL(eras, name, body, blocks, section, parameters, errors)                                \
    ERAS_##eras(ROW, ROW_OF_ERA, name, errors)
#define REFUSED(eras, name, parameters)
#include "syscalls/calls.inc"
#undef ROW

static const struct call_error *errors_of(const char *name) {
    static const struct {
        const char *name;
        const struct call_error *errors;
    } rows[] = {
#define ROW(name, errors) {#name, errors_##name},
#include "syscalls/calls.inc"
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return rows[i].errors;
        }
    }
    return NULL;
}

// Appends each condition under which the call returns this status. False when none is known.
static bool add_conditions(struct line *line, const struct traced_call *call, zx_status_t status,
                           bool newest) {
    const char *between = newest ? "perhaps " : "in 2022 perhaps ";
    const struct call_error *error = errors_of(call->name);
    bool found = false;
    for (; error != NULL && error->condition != NULL; error++) {
        if (error->status == status) {
            line_add(line, found ? "; or " : between);
            line_add(line, error->condition);
            found = true;
        }
    }
    return found;
}

// The parameter that a refused pointer was given for; NULL for one inside of a structure or buffer.
static const char *name_of_pointer(const struct traced_call *call, const uint64_t *arguments) {
    uintptr_t pointer = 0;
    const bool is_known = refusal_has_pointer(&pointer);
    for (size_t i = 0; is_known && i < call->count; i++) {
        const struct traced_parameter *parameter = &call->parameters[i];
        const bool is_left_out = parameter->optional && arguments[i] == 0;
        if (parameter->form != TRACE_VALUE && !is_left_out && arguments[i] == pointer) {
            return parameter->name;
        }
    }
    return NULL;
}

// Appends what the check has said that refused the call. False when it has said nothing.
static bool add_refusal(struct line *line, const struct traced_call *call,
                        const uint64_t *arguments, zx_status_t status) {
    char text[REFUSAL_SIZE];
    const size_t length = refusal_text(status, name_of_pointer(call, arguments), text, sizeof text);
    line_add(line, text);
    return length > 0;
}

static bool say(struct line *line, const char *name, const char *verb, const char *what) {
    line_add(line, name);
    line_add(line, verb);
    line_add(line, what);
    return true;
}

// The options of a call that maps, or 0.
static uint32_t mapping_options(const struct traced_call *call, const uint64_t *arguments) {
    for (size_t i = 0; i < call->count; i++) {
        if (call->parameters[i].names == &value_names_VM_OPTIONS) {
            return (uint32_t)arguments[i];
        }
    }
    return 0;
}

// The first missing right of those that the options ask for, of a handle that is BY_OPTION in its
// row; NULL if none is missing.
static const char *missing_right(uint32_t options, zx_rights_t rights) {
    static const struct {
        uint32_t options;
        zx_rights_t right;
        const char *name;
    } asked[] = {
        {ZX_VM_PERM_READ | ZX_VM_CAN_MAP_READ | ZX_VM_PERM_READ_IF_XOM_UNSUPPORTED, ZX_RIGHT_READ,
         "READ"},
        {ZX_VM_PERM_WRITE | ZX_VM_CAN_MAP_WRITE, ZX_RIGHT_WRITE, "WRITE"},
        {ZX_VM_PERM_EXECUTE | ZX_VM_CAN_MAP_EXECUTE, ZX_RIGHT_EXECUTE, "EXECUTE"},
    };
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        if ((options & asked[i].options) != 0 && (rights & asked[i].right) == 0) {
            return asked[i].name;
        }
    }
    return NULL;
}

// Whether the handle is the reason for the status. The right is that of the newest era.
static bool add_fault_of_handle(struct line *line, const struct traced_parameter *handle,
                                zx_handle_t value, uint32_t options, zx_status_t status,
                                bool newest) {
    struct object *object = NULL;
    zx_rights_t rights = 0;
    if (handle_lookup_rights(value, ZX_OBJ_TYPE_NONE, &object, &rights) != ZX_OK) {
        return status == ZX_ERR_BAD_HANDLE && say(line, handle->name, " is ", "not a valid handle");
    }
    const bool right_type = handle->type == ZX_OBJ_TYPE_NONE || object->ops->type == handle->type;
    const char *missing = (rights & handle->right) != handle->right ? handle->right_name
                          : strcmp(handle->right_name, "BY_OPTION") == 0
                              ? missing_right(options, rights)
                              : NULL;
    object_unref(object);
    if (status == ZX_ERR_WRONG_TYPE && !right_type) {
        return say(line, handle->name, " is not of type ", handle->type_name);
    }
    if (status != ZX_ERR_ACCESS_DENIED || missing == NULL) {
        return false;
    }
    say(line, handle->name, " lacks ", missing);
    line_add(line, newest ? "" : ", which 2022 asks for");
    return true;
}

// Appends the first handle that explains the status. False when none does.
static bool add_fault(struct line *line, const struct traced_call *call, const uint64_t *arguments,
                      zx_status_t status, bool newest) {
    const uint32_t options = mapping_options(call, arguments);
    for (size_t i = 0; i < call->count; i++) {
        const struct traced_parameter *parameter = &call->parameters[i];
        if (parameter->type_name != NULL &&
            add_fault_of_handle(line, parameter, (zx_handle_t)arguments[i], options, status,
                                newest)) {
            return true;
        }
    }
    return false;
}

// The check that refused the call knows best. Handles are looked at again, and memory may be short
// anywhere. Else the table of calls has the conditions.
static void add_reason(struct line *line, const struct traced_call *call, const uint64_t *arguments,
                       zx_status_t status, bool newest) {
    const size_t length = line->length;
    line_add(line, ": ");
    if (add_refusal(line, call, arguments, status) ||
        add_fault(line, call, arguments, status, newest)) {
        return;
    }
    if (status == ZX_ERR_NO_MEMORY) {
        line_add(line, "memory is short");
    } else if (!add_conditions(line, call, status, newest)) {
        line->length = length;
    }
}

void trace_failure(const struct traced_call *call, const uint64_t *arguments, zx_status_t status,
                   bool newest) {
    struct line line;
    // No client sees these two: a call that is made again, and one whose thread ends.
    const bool inside =
        status == ZX_ERR_INTERNAL_INTR_RETRY || status == ZX_ERR_INTERNAL_INTR_KILLED;
    if (status == ZX_OK || inside || !log_wants(ZIRCONIA_LOG_DEBUG)) {
        return;
    }
    line.length = 0;
    line_add_call(&line, call, arguments, false);
    line_add(&line, ") = ");
    line_add_status(&line, status);
    add_reason(&line, call, arguments, status, newest);
    line.text[line.length] = '\0';
    log_line(ZIRCONIA_LOG_DEBUG, "%s", line.text);
}
