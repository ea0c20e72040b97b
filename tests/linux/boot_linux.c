// SPDX-License-Identifier: MIT
//
// The judge: boots a stock kernel to an init that works and turns the machine off, several times in
// a row, while another thread kicks the processor. Start reading at main().
//
//     boot_linux KERNEL BUSYBOX MD5 INIT BOOTS KICK_INTERVAL
//
// MD5 is busybox's, and KICK_INTERVAL is in microseconds, 0 for no kicks. The exit status is 77
// when KERNEL or BUSYBOX is not there.

#include "initramfs.h"
#include "loader.h"
#include "machine.h"
#include "verdict.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <zircon/syscalls.h>

#define MEMORY_SIZE (256ull << 20)
#define SKIPPED 77

static const char command_line[] = "console=ttyS0 nokaslr panic=-1";

struct kicker {
    pthread_t thread;
    zx_handle_t vcpu;
    zx_duration_t interval;
    atomic_bool ended;
};

static void *kick(void *context) {
    struct kicker *kicker = context;
    while (!atomic_load(&kicker->ended)) {
        zx_vcpu_kick(kicker->vcpu);
        zx_nanosleep(zx_deadline_after(kicker->interval));
    }
    return NULL;
}

static void start_kicks(struct kicker *kicker, zx_handle_t vcpu) {
    kicker->vcpu = vcpu;
    atomic_store(&kicker->ended, kicker->interval == 0);
    if (kicker->interval != 0 && pthread_create(&kicker->thread, NULL, kick, kicker) != 0) {
        fprintf(stderr, "linux: cannot create a thread\n");
        exit(EXIT_FAILURE);
    }
}

static void end_kicks(struct kicker *kicker) {
    if (!atomic_exchange(&kicker->ended, true)) {
        pthread_join(kicker->thread, NULL);
    }
}

// Ends the process with the status for a skipped test when the file is not there.
static struct file read_file(const char *path) {
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        printf("skipped: there is no %s; scripts/test fetches it on Debian\n", path);
        exit(SKIPPED);
    }
    struct file file = {NULL, 0};
    size_t room = 0;
    do {
        room = room == 0 ? 1 << 20 : 2 * room;
        file.bytes = realloc(file.bytes, room);
        if (file.bytes == NULL) {
            fprintf(stderr, "linux: no memory for %s\n", path);
            exit(EXIT_FAILURE);
        }
        file.size += fread(file.bytes + file.size, 1, room - file.size, stream);
    } while (file.size == room);
    fclose(stream);
    return file;
}

static bool boot(const struct file *kernel, const struct file *initramfs, const char *md5,
                 struct kicker *kicker) {
    static struct machine machine;
    struct boot_entry entry;
    machine_create(&machine, MEMORY_SIZE);
    const char *error =
        loader_load(machine.memory, MEMORY_SIZE, kernel, initramfs, command_line, &entry);
    if (error != NULL) {
        fprintf(stderr, "linux: %s\n", error);
        exit(EXIT_FAILURE);
    }
    machine_start(&machine, &entry);
    start_kicks(kicker, machine.vcpu);
    bool good = machine_run(&machine);
    end_kicks(kicker);
    if (good && machine.devices.power != POWER_OFF) {
        fprintf(stderr, "linux: the machine was reset\n");
        good = false;
    }
    good = good && verdict(machine.devices.output, md5);
    printf("%" PRIu64 " kicks\n", machine.kicks);
    machine_destroy(&machine);
    return good;
}

int main(int argc, char **argv) {
    if (argc != 7) {
        fprintf(stderr, "usage: boot_linux KERNEL BUSYBOX MD5 INIT BOOTS KICK_INTERVAL\n");
        return EXIT_FAILURE;
    }
    struct file kernel = read_file(argv[1]);
    struct file busybox = read_file(argv[2]);
    struct file init = read_file(argv[4]);
    struct file initramfs = initramfs_build(&init, &busybox);
    struct kicker kicker = {.interval = ZX_USEC(strtol(argv[6], NULL, 10))};
    const long boots = strtol(argv[5], NULL, 10);
    bool good = initramfs.bytes != NULL;
    for (long i = 1; good && i <= boots; i++) {
        const zx_time_t start = zx_clock_get_monotonic();
        good = boot(&kernel, &initramfs, argv[3], &kicker);
        printf("boot %ld of %ld: %s, %.2f s\n", i, boots, good ? "good" : "BAD",
               (double)(zx_clock_get_monotonic() - start) / 1e9);
        fflush(stdout);
    }
    free(initramfs.bytes);
    free(init.bytes);
    free(busybox.bytes);
    free(kernel.bytes);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
