// SPDX-License-Identifier: MIT
//
// TCP, for a server of few connections.

#ifndef PLATFORM_SOCKET_H
#define PLATFORM_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// POSIX's file descriptors, Windows' handles. Negative: none.
struct platform_socket {
    int64_t native;
};

enum platform_listen { PLATFORM_LISTENS, PLATFORM_NO_SUCH_HOST, PLATFORM_REFUSED };

// Port 0 is one that the host chooses; `*chosen` is the one that it is.
enum platform_listen platform_socket_listen(const char *host, uint16_t port,
                                            struct platform_socket *out, uint16_t *chosen);

// Waits so many milliseconds for something to read, or somebody to accept. False if there is none.
bool platform_socket_wait(struct platform_socket socket, int milliseconds);

// Negative when there is none. What is sent goes out at once.
struct platform_socket platform_socket_accept(struct platform_socket socket);

// How many bytes were read; 0 at the end, or when the connection fails.
size_t platform_socket_receive(struct platform_socket socket, void *buffer, size_t size);

// False when the other side does not take it all within some seconds. Raises no signal.
bool platform_socket_send(struct platform_socket socket, const void *bytes, size_t size);

void platform_socket_close(struct platform_socket socket);

#endif // PLATFORM_SOCKET_H
