// SPDX-License-Identifier: MIT
//
// TCP on Windows.

#include "platform/socket.h"

#include <stdio.h>
#include <winsock2.h>
#include <ws2tcpip.h>

#define SEND_TIMEOUT 10000 // ms

static bool start(void) {
    static WSADATA data;
    return WSAStartup(MAKEWORD(2, 2), &data) == 0;
}

static void keep_from_children(SOCKET handle) {
    SetHandleInformation((HANDLE)handle, HANDLE_FLAG_INHERIT, 0);
}

static SOCKET open_at(const struct addrinfo *address) {
    const SOCKET handle = socket(address->ai_family, address->ai_socktype, address->ai_protocol);
    if (handle == INVALID_SOCKET) {
        return handle;
    }
    keep_from_children(handle);
    const BOOL on = TRUE; // Nobody else may listen at the port beside this.
    setsockopt(handle, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&on, sizeof on);
    if (bind(handle, address->ai_addr, (int)address->ai_addrlen) != 0 || listen(handle, 1) != 0) {
        closesocket(handle);
        return INVALID_SOCKET;
    }
    return handle;
}

static uint16_t port_of(SOCKET handle) {
    struct sockaddr_storage address;
    int size = sizeof address;
    if (getsockname(handle, (struct sockaddr *)&address, &size) != 0) {
        return 0;
    }
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

enum platform_listen platform_socket_listen(const char *host, uint16_t port,
                                            struct platform_socket *out, uint16_t *chosen) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    out->native = -1;
    if (!start()) {
        return PLATFORM_REFUSED;
    }
    if (getaddrinfo(host, service, &hints, &list) != 0) {
        return PLATFORM_NO_SUCH_HOST;
    }
    SOCKET handle = INVALID_SOCKET;
    for (const struct addrinfo *address = list; address != NULL && handle == INVALID_SOCKET;
         address = address->ai_next) {
        handle = open_at(address);
    }
    freeaddrinfo(list);
    out->native = handle == INVALID_SOCKET ? -1 : (int64_t)handle;
    *chosen = handle == INVALID_SOCKET ? 0 : port_of(handle);
    return handle == INVALID_SOCKET ? PLATFORM_REFUSED : PLATFORM_LISTENS;
}

bool platform_socket_wait(struct platform_socket socket, int milliseconds) {
    WSAPOLLFD entry = {.fd = (SOCKET)socket.native, .events = POLLIN};
    return WSAPoll(&entry, 1, milliseconds) > 0;
}

struct platform_socket platform_socket_accept(struct platform_socket socket) {
    const SOCKET handle = accept((SOCKET)socket.native, NULL, NULL);
    if (handle == INVALID_SOCKET) {
        return (struct platform_socket){.native = -1};
    }
    keep_from_children(handle);
    const BOOL on = TRUE;
    const DWORD timeout = SEND_TIMEOUT;
    setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, (const char *)&on, sizeof on);
    setsockopt(handle, SOL_SOCKET, SO_SNDTIMEO, (const char *)&timeout, sizeof timeout);
    return (struct platform_socket){.native = (int64_t)handle};
}

size_t platform_socket_receive(struct platform_socket socket, void *buffer, size_t size) {
    const int count = recv((SOCKET)socket.native, buffer, (int)size, 0);
    return count > 0 ? (size_t)count : 0;
}

bool platform_socket_send(struct platform_socket socket, const void *bytes, size_t size) {
    const char *next = bytes;
    while (size > 0) {
        const int count = send((SOCKET)socket.native, next, (int)size, 0);
        if (count <= 0) {
            return false;
        }
        next += count;
        size -= (size_t)count;
    }
    return true;
}

void platform_socket_close(struct platform_socket socket) {
    if (socket.native >= 0) {
        closesocket((SOCKET)socket.native);
    }
}
