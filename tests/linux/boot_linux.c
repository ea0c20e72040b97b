// SPDX-License-Identifier: MIT
//
// The judge: boots a stock kernel to an init that works and turns the VM off, several times in
// a row, while another thread kicks the processors, one at a time. Start reading at main().
//
//     boot_linux KERNEL BUSYBOX MD5 INIT PROCESSORS BOOTS INTERVAL
//
// MD5 is busybox's, and INTERVAL is what lies between two kicks in microseconds, 0 for no kicks.
// ZIRCONIA_LINUX_BOOTS in the environment is the most boots there are, where time is short. The
// exit status is 77 when KERNEL or BUSYBOX is not there.

#include "initramfs.h"
#include "loader.h"
#include "processors.h"
#include "verdict.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zircon/syscalls.h>

#define MEMORY_SIZE (256ull << 20)
#define SKIPPED 77
#define OUTPUT_MAX (1u << 20)

// A panic resets. What the kernel says about a processor that was slow would judge the host. Linux
// 6.1 can also wait for ever for one that it starts: when it loses its trust in a slow TSC after
// that processor has begun to compare its own with the first one's, and before the first one has.
static const char command_line[] = "console=ttyS0 panic=-1 nowatchdog tsc=nowatchdog "
                                   "rcupdate.rcu_cpu_stall_suppress=1";

struct plan {
    struct file kernel;
    struct file initramfs;
    const char *busybox_md5;
    unsigned processor_count;
    long boots;
    zx_duration_t kick_interval; // 0 for no kicks.
    bool virtual_time;
    char *first_output; // In virtual time: what every boot has to write.
};

// What the guest has sent; the rest is dropped when it is full.
struct output {
    char text[OUTPUT_MAX];
    size_t size;
};

struct kicker {
    pthread_t thread;
    struct vm *vm;
    zx_duration_t interval;
};

static void *kick(void *context) {
    const struct kicker *kicker = context;
    for (unsigned i = 0; processors_kick(kicker->vm, i); i++) {
        zx_nanosleep(zx_deadline_after(kicker->interval));
    }
    return NULL;
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

static void keep(void *context, uint8_t byte) {
    struct output *output = context;
    if (output->size < sizeof output->text - 1) {
        output->text[output->size++] = (char)byte;
    }
    putchar(byte);
    if (byte == '\n') {
        fflush(stdout);
    }
}

static bool run(struct vm *vm, const struct boot_entry *entry, zx_duration_t interval) {
    struct kicker kicker = {.vm = vm, .interval = interval};
    if (interval != 0 && pthread_create(&kicker.thread, NULL, kick, &kicker) != 0) {
        fprintf(stderr, "linux: cannot create a thread\n");
        return false;
    }
    const bool good = processors_run(vm, entry);
    if (interval != 0) {
        pthread_join(kicker.thread, NULL);
    }
    if (good && vm->devices.power != POWER_OFF) {
        fprintf(stderr, "linux: the vm was reset\n");
        return false;
    }
    return good;
}

// In virtual time every boot writes the same, its times included.
static bool repeats_first(struct plan *plan, const struct output *output) {
    const size_t size = output->size + 1;
    if (plan->first_output == NULL) {
        plan->first_output = malloc(size);
        return plan->first_output != NULL && memcpy(plan->first_output, output->text, size) != NULL;
    }
    const bool same = strcmp(plan->first_output, output->text) == 0;
    if (!same) {
        fprintf(stderr, "linux: the output differs from the first boot's\n");
    }
    return same;
}

static bool boot(struct plan *plan) {
    static struct vm vm;
    static struct output output;
    const struct vm_config config = {
        .memory_size = MEMORY_SIZE,
        .processor_count = plan->processor_count,
        .virtual_time = plan->virtual_time,
        .send = keep,
        .context = &output,
    };
    struct boot_entry entry;
    memset(&output, 0, sizeof output);
    const char *error = vm_open(&vm, &config);
    if (error == NULL) {
        error = loader_load(vm.memory, MEMORY_SIZE, &plan->kernel, &plan->initramfs, command_line,
                            &entry);
    }
    if (error != NULL) {
        fprintf(stderr, "linux: %s\n", error);
        exit(EXIT_FAILURE);
    }
    bool good = run(&vm, &entry, plan->kick_interval) &&
                verdict(output.text, plan->busybox_md5, plan->processor_count);
    if (plan->virtual_time) {
        good = good && repeats_first(plan, &output);
    }
    printf("%lu run calls ended by a kick\n", atomic_load(&vm.cancels));
    vm_close(&vm);
    return good;
}

static bool boot_all(struct plan *plan) {
    for (long i = 1; i <= plan->boots; i++) {
        const zx_time_t start = zx_clock_get_monotonic();
        const bool good = boot(plan);
        printf("boot %ld of %ld: %s, %.2f s\n", i, plan->boots, good ? "good" : "BAD",
               (double)(zx_clock_get_monotonic() - start) / 1e9);
        fflush(stdout);
        if (!good) {
            return false;
        }
    }
    return true;
}

// In virtual time boots are compared with one another, so they are as many as asked for.
static long boots(const char *asked, bool virtual_time) {
    const char *text = virtual_time ? NULL : getenv("ZIRCONIA_LINUX_BOOTS");
    const long most = text != NULL ? strtol(text, NULL, 10) : 0;
    const long count = strtol(asked, NULL, 10);
    return most > 0 && most < count ? most : count;
}

int main(int argc, char **argv) {
    if (argc != 8) {
        fprintf(stderr, "usage: boot_linux KERNEL BUSYBOX MD5 INIT PROCESSORS BOOTS INTERVAL\n");
        return EXIT_FAILURE;
    }
    const bool virtual_time = strcmp(argv[7], "virtual") == 0;
    struct plan plan = {
        .kernel = read_file(argv[1]),
        .busybox_md5 = argv[3],
        .processor_count = (unsigned)strtoul(argv[5], NULL, 10),
        .boots = boots(argv[6], virtual_time),
        .kick_interval = ZX_USEC(strtol(argv[7], NULL, 10)),
        .virtual_time = virtual_time,
    };
    struct file busybox = read_file(argv[2]);
    struct file init = read_file(argv[4]);
    plan.initramfs = initramfs_build(&init, &busybox, NULL, 0);
    const bool good = plan.initramfs.bytes != NULL && plan.processor_count >= 1 &&
                      plan.processor_count <= PROCESSORS_MAX && boot_all(&plan);
    free(plan.first_output);
    free(plan.initramfs.bytes);
    free(init.bytes);
    free(busybox.bytes);
    free(plan.kernel.bytes);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
