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

struct host_lock {
    SRWLOCK native;
    CONDITION_VARIABLE changed;
};

struct host_lock *host_lock_create(void) {
    struct host_lock *lock = malloc(sizeof(*lock));
    if (!lock)
        return NULL;
    InitializeSRWLock(&lock->native);
    InitializeConditionVariable(&lock->changed);
    return lock;
}

void host_lock_destroy(struct host_lock *lock) {
    free(lock);
}

void host_lock(struct host_lock *lock) {
    AcquireSRWLockExclusive(&lock->native);
}

void host_unlock(struct host_lock *lock) {
    ReleaseSRWLockExclusive(&lock->native);
}

void host_lock_wait(struct host_lock *lock) {
    SleepConditionVariableSRW(&lock->changed, &lock->native, INFINITE, 0);
}

void host_lock_wake(struct host_lock *lock) {
    WakeAllConditionVariable(&lock->changed);
}

static void (*on_interruption)(void);

static BOOL WINAPI interrupted(DWORD event) {
    void (*const function)(void) = on_interruption;
    on_interruption = NULL;
    if (event != CTRL_C_EVENT || !function)
        return FALSE;
    function();
    return TRUE;
}

void host_on_interruption(void (*function)(void)) {
    on_interruption = function;
    SetConsoleCtrlHandler(interrupted, function != NULL);
}

bool host_is_terminal(FILE *stream) {
    return _isatty(_fileno(stream)) != 0;
}

unsigned host_terminal_rows(FILE *stream) {
    CONSOLE_SCREEN_BUFFER_INFO info;
    HANDLE handle = (HANDLE)_get_osfhandle(_fileno(stream));
    return GetConsoleScreenBufferInfo(handle, &info)
               ? (unsigned)(info.srWindow.Bottom - info.srWindow.Top + 1)
               : 0;
}

static bool file_identity(FILE *stream, BY_HANDLE_FILE_INFORMATION *out) {
    return GetFileInformationByHandle((HANDLE)_get_osfhandle(_fileno(stream)), out) != 0;
}

// Pipes and consoles have no identity here.
bool host_is_same_file(FILE *one, FILE *other) {
    BY_HANDLE_FILE_INFORMATION first;
    BY_HANDLE_FILE_INFORMATION second;
    return file_identity(one, &first) && file_identity(other, &second) &&
           first.dwVolumeSerialNumber == second.dwVolumeSerialNumber &&
           first.nFileIndexHigh == second.nFileIndexHigh &&
           first.nFileIndexLow == second.nFileIndexLow;
}

void host_set_binary(FILE *stream) {
    _setmode(_fileno(stream), _O_BINARY);
}

bool host_set_variable(const char *name, const char *value) {
    return _putenv_s(name, value) == 0;
}

bool host_find_data(const char *name, char *path, size_t size) {
    (void)name;
    (void)path;
    (void)size;
    return false; // Programs are not run here, and a script is all that is looked for.
}

bool host_run(char **words, int64_t timeout, void (*line)(void *context, const char *text),
              void *context, struct host_ending *ending, const char **reason) {
    (void)words;
    (void)timeout;
    (void)line;
    (void)context;
    (void)ending;
    *reason = "programs are not run on Windows";
    return false;
}
