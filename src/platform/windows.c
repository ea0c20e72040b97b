// SPDX-License-Identifier: MIT
//
// Locks, time and thread slots of Windows. Memory is in windows_memory.c, faults and the checked
// copy in windows_faults.c.

#define _CRT_RAND_S

#include "platform/windows_context.h"

#include "platform/platform.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NANOSECONDS = 1000000000, NANOSECONDS_PER_MILLISECOND = 1000000 };

static SRWLOCK *native_lock(struct platform_mutex *mutex) {
    return (SRWLOCK *)&mutex->native;
}

static CONDITION_VARIABLE *native_condition(struct platform_condition *condition) {
    return (CONDITION_VARIABLE *)&condition->native;
}

void platform_mutex_init(struct platform_mutex *mutex, enum lock_rank rank) {
    (void)rank; // Orders are not checked here.
    InitializeSRWLock(native_lock(mutex));
}

void platform_mutex_destroy(struct platform_mutex *mutex) {
    (void)mutex; // Neither this lock nor the condition below holds anything.
}

void platform_mutex_lock(struct platform_mutex *mutex) NO_THREAD_SAFETY_ANALYSIS {
    AcquireSRWLockExclusive(native_lock(mutex));
}

void platform_mutex_unlock(struct platform_mutex *mutex) NO_THREAD_SAFETY_ANALYSIS {
    ReleaseSRWLockExclusive(native_lock(mutex));
}

void platform_condition_init(struct platform_condition *condition) {
    InitializeConditionVariable(native_condition(condition));
}

void platform_condition_destroy(struct platform_condition *condition) {
    (void)condition;
}

void platform_condition_signal(struct platform_condition *condition) {
    WakeConditionVariable(native_condition(condition));
}

void platform_condition_broadcast(struct platform_condition *condition) {
    WakeAllConditionVariable(native_condition(condition));
}

void platform_condition_wait(struct platform_condition *condition, struct platform_mutex *mutex) {
    SleepConditionVariableSRW(native_condition(condition), native_lock(mutex), INFINITE, 0);
}

// Milliseconds until a deadline, rounded up so as not to wake early, and at most a day: callers
// look at the clock again.
static DWORD milliseconds_left(int64_t deadline, int64_t now) {
    const int64_t left = (deadline - now - 1) / NANOSECONDS_PER_MILLISECOND + 1;
    const int64_t day = 24 * 60 * 60 * 1000;
    return (DWORD)(left < day ? left : day);
}

// Windows looks for waits that are over 64 times a second, unless a program asks for more. The
// library that has the call is loaded for it, since clients do not link it.
static void ask_for_fine_waits(void) {
    typedef UINT(WINAPI * period_fn)(UINT milliseconds);
    const HMODULE library = LoadLibraryExW(L"winmm.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32);
    const FARPROC found = library != NULL ? GetProcAddress(library, "timeBeginPeriod") : NULL;
    period_fn begin_period = NULL;
    memcpy(&begin_period, &found, sizeof(begin_period));
    if (begin_period != NULL) {
        begin_period(1);
    }
}

static void need_fine_waits(void) {
    static struct platform_once once = PLATFORM_ONCE_INIT;
    platform_call_once(&once, ask_for_fine_waits);
}

bool platform_condition_wait_until(struct platform_condition *condition,
                                   struct platform_mutex *mutex, int64_t deadline) {
    if (deadline == INT64_MAX) {
        platform_condition_wait(condition, mutex);
        return true;
    }
    const int64_t now = platform_monotonic();
    if (deadline <= now) {
        return false;
    }
    need_fine_waits();
    SleepConditionVariableSRW(native_condition(condition), native_lock(mutex),
                              milliseconds_left(deadline, now), 0);
    return true; // The next call finds out whether the deadline has passed.
}

static BOOL CALLBACK run_once(PINIT_ONCE once, PVOID parameter, PVOID *context) {
    (void)once;
    (void)context;
    void (*function)(void) = NULL;
    memcpy(&function, parameter, sizeof(function));
    function();
    return TRUE;
}

void platform_call_once(struct platform_once *once, void (*function)(void)) {
    InitOnceExecuteOnce((PINIT_ONCE)&once->native, run_once, &function, NULL);
}

int64_t platform_monotonic(void) {
    LARGE_INTEGER frequency;
    LARGE_INTEGER counter;
    QueryPerformanceFrequency(&frequency);
    QueryPerformanceCounter(&counter);
    const int64_t seconds = counter.QuadPart / frequency.QuadPart;
    const int64_t rest = counter.QuadPart % frequency.QuadPart;
    return seconds * NANOSECONDS + rest * NANOSECONDS / frequency.QuadPart;
}

#ifndef CREATE_WAITABLE_TIMER_HIGH_RESOLUTION
#define CREATE_WAITABLE_TIMER_HIGH_RESOLUTION 2 // Windows 10 1803 has it; older headers do not.
#endif

// False where Windows has no such timer.
static bool sleep_finely(HANDLE timer, int64_t nanoseconds) {
    enum { TICK = 100 };
    const LARGE_INTEGER due = {.QuadPart = -((nanoseconds - 1) / TICK + 1)};
    return timer != NULL && SetWaitableTimer(timer, &due, 0, NULL, NULL, FALSE) &&
           WaitForSingleObject(timer, INFINITE) == WAIT_OBJECT_0;
}

void platform_sleep_until(int64_t deadline) {
    int64_t now = platform_monotonic();
    if (deadline <= now) {
        return;
    }
    const HANDLE timer =
        CreateWaitableTimerExW(NULL, NULL, CREATE_WAITABLE_TIMER_HIGH_RESOLUTION, TIMER_ALL_ACCESS);
    while (deadline > now) {
        if (!sleep_finely(timer, deadline - now)) {
            Sleep(milliseconds_left(deadline, now));
        }
        now = platform_monotonic();
    }
    if (timer != NULL) {
        CloseHandle(timer);
    }
}

void platform_yield(void) {
    SwitchToThread();
}

struct thread_start {
    void (*function)(void *argument);
    void *argument;
};

static DWORD WINAPI run_thread(LPVOID argument) {
    const struct thread_start start = *(struct thread_start *)argument;
    free(argument);
    start.function(start.argument);
    return 0;
}

bool platform_thread_start(const char *name, void (*function)(void *argument), void *argument) {
    (void)name; // SetThreadDescription() is not in every Windows that runs the rest.
    struct thread_start *start = malloc(sizeof *start);
    if (start == NULL) {
        return false;
    }
    *start = (struct thread_start){function, argument};
    const HANDLE thread = CreateThread(NULL, 0, run_thread, start, 0, NULL);
    if (thread == NULL) {
        free(start);
        return false;
    }
    CloseHandle(thread);
    return true;
}

void windows_stay_loaded(void) {
    HMODULE file = NULL;
    GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN,
                       (LPCWSTR)(uintptr_t)windows_stay_loaded, &file);
}

// Fiber-local slots, because only these have an exit function; without fibers they are the
// thread's.
static_assert(sizeof(void (*)(void *)) == sizeof(PFLS_CALLBACK_FUNCTION), "callback size");

bool platform_thread_slot_create(struct platform_thread_slot *slot, void (*on_exit)(void *value)) {
    // On x86-64 and ARM64 both function types have one calling convention.
    PFLS_CALLBACK_FUNCTION callback = NULL;
    memcpy(&callback, &on_exit, sizeof(callback));
    windows_stay_loaded();
    const DWORD index = FlsAlloc(callback);
    slot->native = index;
    return index != FLS_OUT_OF_INDEXES;
}

void *platform_thread_slot_get(const struct platform_thread_slot *slot) {
    return FlsGetValue((DWORD)slot->native);
}

bool platform_thread_slot_set(const struct platform_thread_slot *slot, void *value) {
    return FlsSetValue((DWORD)slot->native, value) != FALSE;
}

void platform_write_error(const char *text, size_t size) {
    DWORD written = 0; // Not by the C library, whose lock a stopped thread may have.
    WriteFile(GetStdHandle(STD_ERROR_HANDLE), text, (DWORD)size, &written, NULL);
}

_Noreturn void platform_abort(const char *line) {
    platform_write_error(line, strlen(line));
    abort();
}

void platform_random(void *buffer, size_t size) {
    unsigned char *bytes = buffer;
    for (size_t i = 0; i < size; i++) {
        unsigned value = 0;
        if (rand_s(&value) != 0) {
            value = (unsigned)platform_monotonic() ^ (unsigned)(uintptr_t)&value;
        }
        bytes[i] = (unsigned char)(value >> 8);
    }
}

uint32_t platform_processor_count(void) {
    SYSTEM_INFO information;
    GetSystemInfo(&information);
    return information.dwNumberOfProcessors;
}

static uint64_t ticks_of(const FILETIME *time) {
    return (uint64_t)time->dwHighDateTime << 32 | time->dwLowDateTime;
}

int64_t platform_process_runtime(void) {
    enum { TICK = 100 }; // Nanoseconds.
    FILETIME created, exited, kernel, user;
    if (!GetProcessTimes(GetCurrentProcess(), &created, &exited, &kernel, &user)) {
        return 0;
    }
    return (int64_t)((ticks_of(&kernel) + ticks_of(&user)) * TICK);
}

uint64_t platform_physical_memory(void) {
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};
    return GlobalMemoryStatusEx(&status) ? status.ullTotalPhys : 0;
}
