// SPDX-License-Identifier: MIT
//
// Cancellation. The host calls handlers for cleaning up, innermost first, on a stack that is whole
// below them; ours jumps back into the block that it was pushed in, which pops it as ever. POSIX
// does not promise that a handler may do so. The C libraries of Linux and macOS call it as a plain
// function from the block's own frame, and know a thread that has begun to end: what is left of the
// call is not cancelled again, and pthread_exit() calls the handlers that remain.

#if defined(__APPLE__)
#define _DARWIN_C_SOURCE
#else
#define _DEFAULT_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "platform/posix_cancel.h"

#include "platform/posix_context.h"
#include "platform/threads.h"

#include <setjmp.h>

static _Thread_local int client_state HANDLER_SAFE;

int platform_cancel_off(void) {
    int state = PTHREAD_CANCEL_DISABLE;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
    client_state = state;
    return state;
}

void platform_cancel_restore(int state) {
    pthread_setcancelstate(state, NULL);
}

void platform_cancel_point(void) {
    pthread_testcancel();
}

_Noreturn void platform_cancel_end(void) {
    pthread_exit(PTHREAD_CANCELED);
}

static void come_back(void *place) {
    siglongjmp(*(sigjmp_buf *)place, 1);
}

bool posix_sleep_or_cancel(void (*sleep)(void *argument), void *argument, bool anywhere) {
    sigjmp_buf place;
    int type = PTHREAD_CANCEL_DEFERRED;
    volatile bool canceled = true;
    pthread_setcanceltype(anywhere ? PTHREAD_CANCEL_ASYNCHRONOUS : PTHREAD_CANCEL_DEFERRED, &type);
    pthread_cleanup_push(come_back, &place);
    if (sigsetjmp(place, 0) == 0) {
        pthread_setcancelstate(client_state, NULL); // A request that waits takes effect here.
        sleep(argument);
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
        canceled = false;
    }
    pthread_cleanup_pop(0);
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
    pthread_setcanceltype(canceled ? PTHREAD_CANCEL_DEFERRED : type, NULL);
    return canceled;
}
