// SPDX-License-Identifier: MIT
//
// A process at two pipes; see the header.

#define _XOPEN_SOURCE 700

#include "compare_child.h"

#include "compare_ports.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 120000

extern char **environ;

enum { READ_END, WRITE_END };

static void check(bool good, const char *what) {
    if (!good) {
        compare_fail(what, strerror(errno));
    }
}

static void make_pipe(int *ends) {
    check(pipe(ends) == 0, "making a pipe");
    for (int end = READ_END; end <= WRITE_END; end++) {
        check(fcntl(ends[end], F_SETFD, FD_CLOEXEC) == 0, "making a pipe");
    }
}

// posix_spawnp() writes to none of its arguments.
static int spawn(pid_t *pid, const char *const *arguments, int input, int output) {
    posix_spawn_file_actions_t actions;
    char *const *list = (char *const *)(uintptr_t)arguments; // NOLINT(performance-no-int-to-ptr)
    check(posix_spawn_file_actions_init(&actions) == 0, "starting a process");
    check(posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) == 0 &&
              posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) == 0,
          "starting a process");
    const int error = posix_spawnp(pid, arguments[0], &actions, NULL, list, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

bool child_start(struct child *child, const char *const *arguments) {
    int input[2];
    int output[2];
    make_pipe(input);
    make_pipe(output);
    const int error = spawn(&child->pid, arguments, input[READ_END], output[WRITE_END]);
    close(input[READ_END]);
    close(output[WRITE_END]);
    child->to = input[WRITE_END];
    child->from = output[READ_END];
    child->name = arguments[0];
    if (error != 0) {
        close(child->to);
        close(child->from);
        if (error != ENOENT) {
            compare_fail(arguments[0], strerror(error));
        }
    }
    return error == 0;
}

void child_send(struct child *child, const uint8_t *bytes, size_t size) {
    check(write(child->to, bytes, size) == (ssize_t)size, child->name);
}

int child_receive(struct child *child) {
    struct pollfd waited = {.fd = child->from, .events = POLLIN};
    uint8_t byte;
    const int ready = poll(&waited, 1, PATIENCE_MS);
    check(ready >= 0, child->name);
    if (ready == 0) {
        child_stop(child);
        compare_fail(child->name, "it has not answered for two minutes");
    }
    const ssize_t count = read(child->from, &byte, 1);
    check(count >= 0, child->name);
    return count == 1 ? byte : -1;
}

double child_time(const struct child *child) {
    clockid_t id = CLOCK_MONOTONIC;
    struct timespec time;
#if defined(_POSIX_CPUTIME) && _POSIX_CPUTIME >= 0
    check(clock_getcpuclockid(child->pid, &id) == 0, "finding a process's clock");
#endif
    check(clock_gettime(id, &time) == 0, child->name);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static int wait_for(struct child *child) {
    int status;
    pid_t found;
    close(child->to);
    close(child->from);
    do {
        found = waitpid(child->pid, &status, 0);
    } while (found < 0 && errno == EINTR);
    check(found == child->pid, child->name);
    return status;
}

void child_stop(struct child *child) {
    kill(child->pid, SIGKILL);
    wait_for(child);
}

static double nanoseconds(const struct timeval *time) {
    return (double)time->tv_sec * 1e9 + (double)time->tv_usec * 1e3;
}

// The processor time of all children that have been waited for.
static double processor_time(void) {
    struct rusage usage;
    check(getrusage(RUSAGE_CHILDREN, &usage) == 0, "reading processor times");
    return nanoseconds(&usage.ru_utime) + nanoseconds(&usage.ru_stime);
}

double child_wait(struct child *child) {
    const double before = processor_time();
    const int status = wait_for(child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        compare_fail(child->name, "it has failed");
    }
    return processor_time() - before;
}
