// SPDX-License-Identifier: MIT
//
// POSIX's half of run_process.h.

#if defined(__APPLE__)
#include <mach-o/dyld.h>
#elif defined(__FreeBSD__)
#include <sys/types.h>

#include <sys/sysctl.h>
#else
#define _POSIX_C_SOURCE 200809L
#endif

#include "run_process.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static bool find_itself(char *path, size_t size) {
#if defined(__APPLE__)
    uint32_t room = (uint32_t)size;
    return _NSGetExecutablePath(path, &room) == 0;
#elif defined(__FreeBSD__)
    const int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PATHNAME, -1};
    return sysctl(name, 4, path, &size, NULL, 0) == 0;
#else
    const ssize_t length = readlink("/proc/self/exe", path, size - 1);
    path[length > 0 ? length : 0] = '\0';
    return length > 0;
#endif
}

// With what is in ZIRCONIA_TEST_WITH before it, between blanks.
static bool start(char *path, pid_t *child) {
    enum { MOST_WORDS = 16 };
    char words[1024] = "";
    char *arguments[MOST_WORDS + 2];
    size_t count = 0;
    const char *with = getenv("ZIRCONIA_TEST_WITH");
    if (with != NULL && strlen(with) < sizeof(words)) {
        memcpy(words, with, strlen(with) + 1);
    }
    char *rest = NULL;
    for (char *word = strtok_r(words, " ", &rest); word != NULL && count < MOST_WORDS;
         word = strtok_r(NULL, " ", &rest)) {
        arguments[count++] = word;
    }
    arguments[count++] = path;
    arguments[count] = NULL;
    return posix_spawnp(child, arguments[0], NULL, NULL, arguments, environ) == 0;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void interrupt(int number) {
    (void)number;
}

// A signal each second interrupts the wait, so that it does not matter when one comes.
static void tick(time_t seconds) {
    struct sigaction action = {.sa_flags = 0};
    action.sa_handler = interrupt;
    sigemptyset(&action.sa_mask);
    sigaction(SIGALRM, &action, NULL);
    alarm((unsigned)seconds);
}

static bool wait_for(pid_t child, double seconds, int *status) {
    const double deadline = now() + seconds;
    bool killed = false;
    tick(1);
    while (waitpid(child, status, 0) < 0 && errno == EINTR) {
        tick(1);
        if (seconds > 0 && now() >= deadline) {
            killed = true;
            kill(child, SIGKILL);
        }
    }
    tick(0);
    return !killed;
}

struct process_end process_run_itself(const char *variable, const char *value, double seconds) {
    struct process_end end = {.code = -1};
    char path[4096];
    pid_t child = 0;
    setenv(variable, value, 1);
    if (!find_itself(path, sizeof(path)) || !start(path, &child)) {
        return end;
    }
    int status = 0;
    end.timed_out = !wait_for(child, seconds, &status);
    end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    return end;
}

void process_forget(const char *first, const char *second) {
    unsetenv(first);
    unsetenv(second);
}
