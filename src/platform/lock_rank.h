// SPDX-License-Identifier: MIT
//
// The order of locks. A thread that holds a lock takes only locks of a higher rank, so locks of one
// rank are never held together; those of the last rank are leaves. docs/design.md has the same
// table and says what each lock guards; the test `lock_ranks` compares the two.

#ifndef PLATFORM_LOCK_RANK_H
#define PLATFORM_LOCK_RANK_H

// clang-format off
#define LOCK_RANKS(X) \
    X(LOCK_GDB, 0, "gdb.lock") \
    X(LOCK_VMO_RESIZING, 1, "vmo.resizing") \
    X(LOCK_ADDRESS_SPACE, 2, "address_space.lock") \
    X(LOCK_GUEST_TURN, 3, "the guest's turn") \
    X(LOCK_VMO_FAMILIES, 4, "the lock of all VMO families") \
    X(LOCK_VMO, 5, "vmo.lock") \
    X(LOCK_TIMER, 6, "timer.lock") \
    X(LOCK_EXCEPTION_CHANNEL, 7, "exception_channel.lock") \
    X(LOCK_OBJECT, 8, "object.lock") \
    X(LOCK_PORT, 9, "port.lock") \
    X(LOCK_EXCEPTION_BINDINGS, 10, "the lock of all exception bindings") \
    X(LOCK_THREADS, 11, "the lock of the list of threads") \
    X(LOCK_BLOCKING, 12, "blocking.lock") \
    X(LOCK_VCPU, 13, "vcpu.lock") \
    X(LOCK_TURN, 14, "turn.lock") \
    X(LOCK_LAYOUT, 15, "the layout's lock") \
    X(LOCK_LOCAL_APIC, 15, "local_apic.lock") \
    X(LOCK_UNMAPPED, 15, "the lock of unmapped ranges") \
    X(LOCK_DEBUG_REGISTERS, 16, "the debug registers' lock") \
    X(LOCK_DISASSEMBLER, 16, "the disassemblers' lock") \
    X(LOCK_ENDED_ENGINES, 16, "the ended engines' lock") \
    X(LOCK_ENGINES, 16, "the engines' lock") \
    X(LOCK_ENGINE_STATE, 16, "engine.state_lock") \
    X(LOCK_EVENT_PAIR, 16, "an eventpair's lock") \
    X(LOCK_EXIT_REQUESTS, 16, "the exit requests' lock") \
    X(LOCK_GUEST_CLOCK, 16, "guest_clock.lock") \
    X(LOCK_HANDLE_TABLE, 16, "the handle table's lock") \
    X(LOCK_HOST_STORES, 16, "host_stores.lock") \
    X(LOCK_IMAGE_STORE, 16, "image_store.lock") \
    X(LOCK_LOG, 16, "the log's lock") \
    X(LOCK_OBSERVATION, 16, "observation.lock") \
    X(LOCK_PACKET_POOL, 16, "packet_pool.lock") \
    X(LOCK_SEMAPHORE, 16, "the portable semaphore's lock") \
    X(LOCK_SUPPLY, 16, "supply.lock") \
    X(LOCK_TIMER_QUEUE, 16, "the timer queue's lock")

enum lock_rank {
    LOCK_UNRANKED, // A test's own: it may be taken in any order.
#define LOCK_CONSTANT(constant, rank, name) constant,
    LOCK_RANKS(LOCK_CONSTANT)
#undef LOCK_CONSTANT
    LOCK_RANK_COUNT,
};
// clang-format on

#endif // PLATFORM_LOCK_RANK_H
