// SPDX-License-Identifier: MIT
//
// Windows: threads and terminals.

#include "cli/host.h"

#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <stdlib.h>
#include <windows.h>

struct host_thread {
    HANDLE native;
    void (*function)(void *context);
    void *context;
};

static unsigned __stdcall thread_main(void *argument) {
    struct host_thread *thread = argument;
    thread->function(thread->context);
    return 0;
}

struct host_thread *host_thread_start(void (*function)(void *context), void *context) {
    struct host_thread *thread = malloc(sizeof(*thread));
    if (!thread)
        return NULL;
    thread->function = function;
    thread->context = context;
    thread->native = (HANDLE)_beginthreadex(NULL, 0, thread_main, thread, 0, NULL);
    if (!thread->native) {
        free(thread);
        return NULL;
    }
    return thread;
}

void host_thread_join(struct host_thread *thread) {
    WaitForSingleObject(thread->native, INFINITE);
    CloseHandle(thread->native);
    free(thread);
}

bool host_is_terminal(FILE *stream) {
    return _isatty(_fileno(stream)) != 0;
}

void host_set_binary(FILE *stream) {
    _setmode(_fileno(stream), _O_BINARY);
}
