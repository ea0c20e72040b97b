; SPDX-License-Identifier: MIT
;
; The loops of bench_guest, one image for the library and for bare Unicorn. To run one, set RDI to
; its number (bench/programs.h), RSI to how often, and go to `start`; it ends at `finish` with its
; result in RAX, or in R15 how many vectors came. Bare Unicorn runs the first ones only, without
; page tables or descriptor tables.
%include "common.inc"
    bits 64
    org 0x10000
    default abs
REPORT_PORT equ 0x80
TRAPPED equ 0xffe000
NOT_PRESENT equ 0x7f0000000000
BUFFER  equ 0x200000
COUNTER equ 0x300000
SELF_IPI equ 0x83f
END_OF_INTERRUPT equ 0x80b
MSR_EFER equ 0xc0000080
MSR_STAR equ 0xc0000081
MSR_LSTAR equ 0xc0000082
MSR_FMASK equ 0xc0000084
VECTOR_INSIDE equ 0x40
VECTOR_REPORTED equ 0x41
VECTOR_FINISH equ 0x42
VECTOR_USER equ 0x43

start:
    jmp [programs + rdi * 8]
    align 16
finish:                         ; 0x10010
    done
    align 16
    jmp start                   ; 0x10020: bare Unicorn is told to end here.
    align 16
programs:
    dq tight, arithmetic, calls, branches, memory, cpuids, outputs
    dq inputs, stores, breakpoints, page_faults, msr_writes, interrupts, spin, prepare
    dq reloads, page_table_writes, time_stamps, system_calls, user_interrupts, halts

; --- Straight code. The number of instructions each time round is known to bench_guest.c. ---

tight:                          ; 3: what a hook at each block costs most
    xor eax, eax
    align 16
.again:
    add rax, rsi
    dec rsi
    jnz .again
    jmp finish

arithmetic:                     ; 11
    xor eax, eax
    xor ebx, ebx
    xor ecx, ecx
    xor edx, edx
    align 16
.again:
    add rax, rsi
    xor rbx, rax
    lea rcx, [rax + rbx * 4]
    rol rcx, 7
    sub rdx, rcx
    imul rbx, rcx
    or rcx, rsi
    shr rdx, 3
    add rax, rdx
    dec rsi
    jnz .again
    jmp finish

calls:                          ; 5
    xor eax, eax
    align 16
.again:
    call .callee
    dec rsi
    jnz .again
    jmp finish
    align 16
.callee:
    add rax, rsi
    ret

branches:                       ; 12, on either side of each branch
    xor eax, eax
    xor edx, edx
    align 16
.again:
    imul rdx, rdx, 0x4c957f2d
    inc rdx
    bt rdx, 40
    jc .first_set
    xor rax, rdx
    jmp .first_done
.first_set:
    add rax, rdx
    nop
.first_done:
    bt rdx, 50
    jc .second_set
    dec rax
    jmp .second_done
.second_set:
    inc rax
    nop
.second_done:
    dec rsi
    jnz .again
    jmp finish

memory:                         ; 9: two loads, two stores, over 64 KiB
    xor eax, eax
    xor ecx, ecx
    mov ebx, BUFFER
    align 16
.again:
    mov rdx, [rbx + rcx]
    add rax, rdx
    mov [rbx + rcx], rax
    mov r8d, [rbx + rcx + 40]
    mov [rbx + rcx + 16], r8
    add ecx, 32
    movzx ecx, cx
    dec rsi
    jnz .again
    add rax, rcx
    jmp finish

; --- Exits ---

cpuids:
    xor eax, eax
    cpuid
    dec rsi
    jnz cpuids
    jmp finish

time_stamps:
    rdtsc
    dec rsi
    jnz time_stamps
    jmp finish

outputs:
    mov edx, REPORT_PORT
.again:
    out dx, al
    dec rsi
    jnz .again
    jmp finish

inputs:
    mov edx, REPORT_PORT
.again:
    in al, dx
    dec rsi
    jnz .again
    jmp finish

stores:
    mov ebx, TRAPPED
.again:
    mov [rbx], esi
    dec rsi
    jnz .again
    jmp finish

msr_writes:
    mov ecx, END_OF_INTERRUPT
    xor eax, eax
    xor edx, edx
.again:
    wrmsr
    dec rsi
    jnz .again
    jmp finish

; --- Vectors ---

breakpoints:
    xor r15d, r15d
.again:
    int3
    dec rsi
    jnz .again
    jmp finish

page_faults:
    xor r15d, r15d
    mov r14, NOT_PRESENT
.again:
    mov rax, [r14]              ; 3 bytes, which page_fault steps over.
    dec rsi
    jnz .again
    jmp finish

interrupts:
    xor r15d, r15d
    mov ecx, SELF_IPI
    xor edx, edx
    sti
.again:
    mov eax, VECTOR_INSIDE
    wrmsr
    dec rsi
    jnz .again
    cli
    jmp finish

halts:                          ; A vector is pending at each HLT.
    xor r15d, r15d
    mov ecx, SELF_IPI
    xor edx, edx
.again:
    mov eax, VECTOR_INSIDE
    wrmsr
    sti
    hlt
    cli
    dec rsi
    jnz .again
    jmp finish

spin:                           ; Until the VMM makes RSI 0.
    xor r15d, r15d
    sti
.again:
    inc qword [COUNTER]
    test rsi, rsi
    jnz .again
    cli
    jmp finish

; --- To ring 0 and back ---

system_calls:
    xor r15d, r15d
    enter_user .again, 2
.again:
    syscall
    dec rsi
    jnz .again
    int VECTOR_FINISH

on_system_call:
    inc r15
    o64 sysret

user_interrupts:
    xor r15d, r15d
    enter_user .again, 2
.again:
    int VECTOR_USER
    dec rsi
    jnz .again
    int VECTOR_FINISH

on_vector:
    cmp al, VECTOR_FINISH
    je finish
    inc r15
    cmp al, 14
    je .page_fault
    cmp al, VECTOR_REPORTED
    jne .return
    out REPORT_PORT, al
.return:
    iretq
.page_fault:
    add rsp, 8                  ; The error code.
    add qword [rsp], 3
    iretq

; --- Memory management ---

reloads:                        ; All translations go; eight pages are touched again.
    mov rax, cr3
    mov ebx, BUFFER
.again:
    mov cr3, rax
%assign offset 0
%rep 8
    mov rdx, [rbx + offset]
%assign offset offset + 0x1000
%endrep
    dec rsi
    jnz .again
    jmp finish

page_table_writes:              ; One page is mapped elsewhere, and touched, at linear 1 GiB.
    mov qword [0x1008], 0x400000 | 7
    mov qword [0x400000], 0x401000 | 7
    mov ebx, 0x40000000
.again:
    mov eax, esi
    and eax, 0x3f000
    lea eax, [rax + BUFFER + 7]
    mov [0x401000], rax
    invlpg [rbx]
    mov rdx, [rbx]
    sub rsi, 1
    jnz .again
    mov qword [0x1008], 0
    jmp finish

prepare:
    load_tables
    mov ecx, MSR_EFER
    rdmsr
    bts eax, 0                  ; SCE
    wrmsr
    mov ecx, MSR_STAR
    xor eax, eax
    mov edx, (CODE_32 | 3) << 16 | CODE_0
    wrmsr
    mov ecx, MSR_LSTAR
    mov eax, on_system_call
    xor edx, edx
    wrmsr
    mov ecx, MSR_FMASK
    xor eax, eax
    wrmsr
    jmp finish
    tables
