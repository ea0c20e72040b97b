// SPDX-License-Identifier: MIT
//
// Exception objects, their properties, and the answer that closing one gives.

#include "tasks/exception_object.h"

#include "objects/refusal.h"
#include "tasks/exception_channel.h"
#include "tasks/process.h"
#include "tasks/supply.h"

#include <zircon/syscalls/object.h>

static struct supply supply = SUPPLY_OF(struct exception_object); // Users are channels and threads.

static struct exception_object *from_object(struct object *object) {
    return (struct exception_object *)object;
}

bool exception_objects_put_aside(size_t count) {
    return supply_add_user(&supply, count);
}

void exception_objects_user_gone(size_t count) {
    supply_remove_user(&supply, count);
}

void exception_object_answer(struct exception_object *exception) {
    static const enum exception_answer answers[] = {
        [ZX_EXCEPTION_STATE_TRY_NEXT] = ANSWER_TRY_NEXT,
        [ZX_EXCEPTION_STATE_HANDLED] = ANSWER_RESUME,
        [ZX_EXCEPTION_STATE_THREAD_EXIT] = ANSWER_EXIT,
    };
    exception_answer_ticket(exception->thread, exception, answers[atomic_load(&exception->state)]);
}

static void on_zero_handles(struct object *object) {
    exception_object_answer(from_object(object));
}

static void destroy(struct object *object) {
    struct exception_object *exception = from_object(object);
    object_unref(&exception->thread->object);
    supply_put(&supply, exception);
}

static const struct object_ops exception_ops = {
    .type = ZX_OBJ_TYPE_EXCEPTION,
    .default_rights = ZX_RIGHT_TRANSFER | ZX_RIGHTS_PROPERTY | ZX_RIGHT_INSPECT,
    .on_zero_handles = on_zero_handles,
    .destroy = destroy,
};

struct exception_object *exception_object_take(struct thread *thread, zx_rights_t rights,
                                               bool gives_process) {
    struct exception_object *exception = supply_take(&supply);
    if (exception == NULL) {
        return NULL;
    }
    object_init(&exception->object, &exception_ops, 0);
    object_ref(&thread->object);
    exception->thread = thread;
    exception->info = (zx_exception_info_t){
        .pid = process_koid(),
        .tid = thread->object.koid,
        .type = thread->exception.report.header.type,
    };
    exception->rights = rights;
    exception->gives_process = gives_process;
    exception->next = NULL;
    atomic_init(&exception->state, ZX_EXCEPTION_STATE_TRY_NEXT);
    platform_mutex_lock(&thread->blocking.lock);
    thread->exception.ticket = exception;
    atomic_init(&exception->strategy, thread->exception.second_chance
                                          ? ZX_EXCEPTION_STRATEGY_SECOND_CHANCE
                                          : ZX_EXCEPTION_STRATEGY_FIRST_CHANCE);
    platform_mutex_unlock(&thread->blocking.lock);
    return exception;
}

// --- What the client does with one ---

void exception_object_thread(struct object *object, struct object **out, zx_rights_t *rights) {
    struct exception_object *exception = from_object(object);
    *out = object_ref(&exception->thread->object);
    *rights = exception->rights;
}

zx_status_t exception_object_process(struct object *object, struct object **out,
                                     zx_rights_t *rights) {
    struct exception_object *exception = from_object(object);
    if (!exception->gives_process) {
        return refuse(ZX_ERR_ACCESS_DENIED, "the exception came through a thread's channel");
    }
    *out = object_ref(process_object());
    *rights = exception->rights;
    return ZX_OK;
}

uint32_t exception_object_state(struct object *object) {
    return atomic_load(&from_object(object)->state);
}

uint32_t exception_object_strategy(struct object *object) {
    return atomic_load(&from_object(object)->strategy);
}

zx_status_t exception_object_set_state(struct object *object, uint32_t state) {
    if (state > ZX_EXCEPTION_STATE_THREAD_EXIT) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "state % is unknown", state);
    }
    atomic_store(&from_object(object)->state, state);
    return ZX_OK;
}

zx_status_t exception_object_check_strategy(struct object *object) {
    struct exception_object *exception = from_object(object);
    struct thread *thread = exception->thread;
    platform_mutex_lock(&thread->blocking.lock);
    const bool may = thread->exception.ticket == exception && !thread->killed &&
                     thread->exception.asked == HANDLER_DEBUGGER;
    platform_mutex_unlock(&thread->blocking.lock);
    return may ? ZX_OK : refuse(ZX_ERR_BAD_STATE, "the thread does not wait for its debugger");
}

zx_status_t exception_object_set_strategy(struct object *object, uint32_t strategy) {
    struct exception_object *exception = from_object(object);
    struct thread *thread = exception->thread;
    if (strategy > ZX_EXCEPTION_STRATEGY_SECOND_CHANCE) {
        return refuse_value(ZX_ERR_INVALID_ARGS, "strategy % is unknown", strategy);
    }
    platform_mutex_lock(&thread->blocking.lock);
    if (thread->exception.ticket == exception) {
        thread->exception.second_chance = strategy == ZX_EXCEPTION_STRATEGY_SECOND_CHANCE;
    }
    platform_mutex_unlock(&thread->blocking.lock);
    atomic_store(&exception->strategy, strategy);
    return ZX_OK;
}
