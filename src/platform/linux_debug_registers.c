// SPDX-License-Identifier: MIT
//
// Debug registers on Linux, which shows them to a tracer alone, and no thread can trace another of
// its own process. So a child process does it: it stops the one thread, reads or writes, lets go
// and ends. What was set stays set. The child shares one page with us and makes system calls only,
// because the locks of the process are copied as other threads held them.
//
// The client sees nothing of the child: it ends without a signal, takes none, and only a wait for
// clone children (__WALL) finds it.

#define _GNU_SOURCE // struct user, __WALL and CLONE_FILES

#include "platform/debug_registers.h"

#if defined(PLATFORM_DEBUG_REGISTERS)

#include "platform/platform.h"
#include "platform/posix_context.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ADDRESS_COUNT = 4, STATUS = 6, CONTROL = 7 };

// What the child is to do, and what came of it.
struct job {
    pid_t thread;
    bool writes;
    struct platform_debug_registers registers; // Given, or read.
    bool values_refused;
    int error; // The host's, 0 once it is done.
};

// --- In the child ---

static bool trace(int request, pid_t thread, uintptr_t address, uintptr_t data) {
    return syscall(SYS_ptrace, (long)request, (long)thread, address, data) == 0;
}

static uintptr_t place_of(unsigned number) {
    return offsetof(struct user, u_debugreg) + number * sizeof(((struct user *)0)->u_debugreg[0]);
}

static bool peek(pid_t thread, unsigned number, uint64_t *value) {
    return trace(PTRACE_PEEKUSER, thread, place_of(number), (uintptr_t)value);
}

static bool poke(pid_t thread, unsigned number, uint64_t value) {
    return trace(PTRACE_POKEUSER, thread, place_of(number), value);
}

static bool read_all(pid_t thread, struct platform_debug_registers *out) {
    bool done = peek(thread, STATUS, &out->status) && peek(thread, CONTROL, &out->control);
    for (unsigned i = 0; i < ADDRESS_COUNT; i++) {
        done = done && peek(thread, i, &out->address[i]);
    }
    return done;
}

// The host checks each value against the others as they are then, so nothing is enabled meanwhile.
// One that is written takes a breakpoint of the processor, even if it is 0.
static bool write_all(pid_t thread, const struct platform_debug_registers *from) {
    bool done = poke(thread, CONTROL, 0);
    for (unsigned i = 0; i < ADDRESS_COUNT; i++) {
        uint64_t held = 0;
        done = done && peek(thread, i, &held) &&
               (held == from->address[i] || poke(thread, i, from->address[i]));
    }
    return done && poke(thread, CONTROL, from->control);
}

static void use_registers(struct job *job) {
    struct platform_debug_registers old = {0};
    bool done = read_all(job->thread, &old);
    if (done && job->writes && !write_all(job->thread, &job->registers)) {
        const int error = errno;
        write_all(job->thread, &old);
        errno = error;
        job->values_refused = error == EINVAL;
        done = false;
    } else if (!job->writes) {
        job->registers = old;
    }
    job->error = done ? 0 : errno;
}

static bool stop_thread(pid_t thread, int *status) {
    if (!trace(PTRACE_SEIZE, thread, 0, 0) || !trace(PTRACE_INTERRUPT, thread, 0, 0)) {
        return false;
    }
    while (syscall(SYS_wait4, thread, status, __WALL, NULL) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    errno = ESRCH;
    return WIFSTOPPED(*status);
}

// A signal that was on its way to the thread, and was no reason to stop it, goes on.
static int signal_of_stop(int status) {
    const int event = status >> 16;
    return event == 0 ? WSTOPSIG(status) : 0;
}

static _Noreturn void be_child(struct job *job) {
    int status = 0;
    if (stop_thread(job->thread, &status)) {
        use_registers(job);
        trace(PTRACE_DETACH, job->thread, 0, (uintptr_t)signal_of_stop(status));
    } else {
        job->error = errno;
    }
    for (;;) {
        syscall(SYS_exit_group, 0);
    }
}

// --- In the library's process ---

static void run_child(struct job *job) {
    sigset_t all;
    sigset_t old;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old); // The client's handlers are not the child's.
    job->error = ECHILD; // The child may be killed before it says something else.
    const long flags = CLONE_FILES | CLONE_FS | CLONE_UNTRACED; // No signal at the child's end.
    const long child = syscall(SYS_clone, flags, NULL, NULL, NULL, 0);
    if (child == 0) {
        be_child(job);
    }
    if (child < 0) {
        job->error = errno;
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    while (child > 0 && syscall(SYS_wait4, child, NULL, __WALL, NULL) < 0 && errno == EINTR) {
    }
}

// Yama lets a process trace its descendants only, and others that allow it: here our own, for as
// long as it takes. There is no way to learn whom the client has allowed before.
static void run_allowed(struct job *job) {
    static struct platform_mutex lock = PLATFORM_MUTEX_INIT(LOCK_DEBUG_REGISTERS);
    platform_mutex_lock(&lock);
    run_child(job);
    if (job->error == EPERM && prctl(PR_SET_PTRACER, (unsigned long)getpid(), 0, 0, 0) == 0) {
        run_child(job);
        prctl(PR_SET_PTRACER, 0, 0, 0, 0);
    }
    platform_mutex_unlock(&lock);
}

static zx_status_t status_of(const struct job *job, struct platform_refusal *refusal) {
    if (job->values_refused) {
        return ZX_ERR_INVALID_ARGS;
    }
    switch (job->error) {
    case 0:
        return ZX_OK;
    case ENOMEM:
    case EAGAIN:
        return ZX_ERR_NO_MEMORY;
    case EPERM:
    case ENOSYS:
        *refusal = (struct platform_refusal){
            .reason = "a child may not ptrace this process, or a debugger does so already",
            .error = job->error,
        };
        return ZX_ERR_NOT_SUPPORTED;
    default:
        *refusal = (struct platform_refusal){.reason = "ptrace failed", .error = job->error};
        return ZX_ERR_NOT_SUPPORTED;
    }
}

static zx_status_t run(struct job *given, struct platform_refusal *refusal) {
    const int shared = MAP_SHARED | MAP_ANONYMOUS;
    struct job *job = mmap(NULL, sizeof(*job), PROT_READ | PROT_WRITE, shared, -1, 0);
    if (job == MAP_FAILED) {
        return ZX_ERR_NO_MEMORY;
    }
    const int error = errno;
    *job = *given;
    run_allowed(job);
    *given = *job;
    munmap(job, sizeof(*job));
    errno = error;
    return status_of(given, refusal);
}

zx_status_t platform_read_debug_registers(const struct platform_context *context,
                                          struct platform_debug_registers *out,
                                          struct platform_refusal *refusal) {
    struct job job = {.thread = context->thread};
    const zx_status_t status = run(&job, refusal);
    *out = job.registers;
    return status;
}

zx_status_t platform_write_debug_registers(const struct platform_context *context,
                                           const struct platform_debug_registers *from,
                                           struct platform_refusal *refusal) {
    struct job job = {.thread = context->thread, .writes = true, .registers = *from};
    return run(&job, refusal);
}

#endif
