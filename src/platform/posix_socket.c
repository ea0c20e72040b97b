// SPDX-License-Identifier: MIT
//
// TCP on POSIX.

#define _GNU_SOURCE // getaddrinfo

#include "platform/socket.h"

#include "platform/threads.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SEND_TIMEOUT 10000 // ms

#ifdef MSG_NOSIGNAL
#define SEND_FLAGS MSG_NOSIGNAL
#else
#define SEND_FLAGS 0
#endif

static const int on = 1;

static int open_at(const struct addrinfo *address) {
    const int file = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
    if (file < 0) {
        return -1;
    }
    fcntl(file, F_SETFD, FD_CLOEXEC);
    setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
#ifdef SO_NOSIGPIPE
    // What is accepted inherits it. There it could no longer be set once the other end has gone.
    setsockopt(file, SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
    if (bind(file, address->ai_addr, address->ai_addrlen) != 0 || listen(file, 1) != 0) {
        close(file);
        return -1;
    }
    return file;
}

static uint16_t port_of(int file) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    memset(&address, 0, sizeof address);
    if (getsockname(file, (struct sockaddr *)&address, &size) != 0) {
        return 0;
    }
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

enum platform_listen platform_socket_listen(const char *host, uint16_t port,
                                            struct platform_socket *out, uint16_t *chosen) {
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_NUMERICSERV,
    };
    struct addrinfo *list = NULL;
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    if (getaddrinfo(host, service, &hints, &list) != 0) {
        return PLATFORM_NO_SUCH_HOST;
    }
    int file = -1;
    for (const struct addrinfo *address = list; address != NULL && file < 0;
         address = address->ai_next) {
        file = open_at(address);
    }
    freeaddrinfo(list);
    out->native = file;
    *chosen = file < 0 ? 0 : port_of(file);
    return file < 0 ? PLATFORM_REFUSED : PLATFORM_LISTENS;
}

static bool wait_for(int file, short events, int milliseconds) {
    struct pollfd entry = {.fd = file, .events = events};
    errno = 0;
    return poll(&entry, 1, milliseconds) > 0;
}

// After a call that failed, when it has waited. A signal of the client's is no reason to hang up.
static bool may_try_again(int file, short events, int milliseconds) {
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return wait_for(file, events, milliseconds) || errno == EINTR;
    }
    return errno == EINTR;
}

bool platform_socket_wait(struct platform_socket socket, int milliseconds) {
    return wait_for((int)socket.native, POLLIN, milliseconds);
}

struct platform_socket platform_socket_accept(struct platform_socket socket) {
    const int file = accept((int)socket.native, NULL, NULL);
    if (file >= 0) {
        fcntl(file, F_SETFD, FD_CLOEXEC);
        fcntl(file, F_SETFL, fcntl(file, F_GETFL) | O_NONBLOCK);
        setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    return (struct platform_socket){.native = file};
}

size_t platform_socket_receive(struct platform_socket socket, void *buffer, size_t size) {
    for (;;) {
        const ssize_t count = recv((int)socket.native, buffer, size, 0);
        if (count >= 0) {
            return (size_t)count;
        }
        if (!may_try_again((int)socket.native, POLLIN, -1)) {
            return 0;
        }
    }
}

static bool send_all(int file, const char *next, size_t size) {
    while (size > 0) {
        const ssize_t count = send(file, next, size, SEND_FLAGS);
        if (count > 0) {
            next += count;
            size -= (size_t)count;
            continue;
        }
        if (count == 0 || !may_try_again(file, POLLOUT, SEND_TIMEOUT)) {
            return false;
        }
    }
    return true;
}

bool platform_socket_send(struct platform_socket socket, const void *bytes, size_t size) {
    const int cancel_state = platform_cancel_off();
    const bool sent = send_all((int)socket.native, bytes, size);
    platform_cancel_restore(cancel_state);
    return sent;
}

void platform_socket_close(struct platform_socket socket) {
    if (socket.native >= 0) {
        close((int)socket.native);
    }
}
