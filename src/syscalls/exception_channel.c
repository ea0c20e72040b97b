// SPDX-License-Identifier: MIT
//
// The calls on exception channels and exceptions (objects ABI 8.9).

#include "tasks/exception_channel.h"

#include "syscalls/exception.h"
#include "syscalls/syscalls.h"
#include "tasks/thread.h"

#include <zircon/syscalls.h>
#include <zircon/syscalls/object.h>

static bool is_ending(struct object *object) {
    const uint32_t state = thread_state(thread_from_object(object));
    return state == ZX_THREAD_STATE_DYING || state == ZX_THREAD_STATE_DEAD;
}

static zx_status_t create(struct object *object, zx_rights_t rights, bool debugger,
                          struct object **out) {
    const zx_rights_t needed =
        ZX_RIGHT_INSPECT | ZX_RIGHT_DUPLICATE | ZX_RIGHT_TRANSFER | ZX_RIGHT_MANAGE_THREAD;
    if ((rights & needed) != needed) {
        return refuse_value(ZX_ERR_ACCESS_DENIED, "handle lacks the rights %", needed & ~rights);
    }
    struct exception_binding **slot = NULL;
    const zx_status_t status = find_exception_slot(object, debugger, &slot);
    if (status != ZX_OK) {
        return status;
    }
    const bool is_thread = object->ops->type == ZX_OBJ_TYPE_THREAD;
    if (!is_thread && (rights & ZX_RIGHT_ENUMERATE) == 0) {
        return refuse(ZX_ERR_ACCESS_DENIED, "handle lacks ENUMERATE");
    }
    if (is_thread && is_ending(object)) {
        return refuse(ZX_ERR_BAD_STATE, "the thread is dying or dead");
    }
    return exception_init() ? exception_channel_create(slot, rights, !is_thread, out)
                            : refuse(ZX_ERR_NOT_SUPPORTED, "faults are not seen on this host");
}

zx_status_t sys_task_create_exception_channel(zx_handle_t handle, uint32_t options,
                                              zx_handle_t *out) {
    if ((options & ~ZX_EXCEPTION_CHANNEL_DEBUGGER) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not known", options);
    }
    struct object *object = NULL;
    zx_rights_t rights = 0;
    zx_status_t status = handle_lookup_rights(handle, ZX_OBJ_TYPE_NONE, &object, &rights);
    if (status != ZX_OK) {
        return status;
    }
    struct object *channel = NULL;
    status = create(object, rights, options != 0, &channel);
    object_unref(object);
    return status == ZX_OK ? hand_over(channel, channel->ops->default_rights, out) : status;
}

// The client's pointers for a message and its sizes.
struct message_request {
    void *bytes;
    zx_handle_t *handles;
    uint32_t *actual_bytes;
    uint32_t *actual_handles;
    bool fits;
    bool may_discard;
};

static zx_status_t write_counts(const struct message_request *request) {
    const uint32_t byte_count = sizeof(zx_exception_info_t);
    const uint32_t handle_count = 1;
    zx_status_t status = ZX_OK;
    if (request->actual_bytes != NULL) {
        status = copy_to_client(request->actual_bytes, &byte_count, sizeof(byte_count));
    }
    if (status == ZX_OK && request->actual_handles != NULL) {
        status = copy_to_client(request->actual_handles, &handle_count, sizeof(handle_count));
    }
    return status;
}

// An exception without a handle would never be answered, because closing a handle is the answer.
static void drop_exception(struct object *exception) {
    object_add_handle(exception);
    object_remove_handle(exception);
    object_unref(exception);
}

// The handle comes last: once it is given, closing it is up to the client.
static zx_status_t give_message(const struct message_request *request,
                                const struct exception_message *message) {
    struct object *exception = message->exception;
    zx_status_t status = copy_to_client(request->bytes, &message->info, sizeof(message->info));
    if (status == ZX_OK) {
        status = write_counts(request);
    }
    if (status != ZX_OK) {
        drop_exception(exception);
        return status;
    }
    return hand_over(exception, exception->ops->default_rights, request->handles);
}

static zx_status_t read_message(const struct message_request *request, struct object *channel) {
    struct exception_message message;
    const bool peek = !request->fits && !request->may_discard;
    zx_status_t status = exception_channel_read(channel, peek, &message);
    if (status != ZX_OK) {
        return status;
    }
    if (request->fits) {
        return give_message(request, &message);
    }
    if (message.exception != NULL) {
        drop_exception(message.exception);
    }
    status = write_counts(request);
    return status == ZX_OK
               ? refuse_values(ZX_ERR_BUFFER_TOO_SMALL,
                               "the message has % bytes and % handle, and there is less room",
                               sizeof(zx_exception_info_t), 1)
               : status;
}

zx_status_t sys_channel_read(zx_handle_t handle, uint32_t options, void *bytes,
                             zx_handle_t *handles, uint32_t num_bytes, uint32_t num_handles,
                             uint32_t *actual_bytes, uint32_t *actual_handles) {
    if ((options & ~ZX_CHANNEL_READ_MAY_DISCARD) != 0) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "options % are not known", options);
    }
    struct object *channel = NULL;
    zx_status_t status = handle_lookup(handle, ZX_OBJ_TYPE_CHANNEL, ZX_RIGHT_READ, &channel);
    if (status == ZX_OK) {
        const struct message_request request = {
            .bytes = bytes,
            .handles = handles,
            .actual_bytes = actual_bytes,
            .actual_handles = actual_handles,
            .fits = num_bytes >= sizeof(zx_exception_info_t) && num_handles >= 1,
            .may_discard = options != 0,
        };
        status = read_message(&request, channel);
        object_unref(channel);
    }
    return status;
}

zx_status_t sys_exception_get_thread(struct object *exception, zx_handle_t *out) {
    struct object *thread = NULL;
    zx_rights_t rights = 0;
    exception_object_thread(exception, &thread, &rights);
    return hand_over(thread, rights, out);
}

zx_status_t sys_exception_get_process(struct object *exception, zx_handle_t *out) {
    struct object *process = NULL;
    zx_rights_t rights = 0;
    const zx_status_t status = exception_object_process(exception, &process, &rights);
    return status == ZX_OK ? hand_over(process, rights, out) : status;
}
