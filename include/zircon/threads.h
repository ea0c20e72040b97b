// SPDX-License-Identifier: MIT
//
// What Zircon has beside <threads.h>: the handle of a thread that the host's thread library
// started, and threads with names. On Zircon thrd_create_with_name() is declared by <threads.h>
// itself.

#ifndef ZIRCON_THREADS_H_
#define ZIRCON_THREADS_H_

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__has_include)
#if __has_include(<threads.h>)
#include <threads.h>
#define ZIRCON_THREADS_ARE_THERE
#endif
#endif

#include <zircon/compiler.h>
#include <zircon/process.h>
#include <zircon/syscalls.h>

#ifdef ZIRCON_THREADS_ARE_THERE

// The thread's own handle, which is gone with the thread. ZX_HANDLE_INVALID for a thread that has
// not made a call yet: one of thrd_create_with_name() has.
static inline zx_handle_t thrd_get_zx_handle(thrd_t thread) {
    return zirconia_thread_handle((uintptr_t)thread);
}

static inline zx_status_t thrd_status_to_zx_status(int status) {
    switch (status) {
    case thrd_success:
        return ZX_OK;
    case thrd_nomem:
        return ZX_ERR_NO_MEMORY;
    case thrd_timedout:
        return ZX_ERR_TIMED_OUT;
    case thrd_busy:
        return ZX_ERR_SHOULD_WAIT;
    default:
        return ZX_ERR_INTERNAL;
    }
}

// The argument of the new thread, which frees it.
struct zirconia_named_thread {
    thrd_start_t function;
    void *argument;
    zx_handle_t named; // An event.
    char name[ZX_MAX_NAME_LEN];
};

static inline int zirconia_named_thread_main(void *argument) {
    const struct zirconia_named_thread begin = *(struct zirconia_named_thread *)argument;
    free(argument);
    (void)zx_object_set_property(zx_thread_self(), ZX_PROP_NAME, begin.name, strlen(begin.name));
    (void)zx_object_signal(begin.named, 0, ZX_EVENT_SIGNALED);
    return begin.function(begin.argument);
}

// As thrd_create(), for a thread with a name, of which 31 bytes are kept. NULL is no name.
static inline int thrd_create_with_name(thrd_t *thread, thrd_start_t function, void *argument,
                                        const char *name) {
    struct zirconia_named_thread *begin = (struct zirconia_named_thread *)calloc(1, sizeof(*begin));
    zx_handle_t named = ZX_HANDLE_INVALID;
    if (begin == NULL || zx_event_create(0, &named) != ZX_OK) {
        free(begin);
        return thrd_nomem;
    }
    begin->function = function;
    begin->argument = argument;
    begin->named = named;
    for (size_t i = 0; name != NULL && name[i] != 0 && i < sizeof(begin->name) - 1; i++) {
        begin->name[i] = name[i];
    }
    const int status = thrd_create(thread, zirconia_named_thread_main, begin);
    if (status == thrd_success) {
        (void)zx_object_wait_one(named, ZX_EVENT_SIGNALED, ZX_TIME_INFINITE, NULL);
    } else {
        free(begin);
    }
    (void)zx_handle_close(named);
    return status;
}

#endif

#if defined(__cplusplus) && !defined(_WIN32)

// As thrd_get_zx_handle(), for what std::thread::native_handle() returns.
template <typename Native> zx_handle_t native_thread_get_zx_handle(Native thread) {
    return zirconia_thread_handle((uintptr_t)thread);
}

#endif

#endif // ZIRCON_THREADS_H_
