// SPDX-License-Identifier: MIT
//
// `zirconia linux` and `zirconia zircon`: boot a kernel in the VMM of examples/linux/, with the
// terminal as its console.

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/debugger.h"
#include "cli/exit_table.h"
#include "cli/help.h"
#include "cli/host.h"
#include "cli/kernel_files.h"
#include "cli/options.h"
#include "cli/talk.h"
#include "cli/timeline.h"

#include "session.h"
#include "shell.h"
#include "zircon_image.h"

static const uint64_t default_memory_size = (uint64_t)256 << 20;

// What Linux says about a processor that was slow would be about the host. Without a word it would
// not reset hardware-reduced ACPI by ACPI, but by EFI or a BIOS, and the VM has neither.
static const char command_line[] = "console=ttyS0 reboot=acpi nowatchdog tsc=nowatchdog "
                                   "rcupdate.rcu_cpu_stall_suppress=1";

struct boot {
    const struct options *options;
    struct kernel_files files;
    struct exit_table *exit_table; // NULL: none is shown
    struct host_lock *lock;        // Guards the timeline, which all VCPUs write.
    struct timeline timeline;
    struct debugger debugger;
    char command_line[4096];
};

static const char *with_debugger(struct boot *boot, const struct vm *vm, const char *error) {
    if (error)
        return error;
    return debugger_start(&boot->debugger, boot->options, vm->guest) ? NULL
                                                                     : boot->debugger.problem;
}

static const char *load_linux(void *context, struct vm *vm, struct boot_entry *entry) {
    struct boot *boot = context;
    const char *error = loader_load(vm->memory, vm->config.memory_size, &boot->files.kernel,
                                    &boot->files.initrd, boot->command_line, entry);
    return with_debugger(boot, vm, error);
}

static const char *load_zircon(void *context, struct vm *vm, struct boot_entry *entry) {
    struct boot *boot = context;
    const char *words = boot->options->append ? boot->options->append : "";
    const char *error =
        zircon_image_load(vm->memory, vm->config.memory_size, vm->config.processor_count,
                          &boot->files.kernel, words, entry);
    return with_debugger(boot, vm, error);
}

static void observe(void *context, const zirconia_exit_t *exit) {
    // What becomes of it the VMM does not tell.
    static const struct exit_outcome unknown = {.packet = NULL, .status = ZX_OK};
    struct boot *boot = context;
    if (boot->exit_table)
        exit_table_count(boot->exit_table, exit);
    if (boot->options->timeline) {
        host_lock(boot->lock);
        timeline_exit(&boot->timeline, exit, &unknown);
        host_unlock(boot->lock);
    }
}

static void begin(void *context, zx_handle_t guest) {
    struct boot *boot = context;
    if (boot->options->exits)
        boot->exit_table = exit_table_start();
    if ((boot->exit_table || boot->options->timeline) &&
        zirconia_guest_observe(guest, observe, boot) != ZX_OK)
        talk("the guest cannot be observed");
}

// No VCPU runs any more.
static void end(void *context, zx_handle_t guest) {
    struct boot *boot = context;
    (void)zirconia_guest_observe(guest, NULL, NULL);
    if (boot->exit_table)
        exit_table_stop(boot->exit_table);
    boot->exit_table = NULL;
    timeline_end(&boot->timeline);
    debugger_stop(&boot->debugger, 0);
}

static zx_status_t enter(void *context, zx_handle_t vcpu, zx_port_packet_t *packet) {
    const struct boot *boot = context;
    return debugger_enter(&boot->debugger, vcpu, packet);
}

static enum exit_code code_of(enum session_end end, const char *name, const char *reason) {
    switch (end) {
    case SESSION_OFF:
        return EXIT_CODE_OK;
    case SESSION_ESCAPED:
        talk("stopped: Ctrl-]");
        return EXIT_CODE_INTERRUPTED;
    case SESSION_KILLED:
        talk("killed by gdb");
        return EXIT_CODE_INTERRUPTED;
    case SESSION_NOT_BEGUN:
        talk("%s: %s", name, reason);
        return EXIT_CODE_USAGE;
    default:
        return EXIT_CODE_GUEST_FAULT;
    }
}

// Devices are above 3 GiB.
static bool check_memory(const struct options *options) {
    const uint64_t least = 2 << 20;
    const uint64_t most = (uint64_t)3 << 30;
    if (options->memory_size >= least && options->memory_size <= most)
        return true;
    talk("--mem: 0x%" PRIx64 " is not between 2M and 3G", options->memory_size);
    return false;
}

static bool has_virtio_console(const struct options *options) {
    return options->console && strcmp(options->console, "hvc0") == 0;
}

static enum exit_code run(struct boot *boot, const char *(*load)(void *context, struct vm *vm,
                                                                 struct boot_entry *entry)) {
    const struct options *options = boot->options;
    struct session session = {
        .config = {.memory_size = options->memory_size & ~(uint64_t)0xfff,
                   .processor_count = (unsigned)options->cpus,
                   .console = has_virtio_console(options),
                   .disk = options->disk,
                   .enter = options->gdb ? enter : NULL,
                   .enter_context = boot},
        .load = load,
        .begin = begin,
        .end = end,
        .context = boot,
    };
    const char *reason = NULL;
    if (!check_memory(options))
        return EXIT_CODE_USAGE;
    if (host_is_terminal(stdin))
        talk("Ctrl-] ends it");
    boot->lock = host_lock_create();
    if (!boot->lock) {
        talk("no memory");
        return EXIT_CODE_TOOL_FAILED;
    }
    if (!timeline_open(&boot->timeline, options->timeline)) {
        host_lock_destroy(boot->lock);
        return EXIT_CODE_USAGE;
    }
    const enum session_end ending = session_run(&session, &reason);
    const bool written = timeline_close(&boot->timeline);
    host_lock_destroy(boot->lock);
    const char *name = options->image ? options->image : "the kernel";
    return written ? code_of(ending, name, reason) : EXIT_CODE_TOOL_FAILED;
}

static void print_linux_help(void) {
    help_print(SUBCOMMAND_LINUX,
               "  zirconia linux                           a shell on the distribution's kernel\n"
               "  zirconia linux --kernel vmlinuz --initrd initrd.img --disk disk.img \\\n"
               "                 --append root=/dev/vda1   boot a system\n",
               "Boots a Linux kernel with this terminal as its console, until it turns itself\n"
               "off. Each key goes to the guest; Ctrl-] ends the VM. Without --kernel, Debian's\n"
               "kernel and busybox are fetched once.\n");
}

// The last console is the one that a person uses.
static void make_command_line(struct boot *boot) {
    const struct options *options = boot->options;
    snprintf(boot->command_line, sizeof(boot->command_line), "%s%s%s%s", command_line,
             has_virtio_console(options) ? " console=hvc0" : "", options->append ? " " : "",
             options->append ? options->append : "");
}

int command_linux(int count, char **words) {
    struct options options = {.memory_size = default_memory_size, .cpus = 1};
    if (!options_parse(SUBCOMMAND_LINUX, count, words, &options))
        return EXIT_CODE_USAGE;
    if (options.help) {
        print_linux_help();
        return EXIT_CODE_OK;
    }
    static struct boot boot;
    boot.options = &options;
    make_command_line(&boot);
    enum exit_code code = kernel_files_open(&options, &boot.files);
    if (code == EXIT_CODE_OK)
        code = run(&boot, load_linux);
    kernel_files_close(&boot.files);
    return (int)code;
}

static void print_zircon_help(void) {
    help_print(SUBCOMMAND_ZIRCON, "  zirconia zircon zircon.zbi --append kernel.serial=legacy\n",
               "Boots a Zircon boot image (ZBI) with this terminal as its console. Ctrl-] ends\n"
               "the VM.\n");
}

int command_zircon(int count, char **words) {
    struct options options = {.memory_size = default_memory_size, .cpus = 1};
    static struct boot boot;
    if (!options_parse(SUBCOMMAND_ZIRCON, count, words, &options))
        return EXIT_CODE_USAGE;
    if (options.help) {
        print_zircon_help();
        return EXIT_CODE_OK;
    }
    boot.options = &options;
    boot.files.kernel = shell_read_file(options.image);
    enum exit_code code = EXIT_CODE_USAGE;
    if (boot.files.kernel.bytes)
        code = run(&boot, load_zircon);
    else
        talk("%s: cannot be read", options.image);
    kernel_files_close(&boot.files);
    return (int)code;
}
