// SPDX-License-Identifier: MIT
//
// Ports: order and limits of the queue, deadlines, waiting threads, and the packets that a trap
// owns beforehand (objects ABI 4, hypervisor ABI 6.4). Deadlines are the only use of time here: no
// test sleeps to give another thread a chance.

#include "bad_memory.h"
#include "handles.h"
#include "objects/handle_table.h"
#include "ports/port.h"
#include "run_tests.h"

#include <pthread.h>
#include <zirconia/zirconia.h>

static zx_status_t queue_key(zx_handle_t port, uint64_t key) {
    const zx_port_packet_t packet = {.key = key};
    return zx_port_queue(port, &packet);
}

// The key of the next packet, which must be there already.
static uint64_t next_key(zx_handle_t port) {
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_port_wait(port, ZX_TIME_INFINITE_PAST, &packet), ZX_OK);
    return packet.key;
}

START_TEST(create_checks_options) {
    zx_handle_t handle = ZX_HANDLE_INVALID;
    ck_assert_int_eq(zx_port_create(2, NULL), ZX_ERR_INVALID_ARGS);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_port_create(0, bad_pointer(i)), ZX_ERR_INVALID_ARGS);
    }
    ck_assert_int_eq(zx_port_create(ZX_PORT_BIND_TO_INTERRUPT, &handle), ZX_OK);
    zx_handle_close(handle);
}
END_TEST

START_TEST(queue_checks_in_order) {
    const zx_handle_t port = new_port();
    const zx_handle_t reader = with_rights(port, ZX_RIGHT_READ);
    const zx_handle_t vmo = new_vmo(4096, 0);
    ck_assert_int_eq(zx_port_queue(7, NULL), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_port_queue(vmo, NULL), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_port_queue(reader, NULL), ZX_ERR_ACCESS_DENIED);
    for (int i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(zx_port_queue(port, bad_pointer(i)), ZX_ERR_INVALID_ARGS);
    }
    ck_assert_int_eq(zx_port_queue(port, (const void *)before_bad_memory(40)), ZX_ERR_INVALID_ARGS);
    ck_assert(is_empty(port));
    const zx_handle_t all[] = {port, reader, vmo};
    zx_handle_close_many(all, 3);
}
END_TEST

START_TEST(packets_arrive_as_sent_but_for_the_type) {
    const zx_handle_t port = new_port();
    zx_port_packet_t sent = {.key = 0x123456789abcdef0, .type = 5, .status = -3};
    for (int i = 0; i < 32; i++) {
        sent.user.c8[i] = (uint8_t)(i * 7 + 1);
    }
    ck_assert_int_eq(zx_port_queue(port, &sent), ZX_OK);
    zx_port_packet_t got;
    ck_assert_int_eq(zx_port_wait(port, 0, &got), ZX_OK);
    sent.type = ZX_PKT_TYPE_USER;
    ck_assert_mem_eq(&got, &sent, sizeof(got));
    zx_handle_close(port);
}
END_TEST

START_TEST(queue_is_first_in_first_out) {
    const zx_handle_t port = new_port();
    for (uint64_t key = 0; key < 100; key++) {
        ck_assert_int_eq(queue_key(port, key), ZX_OK);
        ck_assert_int_eq(queue_key(port, key + 1000), ZX_OK);
        ck_assert_uint_eq(next_key(port), key % 2 == 0 ? key / 2 : key / 2 + 1000);
    }
    zx_handle_close(port); // With packets in it.
}
END_TEST

START_TEST(full_port_refuses_user_packets) {
    const zx_handle_t port = new_port();
    for (uint64_t key = 0; key < 4097; key++) {
        ck_assert_int_eq(queue_key(port, key), ZX_OK);
    }
    ck_assert_int_eq(queue_key(port, 4097), ZX_ERR_SHOULD_WAIT);
    ck_assert_uint_eq(next_key(port), 0);
    ck_assert_int_eq(queue_key(port, 5000), ZX_OK);
    ck_assert_int_eq(queue_key(port, 5001), ZX_ERR_SHOULD_WAIT);
    zx_handle_close(port);
}
END_TEST

START_TEST(wait_checks_in_order) {
    const zx_handle_t port = new_port();
    const zx_handle_t writer = with_rights(port, ZX_RIGHT_WRITE);
    const zx_handle_t vmo = new_vmo(4096, 0);
    ck_assert_int_eq(zx_port_wait(7, 0, NULL), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_port_wait(vmo, 0, NULL), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_port_wait(writer, 0, NULL), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_port_wait(port, 0, NULL), ZX_ERR_TIMED_OUT);
    const zx_handle_t all[] = {port, writer, vmo};
    zx_handle_close_many(all, 3);
}
END_TEST

START_TEST(bad_pointer_loses_the_packet) {
    const zx_handle_t port = new_port();
    for (uint64_t i = 0; i < BAD_POINTER_COUNT; i++) {
        ck_assert_int_eq(queue_key(port, i), ZX_OK);
        ck_assert_int_eq(zx_port_wait(port, 0, bad_pointer((int)i)), ZX_ERR_INVALID_ARGS);
        ck_assert(is_empty(port));
    }
    ck_assert_int_eq(queue_key(port, 1), ZX_OK);
    ck_assert_int_eq(zx_port_wait(port, 0, read_only_page()), ZX_ERR_INVALID_ARGS);
    ck_assert(is_empty(port));
    zx_handle_close(port);
}
END_TEST

START_TEST(deadlines_are_absolute) {
    const zx_handle_t port = new_port();
    zx_port_packet_t packet = {.key = 42};
    ck_assert_int_eq(zx_port_wait(port, ZX_TIME_INFINITE_PAST, &packet), ZX_ERR_TIMED_OUT);
    const zx_time_t deadline = zx_deadline_after(ZX_MSEC(20));
    ck_assert_int_eq(zx_port_wait(port, deadline, &packet), ZX_ERR_TIMED_OUT);
    ck_assert_int_ge(zx_clock_get_monotonic(), deadline);
    ck_assert_uint_eq(packet.key, 42); // Nothing is written on failure.
    ck_assert_int_eq(queue_key(port, 1), ZX_OK);
    ck_assert_int_eq(zx_port_wait(port, deadline, &packet), ZX_OK);
    zx_handle_close(port);
}
END_TEST

START_TEST(cancel_checks_in_order) {
    const zx_handle_t port = new_port();
    const zx_handle_t reader = with_rights(port, ZX_RIGHT_READ);
    const zx_handle_t vmo = new_vmo(4096, 0);
    const zx_handle_t bare = with_rights(vmo, ZX_RIGHT_NONE);
    ck_assert_int_eq(zx_port_cancel(7, 7, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_port_cancel(vmo, 7, 0), ZX_ERR_WRONG_TYPE);
    ck_assert_int_eq(zx_port_cancel(reader, 7, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_port_cancel(port, 7, 0), ZX_ERR_BAD_HANDLE);
    ck_assert_int_eq(zx_port_cancel(port, bare, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_port_cancel(port, port, 0), ZX_ERR_ACCESS_DENIED);
    ck_assert_int_eq(zx_port_cancel(port, vmo, 0), ZX_ERR_NOT_FOUND);

    // An object without signals, given WAIT by hand: no call makes such a handle.
    struct object *object = NULL;
    zx_handle_t waitable_port = ZX_HANDLE_INVALID;
    ck_assert_int_eq(handle_lookup(port, ZX_OBJ_TYPE_PORT, 0, &object), ZX_OK);
    ck_assert_int_eq(handle_create(object, ZX_RIGHT_WAIT, &waitable_port), ZX_OK);
    object_unref(object);
    ck_assert_int_eq(zx_port_cancel(port, waitable_port, 0), ZX_ERR_NOT_SUPPORTED);

    ck_assert_int_eq(queue_key(port, 5), ZX_OK);
    ck_assert_int_eq(zx_port_cancel(port, vmo, 5), ZX_ERR_NOT_FOUND);
    ck_assert_uint_eq(next_key(port), 5);
    const zx_handle_t all[] = {port, reader, vmo, bare, waitable_port};
    zx_handle_close_many(all, 5);
}
END_TEST

// --- Threads ---

enum { SENDERS = 4, READERS = 4, PACKETS_EACH = 2000 };

struct traffic {
    zx_handle_t port;
    uint64_t first_key;
    uint64_t seen;
    uint64_t key_sum;
};

static void *send_packets(void *argument) {
    struct traffic *traffic = argument;
    for (uint64_t i = 0; i < PACKETS_EACH; i++) {
        while (queue_key(traffic->port, traffic->first_key + i) == ZX_ERR_SHOULD_WAIT) {
            zx_nanosleep(0); // Lets the readers catch up.
        }
    }
    return NULL;
}

// Reads until a packet with key 0.
static void *read_packets(void *argument) {
    struct traffic *traffic = argument;
    zx_port_packet_t packet = {0};
    while (zx_port_wait(traffic->port, ZX_TIME_INFINITE, &packet) == ZX_OK && packet.key != 0) {
        traffic->seen++;
        traffic->key_sum += packet.key;
    }
    return NULL;
}

START_TEST(no_packet_is_lost_or_doubled) {
    const zx_handle_t port = new_port();
    pthread_t senders[SENDERS];
    pthread_t readers[READERS];
    struct traffic sent[SENDERS];
    struct traffic read[READERS];
    for (uint64_t i = 0; i < READERS; i++) {
        read[i] = (struct traffic){.port = port};
        ck_assert_int_eq(pthread_create(&readers[i], NULL, read_packets, &read[i]), 0);
    }
    for (uint64_t i = 0; i < SENDERS; i++) {
        sent[i] = (struct traffic){.port = port, .first_key = 1 + i * PACKETS_EACH};
        ck_assert_int_eq(pthread_create(&senders[i], NULL, send_packets, &sent[i]), 0);
    }
    for (int i = 0; i < SENDERS; i++) {
        pthread_join(senders[i], NULL);
    }
    for (int i = 0; i < READERS; i++) {
        while (queue_key(port, 0) == ZX_ERR_SHOULD_WAIT) {
            zx_nanosleep(0);
        }
    }
    uint64_t seen = 0;
    uint64_t key_sum = 0;
    for (int i = 0; i < READERS; i++) {
        pthread_join(readers[i], NULL);
        seen += read[i].seen;
        key_sum += read[i].key_sum;
    }
    const uint64_t total = SENDERS * PACKETS_EACH;
    ck_assert_uint_eq(seen, total);
    ck_assert_uint_eq(key_sum, total * (total + 1) / 2);
    ck_assert(is_empty(port));
    zx_handle_close(port);
}
END_TEST

struct waiter {
    zx_handle_t port;
    zx_status_t status;
    uint64_t key;
};

static void *wait_for_packet(void *argument) {
    struct waiter *waiter = argument;
    zx_port_packet_t packet = {0};
    waiter->status = zx_port_wait(waiter->port, ZX_TIME_INFINITE, &packet);
    waiter->key = packet.key;
    return NULL;
}

// The waiter may or may not have begun when its handle is closed; either way the packet that is
// sent through another handle arrives once.
START_TEST(closing_a_handle_wakes_no_waiter) {
    for (int i = 0; i < 200; i++) {
        const zx_handle_t port = new_port();
        struct waiter waiter = {.port = with_rights(port, ZX_RIGHT_SAME_RIGHTS)};
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, wait_for_packet, &waiter), 0);
        for (int turn = 0; turn < i % 8; turn++) {
            zx_nanosleep(0);
        }
        ck_assert_int_eq(zx_handle_close(waiter.port), ZX_OK);
        ck_assert_int_eq(queue_key(port, 77), ZX_OK);
        pthread_join(thread, NULL);
        if (waiter.status == ZX_OK) {
            ck_assert_uint_eq(waiter.key, 77);
        } else {
            ck_assert_int_eq(waiter.status, ZX_ERR_BAD_HANDLE);
            ck_assert_uint_eq(next_key(port), 77);
        }
        ck_assert(is_empty(port));
        zx_handle_close(port);
    }
}
END_TEST

START_TEST(last_close_leaves_waiters_to_their_deadline) {
    const zx_handle_t handle = new_port();
    struct object *object = NULL;
    ck_assert_int_eq(handle_lookup(handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_READ, &object), ZX_OK);
    struct port *port = port_from_object(object);
    ck_assert_int_eq(queue_key(handle, 1), ZX_OK);
    ck_assert_int_eq(zx_handle_close(handle), ZX_OK);
    zx_port_packet_t packet = {0};
    const zx_time_t deadline = zx_deadline_after(ZX_MSEC(5));
    ck_assert_int_eq(port_wait(port, deadline, &packet), ZX_ERR_TIMED_OUT);
    ck_assert_int_ge(zx_clock_get_monotonic(), deadline);
    ck_assert_int_eq(port_queue_user(port, &packet), ZX_ERR_BAD_STATE);
    object_unref(object);
}
END_TEST

// --- Pools ---

static struct port *port_of(zx_handle_t handle) {
    struct object *object = NULL;
    ck_assert_int_eq(handle_lookup(handle, ZX_OBJ_TYPE_PORT, ZX_RIGHT_NONE, &object), ZX_OK);
    object_unref(object); // The handle holds it.
    return port_from_object(object);
}

static zx_status_t send_bell(struct packet_pool *pool, uint64_t key) {
    struct platform_semaphore wake;
    platform_semaphore_init(&wake);
    struct port_packet *packet = packet_pool_take(pool, &wake, NULL);
    platform_semaphore_destroy(&wake);
    packet->body.key = key;
    packet->body.type = ZX_PKT_TYPE_GUEST_BELL;
    return port_queue(packet_pool_port(pool), packet);
}

START_TEST(pool_has_its_own_limit) {
    const zx_handle_t port = new_port();
    struct packet_pool *pool = packet_pool_create(port_of(port), PACKET_POOL_TRAP_COUNT);
    ck_assert_ptr_nonnull(pool);
    for (uint64_t key = 0; key < 4097; key++) {
        ck_assert_int_eq(queue_key(port, key), ZX_OK);
    }
    for (uint64_t key = 0; key < PACKET_POOL_TRAP_COUNT; key++) {
        ck_assert_int_eq(send_bell(pool, 10000 + key), ZX_OK);
    }
    ck_assert_ptr_null(packet_pool_try_take(pool));
    ck_assert_int_eq(queue_key(port, 1), ZX_ERR_SHOULD_WAIT);
    for (uint64_t key = 0; key < 4097; key++) {
        ck_assert_uint_eq(next_key(port), key);
    }
    for (uint64_t key = 0; key < PACKET_POOL_TRAP_COUNT; key++) {
        ck_assert_uint_eq(next_key(port), 10000 + key);
    }
    packet_pool_retire(pool);
    zx_handle_close(port);
}
END_TEST

START_TEST(retired_pool_takes_only_its_packets) {
    const zx_handle_t port = new_port();
    struct packet_pool *pool = packet_pool_create(port_of(port), 4);
    struct packet_pool *other = packet_pool_create(port_of(port), 4);
    ck_assert_int_eq(send_bell(pool, 1), ZX_OK);
    ck_assert_int_eq(queue_key(port, 1), ZX_OK);
    ck_assert_int_eq(send_bell(other, 2), ZX_OK);
    ck_assert_int_eq(send_bell(pool, 1), ZX_OK);
    packet_pool_retire(pool);
    zx_port_packet_t packet;
    ck_assert_int_eq(zx_port_wait(port, 0, &packet), ZX_OK);
    ck_assert_uint_eq(packet.type, ZX_PKT_TYPE_USER);
    ck_assert_uint_eq(next_key(port), 2);
    ck_assert(is_empty(port));
    packet_pool_retire(other);
    zx_handle_close(port);
}
END_TEST

START_TEST(closed_port_gives_packets_back) {
    const zx_handle_t port = new_port();
    struct packet_pool *pool = packet_pool_create(port_of(port), 2);
    ck_assert_int_eq(send_bell(pool, 1), ZX_OK);
    ck_assert_int_eq(send_bell(pool, 2), ZX_OK);
    zx_handle_close(port);
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(send_bell(pool, 3), ZX_ERR_BAD_STATE);
    }
    packet_pool_retire(pool);
}
END_TEST

enum { BELLS = 5000 };

static void *ring_bells(void *argument) {
    for (uint64_t i = 1; i <= BELLS; i++) {
        if (send_bell(argument, i) != ZX_OK) {
            return argument;
        }
    }
    return NULL;
}

START_TEST(sender_waits_for_a_packet_of_its_pool) {
    const zx_handle_t port = new_port();
    struct packet_pool *pool = packet_pool_create(port_of(port), 3);
    pthread_t sender;
    ck_assert_int_eq(pthread_create(&sender, NULL, ring_bells, pool), 0);
    for (uint64_t i = 1; i <= BELLS; i++) {
        zx_port_packet_t packet;
        ck_assert_int_eq(zx_port_wait(port, ZX_TIME_INFINITE, &packet), ZX_OK);
        ck_assert_uint_eq(packet.key, i);
    }
    void *failed = NULL;
    pthread_join(sender, &failed);
    ck_assert_ptr_null(failed);
    packet_pool_retire(pool);
    zx_handle_close(port);
}
END_TEST

static void *read_until_zero(void *argument) {
    zx_port_packet_t packet = {0};
    do {
        zx_port_wait(*(zx_handle_t *)argument, ZX_TIME_INFINITE, &packet);
    } while (packet.key != 0);
    return NULL;
}

// A reader may hold the last packet while the pool is retired.
START_TEST(pool_is_retired_under_a_reader) {
    for (int i = 0; i < 300; i++) {
        zx_handle_t port = new_port();
        struct packet_pool *pool = packet_pool_create(port_of(port), 8);
        pthread_t reader;
        ck_assert_int_eq(pthread_create(&reader, NULL, read_until_zero, &port), 0);
        for (uint64_t key = 1; key <= 8; key++) {
            ck_assert_int_eq(send_bell(pool, key), ZX_OK);
        }
        packet_pool_retire(pool);
        ck_assert_int_eq(queue_key(port, 0), ZX_OK);
        pthread_join(reader, NULL);
        zx_handle_close(port);
    }
}
END_TEST

int main(void) {
    const TTest *const tests[] = {
        create_checks_options,
        queue_checks_in_order,
        packets_arrive_as_sent_but_for_the_type,
        queue_is_first_in_first_out,
        full_port_refuses_user_packets,
        wait_checks_in_order,
        bad_pointer_loses_the_packet,
        deadlines_are_absolute,
        cancel_checks_in_order,
        no_packet_is_lost_or_doubled,
        closing_a_handle_wakes_no_waiter,
        last_close_leaves_waiters_to_their_deadline,
        pool_has_its_own_limit,
        retired_pool_takes_only_its_packets,
        closed_port_gives_packets_back,
        sender_waits_for_a_packet_of_its_pool,
        pool_is_retired_under_a_reader,
    };
    return run_tests("port", tests, sizeof tests / sizeof tests[0]);
}
