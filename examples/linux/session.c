// SPDX-License-Identifier: MIT
//
// The thread that reads what is typed, and the loop around resets. A key that the guest has no room
// for is lost, so that the escape key is always read; what comes from a pipe waits. What a guest
// has not read from its serial port when it resets the VM is for the one that boots next.

#include "session.h"

#include "processors.h"
#include "terminal.h"

#include <stdio.h>
#include <string.h>

// The reader is one thread for all VMs of a session: a key that is typed during a reset is for the
// one that boots next.
struct reader {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct vm *vm; // NULL while there is none.
    bool using;    // It hands the VM something.
    bool escaped;
    bool closed;
    // For the next VM; used by the thread that runs VMs.
    uint8_t unread[UART_INPUT_MAX];
    size_t unread_count;
};

static void print_byte(void *context, uint8_t byte) {
    (void)context;
    putchar(byte);
    fflush(stdout);
}

static struct vm *begin_using(struct reader *reader) {
    pthread_mutex_lock(&reader->lock);
    while (reader->vm == NULL && !reader->closed) {
        pthread_cond_wait(&reader->changed, &reader->lock);
    }
    reader->using = reader->vm != NULL;
    struct vm *vm = reader->vm;
    pthread_mutex_unlock(&reader->lock);
    return vm;
}

static void end_using(struct reader *reader) {
    pthread_mutex_lock(&reader->lock);
    reader->using = false;
    pthread_cond_broadcast(&reader->changed);
    pthread_mutex_unlock(&reader->lock);
}

static void escape(struct reader *reader) {
    pthread_mutex_lock(&reader->lock);
    reader->escaped = true;
    if (reader->vm != NULL) {
        processors_end(reader->vm);
    }
    pthread_mutex_unlock(&reader->lock);
}

// False when there is no VM any more.
static bool hand_over(struct reader *reader, const uint8_t *keys, size_t size) {
    const bool typed = terminal_is_typed();
    size_t taken = 0;
    do {
        struct vm *vm = begin_using(reader);
        if (vm == NULL) {
            return false;
        }
        taken += vm_input(vm, keys + taken, size - taken, !typed);
        end_using(reader);
    } while (!typed && taken < size);
    return true;
}

static void *read_keys(void *context) {
    struct reader *reader = context;
    uint8_t keys[256];
    for (size_t size; (size = terminal_read(keys, sizeof keys)) != 0;) {
        const uint8_t *end = terminal_is_typed() ? memchr(keys, TERMINAL_ESCAPE, size) : NULL;
        if (!hand_over(reader, keys, end == NULL ? size : (size_t)(end - keys))) {
            break;
        }
        if (end != NULL) {
            escape(reader);
            break;
        }
    }
    return NULL;
}

// NULL takes the VM away from the reader.
static void give(struct reader *reader, struct vm *vm) {
    pthread_mutex_lock(&reader->lock);
    reader->vm = vm;
    while (vm == NULL && reader->using) {
        pthread_cond_wait(&reader->changed, &reader->lock);
    }
    if (vm != NULL && reader->escaped) {
        processors_end(vm);
    }
    pthread_cond_broadcast(&reader->changed);
    pthread_mutex_unlock(&reader->lock);
}

static enum session_end boot(struct session *session, struct reader *reader, const char **reason,
                             bool *again) {
    static struct vm vm;
    struct boot_entry entry;
    *reason = vm_open(&vm, &session->config);
    if (*reason == NULL) {
        *reason = session->load(session->context, &vm, &entry);
    }
    if (*reason != NULL) {
        vm_close(&vm);
        return SESSION_NOT_BEGUN;
    }
    if (session->begin != NULL) {
        session->begin(session->context, vm.guest);
    }
    vm_input(&vm, reader->unread, reader->unread_count, false);
    give(reader, &vm);
    const bool good = processors_run(&vm, &entry);
    give(reader, NULL);
    reader->unread_count = uart_take_unread(&vm.devices.uart, reader->unread);
    if (session->end != NULL) {
        session->end(session->context, vm.guest);
    }
    const enum power power = vm.devices.power;
    const bool killed = vm.killed;
    vm_close(&vm);
    *again = good && !killed && power == POWER_RESET;
    return !good                ? SESSION_FAULT
           : killed             ? SESSION_KILLED
           : power == POWER_OFF ? SESSION_OFF
                                : SESSION_ESCAPED;
}

static void close_reader(struct reader *reader) {
    pthread_mutex_lock(&reader->lock);
    reader->closed = true;
    pthread_cond_broadcast(&reader->changed);
    pthread_mutex_unlock(&reader->lock);
    terminal_wake();
    pthread_join(reader->thread, NULL);
}

enum session_end session_run(struct session *session, const char **reason) {
    struct reader reader = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    enum session_end ending = SESSION_NOT_BEGUN;
    bool again = true;
    session->config.send = print_byte;
    if (!terminal_open()) {
        *reason = "the host has no more files";
        return SESSION_NOT_BEGUN;
    }
    if (pthread_create(&reader.thread, NULL, read_keys, &reader) != 0) {
        *reason = "the host refuses a thread";
    } else {
        while (again) {
            again = false;
            ending = boot(session, &reader, reason, &again);
        }
        close_reader(&reader);
    }
    terminal_close();
    return ending;
}
