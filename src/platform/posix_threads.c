// SPDX-License-Identifier: MIT
//
// Stopping and starting client threads on POSIX systems. One signal does it all: its handler is
// where a thread stops, and the frame that it returns through is how a thread enters client code
// on the client's stack and how it comes back from there, with every register as it should be.

#define _GNU_SOURCE // REG_RIP and its kin

#include "platform/posix_client_frame.h"
#include "platform/posix_context.h"
#include "platform/posix_faults.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static platform_stop_fn *on_stop;
static int stop_signal;

// ThreadSanitizer puts off a signal that another thread sends, and then gives its handler a copy of
// the frame, which leads nowhere and whose stack is in use again. It lets through what a thread
// sends to itself; and all that comes to a thread which left the host's code out of such a handler.
#if defined(__ELF__)
extern void thread_sanitizer(void) __asm__("__tsan_init") __attribute__((weak));
#define SIGNALS_MAY_BE_LATE (thread_sanitizer != NULL)
#else
#define SIGNALS_MAY_BE_LATE false
#endif
static _Thread_local volatile bool sends_to_itself HANDLER_SAFE;

#if defined(POSIX_CLIENT_FRAME)

// Where a thread left its host stack, which is where it goes back to.
struct home {
    struct client_frame frame;
    sigset_t mask;
    const struct platform_client_entry *entry; // Not entered yet.
    void (*function)(void *argument);          // What the host thread runs.
    void *argument;
    char handler_stack[65536];
};

static _Thread_local struct home *own_home; // Set in a thread that may enter client code.

// Volatile: only a handler reads it, which the compiler does not see coming.
static _Thread_local struct home *volatile home HANDLER_SAFE;

static bool enter_if_new(ucontext_t *context) {
    const bool is_new = home != NULL && home->entry != NULL;
    if (is_new) {
        client_frame_save(context, &home->frame);
        home->mask = context->uc_sigmask;
        client_frame_enter(context, home->entry);
        home->entry = NULL;
    }
    return is_new;
}

static void end_host_thread(void) {
    pthread_exit(NULL);
}

bool platform_context_end(struct platform_context *context) {
    if (home != NULL) {
        client_frame_restore(context->host, &home->frame);
        context->host->uc_sigmask = home->mask;
    } else if (!context->is_late) {
        client_frame_call(context->host, end_host_thread);
    } else {
        return false;
    }
    client_frame_make_plain(context->host);
    return true;
}

bool platform_client_can_enter(void) {
    return true;
}

void platform_client_enter(const struct platform_client_entry *entry) {
    struct home *self = own_home;
    self->entry = entry;
    const stack_t own = {.ss_sp = self->handler_stack, .ss_size = sizeof(self->handler_stack)};
    const stack_t none = {.ss_flags = SS_DISABLE};
    sigaltstack(&own, NULL);
    home = self;
    platform_stop_here();
    home = NULL;
    sigaltstack(&none, NULL);
}

// Called at the end of the thread, also where the client's code ends it by the host's means.
static void leave_home(void *unused) {
    (void)unused;
    const stack_t none = {.ss_flags = SS_DISABLE};
    home = NULL;
    sigaltstack(&none, NULL);
    free(own_home);
    own_home = NULL;
}

static void *run(void *argument) {
    own_home = argument;
    pthread_cleanup_push(leave_home, NULL);
    own_home->function(own_home->argument);
    pthread_cleanup_pop(1);
    return NULL;
}

// The memory that the thread needs is had here, where its lack can be told.
bool platform_client_start(void (*function)(void *argument), void *argument) {
    struct home *new_home = calloc(1, sizeof(*new_home));
    if (new_home == NULL) {
        return false;
    }
    new_home->function = function;
    new_home->argument = argument;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    const bool started = pthread_create(&thread, &attributes, run, new_home) == 0;
    pthread_attr_destroy(&attributes);
    if (!started) {
        free(new_home);
    }
    return started;
}

#else

bool platform_client_start(void (*function)(void *argument), void *argument) {
    (void)function;
    (void)argument;
    return false;
}

static bool enter_if_new(ucontext_t *context) {
    (void)context;
    return false;
}

bool platform_context_end(struct platform_context *context) {
    (void)context;
    pthread_exit(NULL);
}

bool platform_client_can_enter(void) {
    return false;
}

void platform_client_enter(const struct platform_client_entry *entry) {
    (void)entry;
}

#endif

// The host's signal of a cancellation cannot be blocked: a thread that may be cancelled at any
// instruction would end here, with a lock or in its sleep.
static void on_signal(int number, siginfo_t *info, void *host) {
    posix_handler_begin();
    (void)number;
    (void)info;
    if (!posix_faults_know_thread()) { // Somebody else has sent it.
        return;
    }
    const int error = errno;
    const bool cancellable = platform_cancel_defer();
    const bool entering = enter_if_new(host);
    struct platform_context context = {.host = host};
    context.is_late = SIGNALS_MAY_BE_LATE && !sends_to_itself;
    sends_to_itself = false;
    posix_context_capture(&context);
    on_stop(&context, entering);
    if (cancellable) {
        platform_cancel_undefer();
    }
    posix_context_apply(&context);
    errno = error;
}

static int chosen_signal(void) {
#if defined(SIGRTMIN)
    const int usual = SIGRTMIN + 5;
#else
    const int usual = SIGUSR2;
#endif
    const char *wish = getenv("ZIRCONIA_STOP_SIGNAL");
    const int number = wish != NULL ? atoi(wish) : 0;
    return number > 0 ? number : usual;
}

bool platform_stop_init(platform_stop_fn *function) {
    on_stop = function;
    stop_signal = chosen_signal();
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
    action.sa_sigaction = on_signal;
    sigfillset(&action.sa_mask);
    return sigaction(stop_signal, &action, NULL) == 0;
}

void platform_thread_self(struct platform_thread *out) {
    posix_faults_concern_thread();
    out->native = pthread_self();
}

void platform_thread_forget(struct platform_thread *thread) {
    (void)thread;
}

int64_t platform_thread_runtime(const struct platform_thread *thread) {
#if defined(__linux__)
    clockid_t clock;
    struct timespec time;
    if (pthread_getcpuclockid(thread->native, &clock) == 0 && clock_gettime(clock, &time) == 0) {
        return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
    }
#else
    (void)thread;
#endif
    return 0;
}

uint32_t platform_current_processor(void) {
#if defined(__linux__)
    const int processor = sched_getcpu();
    return processor < 0 ? 0 : (uint32_t)processor;
#else
    return 0;
#endif
}

bool platform_thread_is(const struct platform_thread *thread, uintptr_t native) {
    return pthread_equal(thread->native, (pthread_t)native) != 0;
}

void platform_thread_stop(const struct platform_thread *thread) {
    pthread_kill(thread->native, stop_signal);
}

// The client may have blocked the signal, but not here.
void platform_stop_here(void) {
    sigset_t stop;
    sigset_t old;
    posix_faults_concern_thread();
    sigemptyset(&stop);
    sigaddset(&stop, stop_signal);
    pthread_sigmask(SIG_UNBLOCK, &stop, &old);
    sends_to_itself = true;
    pthread_kill(pthread_self(), stop_signal);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

void platform_on_fork(void (*in_child)(void)) {
    pthread_atfork(NULL, NULL, in_child);
}

void platform_process_exit(int code) {
    _Exit(code);
}

void platform_process_kill(void) {
    kill(getpid(), SIGKILL);
}
