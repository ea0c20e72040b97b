; Stores from 0x20000 on what it finds in the processor, FXSAVE at 0x21000 included, and ends.
%include "common.inc"
    bits 64
    org 0x10000
%assign place 0x20000
%macro store 1
    mov [abs place], %1
%assign place place + 8
%endmacro
%macro store_all 1-*
%rep %0
    store %1
%rotate 1
%endrep
%endmacro
%macro from 1-*             ; What MOV brings to RAX.
%rep %0
    xor eax, eax
    mov rax, %1
    store rax
%rotate 1
%endrep
%endmacro
%macro msr 1-*
%rep %0
    mov ecx, %1
    rdmsr
    store rax
    store rdx
%rotate 1
%endrep
%endmacro
    store_all rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
    mov esp, STACK_0
    pushfq
    pop rax
    store rax
    from cr0, cr2, cr3, cr4, dr0, dr1, dr2, dr3, dr6, dr7
    from ds, es, ss, fs, gs, cs
    sldt eax
    store rax
    str eax
    store rax
    msr 0x174, 0x175, 0x176, 0x277, 0xc0000080, 0xc0000081, 0xc0000082, 0xc0000084
    msr 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103
    sgdt [abs place]
    sidt [abs place + 16]
    mov rax, cr4
    or eax, 0x600               ; OSFXSR, OSXMMEXCPT
    mov cr4, rax
    fxsave64 [abs 0x21000]
    done
