// SPDX-License-Identifier: MIT
//
// The exported calls: each goes through the door, looks its handles up, does its work, and does all
// that again when a thread that was blocked has been stopped meanwhile (objects ABI 7.6). Arguments
// stay as they were, an absolute deadline among them.

#include "objects/log.h"
#include "objects/refusal.h"
#include "syscalls/held.h"
#include "syscalls/trace.h"
#include "tasks/door.h"

#include <zircon/process.h>
#include <zirconia/virtual_time.h>
#include <zirconia/zirconia.h>

// A call that may block is a point of cancellation, before it has done anything.
#define BEFORE_BLOCKS platform_cancel_point()
#define BEFORE_RETURNS (void)0
#define BLOCKS_BLOCKS true
#define BLOCKS_RETURNS false

#define ENTRY(name, told, its_era, parameters, blocks, work)                                       \
    zx_status_t name(EACH(DECLARE, parameters)) {                                                  \
        TRACED_ROW(told, BLOCKS_##blocks, parameters);                                             \
        const struct era *const era = &eras[its_era];                                              \
        const bool traced = trace_is_on();                                                         \
        zx_status_t status = ZX_OK;                                                                \
        (void)era;                                                                                 \
        do {                                                                                       \
            BEFORE_##blocks;                                                                       \
            door_enter();                                                                          \
            refusal_forget();                                                                      \
            if (traced) {                                                                          \
                trace_begin(&call, ARGUMENTS(parameters));                                         \
            }                                                                                      \
            status = door_status();                                                                \
            SERIES(HOLD, parameters)                                                               \
            if (status == ZX_OK) {                                                                 \
                status = work;                                                                     \
            }                                                                                      \
            SERIES(RELEASE, parameters)                                                            \
            if (traced) {                                                                          \
                trace_end(&call, ARGUMENTS(parameters), status);                                   \
            }                                                                                      \
            if (status != ZX_OK) {                                                                 \
                trace_failure(&call, ARGUMENTS(parameters), status, era == &eras[ERA_DEFAULT]);    \
            }                                                                                      \
            door_leave();                                                                          \
        } while (status == ZX_ERR_INTERNAL_INTR_RETRY);                                            \
        return status;                                                                             \
    }
#define ENTRY_ALONE(name, body, parameters, blocks) ENTRY_##blocks(name, body, parameters)
#define ENTRY_BLOCKS(name, body, parameters)                                                       \
    ENTRY(name, #name, ERA_DEFAULT, parameters, BLOCKS, body(EACH(GIVE, parameters)))
#define ENTRY_RETURNS(name, body, parameters)                                                      \
    ENTRY(name, #name, ERA_DEFAULT, parameters, RETURNS, body(EACH(GIVE, parameters)))
// The handler may have interrupted the thread anywhere in the library: also where it sleeps, and
// could be cancelled at any instruction. So the body takes no reference to the object, which it
// would have to drop (handle_use()), and the log, whose callback is the client's, hears of no
// failure.
#define ENTRY_IN_HANDLER(name, body, parameters)                                                   \
    zx_status_t name(EACH(DECLARE, parameters)) {                                                  \
        TRACED_ROW(#name, false, parameters);                                                      \
        const bool cancellable = platform_cancel_defer();                                          \
        door_enter_in_handler();                                                                   \
        const zx_status_t status =                                                                 \
            thread_in_child() ? ZX_ERR_BAD_STATE : body(EACH(GIVE, parameters));                   \
        if (trace_is_on()) {                                                                       \
            trace_end(&call, ARGUMENTS(parameters), status);                                       \
        }                                                                                          \
        door_leave_in_handler();                                                                   \
        if (cancellable) {                                                                         \
            platform_cancel_undefer();                                                             \
        }                                                                                          \
        return status;                                                                             \
    }
#define ENTRY_OF_ERA(prefix, its_era, name, body, parameters, blocks)                              \
    ENTRY(prefix##name, "zx_" #name, ERA_##its_era, parameters, blocks,                            \
          body(era, EACH(GIVE, parameters)))
#define CALL(eras, name, body, blocks, section, parameters, errors)                                \
    ERAS_##eras(ENTRY_ALONE, ENTRY_OF_ERA, name, body, parameters, blocks)
#define REFUSED(eras, name, parameters)
#include "syscalls/calls.inc"
#undef CALL
#undef REFUSED

#define HANDLE_CALL(name, body)                                                                    \
    zx_handle_t name(void) {                                                                       \
        door_enter();                                                                              \
        const zx_handle_t handle = door_status() == ZX_OK ? body() : ZX_HANDLE_INVALID;            \
        if (trace_is_on()) {                                                                       \
            trace_result(#name, handle);                                                           \
        }                                                                                          \
        door_leave();                                                                              \
        return handle;                                                                             \
    }
HANDLE_CALL(zx_vmar_root_self, sys_vmar_root_self)
HANDLE_CALL(zx_thread_self, sys_thread_self)
HANDLE_CALL(zx_process_self, sys_process_self)
HANDLE_CALL(zx_job_default, sys_job_default)

zx_handle_t zirconia_thread_handle(uintptr_t host_thread) {
    door_enter();
    const zx_handle_t handle =
        door_status() == ZX_OK ? sys_thread_handle(host_thread) : ZX_HANDLE_INVALID;
    door_leave();
    return handle;
}

void zx_cprng_draw(void *buffer, size_t buffer_size) {
    door_enter();
    sys_cprng_draw(buffer, buffer_size);
    if (trace_is_on()) {
        trace_plain("zx_cprng_draw");
    }
    door_leave();
}

// The host may read a file to answer these.
uint32_t zx_system_get_num_cpus(void) {
    door_enter();
    const uint32_t count = sys_system_get_num_cpus();
    if (trace_is_on()) {
        trace_result("zx_system_get_num_cpus", count);
    }
    door_leave();
    return count;
}

uint64_t zx_system_get_physmem(void) {
    door_enter();
    const uint64_t size = sys_system_get_physmem();
    if (trace_is_on()) {
        trace_result("zx_system_get_physmem", size);
    }
    door_leave();
    return size;
}

// A thread without an object, for want of memory, cannot end by itself and stays here. The one
// thread of a forked child is all of it.
void zx_thread_exit(void) {
    if (trace_is_on()) {
        trace_plain("zx_thread_exit");
    }
    for (;;) {
        door_enter();
        if (door.thread != NULL) {
            thread_exit();
        } else if (thread_in_child()) {
            platform_process_exit(0);
        }
        door_leave();
        platform_yield();
    }
}

void zx_process_exit(int64_t retcode) {
    if (trace_is_on()) {
        trace_plain("zx_process_exit");
    }
    for (;;) {
        platform_process_exit((int)retcode);
    }
}

void zirconia_set_log(zirconia_log_callback_t callback, void *context,
                      zirconia_log_level_t minimum) {
    door_enter();
    log_set_sink(callback, context, minimum);
    door_leave();
}
