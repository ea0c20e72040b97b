// SPDX-License-Identifier: MIT
//
// Cancellation. The host calls handlers for cleaning up, innermost first, on a stack that is whole
// below them; ours jumps back into the block that it was pushed in, which pops it as ever. POSIX
// does not promise that a handler may do so. The C libraries of Linux and macOS call it as a plain
// function from the block's own frame, and know a thread that has begun to end: what is left of the
// call is not cancelled again, and pthread_exit() calls the handlers that remain.

#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L

#include "platform/posix_cancel.h"

#include "platform/threads.h"

#include <pthread.h>
#include <setjmp.h>

#if defined(__GLIBC__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

int platform_cancel_off(void) {
    int state = PTHREAD_CANCEL_DISABLE;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    return state;
}

void platform_cancel_restore(int state) {
    pthread_setcancelstate(state, NULL);
}

// The type, because glibc's own handler looks at no more: a request that was sent before the state
// changed would still take effect.
bool platform_cancel_defer(void) {
    int type = PTHREAD_CANCEL_DEFERRED;
    pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, &type);
    return type != PTHREAD_CANCEL_DEFERRED;
}

void platform_cancel_undefer(void) {
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
}

void platform_cancel_point(void) {
    pthread_testcancel();
}

_Noreturn void platform_cancel_end(void) {
    pthread_exit(PTHREAD_CANCELED);
}

// glibc, asked once more to end the thread, would begin again with the same handler. What it does
// at the end of a thread is not done: a detached thread leaves its stack behind.
_Noreturn void platform_thread_end(void) {
#if defined(__GLIBC__)
    for (;;) {
        syscall(SYS_exit, 0);
    }
#else
    pthread_exit(NULL);
#endif
}

static void come_back(void *place) {
    siglongjmp(*(sigjmp_buf *)place, 1);
}

bool posix_sleep_or_cancel(void (*sleep)(void *argument), void *argument, bool anywhere) {
    const int wanted = anywhere ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED;
    int type = PTHREAD_CANCEL_DEFERRED;
    sigjmp_buf place;
    volatile bool canceled = true;
    pthread_cleanup_push(come_back, &place);
    if (sigsetjmp(place, 0) == 0) {
        pthread_setcanceltype(wanted, &type); // A request that waits takes effect here.
        sleep(argument);
        pthread_setcanceltype(type, NULL);
        canceled = false;
    }
    pthread_cleanup_pop(0);
    if (canceled) {
        pthread_setcanceltype(PTHREAD_CANCEL_DEFERRED, NULL);
    }
    return canceled;
}
