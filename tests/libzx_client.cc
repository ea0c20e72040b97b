// SPDX-License-Identifier: MIT
//
// A small VMM that makes no call itself but through libzx, Zircon's C++ wrapper, of any year. Not
// part of the build, which has no libzx: scripts/check-client compiles, links and runs it.

#include <zircon/types.h> // ZIRCONIA_ERA

#if ZIRCONIA_ERA >= 202104
#include <lib/zx/channel.h>
#include <lib/zx/exception.h>
#endif
#include <lib/zx/event.h>
#include <lib/zx/guest.h>
#include <lib/zx/port.h>
#include <lib/zx/process.h>
#include <lib/zx/resource.h>
#include <lib/zx/suspend_token.h>
#include <lib/zx/thread.h>
#include <lib/zx/timer.h>
#include <lib/zx/vcpu.h>
#include <lib/zx/vmar.h>
#include <lib/zx/vmo.h>
#include <zircon/syscalls/exception.h>
#include <zircon/syscalls/hypervisor.h>
#include <zircon/syscalls/object.h>
#include <zircon/syscalls/port.h>
#include <zirconia/zirconia.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

constexpr uint64_t kMemory = 0x10000;
constexpr uint64_t kEntry = 0x4000;
constexpr uint64_t kKey = 7;

// What a client without the right to make code passes; the type that libzx asks for has changed.
#if ZIRCONIA_ERA < 202104
const zx::handle no_vmex;
#else
const zx::resource no_vmex;
#endif

void require(bool condition, const char *what) {
    if (!condition) {
        std::fprintf(stderr, "libzx_client: %s\n", what);
        std::exit(1);
    }
}

void require_ok(zx_status_t status, const char *what) {
    if (status != ZX_OK) {
        std::fprintf(stderr, "libzx_client: %s: %d\n", what, status);
        std::exit(1);
    }
}

// Tables that map the first GiB to itself, and a program that writes to port 0x3f8.
void fill(const zx::vmo &memory) {
    const uint64_t level_four = 0x1003;
    const uint64_t level_three = 0x83;
    const uint8_t program[] = {0x66, 0xba, 0xf8, 0x03, 0xb0, 0x2a, 0xee}; // mov dx, mov al, out
    require_ok(memory.write(&level_four, 0, sizeof level_four), "vmo.write");
    require_ok(memory.write(&level_three, 0x1000, sizeof level_three), "vmo.write");
    require_ok(memory.write(program, kEntry, sizeof program), "vmo.write");
}

zx::vmo make_memory() {
    zx::vmo plain;
    zx::vmo memory;
    require_ok(zx::vmo::create(kMemory, 0, &plain), "vmo.create");
    require_ok(plain.replace_as_executable(no_vmex, &memory), "vmo.replace_as_executable");
    fill(memory);
    return memory;
}

void run_guest() {
    zx::resource resource;
    zx::guest guest;
    zx::vmar vmar;
    zx::vcpu vcpu;
    uintptr_t address = 1;
    require_ok(zirconia_hypervisor_resource(resource.reset_and_get_address()), "resource");
    require_ok(zx::guest::create(resource, 0, &guest, &vmar), "guest.create");
    const zx_vm_option_t options =
        ZX_VM_SPECIFIC | ZX_VM_PERM_READ | ZX_VM_PERM_WRITE | ZX_VM_PERM_EXECUTE;
    const zx::vmo memory = make_memory();
#if ZIRCONIA_ERA < 202104
    require_ok(vmar.map(0, memory, 0, kMemory, options, &address), "vmar.map");
#else
    require_ok(vmar.map(options, 0, memory, 0, kMemory, &address), "vmar.map");
#endif
    require(address == 0, "vmar.map: address");
    require_ok(guest.set_trap(ZX_GUEST_TRAP_IO, 0x3f8, 1, zx::port(), kKey), "guest.set_trap");
    require_ok(zx::vcpu::create(guest, 0, kEntry, &vcpu), "vcpu.create");
    zx_port_packet_t packet = {};
#if ZIRCONIA_ERA < 202209
    require_ok(vcpu.resume(&packet), "vcpu.resume");
#else
    require_ok(vcpu.kick(), "vcpu.kick");
    require(vcpu.enter(&packet) == ZX_ERR_CANCELED, "vcpu.enter after a kick");
    require_ok(vcpu.enter(&packet), "vcpu.enter");
#endif
    require(packet.type == ZX_PKT_TYPE_GUEST_IO && packet.key == kKey, "packet");
    require(packet.guest_io.port == 0x3f8 && packet.guest_io.u8 == 0x2a, "guest_io");
    zx_vcpu_state_t state = {};
    require_ok(vcpu.read_state(ZX_VCPU_STATE, &state, sizeof state), "vcpu.read_state");
    require((state.rax & 0xff) == 0x2a, "rax");
}

void wait_for_things() {
    zx::port port;
    zx::event event;
    zx::timer timer;
    zx_port_packet_t packet = {};
    zx_signals_t pending = 0;
    require_ok(zx::port::create(0, &port), "port.create");
    require_ok(zx::event::create(0, &event), "event.create");
    require_ok(zx::timer::create(0, ZX_CLOCK_MONOTONIC, &timer), "timer.create");
    require_ok(event.wait_async(port, kKey, ZX_EVENT_SIGNALED, 0), "event.wait_async");
    require_ok(event.signal(0, ZX_EVENT_SIGNALED), "event.signal");
    require_ok(port.wait(zx::time::infinite(), &packet), "port.wait");
    require(packet.key == kKey, "packet of a wait");
    require_ok(timer.set(zx::deadline_after(zx::msec(1)), zx::nsec(0)), "timer.set");
    require_ok(timer.wait_one(ZX_TIMER_SIGNALED, zx::time::infinite(), &pending), "timer.wait_one");
}

std::atomic<bool> thread_may_end;

void count(uintptr_t, uintptr_t) {
    while (!thread_may_end.load()) {
        zx_nanosleep(0);
    }
    zx_thread_exit();
}

// A function finds its stack 8 bytes off a multiple of 16.
zx::thread make_thread() {
    const char name[] = "client";
    zx::thread thread;
    require_ok(zx::thread::create(*zx::process::self(), name, sizeof name - 1, 0, &thread),
               "thread.create");
    return thread;
}

void suspend_a_thread() {
    alignas(16) static uint8_t stack[0x10000];
    zx::thread thread = make_thread();
    zx::suspend_token token;
    zx_signals_t pending = 0;
    require_ok(thread.start(count, stack + sizeof stack - 8, 0, 0), "thread.start");
    require_ok(thread.suspend(&token), "thread.suspend");
    require_ok(thread.wait_one(ZX_THREAD_SUSPENDED, zx::time::infinite(), &pending),
               "thread.wait_one, suspended");
    token.reset();
    require_ok(thread.wait_one(ZX_THREAD_RUNNING, zx::time::infinite(), &pending),
               "thread.wait_one, running");
    thread_may_end.store(true);
    require_ok(thread.wait_one(ZX_THREAD_TERMINATED, zx::time::infinite(), &pending),
               "thread.wait_one, terminated");
    require(zx::thread::self()->get() != ZX_HANDLE_INVALID, "thread.self");
}

void fault(uintptr_t, uintptr_t) {
    __builtin_trap();
}

template <typename Kind> zx_koid_t koid_of(const zx::object<Kind> &object) {
    zx_info_handle_basic_t info = {};
    require_ok(object.get_info(ZX_INFO_HANDLE_BASIC, &info, sizeof info, nullptr, nullptr),
               "object.get_info");
    return info.koid;
}

#if ZIRCONIA_ERA < 202104

void handle_an_exception() {
    alignas(16) static uint8_t stack[0x10000];
    zx::thread thread = make_thread();
    zx::port port;
    zx_port_packet_t packet = {};
    zx_signals_t pending = 0;
    require_ok(zx::port::create(0, &port), "port.create");
    require_ok(thread.bind_exception_port(port, kKey, 0), "thread.bind_exception_port");
    require_ok(thread.start(fault, stack + sizeof stack - 8, 0, 0), "thread.start");
    require_ok(port.wait(zx::time::infinite(), &packet), "port.wait for an exception");
    require(packet.key == kKey && packet.exception.tid == koid_of(thread), "exception packet");
    require_ok(thread.kill(), "thread.kill");
    require_ok(thread.wait_one(ZX_THREAD_TERMINATED, zx::time::infinite(), &pending),
               "thread.wait_one, killed");
}

#else

void handle_an_exception() {
    alignas(16) static uint8_t stack[0x10000];
    zx::thread thread = make_thread();
    zx::channel channel;
    zx::exception exception;
    zx::thread faulted;
    zx_exception_info_t info = {};
    zx_signals_t pending = 0;
    const uint32_t exit_thread = ZX_EXCEPTION_STATE_THREAD_EXIT;
    require_ok(thread.create_exception_channel(0, &channel), "thread.create_exception_channel");
    require_ok(thread.start(fault, stack + sizeof stack - 8, 0, 0), "thread.start");
    require_ok(channel.wait_one(ZX_CHANNEL_READABLE, zx::time::infinite(), &pending),
               "channel.wait_one");
    require_ok(
        channel.read(0, &info, exception.reset_and_get_address(), sizeof info, 1, nullptr, nullptr),
        "channel.read");
    require_ok(exception.get_thread(&faulted), "exception.get_thread");
    require(info.tid == koid_of(thread) && koid_of(faulted) == info.tid, "thread of an exception");
    require_ok(exception.set_property(ZX_PROP_EXCEPTION_STATE, &exit_thread, sizeof exit_thread),
               "exception.set_property");
    exception.reset();
    require_ok(thread.wait_one(ZX_THREAD_TERMINATED, zx::time::infinite(), &pending),
               "thread.wait_one, ended by its exception");
}

#endif

} // namespace

int main() {
    run_guest();
    wait_for_things();
    suspend_a_thread();
    handle_an_exception();
    std::puts("libzx_client: passed");
    return 0;
}
