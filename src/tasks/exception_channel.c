// SPDX-License-Identifier: MIT
//
// The queue of messages. The memory of exception objects is put aside by those who make channels,
// because a thread in a fault cannot allocate.

#include "tasks/exception_channel.h"

#include "objects/refusal.h"
#include "objects/signal_observer.h"
#include "tasks/exception_object.h"
#include "tasks/supply.h"

#include <stdlib.h>

struct exception_channel {
    struct object object;
    struct exception_binding binding; // Holds a reference to the object.
    zx_rights_t rights;
    bool gives_process;
    struct platform_mutex lock; // Guards the rest. Above object.lock.
    struct exception_object *first;
    struct exception_object *last;
    bool closed;    // No handle is left.
    bool task_died; // The task has died: no more messages will come.
};

static struct exception_channel *from_binding(struct exception_binding *binding) {
    return (struct exception_channel *)((char *)binding -
                                        offsetof(struct exception_channel, binding));
}

static struct exception_channel *from_object(struct object *object) {
    return (struct exception_channel *)object;
}

// --- The library's end ---

// A channel that closes at this moment is as good as none.
static zx_status_t tell(struct exception_binding *binding, struct thread *thread) {
    struct exception_channel *self = from_binding(binding);
    struct exception_object *exception =
        exception_object_take(thread, self->rights, self->gives_process);
    if (exception == NULL) {
        return ZX_ERR_NO_MEMORY;
    }
    platform_mutex_lock(&self->lock);
    const bool closed = self->closed;
    if (!closed) {
        *(self->last != NULL ? &self->last->next : &self->first) = exception;
        self->last = exception;
        object_change_signals(&self->object, 0, ZX_CHANNEL_READABLE);
    }
    platform_mutex_unlock(&self->lock);
    if (closed) {
        object_unref(&exception->object);
        return ZX_ERR_NEXT;
    }
    return ZX_OK;
}

static void task_died(struct exception_binding *binding) {
    struct exception_channel *self = from_binding(binding);
    platform_mutex_lock(&self->lock);
    self->task_died = true;
    object_change_signals(&self->object, 0, ZX_CHANNEL_PEER_CLOSED);
    platform_mutex_unlock(&self->lock);
}

static void binding_destroy(struct exception_binding *binding) {
    object_unref(&from_binding(binding)->object);
}

static const struct exception_binding_ops binding_ops = {
    .tell = tell,
    .task_died = task_died,
    .destroy = binding_destroy,
};

// --- The client's end ---

static struct exception_object *pop(struct exception_channel *self) REQUIRES(self->lock) {
    ASSERT_HELD(&self->lock);
    struct exception_object *exception = self->first;
    if (exception != NULL) {
        self->first = exception->next;
        if (self->first == NULL) {
            self->last = NULL;
            object_change_signals(&self->object, ZX_CHANNEL_READABLE, 0);
        }
    }
    return exception;
}

static bool is_same(const struct exception_binding *binding, const void *argument) {
    return binding == argument;
}

// A message that nobody has read passes its exception on; one that was read is its reader's.
static void channel_on_zero_handles(struct object *object) {
    struct exception_channel *self = from_object(object);
    platform_mutex_lock(&self->lock);
    self->closed = true;
    platform_mutex_unlock(&self->lock);
    exception_unbind_matching(is_same, &self->binding, true);
    for (;;) {
        platform_mutex_lock(&self->lock);
        struct exception_object *exception = pop(self);
        platform_mutex_unlock(&self->lock);
        if (exception == NULL) {
            return;
        }
        exception_object_answer(exception);
        object_unref(&exception->object);
    }
}

static void channel_destroy(struct object *object) {
    struct exception_channel *self = from_object(object);
    platform_mutex_destroy(&self->lock);
    free(self);
    exception_objects_user_gone(SUPPLY_FOR_HANDLER);
}

static const struct object_ops channel_ops = {
    .type = ZX_OBJ_TYPE_CHANNEL,
    .default_rights = ZX_RIGHT_TRANSFER | ZX_RIGHT_WAIT | ZX_RIGHT_READ,
    .on_zero_handles = channel_on_zero_handles,
    .destroy = channel_destroy,
};

zx_status_t exception_channel_create(struct exception_binding **slot, zx_rights_t rights,
                                     bool gives_process, struct object **out) {
    struct exception_channel *self = calloc(1, sizeof(*self));
    if (self == NULL || !exception_objects_put_aside(SUPPLY_FOR_HANDLER)) {
        free(self);
        return ZX_ERR_NO_MEMORY;
    }
    object_init(&self->object, &channel_ops, 0);
    platform_mutex_init(&self->lock, LOCK_EXCEPTION_CHANNEL);
    self->rights = rights;
    self->gives_process = gives_process;
    self->binding = (struct exception_binding){.ops = &binding_ops, .references = 1};
    object_ref(&self->object);
    if (exception_bind(slot, &self->binding) != ZX_OK) {
        object_unref(&self->object);
        object_unref(&self->object);
        return refuse_as(ZX_ERR_ALREADY_BOUND);
    }
    *out = &self->object;
    return ZX_OK;
}

zx_status_t exception_channel_read(struct object *channel, bool peek,
                                   struct exception_message *out) {
    struct exception_channel *self = from_object(channel);
    platform_mutex_lock(&self->lock);
    struct exception_object *exception = peek ? self->first : pop(self);
    const zx_status_t empty = self->task_died ? ZX_ERR_PEER_CLOSED : ZX_ERR_SHOULD_WAIT;
    if (exception != NULL) {
        out->info = exception->info;
        out->exception = peek ? NULL : &exception->object;
    }
    platform_mutex_unlock(&self->lock);
    return exception != NULL ? ZX_OK
                             : refuse(empty, empty == ZX_ERR_PEER_CLOSED
                                                 ? "the task has ended, and no message is left"
                                                 : "no message is there");
}
