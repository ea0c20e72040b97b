; Stores its general registers from 0x20000 on in the encoding's order, then RFLAGS, inverts all
; registers and ends.
%include "common.inc"
    bits 64
    org 0x10000
    mov [0x20020], rsp
    mov rsp, 0x40000
    pushfq
    mov [0x20000], rax
    pop rax
    mov [0x20080], rax
    mov rax, [0x20000]
    mov rsp, [0x20020]
%assign place 8
%macro store 1
    mov [0x20000 + place], %1
%assign place place + 8
%endmacro
    store rcx
    store rdx
    store rbx
    store rsp
    store rbp
    store rsi
    store rdi
    store r8
    store r9
    store r10
    store r11
    store r12
    store r13
    store r14
    store r15
%macro invert 1-*
%rep %0
    not %1
%rotate 1
%endrep
%endmacro
    invert rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
    done
