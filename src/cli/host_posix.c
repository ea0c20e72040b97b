// SPDX-License-Identifier: MIT
//
// POSIX: threads, terminals and programs.

#define _POSIX_C_SOURCE 200809L

#include "cli/host.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct host_thread {
    pthread_t native;
    void (*function)(void *context);
    void *context;
};

static void *thread_main(void *argument) {
    struct host_thread *thread = argument;
    thread->function(thread->context);
    return NULL;
}

struct host_thread *host_thread_start(void (*function)(void *context), void *context) {
    struct host_thread *thread = malloc(sizeof(*thread));
    if (!thread)
        return NULL;
    thread->function = function;
    thread->context = context;
    if (pthread_create(&thread->native, NULL, thread_main, thread) != 0) {
        free(thread);
        return NULL;
    }
    return thread;
}

void host_thread_join(struct host_thread *thread) {
    pthread_join(thread->native, NULL);
    free(thread);
}

struct host_lock {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
};

struct host_lock *host_lock_create(void) {
    struct host_lock *lock = malloc(sizeof(*lock));
    if (!lock)
        return NULL;
    if (pthread_mutex_init(&lock->mutex, NULL) != 0) {
        free(lock);
        return NULL;
    }
    if (pthread_cond_init(&lock->changed, NULL) != 0) {
        pthread_mutex_destroy(&lock->mutex);
        free(lock);
        return NULL;
    }
    return lock;
}

void host_lock_destroy(struct host_lock *lock) {
    pthread_cond_destroy(&lock->changed);
    pthread_mutex_destroy(&lock->mutex);
    free(lock);
}

void host_lock(struct host_lock *lock) {
    pthread_mutex_lock(&lock->mutex);
}

void host_unlock(struct host_lock *lock) {
    pthread_mutex_unlock(&lock->mutex);
}

void host_lock_wait(struct host_lock *lock) {
    pthread_cond_wait(&lock->changed, &lock->mutex);
}

void host_lock_wake(struct host_lock *lock) {
    pthread_cond_broadcast(&lock->changed);
}

static void (*on_interruption)(void);

static void interrupted(int number) {
    (void)number;
    on_interruption();
}

void host_on_interruption(void (*function)(void)) {
    struct sigaction action = {.sa_flags = (int)SA_RESETHAND};
    action.sa_handler = function ? interrupted : SIG_DFL;
    on_interruption = function;
    sigaction(SIGINT, &action, NULL);
}

// --- Programs ---

extern char **environ;

bool host_set_variable(const char *name, const char *value) {
    return setenv(name, value, 1) == 0;
}

bool host_find_data(const char *name, char *path, size_t size) {
    char tool[1024];
    const ssize_t length = readlink("/proc/self/exe", tool, sizeof(tool) - 1);
    if (length <= 0)
        return false;
    tool[length] = '\0';
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(tool, '/');
        if (!slash)
            return false;
        *slash = '\0';
    }
    const int needed = snprintf(path, size, "%s/share/zirconia/%s", tool, name);
    return needed > 0 && (size_t)needed < size && access(path, R_OK) == 0;
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

// With this a process ends whose program cannot be started, where posix_spawn() comes back before
// it is known (POSIX), as in emulators of another processor.
enum { NOT_STARTED = 127 };

// 0, or an error's number. Both of its streams lead to the pipe.
static int spawn(char **words, const int pipes[2], pid_t *child) {
    posix_spawn_file_actions_t actions;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return error;
    posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, pipes[1], STDERR_FILENO);
    posix_spawn_file_actions_addclose(&actions, pipes[0]);
    posix_spawn_file_actions_addclose(&actions, pipes[1]);
    error = posix_spawn(child, words[0], &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

struct lines {
    void (*line)(void *context, const char *text);
    void *context;
    bool any;
    size_t length;
    char text[4096]; // What is longer comes in pieces.
};

static void end_line(struct lines *lines) {
    lines->text[lines->length] = '\0';
    lines->length = 0;
    lines->any = true;
    lines->line(lines->context, lines->text);
}

static void add_bytes(struct lines *lines, const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != '\n')
            lines->text[lines->length++] = bytes[i];
        if (bytes[i] == '\n' || lines->length == sizeof(lines->text) - 1)
            end_line(lines);
    }
}

// To the end of what the program says; false at the end of the time.
static bool read_lines(int pipe, int64_t deadline, struct lines *lines) {
    for (;;) {
        char bytes[4096];
        struct pollfd waited = {.fd = pipe, .events = POLLIN};
        const int64_t left = deadline == 0 ? 0 : deadline - now();
        if (left < 0)
            return false;
        const int ready = poll(&waited, 1, deadline == 0 ? -1 : (int)(left / 1000000 % 60000) + 1);
        const ssize_t count = ready > 0 ? read(pipe, bytes, sizeof(bytes)) : -1;
        if (count > 0)
            add_bytes(lines, bytes, (size_t)count);
        else if (ready > 0 && (count == 0 || errno != EINTR))
            return true;
    }
}

bool host_run(char **words, int64_t timeout, void (*line)(void *context, const char *text),
              void *context, struct host_ending *ending, const char **reason) {
    struct lines lines = {.line = line, .context = context};
    int pipes[2];
    pid_t child;
    int error = pipe(pipes) == 0 ? 0 : errno;
    if (error == 0) {
        error = spawn(words, pipes, &child);
        close(pipes[1]);
        if (error != 0)
            close(pipes[0]);
    }
    if (error != 0) {
        *reason = strerror(error);
        return false;
    }
    ending->timed_out = !read_lines(pipes[0], timeout == 0 ? 0 : now() + timeout, &lines);
    if (ending->timed_out)
        kill(child, SIGKILL);
    if (lines.length > 0)
        end_line(&lines);
    close(pipes[0]);
    int status = 0;
    while (waitpid(child, &status, 0) == -1 && errno == EINTR) {
    }
    ending->signaled = WIFSIGNALED(status);
    ending->code = ending->signaled ? WTERMSIG(status) : WEXITSTATUS(status);
    if (!ending->signaled && ending->code == NOT_STARTED && !lines.any) {
        *reason = "exit code 127 without a word";
        return false;
    }
    return true;
}

bool host_is_terminal(FILE *stream) {
    return isatty(fileno(stream)) == 1;
}

unsigned host_terminal_rows(FILE *stream) {
    struct winsize size;
    return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

bool host_is_same_file(FILE *one, FILE *other) {
    struct stat first;
    struct stat second;
    return fstat(fileno(one), &first) == 0 && fstat(fileno(other), &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

void host_set_binary(FILE *stream) {
    (void)stream; // Streams are binary here.
}
