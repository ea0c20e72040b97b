// SPDX-License-Identifier: MIT
//
// The thread, which waits for its next task.

#include "worker.h"

#include "host.h"

#include <stdint.h>

static void wait_for(struct platform_semaphore *semaphore) {
    platform_semaphore_wait_until(semaphore, INT64_MAX);
}

static void work(void *argument) {
    struct worker *worker = argument;
    for (;;) {
        wait_for(&worker->wanted);
        worker->task(worker->argument);
        platform_semaphore_post(&worker->done);
    }
}

static void start(struct worker *worker) {
    platform_semaphore_init(&worker->wanted);
    platform_semaphore_init(&worker->done);
    worker->started = platform_thread_start("worker", work, worker);
    host_require(worker->started, "there is no thread for a worker");
}

void worker_begin(struct worker *worker, worker_task *task, void *argument) {
    if (!worker->started) {
        start(worker);
    }
    worker->task = task;
    worker->argument = argument;
    platform_semaphore_post(&worker->wanted);
}

void worker_wait(struct worker *worker) {
    wait_for(&worker->done);
}
